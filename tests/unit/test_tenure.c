/* Subscribers that leave: how often, how long numbers are vacant, that nobody inherits an identity,
 * and that a vacant number takes part in nothing. */
#include "model/profile.h"
#include "statistics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

static struct cdr_parameters leaving(uint32_t subscribers, uint32_t days, double leave_prob,
                                     uint32_t vacant_days)
{
    struct cdr_parameters p = parameters_of(subscribers, days);
    p.leave_prob = leave_prob;
    p.vacant_days = vacant_days;
    return p;
}

static struct cdr_tenures tenures_of(const struct cdr_parameters *p)
{
    struct cdr_identities identities;
    struct cdr_error error = {0};
    if (cdr_parameters_check(p, &error) != CDR_OK)
        fail_msg("%s", error.text);
    cdr_identities_init(&identities, p);
    return identities.tenures;
}

/* ---- tenures ---- */

/* Walks the days of one number; returns how many vacancies it saw whole. */
static unsigned walk(const struct cdr_parameters *p, uint32_t subscriber, uint32_t from,
                     uint32_t to)
{
    const struct cdr_tenures tenures = tenures_of(p);
    struct cdr_tenure before = cdr_tenure(&tenures, subscriber, from);
    uint32_t since = 0; /* when the present state began, where that was seen */
    unsigned whole = 0;
    for (uint32_t day = from + 1; day < to; day++) {
        struct cdr_tenure now = cdr_tenure(&tenures, subscriber, day);
        assert_true(now.number < tenures.count);
        assert_int_equal(now.number, before.number + (before.present && !now.present));
        if (now.present == before.present)
            continue;
        if (since != 0 && now.present) {
            assert_int_equal(day - since, p->vacant_days);
            whole++;
        } else if (since != 0) {
            assert_true(day - since <= 2 / p->leave_prob);
        }
        since = day;
        before = now;
    }
    return whole;
}

static void vacancies_last_exactly_their_days(void **state)
{
    (void)state;
    static const struct {
        double leave_prob;
        uint32_t vacant_days;
    } cases[] = {{0.1, 1}, {0.1, 365}, {0.05, 90}, {0.0317, 7}, {0.001, 30}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct cdr_parameters p = leaving(300, 1, cases[c].leave_prob, cases[c].vacant_days);
        unsigned whole = 0;
        for (uint32_t s = 0; s < p.subscribers; s++)
            whole += walk(&p, s, 7300, 9300);
        assert_true(whole > 200);
    }
    struct cdr_parameters p = leaving(3, 1, 0.1, 1);
    walk(&p, 1, 51000, 51516); /* to the last day that a run can have */
    p = leaving(3, 1, 1e-6, 365);
    walk(&p, 2, 0, 51516);
}

/* Numbers are independent of each other, so counts of one day are exactly binomial. */
static void shares_are_the_configured_ones(void **state)
{
    (void)state;
    enum { N = 400000 };
    static const uint32_t days[] = {7305, 20089, 20090, 40000, 51505};
    struct cdr_parameters p = leaving(N, 1, 0.01, 30);
    const struct cdr_tenures tenures = tenures_of(&p);
    const double present = cdr_present_share(&p);
    assert_true(fabs(present - 1 / 1.3) < 1e-12);
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        double counts[4] = {0}; /* stays, leaves, stays vacant, arrives */
        const double shares[4] = {present * 0.99, present * 0.01, (1 - present) * 29 / 30,
                                  (1 - present) / 30};
        for (uint32_t s = 0; s < N; s++) {
            bool before = cdr_tenure(&tenures, s, days[d] - 1).present;
            bool now = cdr_tenure(&tenures, s, days[d]).present;
            counts[before ? !now : 2 + now]++;
        }
        assert_likely(shares_p(counts, shares, 4), "stays, leaves, vacant, arrives on day %u",
                      days[d]);
    }
}

static void nobody_leaves_by_default(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1000, 1);
    const struct cdr_tenures tenures = tenures_of(&p);
    assert_false(tenures.on);
    assert_int_equal(tenures.count, 0);
    assert_true(cdr_present_share(&p) >= 1);
    for (uint32_t s = 0; s < 1000; s++) {
        assert_true(cdr_tenure(&tenures, s, 20089 + s).present);
        assert_int_equal(cdr_tenure(&tenures, s, 20089 + s).number, 0);
    }
}

