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

/* counts[s] = events of subscriber s in the slot */
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
        for (uint32_t i = 0; i < events->n; i++) {
            assert_int_equal(events->index[i], counts[events->origin[i]]);
            counts[events->origin[i]]++;
        }
    }
    cdr_counts_free(&tables);
    free(events);
}

#define MOST 64

static void counts_are_poisson_where_all_are_alike(void **state)
{
    (void)state;
    static const double factors[] = {0.05, 1, 12};
    enum { N = 200000 };
    uint32_t *counts = malloc(N * sizeof *counts);
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
        struct cdr_parameters p = parameters_of(N, 1);
        p.activity_sigma = 0;
        for (int type = 0; type < CDR_TYPE_COUNT; type++)
            p.records_per_day[type] *= factors[f];
        struct cdr_model *model = model_of(&p);
        struct cdr_slot slot = slot_of(model, p.start_day, 18);
        double rate = cdr_slot_rate(model, &slot), observed[MOST] = {0}, expected[MOST];
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
    enum { N = 400000 };
    uint32_t *counts = malloc(N * sizeof *counts);
    struct cdr_parameters p = parameters_of(N, 1);
    struct cdr_model *model = model_of(&p);
    struct cdr_slot slot = slot_of(model, p.start_day, 9);
    double rate = cdr_slot_rate(model, &slot);
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

static void bursts_are_a_mixture_of_two_states(void **state)
{
    (void)state;
    enum { N = 300000 };
    static const double shares[] = {0.05, 0.2, 0.5};
    uint32_t *counts = malloc(N * sizeof *counts);
    for (size_t b = 0; b < sizeof shares / sizeof *shares; b++) {
        struct cdr_parameters p = parameters_of(N, 1);
        p.activity_sigma = 0;
        p.burst_share = shares[b];
        struct cdr_model *model = model_of(&p);
        struct cdr_slot slot = slot_of(model, p.start_day, 18);
        double rate = cdr_slot_rate(model, &slot), share = floor(shares[b] * 65536 + 0.5) / 65536;
        double busy = (1 - 0.3 * (1 - share)) / share, observed[MOST] = {0}, expected[MOST];
        count_slot(model, &slot, counts);
        for (uint32_t s = 0; s < N; s++)
            observed[counts[s] < MOST - 1 ? counts[s] : MOST - 1]++;
        for (unsigned k = 0; k < MOST; k++)
            expected[k] =
                N * ((1 - share) * poisson(0.3 * rate, k) + share * poisson(busy * rate, k));
        assert_likely(counts_p(observed, expected, MOST, 0), "bursts in %g of the hours",
                      shares[b]);
        cdr_model_destroy(model);
    }
    free(counts);
}

/* ---- when ---- */

struct when {
    double hours[2][24], days[400], moments[64];
    int32_t first_day;
    size_t count;
};

static void take_when(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct when *when = state;
    when->hours[cdr_is_weekend(slot->day)][slot->hour] += events->n;
    when->days[slot->day - when->first_day] += events->n;
    for (uint32_t i = 0; i < events->n; i++) {
        assert_true(events->offset_ms[i] < (uint64_t)slot->duration_ms);
        when->moments[events->offset_ms[i] * UINT64_C(64) / (uint64_t)slot->duration_ms]++;
    }
    when->count += events->n;
}

static void hours_follow_the_curves(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 14);
    p.start_day = cdr_day_of_date(2025, 2, 3); /* a Monday; the clock does not change */
    struct cdr_model *model = model_of(&p);
    struct when when = {.first_day = p.start_day};
    each_event(model, take_when, &when);
    double even[64], shares[400];
    assert_likely(shares_p(when.hours[0], p.diurnal_weekday, 24), "weekday's hours");
    assert_likely(shares_p(when.hours[1], p.diurnal_weekend, 24), "weekend's hours");
    for (int i = 0; i < 64; i++)
        even[i] = 1;
    assert_likely(shares_p(when.moments, even, 64), "uniform within the hour");
    for (uint32_t d = 0; d < p.days; d++)
        shares[d] = 1;
    assert_likely(shares_p(when.days, shares, p.days), "days alike");
    double total = 20000.0 * model->events_per_day * 0.9 * 14;
    assert_likely(normal_p((when.count - total) / sqrt(total)), "the sum");
    cdr_model_destroy(model);
}

