/* Events: how many, when, of which kind, how they end and how long they last, against the
 * distributions of docs/model.md. */
#include "base/math.h"
#include "model/event.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

static struct cdr_slot slot_of(const struct cdr_model *model, int32_t day, uint32_t hour)
{
    struct cdr_slot slot =
        cdr_calendar_slot_at(&model->calendar, cdr_calendar_day_start_ms(&model->calendar, day));
    while (slot.hour != hour)
        slot = cdr_calendar_next(&model->calendar, &slot);
    return slot;
}

/* ---- how many ---- */

/* counts[s] = messages of subscriber s in the slot: of events without trains, all that there are. */
static void count_slot(const struct cdr_model *model, const struct cdr_slot *slot, uint32_t *counts)
{
    struct cdr_counts tables;
    struct cdr_error error = {0};
    struct cdr_events *events = malloc(sizeof *events);
    struct cdr_expansion expansion = {.end = model->parameters.subscribers};
    memset(counts, 0, model->parameters.subscribers * sizeof *counts);
    assert_int_equal(cdr_counts_create(&tables, model, &error), CDR_OK);
    cdr_counts_set(&tables, model, slot);
    while (cdr_events_next(model, &tables, NULL, &expansion, events)) {
        for (uint32_t i = 0; i < events->n; i++)
            counts[events->origin[i]] += events->type[i] == CDR_TYPE_SMS;
    }
    cdr_counts_free(&tables);
    free(events);
}

#define MOST 64

static void counts_are_poisson_where_all_are_alike(void **state)
{
    (void)state;
    static const double factors[] = {0.05, 1, 12};
    enum { N = 40000 };
    uint32_t *counts = malloc(N * sizeof *counts);
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
        struct cdr_parameters p = parameters_of(N, 1);
        p.activity_sigma = 0;
        p.trains = 0;
        for (int type = 0; type < CDR_TYPE_COUNT; type++)
            p.records_per_day[type] *= factors[f];
        struct cdr_model *model = model_of(&p);
        struct cdr_slot slot = slot_of(model, p.start_day, 18);
        double rate = cdr_slot_rate(model, &slot, CDR_TYPE_SMS), observed[MOST] = {0},
               expected[MOST];
        count_slot(model, &slot, counts);
        for (uint32_t s = 0; s < N; s++)
            observed[counts[s] < MOST - 1 ? counts[s] : MOST - 1]++;
        for (unsigned k = 0; k < MOST; k++)
            expected[k] = N * poisson(rate, k);
        assert_likely(counts_p(observed, expected, MOST, 0), "mean %.4f", rate);
        cdr_model_destroy(model);
    }
    free(counts);
}

/* Given the activity, counts are Poisson: mean and variance of every class are rate × activity. */
static void counts_are_poisson_given_the_activity(void **state)
{
    (void)state;
    enum { N = 100000 };
    uint32_t *counts = malloc(N * sizeof *counts);
    struct cdr_parameters p = parameters_of(N, 1);
    p.trains = 0;
    struct cdr_model *model = model_of(&p);
    struct cdr_slot slot = slot_of(model, p.start_day, 9);
    double rate = cdr_slot_rate(model, &slot, CDR_TYPE_SMS);
    static double observed[CDR_ACTIVITY_CLASSES], expected[CDR_ACTIVITY_CLASSES];
    static double by_count[MOST], wanted[MOST];
    double dispersion = 0;
    count_slot(model, &slot, counts);
    for (uint32_t s = 0; s < N; s++) {
        uint32_t class = cdr_activity_class(&model->traits, s);
        double mean = rate * model->traits.activity[class];
        observed[class] += counts[s];
        expected[class] += mean;
        dispersion +=
            ((counts[s] - mean) * (counts[s] - mean) - mean) / sqrt(2 * mean * mean + mean);
        by_count[counts[s] < MOST - 1 ? counts[s] : MOST - 1]++;
        for (unsigned k = 0; k < MOST; k++)
            wanted[k] += poisson(mean, k);
    }
    assert_likely(counts_p(observed, expected, CDR_ACTIVITY_CLASSES, 0), "means of the classes");
    assert_likely(normal_p(dispersion / sqrt(N)), "variances");
    assert_likely(counts_p(by_count, wanted, MOST, 0), "the mixture over all");
    cdr_model_destroy(model);
    free(counts);
}

/* ---- when ---- */