/* ---- profiles ---- */

struct seen {
    uint64_t *values;
    size_t count;
};

static void see(struct seen *seen, uint64_t value)
{
    seen->values[seen->count++] = value;
}

static void assert_all_different(struct seen *seen)
{
    qsort(seen->values, seen->count, sizeof *seen->values, compare_u64);
    for (size_t i = 1; i < seen->count; i++)
        if (seen->values[i] == seen->values[i - 1])
            fail_msg("%" PRIu64 " is had twice", seen->values[i]);
    free(seen->values);
}

/* Every identity of every customer once; those that two customers of a number have differ, too. */
static void nobody_has_another_s_identity(void **state)
{
    (void)state;
    enum { N = 3000, DAYS = 400 };
    struct cdr_parameters p = leaving(N, 1, 0.02, 3);
    p.imei_change_prob = 0.1;
    p.sim_change_prob = 0.05;
    struct cdr_model *model = model_of(&p);
    struct seen imsis = {.values = malloc(N * DAYS * sizeof(uint64_t))};
    struct seen imeis = {.values = malloc(N * DAYS * sizeof(uint64_t))};
    unsigned customers = 0;
    for (uint32_t s = 0; s < N; s++) {
        struct cdr_profile last = {.tenure = UINT32_MAX};
        for (uint32_t day = 20089; day < 20089 + DAYS; day++) {
            struct cdr_profile now = cdr_profile_on(model, s, day);
            if (!now.present)
                continue;
            bool another = now.tenure != last.tenure;
            assert_true(!another || (now.imsi.value != last.imsi.value && now.imei != last.imei));
            if (now.imsi.value != last.imsi.value)
                see(&imsis, now.imsi.value);
            if (now.imei != last.imei)
                see(&imeis, now.imei);
            customers += another;
            last = now;
        }
    }
    printf("    %u customers, %zu IMSIs, %zu IMEIs\n", customers, imsis.count, imeis.count);
    assert_true(customers > 7 * N && imsis.count > 2 * customers && imeis.count > imsis.count);
    assert_all_different(&imsis);
    assert_all_different(&imeis);
    cdr_model_destroy(model);
}

static bool same_profile(const struct cdr_profile *a, const struct cdr_profile *b)
{
    assert_true(a->msisdn.value == b->msisdn.value && a->msisdn.len == b->msisdn.len);
    assert_true(a->home_cell_id == b->home_cell_id && a->contacts == b->contacts);
    if (!a->present || !b->present)
        return a->present == b->present;
    return a->imsi.value == b->imsi.value && a->imsi.mccmnc == b->imsi.mccmnc && a->imei == b->imei;
}

static void profiles_change_when_said(void **state)
{
    (void)state;
    struct cdr_parameters p = leaving(500, 1, 0.03, 4);
    p.sim_change_prob = 0.01;
    p.imei_change_prob = 0.02;
    for (int on = 0; on < 2; on++, p.leave_prob = 0) {
        struct cdr_model *model = model_of(&p);
        unsigned left = 0, arrived = 0, changed = 0;
        for (uint32_t s = 0; s < p.subscribers; s++) {
            struct cdr_profile before = cdr_profile_on(model, s, 20088);
            for (uint32_t day = 20089; day < 20289; day++) {
                struct cdr_profile now = cdr_profile_on(model, s, day);
                assert_int_equal(cdr_profile_changed(model, s, day), !same_profile(&before, &now));
                left += before.present && !now.present;
                arrived += now.present && !before.present;
                changed += now.present && before.present && !same_profile(&before, &now);
                before = now;
            }
        }
        assert_true(changed > 2000);
        assert_true(on == 0 ? left > 1000 && arrived > 1000 : left + arrived == 0);
        cdr_model_destroy(model);
    }
}

/* ---- events and records ---- */

struct listing {
    const struct cdr_model *filter; /* whose tenures decide; NULL: all events */
    struct cdr_events *events;      /* one block behind another */
    size_t count;
    unsigned dropped;
};

