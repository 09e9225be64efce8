/* Totals of whole runs: the numbers that the parameters promise, seen from the records. */
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

struct totals {
    double records[CDR_TYPE_COUNT], mobile[CDR_TYPE_COUNT], offnet_mobile[CDR_TYPE_COUNT],
        incoming[CDR_TYPE_COUNT];
    double all;
};

static enum cdr_result add_totals(void *state, unsigned worker, const struct cdr_task *task,
                                  struct cdr_error *error)
{
    struct totals *totals = state;
    (void)worker;
    (void)error;
    for (uint32_t i = 0; i < task->n; i++) {
        const uint32_t party = cdr_key_party(&task->keys[i]), leg = cdr_key_leg(&task->keys[i]);
        totals->mobile[task->type] += leg == 0 && party != CDR_PARTY_INCOMING;
        totals->offnet_mobile[task->type] +=
            party == CDR_PARTY_OFFNET || cdr_is_service(task->type, party) != 0;
        totals->incoming[task->type] += party == CDR_PARTY_INCOMING;
    }
    totals->records[task->type] += task->n;
    totals->all += task->n;
    return CDR_OK;
}

static struct totals totals_of(const struct cdr_parameters *p)
{
    struct totals totals = {.all = 0};
    struct cdr_model *model = model_of(p);
    struct cdr_error error = {0};
    struct cdr_engine *engine = NULL;
    struct cdr_engine_settings settings = {
        .workers = 1,
        .shard_count = 1,
        .end_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days),
    };
    struct cdr_consumer consumer = {.state = &totals, .task = add_totals};
    assert_int_equal(cdr_engine_create(&engine, model, &settings, &error), CDR_OK);
    assert_int_equal(cdr_engine_run(engine, &consumer, &error), CDR_OK);
    cdr_engine_destroy(engine);
    cdr_model_destroy(model);
    return totals;
}

/* The predecessor's profile: 10,000 × 20.7 × 0.95 in January. */
static void a_day_of_ten_thousand_has_196650_records(void **state)
{
    (void)state;
    double sum = 0;
    for (uint64_t seed = 42; seed < 50; seed++) {
        struct cdr_parameters p = parameters_of(10000, 1);
        p.seed = seed;
        double records = totals_of(&p).all;
        printf("    seed %u: %.0f\n", (unsigned)seed, records);
        assert_true(fabs(records / 196650 - 1) < 0.015);
        sum += records;
    }
    /* A call on-net makes two records at once: the variance of a sum is that of events of one or
     * two records. */
    double variance =
        10000 * 0.95 *
        (12 + 1.75 * .15 + 1.75 * .15 + 2.6 * .15 + 2.6 * .15 + 4 * .85 * (1.75 + 2.6));
    assert_likely(normal_p((sum - 8 * 196650) / sqrt(8 * variance)), "eight seeds together");
}

/* What trains and uneven days and hours add to the variance of a sum, as a multiple: measured. */
static double train_variance(const struct cdr_parameters *p, int type)
{
    static const double variance[CDR_TYPE_COUNT] = {3, 10, 4};
    return p->trains > 0 ? variance[type] : 1;
}

/* Records a subscriber and day, by type and direction. Days before the run carry as much into it as
 * it carries out. */
