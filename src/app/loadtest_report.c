#include "app/loadtest_report.h"

#include "app/progress.h"
#include "app/report_file.h"

#include <math.h>
#include <stdio.h>

#if CDR_KAFKA

#define CEILING_SHARE 0.8

struct cdr_capacity_found cdr_loadtest_found(const struct cdr_loadtest *test)
{
    struct cdr_capacity_found found = {.high = INFINITY};
    if (!test->searches)
        return found;
    found = cdr_capacity_found(&test->search);
    if (test->ceiling_per_s > 0 && found.low > CEILING_SHARE * test->ceiling_per_s) {
        found.at_least = true;
        found.barred = true;
    }
    if (found.at_least)
        found.high = INFINITY;
    return found;
}

static bool json_lines(const struct cdr_loadtest *test)
{
    return test->settings->json;
}

static void begin_line(const struct cdr_loadtest *test, struct cdr_json *json, const char *event)
{
    cdr_json_start(json, stdout);
    cdr_json_object_inline(json, NULL);
    cdr_json_text(json, "event", event);
    cdr_json_i64(json, "time_ms", test->sample.wall_ms);
}

static void end_line(struct cdr_json *json)
{
    cdr_json_object_end(json);
    cdr_json_finish(json);
}

void cdr_loadtest_say_begin(const struct cdr_loadtest *test)
{
    const struct cdr_lag_sample *sample = &test->sample;
    struct cdr_json json;
    if (json_lines(test)) {
        begin_line(test, &json, "begin");
        cdr_json_text(&json, "group", test->settings->consumer_group);
        cdr_json_u64(&json, "members", sample->members);
        cdr_json_u64(&json, "partitions", sample->n);
        end_line(&json);
    } else if (!test->settings->quiet) {
        printf("group %s: %s, %u member%s, %zu partitions; warming up\n",
               test->settings->consumer_group, sample->state, sample->members,
               sample->members == 1 ? "" : "s", sample->n);
        fflush(stdout);
    }
}

void cdr_loadtest_say_sample(const struct cdr_loadtest *test, double rate_per_s)
{
    struct cdr_json json;
    if (!json_lines(test))
        return;
    begin_line(test, &json, "sample");
    cdr_json_fixed(&json, "rate", rate_per_s, 1);
    cdr_json_u64(&json, "lag_records", test->sample.records);
    cdr_json_fixed(&json, "lag_s", test->sample.seconds, 3);
    cdr_json_text(&json, "state", test->sample.state);
    cdr_json_u64(&json, "members", test->sample.members);
    end_line(&json);
}

void cdr_loadtest_say_warm_up(const struct cdr_loadtest *test)
{
    struct cdr_json json;
    if (json_lines(test)) {
        begin_line(test, &json, "warm_up");
        cdr_json_fixed(&json, "commit_interval_s", test->commit_s, 3);
        end_line(&json);
    } else if (!test->settings->quiet) {
        printf("the group commits every %.2f s\n", test->commit_s);
        fflush(stdout);
    }
}

void cdr_loadtest_say_backlog(const struct cdr_loadtest *test)
{
    struct cdr_json json;
    char drain[32], ceiling[32];
    if (json_lines(test)) {
        begin_line(test, &json, "backlog");
        cdr_json_fixed(&json, "drain", test->drain_per_s, 1);
        cdr_json_fixed(&json, "ceiling", test->ceiling_per_s, 1);
        end_line(&json);
    } else if (!test->settings->quiet) {
        printf("a backlog is read at %s records/s",
               cdr_with_commas((uint64_t)test->drain_per_s, drain));
        if (test->ceiling_per_s > 0)
            printf("; cdrgen and the brokers took %s/s",
                   cdr_with_commas((uint64_t)test->ceiling_per_s, ceiling));
        printf("\n\n%3s  %-8s%12s%9s  %-12s%20s%10s%10s\n", "", "phase", "records/s", "s",
               "verdict", "s behind per s", "at end", "worst");
        fflush(stdout);
    }
}

static void put_trial(struct cdr_json *json, const struct cdr_loadtest_trial *trial)
{
    cdr_json_text(json, "phase", cdr_capacity_phase_names[trial->plan.phase]);
    cdr_json_fixed(json, "rate", trial->plan.rate_per_s, 1);
    cdr_json_fixed(json, "seconds", trial->seconds, 1);
    cdr_json_text(json, "verdict", cdr_verdict_names[trial->verdict]);
    cdr_json_bool(json, "sure", !trial->leans);
    if (trial->fit.stretches > 0) {
        cdr_json_fixed(json, "slope", trial->fit.slope, 4);
        cdr_json_fixed(json, "slope_half_width", trial->fit.slope_half_width, 4);
        cdr_json_fixed(json, "lag_end_s", trial->fit.lag_end_s, 3);
    }
    cdr_json_fixed(json, "lag_max_s", trial->fit.lag_max_s, 3);
    cdr_json_fixed(json, "late_share", trial->late_share, 4);
    if (trial->reason != NULL)
        cdr_json_text(json, "reason", trial->reason);
}