static void list(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct listing *listing = state;
    for (uint32_t i = 0; i < events->n; i++) {
        /* Whoever is called may not be busy, as the other call does not take place. */
        if (events->type[i] == CDR_TYPE_CALL &&
            (events->outcome[i] == CDR_CALL_BUSY || events->outcome[i] == CDR_CALL_FAILED))
            continue;
        if (listing->filter != NULL) {
            const uint32_t day = (uint32_t)slot->day;
            bool here = cdr_profile_on(listing->filter, events->origin[i], day).present;
            if (events->party[i] == CDR_PARTY_ONNET ||
                cdr_is_reply(events->type[i], events->party[i]) != 0)
                here = here && cdr_profile_on(listing->filter, events->peer[i], day).present;
            listing->dropped += !here;
            if (!here)
                continue;
        }
        struct cdr_events *to = &listing->events[listing->count / CDR_EVENTS_BLOCK];
        const size_t at = listing->count++ % CDR_EVENTS_BLOCK;
        to->origin[at] = events->origin[i];
        to->index[at] = events->index[i];
        to->base[at] = events->base[i];
        to->offset_ms[at] = events->offset_ms[i];
        to->duration_s[at] = events->duration_s[i];
        to->peer[at] = events->peer[i];
        to->type[at] = events->type[i];
        to->party[at] = events->party[i];
        to->outcome[at] = events->outcome[i];
    }
}

/* The events are those that would take place if nobody left, without those of vacant numbers. */
static void vacant_numbers_have_no_events(void **state)
{
    (void)state;
    enum { BLOCKS = 120 };
    struct cdr_parameters p = leaving(2000, 3, 0.05, 6);
    struct cdr_model *model = model_of(&p);
    struct listing with = {.events = calloc(BLOCKS, sizeof(struct cdr_events))};
    struct listing without = {.filter = model, .events = calloc(BLOCKS, sizeof(struct cdr_events))};
    each_event(model, list, &with);
    p.leave_prob = 0;
    struct cdr_model *all = model_of(&p);
    each_event(all, list, &without);
    printf("    %zu events, %u did not take place\n", with.count, without.dropped);
    assert_true(with.count > 40000 && without.dropped > 15000);
    assert_int_equal(with.count, without.count);
    assert_memory_equal(with.events, without.events, BLOCKS * sizeof(struct cdr_events));
    free(with.events);
    free(without.events);
    cdr_model_destroy(model);
    cdr_model_destroy(all);
}

static void assert_text(const char text[16], uint64_t value)
{
    char wanted[24];
    snprintf(wanted, sizeof wanted, "%016" PRIu64, value);
    assert_memory_equal(text, wanted, 16);
}

static uint64_t number_in(const char text[16])
{
    char digits[17] = "";
    memcpy(digits, text, 16);
    return strtoull(digits, NULL, 10);
}

/* The owner and, on-net, the other party have their numbers on the day on which the event
 * starts. */
static void assert_present(const struct cdr_model *model, const struct record *r)
{
    const struct cdr_slot slot =
        cdr_calendar_slot_at(&model->calendar, r->slot * CDR_QUARTER_MS); /* a slot starts there */
    const uint32_t day = (uint32_t)slot.day;
    struct cdr_profile owner = cdr_profile_on(model, r->owner, day);
    assert_true(owner.present);
    assert_text(r->imsi, owner.imsi.value);
    assert_text(r->imei, owner.imei);
    assert_int_equal(r->mccmnc, owner.imsi.mccmnc);
    assert_text(r->direction == 0 ? r->src : r->dst, owner.msisdn.value);
    if (r->party != CDR_PARTY_ONNET && cdr_is_reply(r->type, r->party) == 0)
        return;
    uint32_t other;
    assert_true(cdr_msisdn_subscriber(&model->identities,
                                      number_in(r->direction == 0 ? r->dst : r->src),
                                      model->parameters.subscribers, &other));
    assert_true(cdr_profile_on(model, other, day).present);
}

static int compare_events(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->origin != right->origin)
        return left->origin < right->origin ? -1 : 1;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return (int)left->leg - (int)right->leg;
}