static void check_means(const struct cdr_parameters *p, const char *name)
{
    struct totals t = totals_of(p);
    const double *mo = p->mo_share;
    double days = (double)p->subscribers * p->days; /* a month whose multiplier is 1 */
    printf("   %s: %.4f calls (%.4f MO), %.4f messages (%.4f MO), %.4f sessions\n", name,
           t.records[0] / days, t.mobile[0] / fmax(1, t.records[0]), t.records[1] / days,
           t.mobile[1] / fmax(1, t.records[1]), t.records[2] / days);
    for (int type = 0; type < 2; type++) {
        /* Calls that failed or met congestion have no record of the called party, nor have messages
         * that were refused. */
        double mean = p->records_per_day[type] * days,
               reached = type == CDR_TYPE_CALL ? 0.98 : 0.99,
               share = fmax(p->interconnect_share, 1 - (1 - mo[type]) / (mo[type] * reached));
        double mobile = mo[type] * mean, onnet = (1 - share) * reached * mobile,
               called = (1 - mo[type]) * mean;
        double in = called - onnet,
               wide = sqrt(train_variance(p, type) * (1 + p->records_per_day[type] / 4));
        assert_likely(normal_p((t.records[type] - mean) / sqrt(mean + 2 * onnet) / wide), "%s",
                      cdr_type_name[type]);
        assert_likely(normal_p((t.mobile[type] - mobile) / sqrt(mobile) / wide), "MO");
        if (called > 0)
            assert_likely(
                normal_p((t.records[type] - t.mobile[type] - called) / sqrt(called) / wide), "MT");
        else
            assert_true(t.records[type] == t.mobile[type]);
        if (in > 1e-9)
            assert_likely(normal_p((t.incoming[type] - in) / sqrt(in) / wide), "MT from off-net");
        else
            assert_true(t.incoming[type] == 0);
        if (share == 0)
            assert_true(t.offnet_mobile[type] == 0);
        else
            assert_likely(
                normal_p((t.offnet_mobile[type] - share * mobile) / sqrt(share * mobile) / wide),
                "MO off-net");
    }
    double sessions = p->records_per_day[2] * days;
    if (sessions > 0)
        assert_likely(
            normal_p((t.records[2] - sessions) / sqrt(sessions * train_variance(p, CDR_TYPE_DATA))),
            "DATA");
    else
        assert_true(t.records[2] == 0);
}

static struct cdr_parameters plain(uint32_t subscribers, uint32_t days)
{
    struct cdr_parameters p = parameters_of(subscribers, days);
    for (int month = 0; month < 12; month++)
        p.seasonality[month] = 1;
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        for (int day = 0; day < 7; day++)
            p.week[type][day] = 1;
    return p;
}

static void means_and_shares_are_the_configured_ones(void **state)
{
    (void)state;
    struct cdr_parameters p = plain(30000, 2);
    check_means(&p, "defaults");
    static const double shares[][3] = {{.3, .7, .15}, {.7, .3, 0}, {1, 1, .15},    {1, .5, 1},
                                       {.5, .5, 0},   {.5, .5, 1}, {.01, .99, .4}, {.3, .7, 1}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        char name[64];
        p = plain(9999, 2); /* no power of two */
        p.mo_share[CDR_TYPE_CALL] = shares[i][0];
        p.mo_share[CDR_TYPE_SMS] = shares[i][1];
        p.interconnect_share = shares[i][2];
        snprintf(name, sizeof name, "MO %g and %g, interconnect %g", shares[i][0], shares[i][1],
                 shares[i][2]);
        check_means(&p, name);
    }
}

static void switches_do_not_change_the_means(void **state)
{
    (void)state;
    struct cdr_parameters p = plain(20000, 2);
    p.trains = 0;
    check_means(&p, "no trains");
    p = plain(20000, 2);
    p.activity_sigma = 0;
    check_means(&p, "no spread of activity");
    p = plain(2000, 8);
    p.activity_sigma = 1.2;
    check_means(&p, "a wide spread of activity");
    p = plain(20000, 2);
    p.faults[CDR_FAULT_LATE] = 0.5;
    check_means(&p, "late records");
    p = plain(20000, 2);
    p.order = CDR_ORDER_START;
    check_means(&p, "in order of starts");
    p = plain(3, 2000);
    check_means(&p, "three subscribers");
    p = plain(20000, 2);
    p.records_per_day[CDR_TYPE_DATA] = 0;
    check_means(&p, "no data");
}

