/* What somebody who knows networks sees in a hundred records of each type: times on a grid, parts
 * of sessions, clocks, messages that overlap, calls over circuits, numbers that cannot be. */
#include "statistics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "encode/program.h"
#include "model_run.h"

enum { PARTIAL_S = 300 };

static int by_event(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->type != right->type)
        return left->type < right->type ? -1 : 1;
    if (left->origin != right->origin)
        return left->origin < right->origin ? -1 : 1;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    if (left->leg != right->leg)
        return left->leg < right->leg ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static int by_owner(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->owner != right->owner)
        return left->owner < right->owner ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static struct run sorted_run(const struct cdr_parameters *p, unsigned types,
                             int (*order)(const void *, const void *))
{
    struct run run = run_model(p, types, 1);
    qsort(run.records, run.count, sizeof *run.records, order);
    return run;
}

static bool is_same_event(const struct record *a, const struct record *b)
{
    return a->type == b->type && a->origin == b->origin && a->slot == b->slot &&
           a->index == b->index;
}

/* Whether it is a multiple of 1/16 s, without what is less than a millisecond. */
static bool is_on_grid(int64_t ms)
{
    return ms % 125 == 0 || ms % 125 == 62;
}

static void waits_are_not_on_a_grid(void **state)
{
    struct cdr_parameters p = parameters_of(3000, 2);
    struct run run = sorted_run(&p, 1u << CDR_TYPE_SMS, by_event);
    double waits = 0, on_grid = 0, gaps = 0, gaps_on_grid = 0, longest = 0, forty = 0;
    (void)state;
    for (size_t i = 0; i + 1 < run.count; i++) {
        const struct record *a = &run.records[i], *b = a + 1;
        if (is_same_event(a, b)) {
            const int64_t wait_ms = b->start_ms - a->end_ms;
            waits++;
            on_grid += is_on_grid(wait_ms);
            longest += wait_ms >= 3600000;
            forty += wait_ms == 40000;
            continue;
        }
        const struct record *first = a - a->leg;
        if (a->origin != b->origin || a->slot != b->slot || b->index != a->index + 1)
            continue;
        gaps++;
        gaps_on_grid += is_on_grid(b->start_ms - first->start_ms);
    }
    printf("    %.0f waits, %.4f on a grid, %.0f of an hour; %.0f gaps, %.4f on a grid\n", waits,
           on_grid / waits, longest, gaps, gaps_on_grid / gaps);
    assert_true(waits > 10000 && on_grid / waits < 0.03);
    assert_true(gaps > 3000 && gaps_on_grid / gaps < 0.03);
    assert_true(longest == 0 && forty < 4);
    free_run(&run);
}

static void delays_are_not_on_a_grid(void **state)
{
    struct cdr_parameters p = parameters_of(1000, 1);
    p.faults[CDR_FAULT_LATE] = 0.3;
    struct run run = run_model(&p, ALL_TYPES, 1);
    double late = 0, on_grid = 0;
    (void)state;
    for (size_t i = 0; i < run.count; i++) {
        const int64_t delay_ms = run.records[i].emission_ms - run.records[i].event_ms;
        late += delay_ms > 0 && delay_ms < INT64_C(1000) * p.late_max_s;
        on_grid += delay_ms > 0 && delay_ms < INT64_C(1000) * p.late_max_s && is_on_grid(delay_ms);
    }
    assert_true(late > 5000 && on_grid / late < 0.03);
    free_run(&run);
}

static void parts_keep_their_technology(void **state)
{
    struct cdr_parameters p = parameters_of(3000, 2);
    p.data[CDR_RAT_LTE].duration_mean_s = 1500;
    p.partial_s = PARTIAL_S;
    p.faults[CDR_FAULT_LATE] = 0.3;
    struct run run = sorted_run(&p, 1u << CDR_TYPE_DATA, by_event);
    size_t pairs = 0, alike = 0, elsewhere = 0, late_otherwise = 0;
    (void)state;
    for (size_t i = 0; i + 1 < run.count; i++) {
        const struct record *a = &run.records[i], *b = a + 1;
        if (!is_same_event(a, b))
            continue;
        const int64_t delay_ms = a->emission_ms - a->event_ms;
        assert_int_equal(a->rat, b->rat);
        assert_int_equal(a->record_type, b->record_type);
        assert_int_equal(a->apn, b->apn);
        elsewhere += a->cell_id != b->cell_id;
        if (a->duration_s != b->duration_s)
            continue;
        const uint64_t more =
            a->bytes_out > b->bytes_out ? a->bytes_out - b->bytes_out : b->bytes_out - a->bytes_out;
        pairs++;
        alike += more < a->bytes_out / 1000;
        late_otherwise += delay_ms != b->emission_ms - b->event_ms;
    }
    printf("    %zu pairs of parts, %zu with as many bytes, %zu elsewhere\n", pairs, alike,
           elsewhere);
    assert_true(pairs > 10000 && elsewhere > 100);
    assert_true(alike * 20 < pairs);
    assert_true(late_otherwise * 3 > pairs);
    free_run(&run);
}

