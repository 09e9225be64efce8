/* Details: rings and charges make up durations, both legs of a call tell of one answer, parts of a
 * session are numbered, ids and cells name one thing each. */
#include "engine/engine.h"
#include "model/details.h"
#include "model/event.h"
#include "model/materialise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct detailed {
    uint64_t event, id, cell_global;
    int64_t start_ms, end_ms, event_ms, emission_ms, answer_ms;
    uint32_t type, leg, outcome, cause, duration_s, ring_s, charge_s, part, number, cell_id, rat;
    uint32_t part_key; /* as the key has it: from 0 on */
    uint32_t total_s;
};

struct found {
    struct cdr_model *model;
    struct cdr_block *block;
    struct detailed *records;
    size_t count, capacity;
    uint64_t next[64]; /* by log */
};

static void keep(struct found *found, const struct cdr_key *key, uint32_t i)
{
    const struct cdr_block *b = found->block;
    if (found->count == found->capacity) {
        found->capacity = found->capacity == 0 ? 65536 : 2 * found->capacity;
        found->records = realloc(found->records, found->capacity * sizeof *found->records);
        assert_non_null(found->records);
    }
    found->records[found->count++] = (struct detailed){
        .event = cdr_event_id(b->origin[i], b->slot[i], b->index[i], b->type),
        .id = b->id[i],
        .cell_global = b->cell_global[i],
        .start_ms = b->start_ms[i],
        .end_ms = b->end_ms[i],
        .event_ms = b->event_ms[i],
        .emission_ms = b->emission_ms[i],
        .answer_ms = b->answer_ms[i],
        .type = b->type,
        .leg = b->leg[i],
        .outcome = b->outcome[i],
        .cause = b->cause[i],
        .duration_s = b->duration_s[i],
        .ring_s = b->ring_s[i],
        .charge_s = b->charge_s[i],
        .part = b->part[i],
        .number = b->number[i],
        .cell_id = b->cell_id[i],
        .rat = b->rat[i],
        .part_key = cdr_key_peer(key) >> 17,
        .total_s = cdr_key_peer(key) & 0x1ffff,
    };
}

static enum cdr_result fill(void *state, unsigned worker, const struct cdr_task *task,
                            struct cdr_error *error)
{
    struct found *found = state;
    (void)worker;
    (void)error;
    for (uint32_t from = 0; from < task->n; from += CDR_BLOCK_RECORDS) {
        const uint32_t n = task->n - from < CDR_BLOCK_RECORDS ? task->n - from : CDR_BLOCK_RECORDS;
        const struct cdr_details_source source = {
            .keys = task->keys + from,
            .slots = task->slots,
            .emission_slot_ms = task->slots[0].start_ms,
            .first = found->next[task->log],
        };
        unsigned wanted = CDR_DETAIL_KEY | CDR_DETAIL_CELL | CDR_DETAIL_NUMBER | CDR_DETAIL_NODE;
        if (task->type == CDR_TYPE_CALL)
            wanted |= CDR_DETAIL_ANSWER;
        cdr_materialise(found->model, task->type, task->keys + from, n, task->slots[0].start_ms,
                        task->slots, found->block);
        cdr_details_fill(found->model, wanted, &source, found->block);
        found->next[task->log] += n;
        for (uint32_t i = 0; i < n; i++)
            keep(found, &task->keys[from + i], i);
    }
    return CDR_OK;
}