static void months_and_special_days_multiply_the_means(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(1500, 365);
    p.special_day_count = 4;
    p.special_days[0] = (struct cdr_special_day){cdr_day_of_date(2025, 12, 25), 1.8};
    p.special_days[1] = (struct cdr_special_day){cdr_day_of_date(2025, 1, 1), 2.5};
    p.special_days[2] = (struct cdr_special_day){cdr_day_of_date(2025, 7, 14), 0};
    p.special_days[3] =
        (struct cdr_special_day){cdr_day_of_date(2026, 7, 14), 3}; /* not in the run */
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
        wanted[d] =
            1500 * model->events_per_day * p.seasonality[cdr_date_of_day(day).month - 1] * special;
    }
    /* The hours that the clock skips and repeats, at 02:00, both on Sundays. */
    double sunday = 0;
    for (int hour = 0; hour < 24; hour++)
        sunday += p.diurnal_weekend[hour];
    wanted[cdr_day_of_date(2025, 3, 30) - p.start_day] *= 1 - p.diurnal_weekend[2] / sunday;
    wanted[cdr_day_of_date(2025, 10, 26) - p.start_day] *= 1 + p.diurnal_weekend[2] / sunday;
    assert_true(when.days[cdr_day_of_date(2025, 7, 14) - p.start_day] == 0);
    double sum = 0;
    for (uint32_t d = 0; d < p.days; d++)
        sum += wanted[d];
    assert_likely(counts_p(when.days, wanted, p.days, 0), "days of a year");
    assert_likely(normal_p((when.count - sum) / sqrt(sum)), "their sum");
    cdr_model_destroy(model);
}

/* In a slot that bursts, a subscriber's events lie within a quarter of it. */
struct spread {
    double narrow, wide;
};

static void take_spread(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct spread *spread = state;
    for (uint32_t i = 0, from = 0; i <= events->n; i++) {
        if (i < events->n && i > 0 && events->origin[i] == events->origin[from])
            continue;
        if (i - from >= 5) {
            uint32_t least = UINT32_MAX, most = 0;
            for (uint32_t k = from; k < i; k++) {
                least = events->offset_ms[k] < least ? events->offset_ms[k] : least;
                most = events->offset_ms[k] > most ? events->offset_ms[k] : most;
            }
            if (most - least < slot->duration_ms / 4)
                spread->narrow++;
            else
                spread->wide++;
        }
        from = i;
    }
}

static void bursts_are_short(void **state)
{
    (void)state;
    struct spread spread[2] = {{0, 0}, {0, 0}};
    for (int on = 0; on < 2; on++) {
        struct cdr_parameters p = parameters_of(20000, 1);
        p.activity_sigma = 0;
        p.burst_share = on ? 0.1 : 0;
        struct cdr_model *model = model_of(&p);
        each_event(model, take_spread, &spread[on]);
        cdr_model_destroy(model);
    }
    printf("    of 5 or more in an hour, within a quarter: %g of %g; with bursts %g of %g\n",
           spread[0].narrow, spread[0].narrow + spread[0].wide, spread[1].narrow,
           spread[1].narrow + spread[1].wide);
    assert_true(spread[0].narrow < 0.03 * spread[0].wide);
    assert_true(spread[1].narrow > 0.97 * (spread[1].narrow + spread[1].wide));
}

/* ---- what ---- */

#define SECONDS 86401

