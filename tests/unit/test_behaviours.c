/* Behaviours with a label: who has one and when, what it does, and that nobody does two things at
 * once with them either. Fixed seeds. */
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model_run.h"

enum { SUBSCRIBERS = 1500, DAYS = 6 };

static double *share(struct cdr_parameters *p, enum cdr_behaviour behaviour)
{
    return &p->behaviours[behaviour - 1];
}

/* ---- who, and when ---- */

static void who_has_one_has_it_at_a_larger_share(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100000, 1);
    for (uint32_t b = 1; b < CDR_BEHAVIOUR_END; b++) {
        const bool fades = (cdr_behaviour_traits[b] & CDR_BEHAVIOUR_FADES) != 0;
        uint32_t some = 0;
        p.leave_prob = fades ? 0.01 : 0;
        *share(&p, b) = 0.01;
        struct cdr_model *less = model_of(&p);
        *share(&p, b) = 0.02;
        struct cdr_model *more = model_of(&p);
        *share(&p, b) = 0;
        for (uint32_t s = 0; s < p.subscribers; s++) {
            some += less->behaviours.of[s] == b;
            assert_true(less->behaviours.of[s] <= more->behaviours.of[s]);
        }
        const double deviation = sqrt(p.subscribers * 0.01 * 0.99);
        assert_true(normal_p((some - p.subscribers * 0.01) / deviation) > 1e-4);
        cdr_model_destroy(less);
        cdr_model_destroy(more);
    }
}

/* Another one takes subscribers from the rows after it, and gives none to any. */
static void behaviours_do_not_depend_on_one_another(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100000, 1);
    uint32_t taken = 0, both = 0;
    *share(&p, CDR_BEHAVIOUR_METER) = 0.2;
    struct cdr_model *alone = model_of(&p);
    *share(&p, CDR_BEHAVIOUR_TELEMARKETER) = 0.1;
    *share(&p, CDR_BEHAVIOUR_A2P) = 0.1;
    struct cdr_model *together = model_of(&p);
    for (uint32_t s = 0; s < p.subscribers; s++) {
        const uint8_t one = alone->behaviours.of[s], other = together->behaviours.of[s];
        assert_true(one == CDR_BEHAVIOUR_METER || other != CDR_BEHAVIOUR_METER); /* none is given */
        assert_true(one != CDR_BEHAVIOUR_METER || other != CDR_BEHAVIOUR_A2P);   /* a later row */
        both += one == CDR_BEHAVIOUR_METER;
        taken += one == CDR_BEHAVIOUR_METER && other == CDR_BEHAVIOUR_TELEMARKETER;
    }
    assert_true(normal_p((taken - both * 0.1) / sqrt(both * 0.09)) > 1e-4);
    cdr_model_destroy(alone);
    cdr_model_destroy(together);
}

static void a_time_is_the_same_on_each_of_its_days(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 200);
    *share(&p, CDR_BEHAVIOUR_SIMBOX_NAIVE) = 0.01;
    struct cdr_model *model = model_of(&p);
    unsigned times = 0;
    for (uint32_t s = 0; s < p.subscribers; s++) {
        struct cdr_role before = {0};
        for (int32_t day = p.start_day; day < p.start_day + (int32_t)p.days; day++) {
            const struct cdr_role role = cdr_role_ever(model, s, day);
            if (role.behaviour == CDR_BEHAVIOUR_NONE)
                break;
            assert_int_equal(role.active, day >= role.from && day <= role.to);
            assert_in_range(role.to - role.from + 1, 2, 10);
            if (before.active && day <= before.to)
                assert_memory_equal(&role, &before, sizeof role);
            times += role.active && day == role.from;
            before = role;
        }
    }
    assert_in_range(times, 200 * 200 / 14 - 400, 200 * 200 / 14 + 400);
    cdr_model_destroy(model);
}

