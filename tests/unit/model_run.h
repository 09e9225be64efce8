/* Runs of the model for tests: every record of a run, as the engine hands it over and materialise
 * fills it in.
 *
 * One worker and no encoder or sink: what is tested is the model. Records are kept as structs, in
 * the order of their logs' tasks. */
#ifndef TEST_MODEL_RUN_H
#define TEST_MODEL_RUN_H

#include "engine/engine.h"
#include "model/event.h"
#include "model/materialise.h"
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

struct record {
    uint32_t origin, slot, index, owner, cell_id, mccmnc, duration_s;
    int32_t offset_min;
    int64_t start_ms, end_ms, event_ms, emission_ms;
    uint64_t bytes_in, bytes_out;
    uint8_t type, leg, direction, party, record_type, cause, segments, status, apn, rat, src_len,
        dst_len, log, behaviour;
    char src[16], dst[16], imsi[16], imei[16];
};

struct run {
    struct cdr_model *model;
    struct record *records;
    size_t count, capacity;
    struct cdr_block *block;
    unsigned types; /* bits of the types that are wanted */
};

static inline struct cdr_model *model_of(const struct cdr_parameters *parameters)
{
    struct cdr_error error = {0};
    struct cdr_model *model = NULL;
    if (cdr_parameters_check(parameters, &error) != CDR_OK ||
        cdr_model_create(&model, parameters, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return model;
}

static inline void add_record(struct run *run, const struct cdr_task *task,
                              const struct cdr_key *key, uint32_t i)
{
    const struct cdr_block *b = run->block;
    if (run->count == run->capacity) {
        run->capacity = run->capacity == 0 ? 65536 : 2 * run->capacity;
        run->records = realloc(run->records, run->capacity * sizeof *run->records);
        assert_non_null(run->records);
    }
    struct record *r = &run->records[run->count++];
    *r = (struct record){
        .origin = b->origin[i],
        .slot = b->slot[i],
        .index = b->index[i],
        .owner = b->owner[i],
        .cell_id = b->cell_id[i],
        .mccmnc = b->mccmnc[i],
        .duration_s = b->duration_s[i],
        .offset_min = b->tz_offset_min[i],
        .start_ms = b->start_ms[i],
        .end_ms = b->end_ms[i],
        .event_ms = b->event_ms[i],
        .emission_ms = task->slots[0].start_ms + cdr_key_ms(key),
        .type = (uint8_t)b->type,
        .leg = b->leg[i],
        .direction = b->direction[i],
        .party = (uint8_t)cdr_key_party(key),
        .record_type = b->record_type[i],
        .cause = b->cause[i],
        .behaviour = b->behaviour[i],
        .rat = b->rat[i],
        .src_len = b->msisdn_src_len[i],
        .dst_len = b->msisdn_dst_len[i],
        .log = (uint8_t)task->log,
    };
    if (b->type == CDR_TYPE_DATA) {
        r->bytes_in = b->data_bytes_in[i];
        r->bytes_out = b->data_bytes_out[i];
        r->apn = b->apn[i];
    } else if (b->type == CDR_TYPE_SMS) {
        r->segments = b->sms_segments[i];
        r->status = b->sms_status[i];
    }
    memcpy(r->src, b->msisdn_src[i], 16);
    if (b->type != CDR_TYPE_DATA)
        memcpy(r->dst, b->msisdn_dst[i], 16);
    memcpy(r->imsi, b->imsi[i], 16);
    memcpy(r->imei, b->imei[i], 16);
}

static inline enum cdr_result keep_records(void *state, unsigned worker,
                                           const struct cdr_task *task, struct cdr_error *error)
{
    struct run *run = state;
    (void)worker;
    (void)error;
    if ((run->types >> task->type & 1) == 0)
        return CDR_OK;
    for (uint32_t from = 0; from < task->n; from += CDR_BLOCK_RECORDS) {
        uint32_t n = task->n - from < CDR_BLOCK_RECORDS ? task->n - from : CDR_BLOCK_RECORDS;
        cdr_materialise(task->model, task->type, task->keys + from, n, task->slots[0].start_ms,
                        task->slots, run->block);
        for (uint32_t i = 0; i < n; i++)
            add_record(run, task, &task->keys[from + i], i);
    }
    return CDR_OK;
}

#define ALL_TYPES 7u

/* All records of the wanted types that are emitted from the start of the first day on; until_end:
 * those of events that last beyond the last day too, so that no part of what began in the run is
 * cut off. */
static inline struct run run_model(const struct cdr_parameters *parameters, unsigned types,
                                   int until_end)
{
    struct run run = {.model = model_of(parameters),
                      .types = types,
                      .block = calloc(1, sizeof(struct cdr_block))};
    struct cdr_error error = {0};
    struct cdr_engine *engine = NULL;
    int32_t end_day = parameters->start_day + (int32_t)parameters->days;
    struct cdr_engine_settings settings = {
        .workers = 1,
        .shard_count = 1,
        .end_ms = cdr_calendar_day_start_ms(&run.model->calendar, end_day) +
                  (until_end ? cdr_carry_max_ms(parameters) + 1 : 0),
    };
    struct cdr_consumer consumer = {.state = &run, .task = keep_records};
    assert_int_equal(cdr_engine_create(&engine, run.model, &settings, &error), CDR_OK);
    assert_int_equal(cdr_engine_run(engine, &consumer, &error), CDR_OK);
    cdr_engine_destroy(engine);
    return run;
}

static inline void free_run(struct run *run)
{
    cdr_model_destroy(run->model);
    free(run->records);
    free(run->block);
}

static inline struct cdr_parameters parameters_of(uint32_t subscribers, uint32_t days)
{
    struct cdr_parameters parameters;
    cdr_parameters_default(&parameters);
    parameters.subscribers = subscribers;
    parameters.days = days;
    return parameters;
}

/* Calls take for every block of events that begin in the days of the run. */
static inline void each_event(const struct cdr_model *model,
                              void (*take)(void *state, const struct cdr_slot *slot,
                                           const struct cdr_events *events),
                              void *state)
{
    const struct cdr_parameters *p = &model->parameters;
    struct cdr_counts counts;
    struct cdr_error error = {0};
    struct cdr_events *events = calloc(1, sizeof *events);
    assert_non_null(events);
    assert_int_equal(cdr_counts_create(&counts, model, &error), CDR_OK);
    struct cdr_slot slot = cdr_calendar_slot_at(
        &model->calendar, cdr_calendar_day_start_ms(&model->calendar, p->start_day));
    for (; slot.day < p->start_day + (int32_t)p->days;
         slot = cdr_calendar_next(&model->calendar, &slot)) {
        struct cdr_expansion expansion = {.end = p->subscribers};
        cdr_counts_set(&counts, model, &slot);
        while (cdr_events_next(model, &counts, NULL, &expansion, events))
            take(state, &slot, events);
    }
    cdr_counts_free(&counts);
    free(events);
}

#endif
