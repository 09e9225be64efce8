/* Begins what a source compiles for x86-64-v4, as base/loops_v3.h does for its level. gcc prefers
 * vectors of 32 bytes there; a source whose loops gain by those of 64 defines CDR_LOOPS_WIDE. */
#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))),          \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")
#if defined(CDR_LOOPS_WIDE)
#pragma GCC target("prefer-vector-width=512")
#endif
#endif
