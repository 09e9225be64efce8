#include "app/record_numbers.h"

#include "engine/engine.h"

#include <stdlib.h>

struct counting {
    struct cdr_found *items; /* sorted */
    size_t count;
    size_t next;       /* the first that comes with this slot, or later */
    uint64_t *numbers; /* per log: of the next record */
};

/* Where the key is among a task's, or how many there are. */
static uint32_t find(const struct cdr_task *task, const struct cdr_key *key)
{
    uint32_t low = 0, high = task->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (cdr_key_before(&task->keys[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    const bool there =
        low < task->n && task->keys[low].high == key->high && task->keys[low].low == key->low;
    return there ? low : task->n;
}

static enum cdr_result count_task(void *state, unsigned worker, const struct cdr_task *task,
                                  struct cdr_error *error)
{
    struct counting *counting = state;
    const int64_t slot_ms = task->slots[0].start_ms;
    (void)worker;
    (void)error;
    size_t first = cdr_task_held_until_ms(task) == 0 ? counting->next : 0; /* they come again */
    while (first < counting->count && counting->items[first].emission_slot_ms < slot_ms)
        first++;
    if (cdr_task_held_until_ms(task) == 0)
        counting->next = first;
    for (size_t i = first; i < counting->count && counting->items[i].emission_slot_ms == slot_ms;
         i++) {
        const uint32_t at =
            counting->items[i].type == task->type ? find(task, &counting->items[i].key) : task->n;
        if (at < task->n)
            counting->items[i].number = counting->numbers[task->log] + at;
    }
    counting->numbers[task->log] += task->n;
    return CDR_OK;
}

enum cdr_result cdr_found_number(struct cdr_found_list *list, size_t count,
                                 const struct cdr_model *model, struct cdr_error *error)
{
    struct counting counting = {.items = list->items,
                                .count = count < list->count ? count : list->count};
    if (counting.count == 0)
        return CDR_OK;
    const struct cdr_engine_settings settings = {
        .workers = 1,
        .shard_count = 1,
        .end_ms =
            list->items[counting.count - 1].emission_ms + 1 +
            (model->faults.below[CDR_FAULT_OUTAGE] > 0 ? cdr_outage_max_ms(&model->parameters) : 0),
    };
    const struct cdr_consumer consumer = {.state = &counting, .task = count_task};
    struct cdr_engine *engine = NULL;
    counting.numbers =
        calloc((size_t)CDR_TYPE_COUNT * model->parameters.partitions, sizeof *counting.numbers);
    enum cdr_result result =
        counting.numbers != NULL
            ? cdr_engine_create(&engine, model, &settings, error)
            : cdr_fail(error, CDR_E_NOMEM, "out of memory for the numbers of records");
    if (result == CDR_OK)
        result = cdr_engine_run(engine, &consumer, error);
    cdr_engine_destroy(engine);
    free(counting.numbers);
    return result;
}
