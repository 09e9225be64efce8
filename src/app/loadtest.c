/* loadtest: the highest rate that a consumer group sustains. */
#include "app/app.h"

#include "app/loadtest_course.h"
#include "app/loadtest_report.h"
#include "app/report_file.h"
#include "app/run.h"
#include "app/steerer.h"
#include "app/stop.h"
#include "base/assertion.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/thread.h"
#include "model/type.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if CDR_KAFKA

enum { NAME_MAX_BYTES = 256 };

/* --- before anything is written --- */

/* What the search decides itself, or has no use for. */
static enum cdr_result check_settings(const struct cdr_settings *settings, struct cdr_error *error)
{
    static const char *const decided[] = {"rate", "speed", "live", "even", "program", "records"};
    static const char *const useless[] = {"spill", "shard", "out", "dry_run"};
    const bool kafka =
        cdr_sink_is(cdr_settings_destination(settings, CDR_COMMAND_LOADTEST), CDR_SINK_OFFSETS);
    if (settings->consumer_group == NULL || *settings->consumer_group == '\0')
        return cdr_fail(error, CDR_E_CONFIG, "whose capacity? pass --group NAME");
    if (settings->sink.kafka.brokers == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    if (!kafka)
        return cdr_fail(error, CDR_E_CONFIG, "sink: loadtest writes to Kafka; leave %s out",
                        settings->sink_name);
    for (size_t i = 0; i < sizeof decided / sizeof *decided; i++)
        if (cdr_settings_where(settings, decided[i]) != NULL)
            return cdr_fail(
                error, CDR_E_CONFIG,
                "%s: loadtest decides itself how fast it sends, and how long; leave this "
                "out",
                decided[i]);
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        if (cdr_settings_by_flag(settings, useless[i]))
            return cdr_fail(error, CDR_E_CONFIG, "%s: it has no effect on loadtest; leave it out",
                            useless[i]);
    return cdr_report_check(settings->report, settings->sink.out, error);
}

/* Before topics are made for a group that is not there. */
static enum cdr_result check_group(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_lag *lag = NULL;
    struct cdr_lag_sample sample = {0};
    enum cdr_result result =
        cdr_lag_open(&lag, &settings->sink.kafka, settings->consumer_group, NULL, 0, error);
    if (result == CDR_OK)
        result = cdr_lag_look_at_group(lag, &sample, error);
    cdr_lag_close(lag);
    if (result == CDR_OK && sample.members == 0)
        result = cdr_fail(error, CDR_E_STATE, "group %s has no members; start the consumer first",
                          settings->consumer_group);
    return result == CDR_E_KAFKA ? CDR_E_STATE : result;
}

/* --- the run and, beside it, the course --- */

static void *course_main(void *argument)
{
    cdr_loadtest_course(argument);
    return NULL;
}

static enum cdr_result open_lag(struct cdr_loadtest *test, struct cdr_error *error)
{
    char names[CDR_TYPE_COUNT][NAME_MAX_BYTES];
    const char *topics[CDR_TYPE_COUNT];
    for (unsigned i = 0; i < CDR_TYPE_COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s%s", test->settings->topic_prefix,
                 cdr_topic_labels[i]);
        topics[i] = names[i];
    }
    enum cdr_result result =
        cdr_lag_open(&test->lag, &test->settings->sink.kafka, test->settings->consumer_group,
                     topics, CDR_TYPE_COUNT, error);
    if (result == CDR_OK)
        result = cdr_lag_take(test->lag, &test->sample, error);
    if (result != CDR_OK)
        return result == CDR_E_KAFKA ? CDR_E_STATE : result;
    test->partitions = calloc(test->sample.n, sizeof *test->partitions);
    if (test->partitions == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for partitions");
    test->base_end = test->sample.end;
    for (size_t i = 0; i < test->sample.n; i++) {
        test->partitions[i].base = test->sample.partitions[i].end;
        test->partitions[i].committed = test->sample.partitions[i].committed;
    }
    return CDR_OK;
}

/* The topics are there now. */
static enum cdr_result begin(void *context, struct cdr_error *error)
{
    struct cdr_loadtest *test = context;
    enum cdr_result result = open_lag(test, error);
    if (result != CDR_OK)
        return result;
    cdr_loadtest_say_begin(test);
    const int os_error = cdr_thread_start(&test->thread, course_main, test);
    if (os_error != 0)
        return cdr_fail(error, CDR_E_NOMEM, "no thread for the search: %s", strerror(os_error));
    test->began = true;
    return CDR_OK;
}

static enum cdr_result judge(const struct cdr_loadtest *test, struct cdr_error *error)
{
    const struct cdr_settings *settings = test->settings;
    const struct cdr_capacity_found found = cdr_loadtest_found(test);
    struct cdr_assertion assertion;
    char words[200];
    cdr_loadtest_words(test, words, sizeof words);
    if (atomic_load(test->stop) != 0)
        return cdr_fail(error, CDR_E_INTERRUPTED, "interrupted; so far: %s", words);
    if (test->result != CDR_OK) {
        *error = test->error;
        return CDR_E_ENDED;
    }
    if (!test->finished)
        return cdr_fail(error, CDR_E_ENDED, "%s ended before the search did; so far: %s",
                        settings->for_s > 0 ? "the time of --for" : "the dataset", words);
    if (found.low == 0 || !found.confirmed)
        return cdr_fail(error, CDR_E_ENDED, "the search found nothing%s",
                        test->search.disturbed == CDR_CAPACITY_DISTURBED_MAX
                            ? ": five trials in a row were disturbed"
                            : ": no rate is sustained");
    if (settings->assertion != NULL &&
        cdr_assertion_parse(settings->assertion, &assertion, error) == CDR_OK &&
        !cdr_assertion_holds(&assertion, found.low, found.high))
        return cdr_fail(error, CDR_E_DIFFERENT, "assert: %s does not hold: %s", settings->assertion,
                        words);
    return CDR_OK;
}

static enum cdr_result test_load(struct cdr_loadtest *test, struct cdr_error *error)
{
    struct cdr_settings run = *test->settings;
    const struct cdr_steerer steerer = {&test->steering, begin, test};
    struct cdr_error later = {0};
    run.quiet = true;
    run.records = UINT64_MAX; /* it has an end of another kind than days */
    enum cdr_result result = cdr_run_steered(&run, &steerer, error);
    atomic_store(&test->over, 1);
    if (!test->began)
        return result;
    pthread_join(test->thread, NULL);
    cdr_loadtest_say_end(test);
    const enum cdr_result written = cdr_loadtest_write(test, &later);
    if (result == CDR_OK)
        result = judge(test, error);
    else if (result == CDR_E_CONFIG || result == CDR_E_STATE)
        result = CDR_E_ENDED; /* records were written */
    if (result == CDR_OK && written != CDR_OK) {
        *error = later;
        result = CDR_E_IO;
    }
    return result;
}

enum cdr_result cdr_command_loadtest(const struct cdr_settings *settings, struct cdr_error *error)
{
    cdr_stop_opening("interrupted before the search began; run the same command again",
                     CDR_EXIT_FAILED);
    enum cdr_result result = check_settings(settings, error);
    if (result == CDR_OK)
        result = check_group(settings, error);
    if (result == CDR_OK)
        result = cdr_stop_check(error);
    if (result != CDR_OK)
        return result;
    struct cdr_loadtest *test = calloc(1, sizeof *test);
    if (test == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    test->settings = settings;
    test->stop = cdr_stop_on_signals();
    test->width = settings->quick ? 0.15 : 0.05;
    if (settings->width != NULL)
        (void)cdr_parse_share(settings->width, &test->width, error); /* was checked */
    test->sample_s = settings->quick ? 0.1 : 0.25;
    test->settle_s = settings->quick ? 1 : 3;
    test->grace_s = 2 + (settings->sink.transactions ? 2e-3 * settings->sink.transaction_ms : 0);
    cdr_steering_init(&test->steering);
    result = test_load(test, error);
    cdr_steering_free(&test->steering);
    cdr_lag_close(test->lag);
    free(test->partitions);
    free(test->samples);
    free(test);
    return result;
}

#else

enum cdr_result cdr_command_loadtest(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "loadtest: this cdrgen was built without Kafka");
}

#endif