/* Records a subscriber on a day, as months and the days of the week have them. */
static double mean_of_day(const struct cdr_parameters *p, int32_t day)
{
    const struct cdr_date date = cdr_date_of_day(day);
    double sum = 0;
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        sum += p->records_per_day[type] * p->week[type][(date.weekday + 6) % 7];
    return sum * p->seasonality[date.month - 1];
}

/* A month's and a special day's multipliers, in the records. */
static void days_have_their_multipliers(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 1);
    for (unsigned month = 1; month <= 12; month += 3) {
        p.start_day = cdr_day_of_date(2025, month, 10);
        p.special_day_count = month == 4;
        p.special_days[0] = (struct cdr_special_day){p.start_day, 1.7, 0};
        struct totals t = totals_of(&p);
        double mean = 20000 * mean_of_day(&p, p.start_day) * (month == 4 ? 1.7 : 1);
        /* What the day before carries into it differs on a special day; sessions and calls last
         * minutes, of the night. */
        printf("    month %u: %.0f, wanted %.0f\n", month, t.all, mean);
        assert_true(fabs(t.all / mean - 1) < 0.006);
    }
}

/* The estimate that progress is measured by. */
static void expected_records_are_the_mean(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(10000, 1);
    struct cdr_model *model = model_of(&p);
    assert_true(fabs(cdr_expected_records(model) / 196650 - 1) < 0.001);
    cdr_model_destroy(model);
    p.days = 365;
    model = model_of(&p);
    double wanted = 0;
    for (int32_t day = p.start_day; day < p.start_day + 365; day++)
        wanted += 10000 * mean_of_day(&p, day);
    assert_true(fabs(cdr_expected_records(model) / wanted - 1) <
                1e-5); /* the hours that clocks skip and repeat */
    cdr_model_destroy(model);
}

/* What a dataset is a function of has a part in its id; how long it is has none. */
struct ids {
    struct cdr_parameters base;
    char text[80][33];
    size_t count;
};

static void add_id(struct ids *ids, const struct cdr_parameters *p)
{
    struct cdr_model *model = model_of(p);
    memcpy(ids->text[ids->count++], model->dataset_id, 33);
    cdr_model_destroy(model);
}

/* Adds the id of the base with one change. */
#define WITH(change)                                                                               \
    do {                                                                                           \
        struct cdr_parameters p = ids->base;                                                       \
        change;                                                                                    \
        add_id(ids, &p);                                                                           \
    } while (0)

static void change_who_and_how_many(struct ids *ids)
{
    WITH((void)p);
    WITH(p.seed++);
    WITH(p.subscribers++);
    WITH(p.start_day++);
    WITH(p.partitions++);
    WITH(p.order = CDR_ORDER_START);
    WITH(strcpy(p.tz_name, "Europe/Berlin"));
    WITH(strcpy(p.prefixes[0], "3169"));
    WITH(p.prefix_count--);
    WITH(strcpy(p.offnet_prefixes[0], "3169"));
    WITH(p.mccmnc_pool[0] = 20499);
    WITH(p.msisdn_digits = 12);
    WITH((p.mccmnc_count = 2, p.mccmnc_pool[1] = 20416));
    WITH(p.records_per_day[1] += 0.1);
    WITH(p.mo_share[CDR_TYPE_CALL] = 0.51);
    WITH(p.mo_share[CDR_TYPE_SMS] = 0.51);
    WITH(p.interconnect_share = 0.16);
    WITH(p.imei_change_prob = 0.002);
    WITH(p.sim_change_prob = 0.0003);
    WITH(p.called_numbers[1] = 0.13);
    WITH(p.call_dispositions[1] = 0.13);
    WITH(p.call_duration_p50_s = 76);
    WITH(p.call_duration_p90_s = 241);
    WITH(p.duration_max_s = 7201);
    WITH(p.sms_status[0] = 0.11);
    WITH(p.sms_segments[0] = 0.84);
}

