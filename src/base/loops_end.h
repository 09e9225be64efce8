/* Ends what base/loops_v3.h or base/loops_v4.h began. */
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
