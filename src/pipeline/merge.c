#include "pipeline/merge.h"

#include <stdlib.h>

bool cdr_merge_init(struct cdr_merge *merge, uint32_t logs)
{
    *merge = (struct cdr_merge){.heap = calloc(logs, sizeof *merge->heap)};
    return merge->heap != NULL;
}

void cdr_merge_free(struct cdr_merge *merge)
{
    free(merge->heap);
    *merge = (struct cdr_merge){0};
}

static void sink_down(struct cdr_merge *merge, uint64_t item)
{
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < merge->n; at = child) {
        if (child + 1 < merge->n && merge->heap[child + 1] < merge->heap[child])
            child++;
        if (item <= merge->heap[child])
            break;
        merge->heap[at] = merge->heap[child];
    }
    merge->heap[at] = item;
}

void cdr_merge_push(struct cdr_merge *merge, uint32_t ms, uint32_t log)
{
    const uint64_t item = (uint64_t)ms << 32 | log;
    uint32_t at = merge->n++;
    for (; at > 0 && item < merge->heap[(at - 1) / 2]; at = (at - 1) / 2)
        merge->heap[at] = merge->heap[(at - 1) / 2];
    merge->heap[at] = item;
}

void cdr_merge_advance(struct cdr_merge *merge, uint32_t ms)
{
    const uint32_t top_ms = cdr_merge_ms(merge);
    sink_down(merge, (uint64_t)(ms > top_ms ? ms : top_ms) << 32 | cdr_merge_log(merge));
}

void cdr_merge_pop(struct cdr_merge *merge)
{
    if (--merge->n > 0)
        sink_down(merge, merge->heap[merge->n]);
}