static void a_churner_has_thirty_last_days(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(2000, 60);
    *share(&p, CDR_BEHAVIOUR_CHURNER) = 1;
    p.leave_prob = 0.01;
    p.vacant_days = 5;
    struct cdr_model *model = model_of(&p);
    const struct cdr_tenures *tenures = &model->identities.tenures;
    unsigned active = 0;
    for (uint32_t s = 0; s < p.subscribers; s++)
        for (int32_t day = p.start_day; day < p.start_day + 60; day++) {
            const struct cdr_role role = cdr_role_on(model, s, day);
            bool leaves = false;
            for (int32_t d = day + 1; d <= day + 30; d++)
                leaves |= !cdr_tenure(tenures, s, (uint32_t)d).present;
            const bool here = cdr_tenure(tenures, s, (uint32_t)day).present;
            assert_int_equal(role.behaviour != CDR_BEHAVIOUR_NONE, here && leaves);
            if (role.behaviour == CDR_BEHAVIOUR_NONE)
                continue;
            active++;
            assert_true(cdr_tenure(tenures, s, (uint32_t)role.to).present);
            assert_false(cdr_tenure(tenures, s, (uint32_t)role.to + 1).present);
            assert_in_range(role.to - role.from + 1, 1, 30);
        }
    assert_true(active > 10000);
    cdr_model_destroy(model);
}

/* ---- records ---- */

static struct run run;

static struct cdr_parameters everything(void)
{
    struct cdr_parameters p = parameters_of(SUBSCRIBERS, DAYS);
    *share(&p, CDR_BEHAVIOUR_SIMBOX_NAIVE) = 0.03;
    *share(&p, CDR_BEHAVIOUR_SIMBOX_ROTATING) = 0.03;
    *share(&p, CDR_BEHAVIOUR_SIMBOX_MIMIC) = 0.05;
    *share(&p, CDR_BEHAVIOUR_IRSF) = 0.2;
    *share(&p, CDR_BEHAVIOUR_WANGIRI) = 0.2;
    *share(&p, CDR_BEHAVIOUR_TELEMARKETER) = 0.02;
    *share(&p, CDR_BEHAVIOUR_CALL_CENTRE) = 0.02;
    *share(&p, CDR_BEHAVIOUR_METER) = 0.1;
    *share(&p, CDR_BEHAVIOUR_A2P) = 0.01;
    *share(&p, CDR_BEHAVIOUR_SIM_SWAP) = 0.1;
    *share(&p, CDR_BEHAVIOUR_CHURNER) = 0.2;
    p.leave_prob = 0.005;
    return p;
}

static int make_run(void **state)
{
    (void)state;
    struct cdr_parameters p = everything();
    run = run_model(&p, ALL_TYPES, 1);
    return 0;
}

static int end_run(void **state)
{
    (void)state;
    free_run(&run);
    return 0;
}

static int32_t day_of(const struct record *r)
{
    return cdr_calendar_slot_at(&run.model->calendar, r->slot * CDR_QUARTER_MS).day;
}

static int by_owner(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->owner != right->owner)
        return left->owner < right->owner ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static bool from_subscriber(const struct record *r)
{
    return r->direction == CDR_DIRECTION_MT && r->party == CDR_PARTY_ONNET;
}

/* Two calls from subscribers are call waiting. */
static void nobody_has_two_calls_at_once(void **state)
{
    (void)state;
    const struct record *latest = NULL;
    size_t overlaps = 0, waiting = 0, calls = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->type != CDR_TYPE_CALL ||
            (r->cause == CDR_CAUSE_BUSY && r->direction == CDR_DIRECTION_MT))
            continue;
        calls++;
        if (latest != NULL && latest->owner == r->owner && r->start_ms <= latest->end_ms) {
            const bool both = from_subscriber(latest) && from_subscriber(r);
            waiting += both;
            overlaps += !both;
        }
        if (latest == NULL || latest->owner != r->owner || r->end_ms > latest->end_ms)
            latest = r;
    }
    assert_true(calls > 50000);
    assert_int_equal(overlaps, 0);
    assert_true(waiting < calls / 200);
}

