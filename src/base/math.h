/* Elementary functions from + − × ÷ sqrt only, so that tables built from them are the same bits on
 * every machine: libm's exp, log and cos differ between libraries and CPUs. For tables at start,
 * not hot paths. Relative error below 1e-14 in the ranges given (cos: absolute, 2e-14)
 * (tests/unit/test_math.c compares them with libm).
 */
#ifndef CDR_BASE_MATH_H
#define CDR_BASE_MATH_H

/* e^x for |x| ≤ 700. */
double cdr_exp(double x);
/* Natural logarithm of x > 0 (normal numbers). */
double cdr_log(double x);
/* cos x for |x| ≤ 2π. */
double cdr_cos(double x);
/* x^y for x > 0. */
double cdr_pow(double x, double y);
/* The standard normal distribution's quantile for 0 < p < 1: Wichura's algorithm AS 241 (PPND16),
 * 1988. */
double cdr_normal_quantile(double p);

#endif