struct when {
    double hours[CDR_TYPE_COUNT][2][24], days[400], edges[CDR_TYPE_COUNT][2], all[CDR_TYPE_COUNT];
    int32_t first_day;
};

static void take_when(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct when *when = state;
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t type = events->type[i];
        /* The last ten minutes of the hour before ten, and the first after. */
        when->edges[type][0] += slot->hour == 9 && events->offset_ms[i] / 600000 == 5;
        when->edges[type][1] += slot->hour == 10 && events->offset_ms[i] < 600000;
        when->days[slot->day - when->first_day] += type == CDR_TYPE_DATA;
        when->hours[type][cdr_is_weekend(slot->day)][slot->hour]++;
        when->all[type]++;
        assert_true(events->offset_ms[i] < slot->duration_ms + 1000 * CDR_TRAIN_SPAN_S);
        assert_true(type != CDR_TYPE_DATA || events->offset_ms[i] < slot->duration_ms);
    }
}

static void hours_follow_the_curves_of_each_type(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(8000, 14);
    p.start_day = cdr_day_of_date(2025, 2, 3); /* a Monday; the clock does not change */
    p.trains = 0;
    p.activity_sigma = 0;
    struct cdr_model *model = model_of(&p);
    struct when when = {.first_day = p.start_day};
    each_event(model, take_when, &when);
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        assert_likely(shares_p(when.hours[type][0], p.diurnal_weekday[type], 24),
                      "weekday's hours, %s", cdr_type_name[type]);
        assert_likely(shares_p(when.hours[type][1], p.diurnal_weekend[type], 24),
                      "weekend's hours, %s", cdr_type_name[type]);
        double ratio = when.edges[type][1] / when.edges[type][0];
        printf("    %s: rate after 10 h to before: %.3f\n", cdr_type_name[type], ratio);
        assert_true(ratio > 0.9 && ratio < 1.12);
    }
    const double sessions = 8000.0 * 12 * 0.9 * 14;
    assert_likely(normal_p((when.all[CDR_TYPE_DATA] - sessions) / sqrt(sessions)), "the sum");
    cdr_model_destroy(model);
}

static void months_and_special_days_multiply_the_means(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1500, 365);
    p.trains = 0;
    p.special_day_count = 4;
    p.special_days[0] = (struct cdr_special_day){cdr_day_of_date(2025, 12, 25), 1.8, 0};
    p.special_days[1] = (struct cdr_special_day){cdr_day_of_date(2025, 1, 1), 2.5, 0};
    p.special_days[2] = (struct cdr_special_day){cdr_day_of_date(2025, 7, 14), 0, 0};
    p.special_days[3] =
        (struct cdr_special_day){cdr_day_of_date(2026, 7, 14), 3, 0}; /* not in the run */
    struct cdr_model *model = model_of(&p);
    struct when when = {.first_day = p.start_day};
    double wanted[400] = {0};
    each_event(model, take_when, &when);
    for (uint32_t d = 0; d < p.days; d++) {
        int32_t day = p.start_day + (int32_t)d;
        double special = d == 0                         ? 2.5
                         : day == p.special_days[0].day ? 1.8
                         : day == p.special_days[2].day ? 0
                                                        : 1;
        const struct cdr_date date = cdr_date_of_day(day);
        wanted[d] = 1500 * 12 * p.seasonality[date.month - 1] * special *
                    p.week[CDR_TYPE_DATA][(date.weekday + 6) % 7];
    }
    /* The hours that the clock skips and repeats, at 02:00, both on Sundays. */
    double sunday = 0;
    for (int hour = 0; hour < 24; hour++)
        sunday += p.diurnal_weekend[CDR_TYPE_DATA][hour];
    wanted[cdr_day_of_date(2025, 3, 30) - p.start_day] *=
        1 - p.diurnal_weekend[CDR_TYPE_DATA][2] / sunday;
    wanted[cdr_day_of_date(2025, 10, 26) - p.start_day] *=
        1 + p.diurnal_weekend[CDR_TYPE_DATA][2] / sunday;
    assert_true(when.days[cdr_day_of_date(2025, 7, 14) - p.start_day] == 0);
    double sum = 0;
    for (uint32_t d = 0; d < p.days; d++)
        sum += wanted[d];
    assert_likely(counts_p(when.days, wanted, p.days, 0), "days of a year");
    assert_likely(normal_p((when.all[CDR_TYPE_DATA] - sum) / sqrt(sum)), "their sum");
    cdr_model_destroy(model);
}

