/* Merging logs by emission time: a heap that holds of each log the time of its next record.
 *
 * The least (ms, log) is on top. A step costs as many comparisons as the number of logs has bits.
 * Owned by the caller; by one thread.
 */
#ifndef CDR_PIPELINE_MERGE_H
#define CDR_PIPELINE_MERGE_H

#include <stdbool.h>
#include <stdint.h>

struct cdr_merge {
    uint64_t *heap; /* ms << 32 | log */
    uint32_t n;
};

/* Room for logs; false: out of memory. */
bool cdr_merge_init(struct cdr_merge *merge, uint32_t logs);
void cdr_merge_free(struct cdr_merge *merge);

void cdr_merge_push(struct cdr_merge *merge, uint32_t ms, uint32_t log);
/* The top's log goes on with a record of this ms, or of the top's if that is later. */
void cdr_merge_advance(struct cdr_merge *merge, uint32_t ms);
/* The top's log has no more. */
void cdr_merge_pop(struct cdr_merge *merge);

static inline uint32_t cdr_merge_log(const struct cdr_merge *merge)
{
    return (uint32_t)merge->heap[0];
}

static inline uint32_t cdr_merge_ms(const struct cdr_merge *merge)
{
    return (uint32_t)(merge->heap[0] >> 32);
}

#endif
