#include "model/tables.h"

#include <stdlib.h>

void cdr_quantiles_init(uint32_t *knots, double (*value)(const void *state, double p),
                        const void *state)
{
    const double cell = 1.0 / CDR_QUANTILE_CELLS, fine = cell / CDR_QUANTILE_CELLS;
    for (uint32_t i = 0; i < CDR_QUANTILE_CELLS; i++)
        knots[i] = (uint32_t)(value(state, i == 0 ? cell / 4 : i * cell) + 0.5);
    for (uint32_t i = 0; i < CDR_QUANTILE_CELLS; i++)
        knots[CDR_QUANTILE_CELLS + i] = (uint32_t)(value(state, 1 - cell + i * fine) + 0.5);
    knots[CDR_QUANTILE_KNOTS - 1] = (uint32_t)(value(state, 1 - fine / 2) + 0.5);
}

/* Pairs an outcome that has less than the mean share with one that has more, until none is left. */
static void pair(struct cdr_alias *table, double *share, uint32_t *small, uint32_t small_count,
                 uint32_t *large, uint32_t large_count)
{
    while (small_count > 0 && large_count > 0) {
        uint32_t low = small[--small_count], high = large[large_count - 1];
        double threshold = share[low] * 4294967296.0;
        table[low].threshold = threshold >= 4294967295.0 ? UINT32_MAX : (uint32_t)threshold;
        table[low].other = high;
        share[high] = (share[high] + share[low]) - 1;
        if (share[high] < 1) {
            large_count--;
            small[small_count++] = high;
        }
    }
}

enum cdr_result cdr_alias_init(struct cdr_alias *table, const double *weights, uint32_t n,
                               struct cdr_error *error)
{
    double *share = calloc(n, sizeof *share);
    uint32_t *small = calloc(2 * (size_t)n, sizeof *small);
    enum cdr_result result = CDR_OK;
    if (share == NULL || small == NULL) {
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for a table of %u weights", n);
        goto cleanup;
    }
    uint32_t *large = small + n, small_count = 0, large_count = 0;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < n; i++) {
        share[i] = weights[i] * n / sum;
        table[i] = (struct cdr_alias){.threshold = UINT32_MAX, .other = i};
        if (share[i] < 1)
            small[small_count++] = i;
        else
            large[large_count++] = i;
    }
    pair(table, share, small, small_count, large, large_count);
cleanup:
    free(share);
    free(small);
    return result;
}

void cdr_thresholds_init(uint32_t *thresholds, const double *weights, uint32_t n)
{
    double sum = 0, below = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += weights[i];
        last = weights[i] > 0 ? i : last;
    }
    for (uint32_t i = 0; i < n; i++) {
        below += weights[i];
        thresholds[i] = cdr_share_threshold(i < last ? below / sum : 1);
    }
}