/* Of one type or of one hour, beside the whole day's; the moments within the hours follow. */
static void special_days_can_be_of_a_type_and_an_hour(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 1);
    const int32_t day = p.start_day;
    p.trains = 0;
    p.special_day_count = 2;
    p.special_days[0] = (struct cdr_special_day){day, 0.5, 0};
    p.special_days[1] = (struct cdr_special_day){day, 2, 10};
    p.type_day_count[CDR_TYPE_SMS] = 2;
    p.type_days[CDR_TYPE_SMS][0] = (struct cdr_special_day){day, 3, 0};
    p.type_days[CDR_TYPE_SMS][1] = (struct cdr_special_day){day, 4, 1};
    struct cdr_model *model = model_of(&p);
    struct when when = {.first_day = day};
    each_event(model, take_when, &when);
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        double wanted[24], sum = 0;
        for (int hour = 0; hour < 24; hour++)
            sum += p.diurnal_weekday[type][hour];
        for (int hour = 0; hour < 24; hour++) {
            double factor = 0.5 * (hour == 9 ? 2 : 1);
            if (type == CDR_TYPE_SMS)
                factor *= hour == 0 ? 12 : 3;
            wanted[hour] = 20000 * model->seeds_per_day[type] * p.seasonality[0] * p.week[type][2] *
                           factor * p.diurnal_weekday[type][hour] / sum;
        }
        assert_likely(counts_p(when.hours[type][0], wanted, 24, 0), "%s", cdr_type_name[type]);
        /* An hour that is twice as busy does not begin or end with a jump. */
        assert_true(when.edges[type][1] / when.edges[type][0] < 1);
    }
    cdr_model_destroy(model);
}

static double seen_at_work(const struct cdr_model *model, int32_t day)
{
    double away = 0;
    for (uint32_t s = 0; s < 2000; s++) {
        uint32_t home = cdr_home(&model->towns, s, cdr_place_traits(&model->towns, s));
        away +=
            cdr_position_of(&model->day_plans, &model->towns, s, (uint32_t)day, 7 * 3600) != home;
    }
    return away / 2000;
}

static void holidays_are_like_sundays(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 1);
    p.trains = 0;
    p.holiday_count = 3;
    p.holidays[0] = p.start_day - 3;
    p.holidays[1] = p.start_day;
    p.holidays[2] = p.start_day + 100;
    struct cdr_model *model = model_of(&p);
    struct when when = {.first_day = p.start_day};
    each_event(model, take_when, &when);
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        double mean = 20000 * model->seeds_per_day[type] * p.seasonality[0] * p.week[type][6];
        assert_likely(normal_p((when.all[type] - mean) / sqrt(mean)), "%s", cdr_type_name[type]);
        assert_likely(shares_p(when.hours[type][0], p.diurnal_weekend[type], 24), "hours");
    }
    /* Like the next Sunday and unlike the next day, a Thursday. */
    assert_true(seen_at_work(model, p.start_day) < seen_at_work(model, p.start_day + 4) + 0.05);
    assert_true(seen_at_work(model, p.start_day) < seen_at_work(model, p.start_day + 1) - 0.2);
    assert_true(seen_at_work(model, p.start_day + 100) <
                seen_at_work(model, p.start_day + 1) - 0.2);
    cdr_model_destroy(model);
}

/* ---- what ---- */

#define SECONDS 86401

struct what {
    const struct cdr_model *model;
    double kinds[CDR_EVENT_KINDS], offnet[2], mobile[2], services;
    double dispositions[6], statuses[CDR_SMS_OUTCOME_COUNT], rats[CDR_RAT_COUNT];
    double calls[6][SECONDS], messages[SECONDS], sessions[CDR_RAT_COUNT][SECONDS];
};

