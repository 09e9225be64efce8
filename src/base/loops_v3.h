/* Begins what a source compiles for x86-64-v3; base/loops_end.h ends it. Only the loops and what
 * they need belong between the two: an inline function of a header that is compiled there may
 * become everybody's. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#endif