static int by_event(const void *a, const void *b)
{
    const struct detailed *left = a, *right = b;
    if (left->event != right->event)
        return left->event < right->event ? -1 : 1;
    if (left->leg != right->leg)
        return left->leg < right->leg ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static struct found records_of(uint32_t subscribers, uint32_t days, bool late, bool classic)
{
    struct cdr_parameters p;
    struct cdr_error error = {{0}};
    struct found found = {.block = calloc(1, sizeof(struct cdr_block))};
    struct cdr_engine *engine = NULL;
    cdr_parameters_default(&p);
    p.subscribers = subscribers;
    p.days = days;
    p.partial_s = 600;
    p.faults[CDR_FAULT_LATE] = late ? 0.1 : 0;
    p.classic_records = classic;
    assert_int_equal(cdr_parameters_check(&p, &error), CDR_OK);
    assert_int_equal(cdr_model_create(&found.model, &p, &error), CDR_OK);
    const struct cdr_engine_settings settings = {
        .workers = 1,
        .shard_count = 1,
        .end_ms = cdr_calendar_day_start_ms(&found.model->calendar, p.start_day + (int32_t)days),
    };
    const struct cdr_consumer consumer = {.state = &found, .task = fill};
    assert_int_equal(cdr_engine_create(&engine, found.model, &settings, &error), CDR_OK);
    assert_int_equal(cdr_engine_run(engine, &consumer, &error), CDR_OK);
    cdr_engine_destroy(engine);
    qsort(found.records, found.count, sizeof *found.records, by_event);
    return found;
}

static void free_found(struct found *found)
{
    cdr_model_destroy(found->model);
    free(found->records);
    free(found->block);
}

/* As whole seconds go by. */
static int64_t seconds(int64_t from_ms, int64_t to_ms)
{
    return (to_ms - from_ms) / 1000;
}

static void check_call(const struct detailed *r)
{
    if (r->outcome != CDR_CALL_ANSWERED) {
        const bool rang = r->outcome == CDR_CALL_NO_ANSWER || r->outcome == CDR_CALL_REJECTED;
        assert_int_equal(r->charge_s, 0);
        assert_int_equal(r->ring_s, rang ? r->duration_s : 0);
        assert_true(r->answer_ms == INT64_MIN);
        assert_int_not_equal(r->cause, CDR_CAUSE_NORMAL_RELEASE);
        return;
    }
    assert_int_equal(r->ring_s + r->charge_s, r->duration_s);
    assert_true(r->answer_ms >= r->start_ms && r->answer_ms <= r->end_ms);
    assert_int_equal(seconds(r->start_ms, r->answer_ms), r->ring_s);
    assert_int_equal(seconds(r->answer_ms, r->end_ms), r->charge_s);
    assert_true(r->charge_s > 0 || r->leg == 1);
    assert_true(r->ring_s <= 25);
}

static void test_rings_and_charges(void **state)
{
    const bool classic = *state != NULL;
    struct found found = records_of(4000, 1, false, classic);
    size_t answered = 0, one_second = 0, rings = 0;
    for (size_t i = 0; i < found.count; i++) {
        const struct detailed *r = &found.records[i];
        if (r->type != CDR_TYPE_CALL)
            continue;
        check_call(r);
        answered += r->outcome == CDR_CALL_ANSWERED;
        one_second += r->outcome == CDR_CALL_ANSWERED && r->charge_s <= 1;
        rings += r->outcome == CDR_CALL_ANSWERED ? r->ring_s : 0;
    }
    assert_true(answered > 5000);
    /* With another ring than the model's, many calls would be cut down to their last second. */
    assert_true((double)one_second / (double)answered < 0.02);
    assert_true((double)rings / (double)answered > 9 && (double)rings / (double)answered < 16);
    free_found(&found);
}

static void test_legs_agree(void **state)
{
    struct found found = records_of(4000, 1, false, false);
    size_t pairs = 0, apart = 0, whole = 0;
    (void)state;
    for (size_t i = 0; i + 1 < found.count; i++) {
        const struct detailed *out = &found.records[i], *in = out + 1;
        if (out->type != CDR_TYPE_CALL || in->event != out->event)
            continue;
        assert_int_equal(out->leg, 0);
        assert_int_equal(in->leg, 1);
        assert_int_equal(in->outcome, out->outcome);
        assert_true(in->id != out->id && in->id != out->event && out->id != out->event);
        if (in->outcome != CDR_CALL_ANSWERED)
            continue;
        const int64_t sooner_ms = out->answer_ms - in->answer_ms;
        const int64_t less_s = (int64_t)out->charge_s - in->charge_s;
        pairs++;
        whole += (in->end_ms - in->answer_ms) % 1000 == 0;
        apart += sooner_ms < 20 || sooner_ms > 1200;
        assert_true(less_s >= -2 && less_s <= 2);
        assert_true(sooner_ms > -3000 && sooner_ms < 3000);
    }
    assert_true(pairs > 1000);
    assert_true(apart * 200 < pairs); /* calls of a few seconds */
    assert_true(whole * 100 < pairs); /* conversations have milliseconds, as rings have */
    free_found(&found);
}

static void test_parts_are_numbered(void **state)
{
    struct found found = records_of(2000, 2, false, false);
    size_t whole = 0, parts = 0;
    (void)state;
    for (size_t i = 0; i < found.count; i++) {
        const struct detailed *r = &found.records[i];
        if (r->type != CDR_TYPE_DATA)
            continue;
        whole += r->part == 0;
        parts += r->part != 0;
        assert_int_equal(r->part != 0, r->total_s > 600);
        assert_int_equal(r->part, r->total_s > 600 ? r->part_key + 1 : 0);
        if (i > 0 && r[-1].event == r->event) {
            assert_int_equal(r->part, r[-1].part + 1);
            assert_true(r->id != r[-1].id);
        }
    }
    assert_true(whole > 1000 && parts > 1000);
    free_found(&found);
}

static int by_id(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static void test_ids_numbers_and_cells(void **state)
{
    struct found found = records_of(2000, 1, true, false);
    uint64_t *ids = malloc(found.count * sizeof *ids);
    uint64_t *cells = calloc(100000, sizeof *cells);
    uint64_t numbered = 0, counted = 0;
    size_t late = 0;
    (void)state;
    assert_non_null(ids);
    assert_non_null(cells);
    for (size_t i = 0; i < found.count; i++) {
        const struct detailed *r = &found.records[i];
        ids[i] = r->id;
        late += r->emission_ms > r->event_ms;
        numbered += r->number;
        assert_true(r->emission_ms >= r->event_ms);
        assert_true(cells[r->cell_id] == 0 || cells[r->cell_id] == r->cell_global);
        cells[r->cell_id] = r->cell_global;
    }
    qsort(ids, found.count, sizeof *ids, by_id);
    for (size_t i = 1; i < found.count; i++)
        assert_true(ids[i] != ids[i - 1]);
    for (uint32_t log = 0; log < 64; log++)
        counted += found.next[log] * (found.next[log] - 1) / 2 * (found.next[log] > 0);
    assert_true(numbered == counted);
    assert_true(late > found.count / 20 && late < found.count / 5);
    free(ids);
    free(cells);
    free_found(&found);
}

static void test_cells_have_one_identity(void **state)
{
    struct found found = records_of(10, 1, false, false);
    struct cdr_block *block = found.block;
    const struct cdr_cells *cells = &found.model->cells;
    uint64_t *seen = malloc((size_t)cells->count * sizeof *seen);
    const struct cdr_details_source source = {.slots = NULL};
    (void)state;
    assert_non_null(seen);
    for (uint32_t i = 0; i < cells->count; i++) {
        block->n = 1;
        block->cell_id[0] = CDR_CELL_ID_FIRST + i;
        block->rat[0] = cells->cells[i].rat;
        cdr_details_fill(found.model, CDR_DETAIL_CELL, &source, block);
        const unsigned bits = block->rat[0] == CDR_RAT_WCDMA ? 32
                              : block->rat[0] == CDR_RAT_LTE ? 28
                                                             : 36;
        assert_true(block->cell_global[0] >> bits == 0);
        seen[i] = (uint64_t)block->rat[0] << 40 | block->cell_global[0];
    }
    qsort(seen, cells->count, sizeof *seen, by_id);
    for (uint32_t i = 1; i < cells->count; i++)
        assert_true(seen[i] != seen[i - 1]);
    /* A record with a fault on purpose. */
    block->cell_id[0] = 99999;
    cdr_details_fill(found.model, CDR_DETAIL_CELL, &source, block);
    free(seen);
    free_found(&found);
}

int main(void)
{
    static bool classic = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_and_charges),
        {"test_rings_and_charges of classic records", test_rings_and_charges, NULL, NULL, &classic},
        cmocka_unit_test(test_legs_agree),
        cmocka_unit_test(test_parts_are_numbered),
        cmocka_unit_test(test_ids_numbers_and_cells),
        cmocka_unit_test(test_cells_have_one_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
