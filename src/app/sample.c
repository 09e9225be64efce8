/* sample: the first records of the run's first local noon, for a person to read. */
#include "app/app.h"
#include "app/records.h"
#include "engine/engine.h"

#include <stdlib.h>

struct sampling {
    struct cdr_found_list list;
    size_t wanted;
    int64_t from_ms;
    atomic_int enough;
};

static enum cdr_result collect(void *state, unsigned worker, const struct cdr_task *task,
                               struct cdr_error *error)
{
    struct sampling *sampling = state;
    (void)worker;
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; result == CDR_OK && i < task->n && i < sampling->wanted; i++) {
        struct cdr_found found = {
            .emission_slot_ms = task->slots[0].start_ms,
            .emission_ms = task->slots[0].start_ms + cdr_key_ms(&task->keys[i]),
            .held_until_ms = cdr_task_held_until_ms(task),
            .type = task->type,
            .start_slot = task->slots[cdr_key_lag(&task->keys[i])],
            .key = task->keys[i],
        };
        if (found.emission_ms >= sampling->from_ms)
            result = cdr_found_add(&sampling->list, &found, error);
    }
    return result;
}

static enum cdr_result end_slot(void *state, const struct cdr_slot *slot, struct cdr_error *error)
{
    struct sampling *sampling = state;
    (void)slot;
    (void)error;
    if (sampling->list.count >= sampling->wanted)
        atomic_store(&sampling->enough, 1);
    return CDR_OK;
}

enum cdr_result cdr_command_sample(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_model *model;
    enum cdr_result result = cdr_model_create(&model, &settings->model, error);
    if (result != CDR_OK)
        return result;
    struct sampling sampling = {.wanted = settings->count};
    const int64_t start_ms = cdr_calendar_day_start_ms(&model->calendar, settings->model.start_day);
    sampling.from_ms = start_ms + 12 * INT64_C(3600000);
    struct cdr_engine *engine = NULL;
    struct cdr_engine_settings engine_settings = {
        .workers = 1,
        .shard_count = 1,
        .end_ms = cdr_calendar_day_start_ms(&model->calendar, settings->model.start_day +
                                                                  (int32_t)settings->model.days),
        .stop = &sampling.enough,
    };
    struct cdr_consumer consumer = {.state = &sampling, .task = collect, .slot_end = end_slot};
    result = cdr_engine_create(&engine, model, &engine_settings, error);
    if (result == CDR_OK)
        result = cdr_engine_run(engine, &consumer, error);
    if (result == CDR_OK || result == CDR_E_INTERRUPTED) {
        cdr_found_sort(&sampling.list);
        result = cdr_found_print(stdout, model, settings, &sampling.list, sampling.wanted, error);
    }
    free(sampling.list.items);
    cdr_engine_destroy(engine);
    cdr_model_destroy(model);
    return result;
}
