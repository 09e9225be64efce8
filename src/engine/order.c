#include "engine/order.h"

#include <string.h>

static void insertion_sort(struct cdr_key *keys, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct cdr_key key = keys[i];
        uint32_t at = i;
        while (at > 0 && cdr_key_before(&key, &keys[at - 1])) {
            keys[at] = keys[at - 1];
            at--;
        }
        keys[at] = key;
    }
}

/* Many keys in few buckets (times that are far from even) would make insertion quadratic: merge
 * instead. */
static void merge_sort(struct cdr_key *keys, struct cdr_key *work, uint32_t n)
{
    const uint32_t run = 16;
    for (uint32_t from = 0; from < n; from += run)
        insertion_sort(keys + from, n - from < run ? n - from : run);
    for (uint32_t width = run; width < n; width *= 2) {
        for (uint32_t from = 0; from < n; from += 2 * width) {
            uint32_t middle = n - from < width ? n : from + width;
            uint32_t end = n - from < 2 * width ? n : from + 2 * width;
            uint32_t left = from, right = middle;
            for (uint32_t at = from; at < end; at++)
                work[at] =
                    right == end || (left < middle && !cdr_key_before(&keys[right], &keys[left]))
                        ? keys[left++]
                        : keys[right++];
        }
        memcpy(keys, work, n * sizeof *keys);
    }
}

void cdr_order_keys(struct cdr_key *keys, struct cdr_key *work, uint32_t n, uint32_t from_ms,
                    uint32_t bits, uint32_t *buckets)
{
    if (n < 24) {
        insertion_sort(keys, n);
        return;
    }
    uint32_t wanted = 5;
    while (wanted < 13 && (1u << wanted) < 2 * n)
        wanted++;
    uint32_t shift = bits > wanted ? bits - wanted : 0;
    uint32_t count = 1u << (bits - shift), fullest = 0;
    memset(buckets, 0, (count + 1) * sizeof *buckets);
    for (uint32_t i = 0; i < n; i++)
        buckets[((cdr_key_ms(&keys[i]) - from_ms) >> shift) + 1]++;
    for (uint32_t b = 1; b <= count; b++) {
        fullest = buckets[b] > fullest ? buckets[b] : fullest;
        buckets[b] += buckets[b - 1];
    }
    if (fullest > 256) {
        merge_sort(keys, work, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        work[buckets[(cdr_key_ms(&keys[i]) - from_ms) >> shift]++] = keys[i];
    insertion_sort(work, n);
    memcpy(keys, work, n * sizeof *keys);
}
