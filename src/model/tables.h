/* Tables to sample from: built once at start with base/math.h, read without branches by the hot
 * loops.
 *
 * - quantiles: an inverse CDF with linear interpolation between 1,024 knots and, for the last
 *   1/1,024, 1,024
 *   finer ones, so that a heavy tail reaches down to a probability of 2^−21.
 * - alias: Walker's method (Vose 1991): one draw, one compare, any discrete distribution.
 * - thresholds: cumulative weights in 31 bits, for a handful of outcomes.
 */
#ifndef CDR_MODEL_TABLES_H
#define CDR_MODEL_TABLES_H

#include "base/result.h"

#include <stdint.h>

#define CDR_QUANTILE_CELLS 1024u
#define CDR_QUANTILE_KNOTS (2 * CDR_QUANTILE_CELLS + 1)

/* A table is CDR_QUANTILE_KNOTS numbers, ascending; neighbours differ by less than 2^20.
 * value(state, p) is the quantile of 0 < p < 1 in the table's unit, clamped by the caller to 0 …
 * 2^32 − 1. */
void cdr_quantiles_init(uint32_t *knots, double (*value)(const void *state, double p),
                        const void *state);

static inline uint32_t cdr_quantile(const uint32_t *knots, uint32_t random)
{
    uint32_t cell = random >> 22;
    uint32_t in_tail = cell == CDR_QUANTILE_CELLS - 1;
    uint32_t at = in_tail ? CDR_QUANTILE_CELLS + ((random >> 12) & 0x3ff) : cell;
    uint32_t fraction = in_tail ? random & 0xfff : (random >> 10) & 0xfff;
    uint32_t low = knots[at], high = knots[at + 1];
    return low + (((high - low) * fraction) >> 12);
}

struct cdr_alias {
    uint32_t threshold; /* keep the own outcome where the fraction is below */
    uint32_t other;
};

/* n entries from n weights. work has room for 2 × n of each. Weights ≥ 0, not all 0. */
enum cdr_result cdr_alias_init(struct cdr_alias *table, const double *weights, uint32_t n,
                               struct cdr_error *error);

static inline uint32_t cdr_alias_sample(const struct cdr_alias *table, uint32_t n, uint32_t random)
{
    uint64_t product = (uint64_t)random * n;
    uint32_t own = (uint32_t)(product >> 32);
    uint32_t threshold = table[own].threshold,
             other = table[own].other; /* both loaded: no branch */
    return (uint32_t)product < threshold ? own : other;
}

/* thresholds[i] = the share of outcomes 0 … i in 1/2^31, so that 0 and 2^31 stand for never and
 * always: an outcome of weight 0 is never drawn. */
void cdr_thresholds_init(uint32_t *thresholds, const double *weights, uint32_t n);

/* The first outcome whose threshold is above random's upper 31 bits: for small constant n a few
 * compares, no branch. */
static inline uint32_t cdr_threshold_outcome(const uint32_t *thresholds, uint32_t n,
                                             uint32_t random)
{
    uint32_t outcome = 0;
    for (uint32_t i = 0; i + 1 < n; i++)
        outcome += random >> 1 >= thresholds[i];
    return outcome;
}

/* One of 0 … 2^octaves − 2, the k-th with a probability of about 1/k: octaves are equally likely,
 * and all numbers of an octave. */
static inline uint32_t cdr_ranked(uint32_t random, uint32_t octaves)
{
    uint64_t product = (uint64_t)random * octaves;
    uint32_t octave = (uint32_t)(product >> 32), within = (uint32_t)product >> 16;
    return (1u << octave) - 1 + ((within << octave) >> 16);
}

/* A share 0 … 1 as a threshold, and whether random falls below it: never for 0, always for 1. */
static inline uint32_t cdr_share_threshold(double share)
{
    return (uint32_t)(share * 2147483648.0 + 0.5);
}

static inline uint32_t cdr_is_below(uint32_t random, uint32_t threshold)
{
    return random >> 1 < threshold;
}

#endif