static void records_are_of_customers(void **state)
{
    (void)state;
    struct cdr_parameters p = leaving(2500, 4, 0.08, 3);
    p.start_day = cdr_day_of_date(2025, 3, 29);
    p.faults[CDR_FAULT_LATE] = 0.1;
    p.partial_s = 240;
    struct run run = run_model(&p, ALL_TYPES, 1);
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    const int64_t end_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day + 4);
    unsigned pairs = 0, changed = 0;
    qsort(run.records, run.count, sizeof *run.records, compare_events);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        assert_present(run.model, r);
        changed += cdr_profile_on(run.model, r->owner, (uint32_t)p.start_day).tenure !=
                   cdr_profile_on(run.model, r->owner, (uint32_t)p.start_day + 3).tenure;
        if (r->party != CDR_PARTY_ONNET || r->leg != 0 || r->start_ms < start_ms ||
            r->slot * CDR_QUARTER_MS >= end_ms)
            continue;
        if (r->cause == CDR_CAUSE_FAILURE || r->cause == CDR_CAUSE_DELIVERY_FAILURE)
            continue; /* it has not reached the called party */
        assert_true(i + 1 < run.count && r[1].leg == 1 && r[1].origin == r->origin &&
                    r[1].slot == r->slot && r[1].index == r->index);
        assert_true(r[1].start_ms > r->start_ms);
        assert_memory_equal(r->dst, r[1].dst, 16);
        pairs++;
    }
    printf("    %zu records, %u pairs, %u of numbers that changed hands\n", run.count, pairs,
           changed);
    assert_true(run.count > 100000 && pairs > 10000 && changed > 5000);
    free_run(&run);
}

static void expected_records_are_the_mean(void **state)
{
    (void)state;
    struct cdr_parameters p = leaving(60000, 1, 0.005, 50);
    struct run run = run_model(&p, ALL_TYPES, 0);
    double expected = cdr_expected_records(run.model);
    printf("    %zu records, expected %.0f\n", run.count, expected);
    assert_true(fabs((double)run.count / expected - 1) < 0.008);
    assert_true(expected < 0.8 * 60000 * 20.7 * 0.95);
    free_run(&run);
}

/* ---- parameters ---- */

static void assert_refused(const struct cdr_parameters *p, const char *key, const char *value)
{
    struct cdr_error error = {0};
    assert_int_equal(cdr_parameters_check(p, &error), CDR_E_CONFIG);
    if (strncmp(error.text, key, strlen(key)) != 0 || strstr(error.text, value) == NULL)
        fail_msg("%s", error.text);
}

static void bad_parameters_are_refused(void **state)
{
    (void)state;
    struct cdr_parameters p = leaving(100, 1, 0.11, 90);
    assert_refused(&p, "leave_prob: ", "0.11 is out of range; allowed is 0 to 0.1");
    p = leaving(100, 1, 1e-7, 90);
    assert_refused(&p, "leave_prob: ", "0.000001 to 0.1");
    p = leaving(100, 1, NAN, 90);
    assert_refused(&p, "leave_prob: ", "nan");
    p = leaving(100, 1, 0.05, 0);
    assert_refused(&p, "vacant_days: ", "1 to 365");
    p = leaving(100, 1, 0.05, 366);
    assert_refused(&p, "vacant_days: ", "1 to 365");
    p = leaving(10000000, 1, 0.1, 1);
    assert_refused(&p, "sim_change_prob: ", "leave_prob 0.1 a day with 10000000");
    p = leaving(40000000, 1, 0.01, 80);
    p.msisdn_digits = 12;
    p.mccmnc_count = 3;
    p.mccmnc_pool[1] = 20416;
    p.mccmnc_pool[2] = 20420;
    p.imei_change_prob = 0.25;
    p.sim_change_prob = 0;
    assert_refused(&p, "imei_change_prob: ", "leave_prob 0.01 a day with 40000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vacancies_last_exactly_their_days),
        cmocka_unit_test(shares_are_the_configured_ones),
        cmocka_unit_test(nobody_leaves_by_default),
        cmocka_unit_test(nobody_has_another_s_identity),
        cmocka_unit_test(profiles_change_when_said),
        cmocka_unit_test(vacant_numbers_have_no_events),
        cmocka_unit_test(records_are_of_customers),
        cmocka_unit_test(expected_records_are_the_mean),
        cmocka_unit_test(bad_parameters_are_refused),
    };
    return cmocka_run_group_tests_name("tenure", tests, NULL, NULL);
}
