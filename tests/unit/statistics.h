/* Statistics for tests of distributions: p-values of chi-square, Kolmogorov–Smirnov and the normal
 * distribution.
 *
 * All tests run on fixed seeds, so that a p-value is a constant of the program: a change of the
 * model draws it anew. P_LEAST is the level below which a test fails; with some hundred p-values in
 * all, one below 10^-4 is no accident.
 */
#ifndef TEST_STATISTICS_H
#define TEST_STATISTICS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define P_LEAST 1e-4

/* Upper tail Q(a, x) of the gamma distribution: series below a + 1, Lentz's continued fraction
 * above. */
static inline double gamma_q(double a, double x)
{
    if (x <= 0)
        return 1;
    double scale = exp(-x + a * log(x) - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (double n = a + 1; term > sum * 1e-16; n++) {
            term *= x / n;
            sum += term;
        }
        return 1 - scale * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int i = 1; i < 100000; i++) {
        double an = -i * (i - a), step;
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        step = d * c;
        h *= step;
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return scale * h;
}

static inline double chi_square_p(double statistic, double freedom)
{
    return gamma_q(freedom / 2, statistic / 2);
}

/* Two-sided. */
static inline double normal_p(double z)
{
    return erfc(fabs(z) / sqrt(2));
}

/* Counts against expected counts of the same sum. Neighbours are pooled until 8 are expected.
 * parameters: how many the expectation was fitted with. */
static inline double counts_p(const double *observed, const double *expected, size_t n,
                              unsigned parameters)
{
    double statistic = 0, o = 0, e = 0;
    int cells = 0;
    double left = 0;
    for (size_t i = 0; i < n; i++)
        left += expected[i];
    for (size_t i = 0; i < n; i++) {
        o += observed[i];
        e += expected[i];
        left -= expected[i];
        if (i + 1 < n && (e < 8 || left < 8))
            continue;
        if (e <= 0 && o > 0)
            return 0; /* something that can't be */
        if (e <= 0)
            continue;
        statistic += (o - e) * (o - e) / e;
        cells++;
        o = e = 0;
    }
    double freedom = cells - 1.0 - parameters;
    return freedom < 1 ? 1 : chi_square_p(statistic, freedom);
}

/* Counts against shares that are scaled to the observed sum. */
static inline double shares_p(const double *observed, const double *shares, size_t n)
{
    double sum = 0, whole = 0, *expected = calloc(n, sizeof *expected);
    for (size_t i = 0; i < n; i++) {
        sum += observed[i];
        whole += shares[i];
    }
    for (size_t i = 0; i < n; i++)
        expected[i] = shares[i] / whole * sum;
    double p = counts_p(observed, expected, n, 0);
    free(expected);
    return p;
}

static inline int compare_u64(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static inline int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Kolmogorov's distribution with Stephens's correction for finite n. */
static inline double ks_p(double distance, double n)
{
    double root = sqrt(n), x = (root + 0.12 + 0.11 / root) * distance, sum = 0, sign = 1;
    if (x < 0.2)
        return 1;
    for (int k = 1; k <= 100; k++, sign = -sign)
        sum += sign * exp(-2 * (double)k * k * x * x);
    return sum < 0 ? 0 : sum > 0.5 ? 1 : 2 * sum;
}

/* Sorts values; cdf of the distribution that they should have. */
static inline double distribution_p(double *values, size_t n,
                                    double (*cdf)(double value, const void *state),
                                    const void *state)
{
    double distance = 0;
    qsort(values, n, sizeof *values, compare_doubles);
    for (size_t i = 0; i < n; i++) {
        double f = cdf(values[i], state);
        distance = fmax(distance, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return ks_p(distance, (double)n);
}

static inline double normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* P(N = k) of a Poisson variable. */
static inline double poisson(double mean, unsigned k)
{
    return exp(k * log(mean) - mean - lgamma(k + 1.0));
}

/* Shows what is measured, and fails below the level. */
#define assert_likely(p, ...)                                                                      \
    do {                                                                                           \
        double p_ = (p);                                                                           \
        printf("    p = %-9.4g ", p_);                                                             \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        if (!(p_ > P_LEAST))                                                                       \
            fail_msg("p = %g is below %g", p_, P_LEAST);                                           \
    } while (0)

#endif
