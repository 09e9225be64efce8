/* config/classic.json against the distributions of the predecessor, rs_cdr_generator: means, hours,
 * ends of calls, durations, volumes, shares. Fixed seed.
 *
 * Nobody does two things at once, so a call or session may be cut by the next one. Where that
 * matters, few events are made, so that they do not meet. What cannot be both real and the
 * predecessor's is not tested: a call is busy only where the called party has another one (the
 * drawn share is rejected), technologies are the devices', and record types follow from them. */
#include "config/settings.h"
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model_run.h"

static struct cdr_parameters classic(uint32_t subscribers, uint32_t days)
{
    static struct cdr_settings settings;
    static char file[] = CDR_SOURCE_DIR "/config/classic.json";
    char *argv[] = {"cdrgen", "config", "--config", file, NULL};
    enum cdr_command command;
    struct cdr_error error = {0};
    if (cdr_settings_load_from(&settings, &command, 4, argv, NULL, INT64_C(1735689600000),
                               &error) != CDR_OK)
        fail_msg("%s", error.text);
    struct cdr_parameters p = settings.model;
    cdr_settings_free(&settings);
    p.subscribers = subscribers;
    p.days = days;
    return p;
}

static double jitter(uint64_t *state)
{
    *state = cdr_mix(*state + 1);
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* ---- how many and when ---- */

enum { COUNTS = 64 };

struct counted {
    uint32_t *of_subscriber[CDR_TYPE_COUNT];
    double hours[CDR_TYPE_COUNT][2][24], all[CDR_TYPE_COUNT];
};

static void count(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct counted *counted = state;
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t type = events->type[i];
        counted->of_subscriber[type][events->origin[i]]++;
        counted->hours[type][cdr_is_weekend(slot->day)][slot->hour]++;
        counted->all[type]++;
    }
}

static void count_days(struct cdr_parameters *p, struct counted *counted)
{
    struct cdr_model *model = model_of(p);
    *counted = (struct counted){0};
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        counted->of_subscriber[type] = calloc(p->subscribers, sizeof *counted->of_subscriber[type]);
    each_event(model, count, counted);
    cdr_model_destroy(model);
}

static void end_count(struct counted *counted)
{
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        free(counted->of_subscriber[type]);
}

/* Of a day in January. A subscriber's sessions are its own events; a call or message between two
 * subscribers is one event with two records. */
static void a_day_s_events_are_poisson(void **state)
{
    (void)state;
    struct cdr_parameters p = classic(20000, 1);
    struct counted counted;
    count_days(&p, &counted);
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        double observed[COUNTS] = {0}, expected[COUNTS] = {0};
        double mean = counted.all[type] / p.subscribers;
        for (uint32_t s = 0; s < p.subscribers; s++) {
            uint32_t n = counted.of_subscriber[type][s];
            observed[n < COUNTS ? n : COUNTS - 1]++;
        }
        for (unsigned k = 0; k < COUNTS; k++)
            expected[k] = p.subscribers * poisson(mean, k);
        assert_likely(counts_p(observed, expected, COUNTS, 1), "%s: events of a day",
                      cdr_type_word[type]);
    }
    double wanted = 12 * 0.95 * p.subscribers;
    assert_likely(normal_p((counted.all[CDR_TYPE_DATA] - wanted) / sqrt(wanted)),
                  "sessions of a day");
    end_count(&counted);
}

static void a_day_has_the_predecessor_s_records(void **state)
{
    (void)state;
    static const double means[CDR_TYPE_COUNT] = {3.5, 5.2, 12};
    struct cdr_parameters p = classic(10000, 1);
    double counts[CDR_TYPE_COUNT] = {0};
    struct run run = run_model(&p, ALL_TYPES, 1);
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    const int64_t end_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day + 1);
    for (size_t i = 0; i < run.count; i++) {
        const int64_t at_ms = run.records[i].slot * CDR_QUARTER_MS;
        counts[run.records[i].type] += at_ms >= start_ms && at_ms < end_ms;
    }
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        printf("    %s: %.4f a subscriber and day\n", cdr_type_word[type],
               counts[type] / p.subscribers);
        assert_true(fabs(counts[type] / p.subscribers / (0.95 * means[type]) - 1) < 0.015);
    }
    free_run(&run);
}

static void hours_have_the_predecessor_s_weights(void **state)
{
    (void)state;
    static const double weights[2][24] = {
        {.3,  .2,  .15, .1,  .1,  .15, .3,  .6,  1.2, 1.4, 1.3, 1.2,
         1.1, 1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.4, 1.2, 1.0, .7,  .5},
        {.2,  .15, .1,  .1,  .1,  .1,  .2,  .3,  .5,  .8,  1.0, 1.2,
         1.3, 1.2, 1.1, 1.0, 1.1, 1.3, 1.4, 1.3, 1.2, 1.0, .6,  .4}};
    struct cdr_parameters p = classic(2000, 7);
    struct counted counted;
    count_days(&p, &counted);
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        for (int weekend = 0; weekend < 2; weekend++)
            assert_likely(shares_p(counted.hours[type][weekend], weights[weekend], 24),
                          "%s: hours of %s", cdr_type_word[type],
                          weekend ? "weekends" : "weekdays");
    end_count(&counted);
}