static void sessions_do_not_overlap(void **state)
{
    (void)state;
    const struct record *latest = NULL;
    size_t sessions = 0, overlaps = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->type != CDR_TYPE_DATA || r->apn == CDR_APN_MMS)
            continue;
        sessions++;
        overlaps += latest != NULL && latest->owner == r->owner && r->start_ms <= latest->end_ms;
        latest = r;
    }
    assert_true(sessions > 50000);
    assert_int_equal(overlaps, 0);
}

static void a_record_has_the_label_of_whose_event_it_is(void **state)
{
    (void)state;
    size_t labelled[CDR_BEHAVIOUR_END] = {0};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const struct cdr_role role = cdr_role_on(run.model, r->origin, day_of(r));
        labelled[r->behaviour]++;
        if (r->behaviour != CDR_BEHAVIOUR_NONE)
            assert_int_equal(r->behaviour, role.behaviour);
        else
            assert_false(cdr_role_has(&role, CDR_BEHAVIOUR_INSTEAD));
    }
    for (uint32_t b = 0; b < CDR_BEHAVIOUR_END; b++)
        if (labelled[b] < 20)
            fail_msg("%s: %zu records", cdr_behaviour_label[b], labelled[b]);
}

static void nobody_reaches_a_machine(void **state)
{
    (void)state;
    size_t own = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const struct cdr_role role = cdr_role_on(run.model, r->owner, day_of(r));
        if (!cdr_role_has(&role, CDR_BEHAVIOUR_UNREACHABLE))
            continue;
        assert_int_equal(r->owner, r->origin);
        assert_true(role.active);
        own++;
    }
    assert_true(own > 20000);
}

static void who_stays_is_at_one_site_all_day(void **state)
{
    (void)state;
    const struct cdr_cells *cells = &run.model->cells;
    uint32_t site = 0, owner = UINT32_MAX;
    int32_t day = 0;
    size_t stayed = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const struct cdr_role role = cdr_role_on(run.model, r->owner, day_of(r));
        if (!cdr_role_has(&role, CDR_BEHAVIOUR_STAYS))
            continue;
        const struct cdr_cell *cell = &cells->cells[r->cell_id - CDR_CELL_ID_FIRST];
        assert_int_equal(cell->rat, r->rat);
        if (r->owner == owner && day_of(r) == day) {
            assert_int_equal(cell->site, site);
            stayed++;
        }
        owner = r->owner;
        day = day_of(r);
        site = cell->site;
    }
    assert_true(stayed > 20000);
}

/* Whose record has a device or a SIM that is no subscriber's. */
static void a_box_and_a_thief_have_devices_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const int32_t day = day_of(r);
        const struct cdr_role role = cdr_role_on(run.model, r->owner, day);
        const struct cdr_identities *identities = &run.model->identities;
        const uint64_t imei =
            strtoull((const char[17]){r->imei[1], r->imei[2], r->imei[3], r->imei[4], r->imei[5],
                                      r->imei[6], r->imei[7], r->imei[8], r->imei[9], r->imei[10],
                                      r->imei[11], r->imei[12], r->imei[13], r->imei[14]},
                     NULL, 10);
        uint32_t tenure = cdr_tenure(&identities->tenures, r->owner, (uint32_t)day).number;
        uint32_t device = cdr_renewal_number(&identities->device, r->owner, (uint32_t)day) + tenure;
        bool own = false;
        for (uint32_t class = 0; class < CDR_RAT_COUNT; class ++)
            own |= imei == cdr_imei14(identities, r->owner, device, class);
        assert_int_equal(own, !cdr_role_has(&role, CDR_BEHAVIOUR_DEVICE));
    }
}