static void take_what(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct what *what = state;
    (void)slot;
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t type = events->type[i], incoming = events->party[i] == CDR_PARTY_INCOMING;
        const uint32_t seconds = events->duration_s[i], outcome = events->outcome[i];
        assert_true(seconds < SECONDS);
        what->kinds[2 * type + incoming]++;
        if (type == CDR_TYPE_DATA) {
            assert_int_equal(events->party[i], CDR_PARTY_NONE);
            uint64_t traits = cdr_place_traits(&what->model->towns, events->origin[i]);
            assert_int_equal(outcome,
                             cdr_device_rat(&what->model->devices, (uint32_t)(traits >> 32)));
            what->rats[outcome]++;
            what->sessions[outcome][seconds]++;
            continue;
        }
        if (!incoming) {
            what->mobile[type]++;
            what->services += cdr_is_service(type, events->party[i]);
            what->offnet[type] +=
                events->party[i] == CDR_PARTY_OFFNET || cdr_is_service(type, events->party[i]) != 0;
        }
        if (type == CDR_TYPE_CALL) {
            what->dispositions[outcome]++;
            what->calls[outcome][seconds]++;
        } else {
            what->statuses[outcome]++;
            what->messages[seconds]++;
        }
    }
}

/* Within a tolerance, relative: what calls do to each other changes a percent of them. */
static void assert_near(double value, double wanted, double tolerance, const char *what)
{
    printf("    %s: %.4f, wanted %.4f\n", what, value, wanted);
    if (fabs(value - wanted) > tolerance * wanted + 1e-9)
        fail_msg("%s", what);
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

static void check_parties(const struct cdr_parameters *p, const struct what *what)
{
    const double mo[2] = {p->mo_share[CDR_TYPE_CALL], p->mo_share[CDR_TYPE_SMS]};
    for (int type = 0; type < 2; type++) {
        double reached = type == CDR_TYPE_CALL ? 0.98 : 0.99; /* the others failed on the way */
        double share = fmax(p->interconnect_share, 1 - (1 - mo[type]) / (mo[type] * reached));
        double out = mo[type], in = fmax(0, 1 - mo[type] - (1 - share) * reached * mo[type]);
        assert_near(what->offnet[type] / what->mobile[type], share, 0.05, "off-net share");
        assert_near(what->kinds[2 * type + 1] / what->kinds[2 * type], in / out, 0.06,
                    "calls from off-net");
    }
}

/* Sessions have the length of the device's best technology. It is spread with the volume, which
 * makes the mean longer, and cut where the next session begins, which makes it shorter. */
static void check_sessions(const struct cdr_parameters *p, const struct what *what)
{
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        double sum = 0;
        for (uint32_t s = 0; s < SECONDS; s++)
            sum += s * what->sessions[rat][s];
        if (p->data[rat].share == 0)
            assert_true(what->rats[rat] == 0);
        else
            assert_near(sum / what->rats[rat] / p->data[rat].duration_mean_s, 1.12, 0.1,
                        "length of a session by its mean");
    }
}

static void check_what(const struct cdr_parameters *p, const char *name)
{
    struct cdr_model *model = model_of(p);
    struct what *what = calloc(1, sizeof *what);
    double calls = 0;
    what->model = model;
    printf("   %s\n", name);
    each_event(model, take_what, what);
    check_parties(p, what);
    calls = sum_of(what->dispositions, 6);
    /* Numbers that many call answer. */
    const double people = 1 - what->services / calls;
    assert_near(what->dispositions[CDR_CALL_ANSWERED] / calls, 0.98 - 0.24 * people, 0.02,
                "answered");
    assert_near(what->dispositions[CDR_CALL_NO_ANSWER] / calls, 0.20 * people, 0.03, "no answer");
    assert_near(what->dispositions[CDR_CALL_REJECTED] / calls, 0.04 * people, 0.05, "rejected");
    /* Half of the failures are refusals, which those from other networks have not met. */
    what->statuses[CDR_SMS_FAILED] += what->statuses[CDR_SMS_REFUSED];
    for (int i = 0; i < CDR_SMS_STATUS_COUNT; i++)
        assert_near(what->statuses[i] / sum_of(what->statuses, CDR_SMS_STATUS_COUNT),
                    p->sms_status[i], i == CDR_SMS_FAILED ? 0.35 : 0.03, "state of messages");
    check_sessions(p, what);
    assert_near(what->messages[1] / (what->messages[0] + what->messages[1]), 0.65, 0.02,
                "messages of a second and more");
    free(what);
    cdr_model_destroy(model);
}

static void events_have_their_distributions(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(30000, 1);
    check_what(&p, "defaults");
    p.trains = 0;
    check_what(&p, "no trains");
    p.mo_share[CDR_TYPE_CALL] = 0.3;
    p.mo_share[CDR_TYPE_SMS] = 0.7;
    p.interconnect_share = 0;
    check_what(&p, "others");
    p.mo_share[CDR_TYPE_CALL] = 1;
    p.mo_share[CDR_TYPE_SMS] = 0.5;
    p.interconnect_share = 1;
    p.data[CDR_RAT_NR].share = 0;
    p.data[CDR_RAT_NR].cell_share = 0;
    check_what(&p, "extremes");
}

