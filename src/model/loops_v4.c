/* The hot loops for x86-64-v4. What is included below is compiled for that level. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))),          \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl",                    \
                   "prefer-vector-width=512")
#endif

#define CDR_LOOP(name) name##_v4

#include "model/event_loop.h"
#include "model/materialise_loop.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int cdr_model_loops_v4_are_for_x86_64; /* a source must not be empty */
#endif