/* What a naive SIM box's SIM does on a whole day of its own. */
static void rates_are_those_of_the_table(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(3000, 7);
    *share(&p, CDR_BEHAVIOUR_SIMBOX_NAIVE) = 0.01;
    *share(&p, CDR_BEHAVIOUR_TELEMARKETER) = 0.01;
    *share(&p, CDR_BEHAVIOUR_CALL_CENTRE) = 0.01;
    *share(&p, CDR_BEHAVIOUR_A2P) = 0.003;
    struct run own = run_model(&p, ALL_TYPES, 1);
    double made[CDR_BEHAVIOUR_END] = {0}, days[CDR_BEHAVIOUR_END] = {0};
    for (size_t i = 0; i < own.count; i++)
        made[own.records[i].behaviour] +=
            own.records[i].owner == own.records[i].origin && own.records[i].leg == 0;
    for (uint32_t s = 0; s < p.subscribers; s++)
        for (int32_t day = p.start_day; day < p.start_day + 7; day++) {
            const struct cdr_role role = cdr_role_on(own.model, s, day);
            days[role.behaviour] += role.active;
        }
    const double naive = made[CDR_BEHAVIOUR_SIMBOX_NAIVE] / days[CDR_BEHAVIOUR_SIMBOX_NAIVE];
    const double telemarketer =
        made[CDR_BEHAVIOUR_TELEMARKETER] / days[CDR_BEHAVIOUR_TELEMARKETER] * 7 / 5;
    const double centre = made[CDR_BEHAVIOUR_CALL_CENTRE] / days[CDR_BEHAVIOUR_CALL_CENTRE] * 7 / 6;
    const double a2p = made[CDR_BEHAVIOUR_A2P] / days[CDR_BEHAVIOUR_A2P];
    printf("    a day: naive %.0f, telemarketer %.0f, call centre %.0f, A2P %.0f\n", naive,
           telemarketer, centre, a2p);
    assert_in_range((int)naive, 225, 275);
    assert_in_range((int)telemarketer, 110, 132);
    assert_in_range((int)centre, 120, 150);
    assert_in_range((int)a2p, 1000, 1500);
    free_run(&own);
}

static uint64_t hash_of_events(const struct cdr_model *model, const struct cdr_counts *counts,
                               struct cdr_events *events)
{
    struct cdr_expansion expansion = {.next = 0, .end = SUBSCRIBERS};
    uint64_t hash = 0;
    while (cdr_events_next(model, counts, NULL, &expansion, events))
        for (uint32_t i = 0; i < events->n; i++) {
            const uint32_t fields[] = {
                events->origin[i], events->index[i], events->offset_ms[i], events->duration_s[i],
                events->peer[i],   events->type[i],  events->party[i],     events->outcome[i]};
            for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
                hash = cdr_mix(hash + fields[k]);
        }
    return hash;
}

static void events_are_the_same_at_each_level(void **state)
{
    (void)state;
    struct cdr_parameters p = everything();
    struct cdr_model *model = model_of(&p);
    struct cdr_events *events = calloc(1, sizeof *events);
    struct cdr_error error = {0};
    struct cdr_counts counts;
    struct cdr_slot slot = cdr_calendar_slot_at(
        &model->calendar, cdr_calendar_day_start_ms(&model->calendar, p.start_day));
    assert_int_equal(cdr_counts_create(&counts, model, &error), CDR_OK);
    for (int hour = 0; hour < 24; hour++) {
        cdr_counts_set(&counts, model, &slot);
        model->loops = cdr_loops_of(CDR_LEVEL_BASE);
        const uint64_t base = hash_of_events(model, &counts, events);
        for (int level = CDR_LEVEL_BASE + 1; level < CDR_LEVEL_COUNT; level++) {
            if (!cdr_level_runs((enum cdr_level)level))
                continue;
            model->loops = cdr_loops_of((enum cdr_level)level);
            assert_int_equal(hash_of_events(model, &counts, events), base);
        }
        slot = cdr_calendar_next(&model->calendar, &slot);
    }
    cdr_counts_free(&counts);
    free(events);
    cdr_model_destroy(model);
}

/* ---- the others ---- */