struct what {
    double kinds[CDR_EVENT_KINDS], offnet[2], mobile[2];
    double dispositions[CDR_CALL_DISPOSITION_COUNT], statuses[CDR_SMS_STATUS_COUNT],
        rats[CDR_RAT_COUNT];
    double calls[CDR_CALL_DISPOSITION_COUNT][SECONDS], messages[SECONDS],
        sessions[CDR_RAT_COUNT][SECONDS];
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
            what->rats[outcome]++;
            what->sessions[outcome][seconds]++;
            continue;
        }
        if (!incoming) {
            what->mobile[type]++;
            what->offnet[type] += events->party[i] == CDR_PARTY_OFFNET;
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

static double uniform_p(const double *counts, uint32_t from, uint32_t to)
{
    double shares[64] = {0};
    for (uint32_t i = from; i <= to; i++)
        shares[i] = 1;
    for (uint32_t i = 64; i < SECONDS; i++)
        assert_true(counts[i] == 0);
    return shares_p(counts, shares, 64);
}

/* Ring 2–25 s, then a lognormal's whole seconds, all at most duration_max. */
static double answered_p(const double *counts, const struct cdr_parameters *p)
{
    double *shares = calloc(SECONDS, sizeof *shares), mu = log(p->call_duration_p50_s);
    double sigma = (log(p->call_duration_p90_s) - mu) / 1.2815515655446004;
    for (uint32_t ring = 2; ring <= 25; ring++) {
        double below = 0;
        for (uint32_t talk = 0; ring + talk <= p->duration_max_s; talk++) {
            int last = ring + talk == p->duration_max_s;
            double upto = last ? 1 : normal_cdf((log(talk + 0.5) - mu) / sigma);
            shares[ring + talk] += upto - below;
            below = upto;
        }
    }
    double probability = shares_p(counts, shares, SECONDS);
    free(shares);
    return probability;
}

static double session_p(const double *counts, const struct cdr_parameters *p, int rat)
{
    double *shares = calloc(SECONDS, sizeof *shares), below = 0;
    const struct cdr_data_profile *d = &p->data[rat];
    uint32_t least = (uint32_t)p->duration_min_s;
    for (uint32_t s = least; s <= p->duration_max_s; s++) {
        double upto = s == p->duration_max_s
                          ? 1
                          : normal_cdf((s + 0.5 - d->duration_mean_s) / d->duration_sd_s);
        shares[s] = upto - below;
        below = upto;
    }
    double probability = shares_p(counts, shares, SECONDS);
    free(shares);
    return probability;
}

static void check_what(const struct cdr_parameters *p, const char *name)
{
    struct cdr_model *model = model_of(p);
    struct what *what = calloc(1, sizeof *what);
    printf("   %s\n", name);
    each_event(model, take_what, what);
    const double call = p->records_per_day[0], sms = p->records_per_day[1];
    const double *mo = p->mo_share;
    double rates[CDR_EVENT_KINDS] = {0};
    for (int type = 0; type < 2; type++) {
        double records = type == 0 ? call : sms;
        double share = fmax(p->interconnect_share, 1 - (1 - mo[type]) / mo[type]);
        rates[2 * type] = mo[type] * records;
        rates[2 * type + 1] = fmax(0, (1 - mo[type]) * records - (1 - share) * mo[type] * records);
        if (share < 1e-12)
            assert_true(what->offnet[type] == 0);
        else if (share > 1 - 1e-12)
            assert_true(what->offnet[type] == what->mobile[type]);
        else
            assert_likely(normal_p((what->offnet[type] / what->mobile[type] - share) /
                                   sqrt(share * (1 - share) / what->mobile[type])),
                          "off-net share %.4f", share);
    }
    rates[2 * CDR_TYPE_DATA] = p->records_per_day[2];
    assert_likely(shares_p(what->kinds, rates, CDR_EVENT_KINDS), "kinds");
    assert_likely(shares_p(what->dispositions, p->call_dispositions, CDR_CALL_DISPOSITION_COUNT),
                  "dispositions");
    assert_likely(shares_p(what->statuses, p->sms_status, CDR_SMS_STATUS_COUNT),
                  "states of messages");
    double rats[CDR_RAT_COUNT];
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        rats[rat] = p->data[rat].share;
    assert_likely(shares_p(what->rats, rats, CDR_RAT_COUNT), "technologies");
    assert_likely(answered_p(what->calls[CDR_CALL_ANSWERED], p), "seconds of answered calls");
    assert_likely(uniform_p(what->calls[CDR_CALL_NO_ANSWER], 5, 30), "seconds without an answer");
    assert_likely(uniform_p(what->calls[CDR_CALL_BUSY], 2, 10), "seconds of busy calls");
    assert_likely(uniform_p(what->calls[CDR_CALL_FAILED], 1, 5), "seconds of failed calls");
    assert_likely(uniform_p(what->calls[CDR_CALL_CONGESTION], 1, 5), "seconds of congestion");
    assert_likely(uniform_p(what->messages, 1, 5), "seconds of messages");
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        if (rats[rat] > 0)
            assert_likely(session_p(what->sessions[rat], p, rat), "seconds of sessions, %s",
                          cdr_rat_name[rat]);
    free(what);
    cdr_model_destroy(model);
}

static void events_have_their_distributions(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(60000, 1);
    check_what(&p, "defaults");
    p = parameters_of(20000, 1);
    p.mo_share[CDR_TYPE_CALL] = 0.3;
    p.mo_share[CDR_TYPE_SMS] = 0.7;
    p.interconnect_share = 0;
    p.call_duration_p50_s = 20;
    p.call_duration_p90_s = 900;
    p.duration_max_s = 600; /* cut */
    p.duration_min_s = 60;
    check_what(&p, "others");
    p.mo_share[CDR_TYPE_CALL] = 1;
    p.mo_share[CDR_TYPE_SMS] = 0.5;
    p.interconnect_share = 1;
    p.data[CDR_RAT_NR].share = 0;
    p.data[CDR_RAT_NR].cell_share = 0;
    check_what(&p, "extremes");
}

/* ---- all levels of the instruction set ---- */

static void levels_give_the_same_events(void **state)
{
    (void)state;
    static struct cdr_events events[CDR_LEVEL_COUNT];
    struct cdr_parameters p = parameters_of(5003, 1);
    for (int burst = 0; burst < 2; burst++) {
        p.burst_share = burst * 0.1;
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
            }
        }
        printf("    %d blocks, %d levels\n", blocks, levels);
        assert_true(blocks > 4);
        free(classes);
        cdr_counts_free(&counts);
        cdr_model_destroy(model);
    }
}

/* A block's size and where it starts must not matter: subscriber by subscriber the same events
 * come. */
static void events_do_not_depend_on_blocks(void **state)
{
    (void)state;
    static struct cdr_events together, alone;
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
        for (uint32_t i = 0; i < together.n; i++, at++, compared++) {
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
        cmocka_unit_test(bursts_are_a_mixture_of_two_states),
        cmocka_unit_test(hours_follow_the_curves),
        cmocka_unit_test(months_and_special_days_multiply_the_means),
        cmocka_unit_test(bursts_are_short),
        cmocka_unit_test(events_have_their_distributions),
        cmocka_unit_test(levels_give_the_same_events),
        cmocka_unit_test(events_do_not_depend_on_blocks),
        cmocka_unit_test(too_many_events_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
