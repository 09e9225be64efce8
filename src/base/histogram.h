/* Histograms of durations: log-linear, three significant digits, 1 µs to a day.
 *
 * The buckets are those of HdrHistogram with a lowest value of 1 µs and three digits. Up to
 * 2,047 µs every microsecond has its own; from there on each doubling of the value has 1,024, so a
 * value is known to better than 0.1 %. Longer durations than a day count as a day, negative ones
 * as 0. Histograms can be added up. 224 kB each.
 *
 * Owned by the caller. Adding is constant in time and does not allocate; not safe in two threads at
 * once.
 */
#ifndef CDR_BASE_HISTOGRAM_H
#define CDR_BASE_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cdr_histogram {
    uint64_t *counts;
    uint64_t n;
    int64_t max_us;
    double sum_us;
};

/* False: out of memory. */
bool cdr_histogram_init(struct cdr_histogram *histogram);
void cdr_histogram_free(struct cdr_histogram *histogram);

void cdr_histogram_add(struct cdr_histogram *histogram, int64_t us, uint64_t times);
/* n values in a straight line from one to another, both included. */
void cdr_histogram_add_line(struct cdr_histogram *histogram, int64_t from_us, int64_t to_us,
                            uint64_t n);
void cdr_histogram_merge(struct cdr_histogram *into, const struct cdr_histogram *from);

/* The least value that a share of the values does not exceed, as the end of its bucket, and never
 * more than the greatest value; 0 where there are none. */
int64_t cdr_histogram_quantile_us(const struct cdr_histogram *histogram, double share);
double cdr_histogram_mean_us(const struct cdr_histogram *histogram);

/* HdrHistogram's text export of percentiles, in milliseconds: value, share, count up to it and
 * 1/(1 − share), with five ticks to each halving. */
void cdr_histogram_export(const struct cdr_histogram *histogram, FILE *out);

#endif