/* Where the clock changes at 01:00 UTC. */
static void what_begins_after_a_change_of_the_clock_has_the_new_offset(void **state)
{
    struct cdr_parameters p = parameters_of(3000, 2);
    p.start_day = cdr_day_of_date(2025, 10, 25);
    p.data[CDR_RAT_LTE].duration_mean_s = 3000;
    p.partial_s = PARTIAL_S;
    struct run run = run_model(&p, ALL_TYPES, 1);
    size_t moved = 0;
    (void)state;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const struct cdr_slot at = cdr_calendar_slot_at(&run.model->calendar, r->start_ms),
                              begun = cdr_calendar_slot_at(&run.model->calendar,
                                                           r->slot * CDR_QUARTER_MS);
        assert_int_equal(r->offset_min, at.offset_min);
        moved += at.offset_min != begun.offset_min;
    }
    assert_true(moved > 20);
    free_run(&run);
}

static void messages_of_one_who_sends_or_receives_hardly_overlap(void **state)
{
    struct cdr_parameters p = parameters_of(5000, 5);
    struct run run = sorted_run(&p, 1u << CDR_TYPE_SMS, by_owner);
    size_t of_one_hour = 0, overlaps[2] = {0, 0};
    (void)state;
    for (size_t i = 0; i < run.count; i++)
        for (size_t k = i + 1; k < run.count && k < i + 8; k++) {
            const struct record *a = &run.records[i], *b = &run.records[k];
            if (a->owner != b->owner || b->start_ms > a->end_ms)
                break;
            if (a->direction != b->direction)
                continue;
            overlaps[a->direction]++;
            of_one_hour +=
                a->origin == b->origin && a->slot == b->slot && a->leg == 0 && b->leg == 0;
        }
    printf("    %zu records; overlap: %zu sent, %zu received, %zu of one hour\n", run.count,
           overlaps[CDR_DIRECTION_MO], overlaps[CDR_DIRECTION_MT], of_one_hour);
    assert_true(of_one_hour == 0);
    assert_true(overlaps[CDR_DIRECTION_MO] * 20000 < run.count);
    assert_true(overlaps[CDR_DIRECTION_MT] * 3000 < run.count);
    free_run(&run);
}

static void whoever_calls_over_circuits_does_nothing_over_lte_meanwhile(void **state)
{
    struct cdr_parameters p = parameters_of(8000, 3);
    struct run run = sorted_run(&p, ALL_TYPES, by_owner);
    size_t calls = 0, meanwhile = 0, others = 0;
    (void)state;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *call = &run.records[i];
        if (call->type != CDR_TYPE_CALL || call->rat != CDR_RAT_WCDMA)
            continue;
        calls++;
        for (size_t k = i + 1; k < run.count && run.records[k].owner == call->owner &&
                               run.records[k].start_ms <= call->end_ms;
             k++) {
            if (run.records[k].type == CDR_TYPE_CALL) /* a second one that waits */
                continue;
            others++;
            meanwhile += run.records[k].rat != CDR_RAT_WCDMA;
        }
    }
    printf("    %zu calls over circuits, %zu records meanwhile\n", calls, others);
    assert_true(calls > 2000 && others > 20);
    assert_true(meanwhile == 0);
    free_run(&run);
}

static bool is_american(uint64_t number)
{
    const uint64_t area = number / 10000000 % 1000, exchange = number / 10000 % 1000;
    return number / UINT64_C(10000000000) == 1 && area >= 200 && exchange >= 200 &&
           area % 100 != 11 && exchange % 100 != 11;
}

