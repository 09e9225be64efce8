#include "base/histogram.h"

#include <math.h>
#include <stdlib.h>

/* 2^11 single values, then halves of that; 2^37 µs is more than a day. */
enum { DIGIT_BITS = 11, HALF = 1 << (DIGIT_BITS - 1), VALUE_BITS = 37 };
enum { BUCKETS = (VALUE_BITS - DIGIT_BITS + 2) * HALF, TICKS = 5 };

#define LONGEST_US INT64_C(86400000000)

static unsigned bucket_of(int64_t us)
{
    unsigned shift = 0;
    if (us >= 2 * HALF)
        shift = (unsigned)(63 - __builtin_clzll((unsigned long long)us)) - (DIGIT_BITS - 1);
    return shift * HALF + (unsigned)(us >> shift);
}

/* The greatest value of a bucket. */
static int64_t end_of(unsigned bucket)
{
    if (bucket < 2 * HALF)
        return bucket;
    const unsigned shift = bucket / HALF - 1;
    const int64_t first = (int64_t)(bucket - shift * HALF) << shift;
    return first + (INT64_C(1) << shift) - 1;
}

bool cdr_histogram_init(struct cdr_histogram *histogram)
{
    *histogram = (struct cdr_histogram){.counts = calloc(BUCKETS, sizeof *histogram->counts)};
    return histogram->counts != NULL;
}

void cdr_histogram_free(struct cdr_histogram *histogram)
{
    free(histogram->counts);
    *histogram = (struct cdr_histogram){0};
}

void cdr_histogram_add(struct cdr_histogram *histogram, int64_t us, uint64_t times)
{
    us = us < 0 ? 0 : us > LONGEST_US ? LONGEST_US : us;
    histogram->counts[bucket_of(us)] += times;
    histogram->n += times;
    histogram->sum_us += (double)us * (double)times;
    if (times > 0 && us > histogram->max_us)
        histogram->max_us = us;
}

void cdr_histogram_add_line(struct cdr_histogram *histogram, int64_t from_us, int64_t to_us,
                            uint64_t n)
{
    const double step = n > 1 ? (double)(to_us - from_us) / (double)(n - 1) : 0;
    for (uint64_t i = 0; i < n; i++)
        cdr_histogram_add(histogram, from_us + (int64_t)(step * (double)i), 1);
}

void cdr_histogram_merge(struct cdr_histogram *into, const struct cdr_histogram *from)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        into->counts[i] += from->counts[i];
    into->n += from->n;
    into->sum_us += from->sum_us;
    if (from->max_us > into->max_us)
        into->max_us = from->max_us;
}

/* The bucket of the value that is number rank, counted from 1; *up_to: the values so far. */
static unsigned bucket_at(const struct cdr_histogram *histogram, uint64_t rank, uint64_t *up_to)
{
    unsigned bucket = 0;
    for (*up_to = histogram->counts[0]; *up_to < rank; *up_to += histogram->counts[bucket])
        bucket++;
    return bucket;
}

static int64_t value_at(const struct cdr_histogram *histogram, double share, uint64_t *up_to)
{
    /* 0.28 of 20,000 is 5,600, whatever the product is rounded to. */
    const double wanted = ceil(share * (double)histogram->n * (1 - 1e-12));
    uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
    rank = rank > histogram->n ? histogram->n : rank;
    const int64_t end_us = end_of(bucket_at(histogram, rank, up_to));
    return end_us < histogram->max_us ? end_us : histogram->max_us;
}

int64_t cdr_histogram_quantile_us(const struct cdr_histogram *histogram, double share)
{
    uint64_t up_to;
    return histogram->n == 0 ? 0 : value_at(histogram, share, &up_to);
}

double cdr_histogram_mean_us(const struct cdr_histogram *histogram)
{
    return histogram->n == 0 ? 0 : histogram->sum_us / (double)histogram->n;
}

void cdr_histogram_export(const struct cdr_histogram *histogram, FILE *out)
{
    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
            "1/(1-Percentile)");
    uint64_t up_to = 0;
    for (double share = 0, step = 0.5 / TICKS, half = 0.5; up_to < histogram->n; share += step) {
        /* Each halving of what is left has as many ticks as the first. */
        if (share >= half - 1e-12) {
            half += (1 - half) / 2;
            step /= 2;
        }
        const int64_t us = value_at(histogram, share, &up_to);
        const bool last = up_to == histogram->n;
        fprintf(out, "%12.3f %2.12f %10llu", (double)us / 1000, last ? 1.0 : share,
                (unsigned long long)up_to);
        if (!last)
            fprintf(out, " %14.2f", 1 / (1 - share));
        fputc('\n', out);
    }
    fprintf(out, "#[Mean    = %12.3f, Max     = %12.3f]\n#[Buckets = %12d, SubBuckets = %12d]\n",
            cdr_histogram_mean_us(histogram) / 1000, (double)histogram->max_us / 1000,
            VALUE_BITS - DIGIT_BITS + 1, 2 * HALF);
}
