#include "fault/fault.h"

#include <string.h>

void cdr_fault_resize(const struct cdr_fault_target *target, uint32_t len)
{
    struct cdr_slab *slab = target->slab;
    const uint32_t trailer_len = target->topic->encoder->trailer_len;
    uint32_t old;
    uint8_t *payload = cdr_fault_payload(target, &old);
    memmove(payload + len, payload + old, trailer_len);
    slab->ends[target->record] = (uint32_t)(payload - slab->bytes) + len + trailer_len;
}

static const struct cdr_fault_ops *ops_of(const struct cdr_key *key)
{
    const uint32_t entry = cdr_key_entry(key);
    return (entry & CDR_ENTRY_FAULT) == 0 ? NULL : cdr_fault_ops[cdr_fault_of_entry(entry)];
}

static uint64_t base_of(const struct cdr_model *model, const struct cdr_key *key,
                        const struct cdr_block *block, uint32_t i)
{
    return cdr_fault_base(&model->faults, key, block->type, block->slot[i]);
}

/* What a record is called does not change with its times. */
static void keep_starts(struct cdr_block *block)
{
    if (!block->has_named_ms)
        memcpy(block->named_ms, block->start_ms, block->n * sizeof block->start_ms[0]);
    block->has_named_ms = true;
}

void cdr_fault_columns(const struct cdr_model *model, const struct cdr_topics *topics,
                       const struct cdr_key *keys, struct cdr_block *block,
                       struct cdr_fault_words *words)
{
    for (uint32_t i = 0; i < block->n; i++) {
        const struct cdr_fault_ops *ops = ops_of(&keys[i]);
        if (ops == NULL || ops->columns == NULL)
            continue;
        struct cdr_fault_target target = {.model = model,
                                          .topics = topics,
                                          .topic = &topics->items[block->type],
                                          .base = base_of(model, &keys[i], block, i),
                                          .block = block,
                                          .i = i,
                                          .words = words};
        keep_starts(block);
        ops->columns(&target);
    }
}

void cdr_fault_bytes(const struct cdr_model *model, const struct cdr_topics *topics,
                     const struct cdr_key *keys, struct cdr_block *block, struct cdr_slab *slab,
                     uint8_t *scratch, struct cdr_fault_words *words)
{
    const uint32_t first = slab->n, end = first + block->n;
    uint32_t next = 0;
    for (uint32_t i = 0; i < block->n; i++)
        slab->marks[first + i] = (uint8_t)(cdr_key_entry(&keys[i]) << CDR_MARK_BITS);
    while (next < block->n && (ops_of(&keys[next]) == NULL || ops_of(&keys[next])->bytes == NULL))
        next++;
    if (next == block->n)
        return;
    /* From the first that changes on, records are put behind one another again. */
    uint32_t from = first + next == 0 ? 0 : slab->ends[first + next - 1], start = from;
    uint32_t to = from;
    memcpy(scratch, slab->bytes + from, slab->ends[end - 1] - from);
    for (uint32_t record = first + next; record < end; record++) {
        const struct cdr_fault_ops *ops = ops_of(&keys[record - first]);
        const uint32_t len = slab->ends[record] - start;
        memcpy(slab->bytes + to, scratch + (start - from), len);
        start += len;
        slab->ends[record] = to + len;
        if (ops != NULL && ops->bytes != NULL) {
            struct cdr_fault_target target = {.model = model,
                                              .topics = topics,
                                              .topic = &topics->items[block->type],
                                              .block = block,
                                              .i = record - first,
                                              .slab = slab,
                                              .record = record,
                                              .words = words};
            target.base = base_of(model, &keys[target.i], block, target.i);
            ops->bytes(&target);
        }
        to = slab->ends[record];
    }
}