/* Of subscribers whose scales differ, between two and three minutes, with a heavy tail. */
static void calls_last_as_told(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(30000, 1);
    struct cdr_model *model = model_of(&p);
    struct what *what = calloc(1, sizeof *what);
    what->model = model;
    each_event(model, take_what, what);
    const double *counts = what->calls[CDR_CALL_ANSWERED];
    double n = sum_of(counts, SECONDS), mean = 0;
    for (uint32_t s = 0; s < SECONDS; s++)
        mean += s * counts[s] / n;
    assert_near(mean, 155, 0.06, "mean seconds with ringing");
    assert_near(sum_of(counts + 601, SECONDS - 601) / n, 0.035, 0.15, "above ten minutes");
    assert_near(sum_of(counts + 3601, SECONDS - 3601) / n, 0.0021, 0.4, "above an hour");
    free(what);
    cdr_model_destroy(model);
}

/* Keys of legs at a level, and what the base level has. */
static void assert_legs(const struct cdr_model *model, const struct cdr_events *events, int level)
{
    static struct cdr_leg_keys base, other;
    cdr_loops_of(CDR_LEVEL_BASE)->legs(model, events, &base);
    cdr_loops_of((enum cdr_level)level)->legs(model, events, &other);
    assert_int_equal(base.n, other.n);
    assert_memory_equal(base.owner, other.owner, base.n * sizeof *base.owner);
    assert_memory_equal(base.type, other.type, base.n * sizeof *base.type);
    assert_memory_equal(base.emission_ms, other.emission_ms, base.n * sizeof *base.emission_ms);
    assert_memory_equal(base.high, other.high, base.n * sizeof *base.high);
    assert_memory_equal(base.low, other.low, base.n * sizeof *base.low);
    uint32_t called = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        if (!cdr_has_called_leg(events->type[i], events->party[i], events->outcome[i]))
            continue;
        struct cdr_legs legs = cdr_leg_records(model, events, i, 1);
        struct cdr_leg_record record = cdr_leg_record(model, &legs, 0);
        const uint32_t at = events->n + called++;
        assert_int_equal(other.owner[at], cdr_leg_owner(events, i, 1));
        assert_int_equal(other.emission_ms[at], record.emission_ms);
        assert_int_equal(other.low[at] >> 30 & 0x1ffff, record.duration_s);
    }
    assert_int_equal(other.n, events->n + called);
}

/* ---- all levels of the instruction set ---- */

static void levels_give_the_same_events(void **state)
{
    (void)state;
    static struct cdr_events events[CDR_LEVEL_COUNT];
    struct cdr_parameters p = parameters_of(5003, 1);
    for (int variant = 0; variant < 2; variant++) {
        p.trains = variant;
        struct cdr_model *model = model_of(&p);
        struct cdr_slot slot = slot_of(model, p.start_day, 18);
        struct cdr_counts counts;
        struct cdr_error error = {0};
        uint8_t *classes = malloc(p.subscribers);
        for (uint32_t s = 0; s < p.subscribers; s++)
            classes[s] = (uint8_t)cdr_activity_class(&model->traits, s);
        assert_int_equal(cdr_counts_create(&counts, model, &error), CDR_OK);
        cdr_counts_set(&counts, model, &slot);
        struct cdr_expansion expansions[CDR_LEVEL_COUNT];
        for (int level = 0; level < CDR_LEVEL_COUNT; level++)
            expansions[level] = (struct cdr_expansion){.end = p.subscribers};
        int levels = 0, blocks = 0, more = 1;
        for (; more; blocks++) {
            levels = 0;
            for (int level = 0; level < CDR_LEVEL_COUNT; level++) {
                if (!cdr_level_runs((enum cdr_level)level))
                    continue;
                levels++;
                memset(&events[level], 0, sizeof events[level]);
                more = cdr_loops_of((enum cdr_level)level)
                           ->events_next(model, &counts, level % 2 ? NULL : classes,
                                         &expansions[level], &events[level]);
                const struct cdr_events *base = &events[CDR_LEVEL_BASE], *other = &events[level];
                assert_int_equal(base->n, other->n);
                const size_t n4 = base->n * sizeof *base->origin, n8 = base->n * sizeof *base->base;
                assert_memory_equal(base->origin, other->origin, n4);
                assert_memory_equal(base->index, other->index, n4);
                assert_memory_equal(base->base, other->base, n8);
                assert_memory_equal(base->offset_ms, other->offset_ms, n4);
                assert_memory_equal(base->duration_s, other->duration_s, n4);
                assert_memory_equal(base->peer, other->peer, n4);
                assert_memory_equal(base->type, other->type, n4);
                assert_memory_equal(base->party, other->party, n4);
                assert_memory_equal(base->outcome, other->outcome, n4);
                assert_legs(model, base, level);
            }
        }
        printf("    %d blocks, %d levels\n", blocks, levels);
        assert_true(blocks > 4);
        free(classes);
        cdr_counts_free(&counts);
        cdr_model_destroy(model);
    }
}