static int by_name(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->origin != right->origin)
        return left->origin < right->origin ? -1 : 1;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return left->leg < right->leg ? -1 : left->leg > right->leg;
}

/* Whatever somebody does besides, messages and sessions are those that there are without it. */
static void who_does_something_besides_has_its_own_life_unchanged(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(800, 4);
    const unsigned types = 1u << CDR_TYPE_SMS | 1u << CDR_TYPE_DATA;
    struct run before = run_model(&p, types, 1);
    *share(&p, CDR_BEHAVIOUR_SIMBOX_MIMIC) = 0.3;
    *share(&p, CDR_BEHAVIOUR_IRSF) = 0.3;
    *share(&p, CDR_BEHAVIOUR_WANGIRI) = 0.3;
    struct run after = run_model(&p, types, 1);
    assert_true(before.count > 10000);
    assert_int_equal(before.count, after.count);
    qsort(before.records, before.count, sizeof *before.records, by_name);
    qsort(after.records, after.count, sizeof *after.records, by_name);
    assert_memory_equal(before.records, after.records, before.count * sizeof *before.records);
    free_run(&before);
    free_run(&after);
}

static void a_churner_does_less(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(2000, 10);
    p.leave_prob = 0.01;
    *share(&p, CDR_BEHAVIOUR_CHURNER) = 1;
    const struct run faded = run_model(&p, 1u << CDR_TYPE_DATA, 1);
    double count[2] = {0}, days[2] = {0};
    for (size_t i = 0; i < faded.count; i++) {
        const struct record *r = &faded.records[i];
        const int32_t day =
            cdr_calendar_slot_at(&faded.model->calendar, r->slot * CDR_QUARTER_MS).day;
        const struct cdr_role role = cdr_role_on(faded.model, r->origin, day);
        count[0] += role.behaviour == CDR_BEHAVIOUR_NONE;
        count[1] += role.behaviour != CDR_BEHAVIOUR_NONE && role.to - day < 5;
    }
    for (uint32_t s = 0; s < p.subscribers; s++)
        for (int32_t day = p.start_day; day < p.start_day + 10; day++) {
            const struct cdr_role role = cdr_role_on(faded.model, s, day);
            const bool here =
                cdr_tenure(&faded.model->identities.tenures, s, (uint32_t)day).present;
            days[0] += here && role.behaviour == CDR_BEHAVIOUR_NONE;
            days[1] += role.behaviour != CDR_BEHAVIOUR_NONE && role.to - day < 5;
        }
    const double ratio = count[1] / days[1] / (count[0] / days[0]);
    printf("    in the last five days %.2f of the sessions\n", ratio);
    assert_true(ratio > 0.28 && ratio < 0.42); /* 0.347 in the mean */
    struct run all = faded;
    free_run(&all);
}

int main(void)
{
    const struct CMUnitTest who[] = {
        cmocka_unit_test(who_has_one_has_it_at_a_larger_share),
        cmocka_unit_test(behaviours_do_not_depend_on_one_another),
        cmocka_unit_test(a_time_is_the_same_on_each_of_its_days),
        cmocka_unit_test(a_churner_has_thirty_last_days),
        cmocka_unit_test(rates_are_those_of_the_table),
        cmocka_unit_test(events_are_the_same_at_each_level),
        cmocka_unit_test(who_does_something_besides_has_its_own_life_unchanged),
        cmocka_unit_test(a_churner_does_less),
    };
    const struct CMUnitTest records[] = {
        cmocka_unit_test(nobody_has_two_calls_at_once),
        cmocka_unit_test(sessions_do_not_overlap),
        cmocka_unit_test(a_record_has_the_label_of_whose_event_it_is),
        cmocka_unit_test(nobody_reaches_a_machine),
        cmocka_unit_test(who_stays_is_at_one_site_all_day),
        cmocka_unit_test(a_box_and_a_thief_have_devices_of_their_own),
    };
    return cmocka_run_group_tests(who, NULL, NULL) +
           cmocka_run_group_tests(records, make_run, end_run);
}