static void numbers_of_north_america_can_be_numbers(void **state)
{
    static const char *const own[] = {"316", "1212", "12125", "121255", "130"};
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct cdr_parameters p = parameters_of(2000, 1);
        size_t american = 0;
        p.prefix_count = p.offnet_prefix_count = 1;
        strcpy(p.prefixes[0], own[i]);
        strcpy(p.offnet_prefixes[0], i == 0 ? "3265" : "1718");
        struct cdr_model *model = model_of(&p);
        for (uint32_t s = 0; i > 0 && s < p.subscribers; s++) {
            const struct cdr_number n = cdr_msisdn(&model->identities, s);
            uint32_t back = 0;
            assert_true(is_american(n.value));
            assert_true(cdr_msisdn_subscriber(&model->identities, n.value, p.subscribers, &back));
            assert_int_equal(back, s);
        }
        uint64_t random = 7;
        for (int k = 0; k < 100000; k++) {
            random = cdr_mix(random);
            const struct cdr_number_plan *plan = &model->number_plan;
            const struct cdr_number n =
                k % 2 ? cdr_other_number(plan, random, CDR_CONTACT_KINDS)
                      : cdr_service_number(plan, cdr_service(plan, random), cdr_mix(random));
            if (n.value / UINT64_C(10000000000) != 1 || n.len != 11)
                continue;
            american++;
            assert_true(is_american(n.value));
        }
        printf("    %zu of North America after %s\n", american, own[i]);
        assert_true(american > (i == 0 ? 10u : 20000u));
        cdr_model_destroy(model);
    }
}

static void causes_say_who_gave_up(void **state)
{
    struct cdr_block *block = calloc(1, sizeof *block);
    size_t of[128] = {0}, of_failed[128] = {0};
    (void)state;
    assert_non_null(block);
    block->type = CDR_TYPE_CALL;
    for (uint32_t k = 0; k < 8000; k++) {
        block->origin[0] = k;
        block->outcome[0] = CDR_CALL_NO_ANSWER;
        block->cause[0] = CDR_CAUSE_NO_ANSWER;
        of[cdr_program_detail(block, CDR_COLUMN_Q850, 0)]++;
        block->outcome[0] = CDR_CALL_FAILED;
        block->cause[0] = CDR_CAUSE_FAILURE;
        of_failed[cdr_program_detail(block, CDR_COLUMN_Q850, 0)]++;
    }
    assert_true(of[16] > 4500 && of[19] > 2500);
    assert_true(of_failed[41] > 5500 && of_failed[31] > 1500);
    /* Nobody calls a number that is not in use, or somebody who is away: others reach them. */
    assert_true(of_failed[1] == 0 && of_failed[20] == 0);
    free(block);
}

static void most_devices_of_a_tac_have_its_newest_software(void **state)
{
    size_t of[100] = {0}, most = 0, kinds = 0;
    (void)state;
    for (uint32_t serial = 0; serial < 4000; serial++) {
        char imei[17], text[17] = "";
        snprintf(imei, sizeof imei, "0%08d%06d0", 35123456, (int)serial);
        cdr_program_imeisv(text, imei);
        of[(text[14] - '0') * 10 + text[15] - '0']++;
    }
    for (size_t i = 0; i < 100; i++) {
        most = of[i] > most ? of[i] : most;
        kinds += of[i] != 0;
    }
    assert_true(most > 2200 && most < 2800 && kinds == 3);
}

static void a_cell_is_of_one_network(void **state)
{
    struct cdr_block *block = calloc(1, sizeof *block);
    char one[16], other[16];
    (void)state;
    assert_non_null(block);
    block->network = 20408;
    block->cell_global[0] = block->cell_global[1] = 77;
    block->rat[0] = block->rat[1] = CDR_RAT_LTE;
    block->mccmnc[0] = 20408;
    block->mccmnc[1] = 20416;
    assert_int_equal(cdr_program_cell(one, block, 0), cdr_program_cell(other, block, 1));
    assert_memory_equal(one, other, sizeof one);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_are_not_on_a_grid),
        cmocka_unit_test(delays_are_not_on_a_grid),
        cmocka_unit_test(parts_keep_their_technology),
        cmocka_unit_test(what_begins_after_a_change_of_the_clock_has_the_new_offset),
        cmocka_unit_test(messages_of_one_who_sends_or_receives_hardly_overlap),
        cmocka_unit_test(whoever_calls_over_circuits_does_nothing_over_lte_meanwhile),
        cmocka_unit_test(numbers_of_north_america_can_be_numbers),
        cmocka_unit_test(causes_say_who_gave_up),
        cmocka_unit_test(most_devices_of_a_tac_have_its_newest_software),
        cmocka_unit_test(a_cell_is_of_one_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