void cdr_loadtest_say_trial(const struct cdr_loadtest *test, const struct cdr_loadtest_trial *trial)
{
    struct cdr_json json;
    char rate[32], slope[40] = "";
    if (json_lines(test)) {
        begin_line(test, &json, "trial");
        put_trial(&json, trial);
        end_line(&json);
        return;
    }
    if (test->settings->quiet)
        return;
    if (trial->fit.stretches > 0)
        snprintf(slope, sizeof slope, "%+.3f ± %.3f", trial->fit.slope,
                 trial->fit.slope_half_width);
    /* ± is two bytes and one column. */
    printf("%3zu  %-8s%12s%9.1f  %-12s%*s", test->trial_count,
           cdr_capacity_phase_names[trial->plan.phase],
           cdr_with_commas((uint64_t)trial->plan.rate_per_s, rate), trial->seconds,
           cdr_verdict_names[trial->verdict], trial->fit.stretches > 0 ? 21 : 20, slope);
    printf("%10.2f%10.2f", trial->fit.lag_end_s, trial->fit.lag_max_s);
    if (trial->late_share > 0.01)
        printf("  %.0f %% late", 100 * fmin(trial->late_share, 1));
    if (trial->leans)
        printf("  undecided, by the slope itself");
    if (trial->reason != NULL)
        printf("  %s", trial->reason);
    putchar('\n');
    fflush(stdout);
}

/* --- the end --- */

const char *cdr_loadtest_words(const struct cdr_loadtest *test, char *text, size_t text_max)
{
    const struct cdr_capacity_found found = cdr_loadtest_found(test);
    char low[32], high[32];
    cdr_with_commas((uint64_t)found.low, low);
    if (found.low == 0)
        snprintf(text, text_max, "no rate is known to be sustained");
    else if (found.at_least)
        snprintf(text, text_max, "at least %s records/s%s%s", low,
                 found.barred ? "; cdrgen or the brokers are the limit" : "",
                 found.confirmed ? "" : " (not confirmed)");
    else
        snprintf(text, text_max, "%s to %s records/s%s", low,
                 cdr_with_commas((uint64_t)ceil(found.high), high),
                 found.confirmed ? "" : " (not confirmed)");
    return text;
}

static void put_capacity(struct cdr_json *json, const struct cdr_loadtest *test)
{
    const struct cdr_capacity_found found = cdr_loadtest_found(test);
    cdr_json_object_inline(json, "capacity");
    if (found.low > 0)
        cdr_json_fixed(json, "low", found.low, 1);
    else
        cdr_json_null(json, "low");
    if (isinf(found.high))
        cdr_json_null(json, "high");
    else
        cdr_json_fixed(json, "high", found.high, 1);
    cdr_json_bool(json, "at_least", found.at_least);
    cdr_json_object_end(json);
    cdr_json_bool(json, "confirmed", found.confirmed);
    cdr_json_bool(json, "finished", test->finished);
    cdr_json_text(json, "limit",
                  found.low == 0    ? NULL
                  : !found.at_least ? "consumer"
                  : found.barred    ? "cdrgen or brokers"
                                    : "max_rate");
}

void cdr_loadtest_say_end(const struct cdr_loadtest *test)
{
    char words[200];
    struct cdr_json json;
    if (json_lines(test)) {
        begin_line(test, &json, "end");
        put_capacity(&json, test);
        end_line(&json);
    } else {
        printf("%sgroup %s: %s\n", test->trial_count > 0 ? "\n" : "",
               test->settings->consumer_group, cdr_loadtest_words(test, words, sizeof words));
        fflush(stdout);
    }
}

static void put_conditions(struct cdr_json *json, const struct cdr_loadtest *test)
{
    cdr_json_object(json, "conditions");
    cdr_json_text(json, "group", test->settings->consumer_group);
    cdr_json_u64(json, "members", test->sample.members);
    cdr_json_u64(json, "partitions", test->sample.n);
    cdr_json_bool(json, "quick", test->settings->quick);
    cdr_json_double(json, "width", test->width);
    cdr_json_double(json, "slope_max", test->width / 5);
    cdr_json_fixed(json, "commit_interval_s", test->commit_s, 3);
    cdr_json_fixed(json, "drain", test->drain_per_s, 1);
    if (test->ceiling_per_s > 0)
        cdr_json_fixed(json, "ceiling", test->ceiling_per_s, 1);
    else
        cdr_json_null(json, "ceiling");
    if (test->settings->max_rate > 0)
        cdr_json_double(json, "max_rate", test->settings->max_rate);
    else
        cdr_json_null(json, "max_rate");
    cdr_json_object_end(json);
}

static void put_report(struct cdr_json *json, const void *context)
{
    const struct cdr_loadtest *test = context;
    cdr_json_object(json, NULL);
    put_capacity(json, test);
    put_conditions(json, test);
    cdr_json_array(json, "trials");
    for (size_t i = 0; i < test->trial_count; i++) {
        cdr_json_object_inline(json, NULL);
        put_trial(json, &test->trials[i]);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

enum cdr_result cdr_loadtest_write(const struct cdr_loadtest *test, struct cdr_error *error)
{
    return test->settings->report == NULL
               ? CDR_OK
               : cdr_report_write(test->settings->report, put_report, test, error);
}

#endif