/* ---- calls and messages ---- */

struct drawn {
    double ends[6], seconds[6][64], statuses[CDR_SMS_STATUS_COUNT], messages[64];
    double *talk, *sessions[CDR_RAT_COUNT];
    size_t talks, session_count[CDR_RAT_COUNT];
    uint64_t random;
};

static void take(void *state, const struct cdr_slot *slot, const struct cdr_events *events)
{
    struct drawn *drawn = state;
    (void)slot;
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t outcome = events->outcome[i], seconds = events->duration_s[i];
        if (events->type[i] == CDR_TYPE_CALL && events->party[i] == CDR_PARTY_INCOMING)
            continue; /* none that failed on the way */
        if (events->type[i] == CDR_TYPE_SMS) {
            drawn->statuses[outcome]++;
            drawn->messages[seconds < 63 ? seconds : 63]++;
        } else if (events->type[i] == CDR_TYPE_DATA) {
            double value = seconds + jitter(&drawn->random) - 0.5;
            drawn->sessions[outcome][drawn->session_count[outcome]++] = value;
        } else {
            uint32_t ring = (uint32_t)cdr_draw(events->base[i], CDR_DRAW_RING);
            drawn->ends[outcome]++;
            drawn->seconds[outcome][seconds < 63 ? seconds : 63]++;
            if (outcome == CDR_CALL_ANSWERED) /* 5 to 25 s of ringing, and a second */
                drawn->talk[drawn->talks++] =
                    seconds - 6.0 - cdr_below(ring, 21) + jitter(&drawn->random) - 0.5;
        }
    }
}

static void draw(const struct cdr_parameters *p, struct drawn *drawn)
{
    struct cdr_model *model = model_of(p);
    size_t room = (size_t)p->subscribers * 2;
    *drawn = (struct drawn){.talk = malloc(room * sizeof *drawn->talk)};
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        drawn->sessions[rat] = malloc(room * sizeof *drawn->sessions[rat]);
    each_event(model, take, drawn);
    assert_true(drawn->talks < room && drawn->session_count[0] < room);
    cdr_model_destroy(model);
}

static void end_draw(struct drawn *drawn)
{
    free(drawn->talk);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        free(drawn->sessions[rat]);
}

/* Few of each, so that they do not meet. */
static struct cdr_parameters sparse(void)
{
    struct cdr_parameters p = classic(50000, 1);
    p.records_per_day[CDR_TYPE_CALL] = 0.6;
    p.records_per_day[CDR_TYPE_DATA] = 0.4;
    return p;
}

static double talk_cdf(double value, const void *state)
{
    (void)state;
    const double sigma = log(240.0 / 75) / 1.2815515655446004;
    return value <= 0 ? 0 : normal_cdf(log(value / 75) / sigma);
}

static double even_p(const double *counts, uint32_t from, uint32_t to)
{
    double shares[64] = {0};
    for (uint32_t i = from; i <= to; i++)
        shares[i] = 1;
    return shares_p(counts, shares, 64);
}

static void calls_end_and_last_as_the_predecessor_s(void **state)
{
    (void)state;
    /* Answered, no answer, busy, failed, congestion, rejected. */
    static const double ends[6] = {.82, .12, 0, .015, .005, .04};
    struct cdr_parameters p = sparse();
    struct drawn drawn;
    draw(&p, &drawn);
    printf("    %.0f calls met a busy line\n", drawn.ends[CDR_CALL_BUSY]);
    assert_true(drawn.ends[CDR_CALL_BUSY] < 0.002 * (double)drawn.talks);
    drawn.ends[CDR_CALL_BUSY] = 0;
    assert_likely(shares_p(drawn.ends, ends, 6), "ends of calls");
    assert_likely(distribution_p(drawn.talk, drawn.talks, talk_cdf, NULL),
                  "seconds of conversations, lognormal with p50 75 and p90 240");
    assert_likely(even_p(drawn.seconds[CDR_CALL_NO_ANSWER], 5, 30), "seconds without an answer");
    assert_likely(shares_p(drawn.statuses, (double[]){.10, .88, .02}, 3), "states of messages");
    assert_likely(even_p(drawn.messages, 1, 5), "seconds of messages");
    end_draw(&drawn);
}