static int compare_places(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Of a block, subscriber by subscriber: the places of its events. */
static void places_by_origin(const struct cdr_events *block, uint64_t *places)
{
    for (uint32_t i = 0; i < block->n; i++)
        places[i] = (uint64_t)block->origin[i] << 32 | i;
    qsort(places, block->n, sizeof *places, compare_places);
}

/* A block's size and where it starts must not matter: subscriber by subscriber the same events
 * come. */
static void events_do_not_depend_on_blocks(void **state)
{
    (void)state;
    static struct cdr_events together, alone;
    static uint64_t places[CDR_EVENTS_BLOCK];
    struct cdr_parameters p = parameters_of(700, 1);
    struct cdr_model *model = model_of(&p);
    struct cdr_slot slot = slot_of(model, p.start_day, 18);
    struct cdr_counts counts;
    struct cdr_error error = {0};
    assert_int_equal(cdr_counts_create(&counts, model, &error), CDR_OK);
    cdr_counts_set(&counts, model, &slot);
    struct cdr_expansion all = {.end = p.subscribers};
    uint32_t subscriber = 0, at = 0, compared = 0;
    struct cdr_expansion one = {.next = 0, .end = 0};
    alone.n = 0;
    while (cdr_events_next(model, &counts, NULL, &all, &together)) {
        places_by_origin(&together, places);
        for (uint32_t k = 0; k < together.n; k++, at++, compared++) {
            const uint32_t i = (uint32_t)places[k];
            while (at == alone.n) {
                one = (struct cdr_expansion){.next = subscriber, .end = subscriber + 1};
                subscriber++;
                at = 0;
                if (!cdr_events_next(model, &counts, NULL, &one, &alone))
                    alone.n = 0;
            }
            assert_int_equal(together.origin[i], alone.origin[at]);
            assert_int_equal(together.index[i], alone.index[at]);
            assert_int_equal(together.offset_ms[i], alone.offset_ms[at]);
            assert_int_equal(together.duration_s[i], alone.duration_s[at]);
            assert_int_equal(together.peer[i], alone.peer[at]);
            assert_int_equal(together.party[i], alone.party[at]);
            assert_int_equal(together.outcome[i], alone.outcome[at]);
        }
    }
    assert_true(compared > 500);
    cdr_counts_free(&counts);
    cdr_model_destroy(model);
}

static void too_many_events_are_refused(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(100000, 1);
    struct cdr_model *model = NULL;
    struct cdr_error error = {0};
    p.records_per_day[CDR_TYPE_DATA] = 1000;
    p.activity_sigma = 2;
    assert_int_equal(cdr_model_create(&model, &p, &error), CDR_E_CONFIG);
    assert_null(model);
    assert_non_null(strstr(error.text, "avg_*_per_user"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_poisson_where_all_are_alike),
        cmocka_unit_test(counts_are_poisson_given_the_activity),
        cmocka_unit_test(hours_follow_the_curves_of_each_type),
        cmocka_unit_test(months_and_special_days_multiply_the_means),
        cmocka_unit_test(special_days_can_be_of_a_type_and_an_hour),
        cmocka_unit_test(holidays_are_like_sundays),
        cmocka_unit_test(events_have_their_distributions),
        cmocka_unit_test(calls_last_as_told),
        cmocka_unit_test(levels_give_the_same_events),
        cmocka_unit_test(events_do_not_depend_on_blocks),
        cmocka_unit_test(too_many_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