static void change_what_and_when(struct ids *ids)
{
    WITH(p.apn_share[0] = 0.81);
    WITH(p.data[0].share = 0.31);
    WITH(p.data[1].downlink_mean += 1);
    WITH(p.data[1].downlink_sd += 1);
    WITH(p.data[1].uplink_ratio_min = 0.11);
    WITH(p.data[1].uplink_ratio_max = 0.31);
    WITH(p.data[2].duration_mean_s += 1);
    WITH(p.data[2].duration_sd_s += 1);
    WITH(p.data[2].cell_share = 0.21);
    WITH(p.downlink_min += 1);
    WITH(p.uplink_min += 1);
    WITH(p.duration_min_s += 1);
    WITH(p.call_duration_law = CDR_LAW_LOGNORMAL);
    WITH(p.call_duration_user_sigma = 0.4);
    WITH(p.small_apns = false);
    WITH(p.classic_records = true);
    WITH(p.session_sigma = 1.8);
    WITH(p.user_sigma = 1.8);
    WITH(p.diurnal_weekday[0][3] += 0.1);
    WITH(p.diurnal_weekday[2][3] += 0.1);
    WITH(p.diurnal_weekend[1][3] += 0.1);
    WITH(p.seasonality[5] += 0.1);
    WITH(p.week[CDR_TYPE_SMS][5] += 0.1);
    WITH(p.application_share = 0.5);
    WITH((p.type_day_count[0] = 1, p.type_days[0][0] = (struct cdr_special_day){20089, 2, 0}));
    WITH((p.type_day_count[1] = 1, p.type_days[1][0] = (struct cdr_special_day){20089, 2, 0}));
    WITH((p.type_day_count[1] = 1, p.type_days[1][0] = (struct cdr_special_day){20089, 2, 1}));
    WITH((p.holiday_count = 1, p.holidays[0] = 20089));
    WITH((p.special_day_count = 1, p.special_days[0] = (struct cdr_special_day){20089, 2, 0}));
    WITH(p.cells++);
    WITH(p.cell_center_lat += 0.1);
    WITH(p.cell_center_lon += 0.1);
    WITH(p.cell_radius_km += 0.1);
    WITH(p.activity_sigma += 0.1);
    WITH(p.trains = 0.9);
    WITH(p.faults[CDR_FAULT_LATE] = 0.2);
    WITH(p.late_mean_s++);
    WITH(p.late_max_s--);
    WITH(p.partial_s = 3600);
    WITH(p.leave_prob = 0.001);
    WITH((p.leave_prob = 0.001, p.vacant_days = 91));
}

static void dataset_ids_differ_with_every_parameter(void **state)
{
    (void)state;
    struct ids *ids = calloc(1, sizeof *ids);
    ids->base = parameters_of(1000, 1);
    ids->base.faults[CDR_FAULT_LATE] = 0.1;
    change_who_and_how_many(ids);
    change_what_and_when(ids);
    assert_true(ids->count == 67);
    for (size_t i = 0; i < ids->count; i++) {
        assert_int_equal(strlen(ids->text[i]), 32);
        for (size_t j = 0; j < i; j++)
            if (strcmp(ids->text[i], ids->text[j]) == 0)
                fail_msg("changes %zu and %zu give the same id", j, i);
    }
    WITH(p.days = 100);
    assert_string_equal(ids->text[ids->count - 1], ids->text[0]);
    WITH(p.vacant_days = 91); /* of nobody */
    assert_string_equal(ids->text[ids->count - 1], ids->text[0]);
    free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_of_ten_thousand_has_196650_records),
        cmocka_unit_test(means_and_shares_are_the_configured_ones),
        cmocka_unit_test(switches_do_not_change_the_means),
        cmocka_unit_test(days_have_their_multipliers),
        cmocka_unit_test(expected_records_are_the_mean),
        cmocka_unit_test(dataset_ids_differ_with_every_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