static void messages_have_the_predecessor_s_segments(void **state)
{
    (void)state;
    struct cdr_parameters p = classic(10000, 1);
    struct run run = run_model(&p, 1u << CDR_TYPE_SMS, 0);
    double segments[3] = {0}, prefixes[4] = {0}, even[4] = {1, 1, 1, 1};
    static const char *const own[4] = {"31612", "31613", "31620", "31621"};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        const char *number = (r->direction == CDR_DIRECTION_MO ? r->src : r->dst) + 16 - 12;
        segments[r->segments - 1] += r->leg == 0;
        for (int k = 0; k < 4; k++)
            prefixes[k] += strncmp(number, own[k], 5) == 0;
    }
    assert_likely(shares_p(segments, (double[]){.85, .13, .02}, 3), "segments");
    double all = prefixes[0] + prefixes[1] + prefixes[2] + prefixes[3];
    assert_true(all == (double)run.count);
    for (int k = 0; k < 4; k++)
        assert_true(fabs(prefixes[k] / all - even[k] / 4) < 0.01);
    free_run(&run);
}

/* ---- sessions ---- */

/* Normal, at least a minimum. */
struct cut_normal {
    double mean, sd, least;
};

static double above_least_cdf(double value, const void *state)
{
    const struct cut_normal *n = state;
    double below = normal_cdf((n->least - n->mean) / n->sd);
    return (normal_cdf((value - n->mean) / n->sd) - below) / (1 - below);
}

/* Of those that have more than the least; and the share of those that have it. */
static void normal_above(double *values, size_t n, const struct cut_normal *law, const char *what)
{
    double least = 0, below = normal_cdf((law->least - law->mean) / law->sd), all = (double)n;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        least += values[i] <= law->least;
        if (values[i] > law->least)
            values[kept++] = values[i];
    }
    assert_likely(normal_p((least - below * all) / sqrt(below * (1 - below) * all)),
                  "%s: share of the least", what);
    assert_likely(distribution_p(values, kept, above_least_cdf, law), "%s", what);
}

static const struct cut_normal durations[CDR_RAT_COUNT] = {
    {420, 240, 5.5}, {300, 180, 5.5}, {240, 180, 5.5}};
static const struct cut_normal volumes[CDR_RAT_COUNT] = {
    {1e6, 6e5, 2000}, {4e6, 2e6, 2000}, {12e6, 8e6, 2000}};

static void sessions_last_as_the_predecessor_s(void **state)
{
    (void)state;
    struct cdr_parameters p = sparse();
    struct drawn drawn;
    draw(&p, &drawn);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        char what[40];
        snprintf(what, sizeof what, "%s: seconds", cdr_rat_name[rat]);
        normal_above(drawn.sessions[rat], drawn.session_count[rat], &durations[rat], what);
    }
    end_draw(&drawn);
}

static void sessions_have_the_predecessor_s_volumes(void **state)
{
    (void)state;
    static const double up[CDR_RAT_COUNT][2] = {{.08, .25}, {.1, .3}, {.1, .35}};
    static const double shares[CDR_RAT_COUNT] = {.3, .5, .2};
    struct cdr_parameters p = classic(8000, 1);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    double apns[CDR_APN_COUNT] = {0}, *values = malloc(run.count * sizeof *values);
    for (size_t i = 0; i < run.count; i++)
        apns[run.records[i].apn]++;
    assert_likely(shares_p(apns, (double[]){.8, .1, .1}, CDR_APN_COUNT), "access points");
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        size_t n = 0;
        double tenths[10] = {0}, even[10];
        for (size_t i = 0; i < run.count; i++) {
            const struct record *r = &run.records[i];
            if (r->rat != rat)
                continue;
            values[n++] = (double)r->bytes_out;
            double ratio = (double)r->bytes_in / (double)r->bytes_out;
            double at = (ratio - up[rat][0]) / (up[rat][1] - up[rat][0]) * 10;
            if (r->bytes_out > 200000)
                tenths[at < 0 ? 0 : at > 9 ? 9 : (int)at]++;
        }
        printf("    %s: %.3f of the sessions\n", cdr_rat_name[rat], (double)n / (double)run.count);
        assert_true(fabs((double)n / (double)run.count - shares[rat]) < 0.04);
        normal_above(values, n, &volumes[rat], cdr_rat_name[rat]);
        for (int k = 0; k < 10; k++)
            even[k] = 1;
        assert_likely(shares_p(tenths, even, 10), "%s: uplink by downlink", cdr_rat_name[rat]);
    }
    free(values);
    free_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_s_events_are_poisson),
        cmocka_unit_test(a_day_has_the_predecessor_s_records),
        cmocka_unit_test(hours_have_the_predecessor_s_weights),
        cmocka_unit_test(calls_end_and_last_as_the_predecessor_s),
        cmocka_unit_test(messages_have_the_predecessor_s_segments),
        cmocka_unit_test(sessions_last_as_the_predecessor_s),
        cmocka_unit_test(sessions_have_the_predecessor_s_volumes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
