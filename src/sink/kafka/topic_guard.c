#include "sink/kafka/topic_guard.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *value_of(const struct cdr_topic_config *configs, size_t config_count,
                            const char *name)
{
    for (size_t i = 0; i < config_count; i++)
        if (configs[i].value != NULL && strcmp(configs[i].name, name) == 0)
            return configs[i].value;
    return NULL;
}

int64_t cdr_topic_config_number(const struct cdr_topic_config *configs, size_t config_count,
                                const char *name, int64_t otherwise)
{
    const char *text = value_of(configs, config_count, name);
    if (text == NULL || *text == '\0')
        return otherwise;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 ? (int64_t)value : otherwise;
}

static const char *segment_name(const struct cdr_topic_config *configs, size_t config_count)
{
    static const char own[] = "internal.segment.bytes";
    return value_of(configs, config_count, own) != NULL ? own : "segment.bytes";
}

int64_t cdr_topic_batch_max(const struct cdr_topic_config *configs, size_t config_count)
{
    const int64_t message =
        cdr_topic_config_number(configs, config_count, "max.message.bytes", INT64_MAX);
    const int64_t segment = cdr_topic_config_number(configs, config_count,
                                                    segment_name(configs, config_count), INT64_MAX);
    return message < segment ? message : segment;
}

/* A setting changes or deletes what is in the topic, keeps some records out, or all of them. */
enum { ALTERS, REFUSES, HOPELESS };

struct guard {
    const struct cdr_topic_use *use;
    const struct cdr_topic_config *configs;
    size_t config_count;
    struct cdr_topic_finding *findings;
    size_t n;
};

static int64_t number(const struct guard *guard, const char *name, int64_t otherwise)
{
    return cdr_topic_config_number(guard->configs, guard->config_count, name, otherwise);
}

/* format goes on from "topic cdr.call: retention.ms=604800000 ". */
static void __attribute__((format(printf, 4, 5)))
find(struct guard *guard, const char *config, unsigned kind, const char *format, ...)
{
    assert(guard->n < CDR_TOPIC_FINDINGS_MAX);
    struct cdr_topic_finding *finding = &guard->findings[guard->n++];
    snprintf(finding->what, sizeof finding->what, "%s: %s=%s", guard->use->topic, config,
             value_of(guard->configs, guard->config_count, config));
    int used = snprintf(finding->text, sizeof finding->text, "topic %s ", finding->what);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text + used, sizeof finding->text - (size_t)used, format, arguments);
    va_end(arguments);
    finding->config = config;
    finding->forceable = kind != HOPELESS;
    finding->refuses = kind != ALTERS;
}

struct moment {
    char text[32];
};

static struct moment moment(int64_t ms)
{
    struct moment moment;
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(moment.text, sizeof moment.text, "%Y-%m-%d %H:%M UTC", &utc);
    return moment;
}

/* "7 days", "36 hours", "90 s": the largest unit that loses nothing to speak of. */
static struct moment span(int64_t ms)
{
    struct moment text;
    int64_t seconds = ms / 1000;
    if (ms < 10000)
        snprintf(text.text, sizeof text.text, "%" PRId64 " ms", ms);
    else if (seconds >= 2 * 86400)
        snprintf(text.text, sizeof text.text, "%" PRId64 " days", seconds / 86400);
    else if (seconds >= 2 * 3600)
        snprintf(text.text, sizeof text.text, "%" PRId64 " hours", seconds / 3600);
    else
        snprintf(text.text, sizeof text.text, "%" PRId64 " s", seconds);
    return text;
}

static void check_retention(struct guard *guard, bool keeps_event_times)
{
    int64_t age_ms = guard->use->now_ms - guard->use->first_event_ms;
    int64_t retention_ms = number(guard, "retention.ms", -1);
    if (keeps_event_times && retention_ms >= 0 && age_ms >= retention_ms)
        find(guard, "retention.ms", ALTERS,
             "(%s) deletes the run's records of %s and after, which are older; set it to -1 or "
             "above %" PRId64,
             span(retention_ms).text, moment(guard->use->first_event_ms).text, age_ms);
    if (number(guard, "retention.bytes", -1) >= 0)
        find(guard, "retention.bytes", ALTERS,
             "deletes the oldest records of a partition that grows beyond it; set it to -1");
}

/* Kafka takes Long.MAX_VALUE for "unlimited". */
static void check_timestamps(struct guard *guard)
{
    const struct cdr_topic_use *use = guard->use;
    int64_t difference = number(guard, "message.timestamp.difference.max.ms", INT64_MAX);
    int64_t before = number(guard, "message.timestamp.before.max.ms", INT64_MAX);
    int64_t after = number(guard, "message.timestamp.after.max.ms", INT64_MAX);
    const char *before_name = "message.timestamp.before.max.ms",
               *after_name = "message.timestamp.after.max.ms";
    if (before == INT64_MAX && difference != INT64_MAX) {
        before = difference;
        before_name = "message.timestamp.difference.max.ms";
    }
    if (after == INT64_MAX && difference != INT64_MAX) {
        after = difference;
        after_name = "message.timestamp.difference.max.ms";
    }
    int64_t age_ms = use->now_ms - use->first_event_ms;
    if (age_ms > before)
        find(guard, before_name, REFUSES,
             "(%s) rejects the run's first records, of %s; set it above %" PRId64,
             span(before).text, moment(use->first_event_ms).text, age_ms);
    else if (use->fault_ahead_ms > 0 && use->now_ms > before)
        find(guard, before_name, REFUSES,
             "(%s) rejects the messages of 1970 that the fault clock makes; set it above %" PRId64
             ", or leave the fault out",
             span(before).text, use->now_ms);
    int64_t last_ms = use->last_event_ms < 0 ? use->first_event_ms : use->last_event_ms;
    last_ms += use->fault_ahead_ms;
    int64_t lead_ms = last_ms - use->now_ms;
    if (lead_ms > after)
        find(guard, after_name, REFUSES,
             "(%s) rejects records from the future, and the run's last are of %s; set it "
             "above %" PRId64,
             span(after).text, moment(last_ms).text, lead_ms);
}

static void check_policy(struct guard *guard, const char *policy)
{
    if (policy == NULL)
        return;
    const bool compacts = strstr(policy, "compact") != NULL;
    if (compacts && !guard->use->compacted)
        find(guard, "cleanup.policy", ALTERS,
             "keeps only the last record of each key; set it to delete");
    if (!compacts && guard->use->compacted)
        find(guard, "cleanup.policy", ALTERS,
             "never drops a row that was replaced, and drops those that hold still; set it to "
             "compact");
}

size_t cdr_topic_guard(const struct cdr_topic_use *use, const struct cdr_topic_config *configs,
                       size_t config_count,
                       struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX])
{
    struct guard guard = {use, configs, config_count, findings, 0};
    const char *const limits[] = {"max.message.bytes", segment_name(configs, config_count)};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (number(&guard, limits[i], INT64_MAX) <
            (int64_t)(use->record_bytes_max + CDR_BATCH_OVERHEAD_BYTES))
            find(&guard, limits[i], REFUSES, "is less than the longest record needs, %zu",
                 use->record_bytes_max + CDR_BATCH_OVERHEAD_BYTES);
    if (use->replicas > 0 && number(&guard, "min.insync.replicas", 1) > (int64_t)use->replicas)
        find(&guard, "min.insync.replicas", HOPELESS,
             "can never be met by its %u replica%s, so no record would ever be acknowledged; "
             "lower it",
             use->replicas, use->replicas == 1 ? "" : "s");

    const char *policy = value_of(configs, config_count, "cleanup.policy");
    check_policy(&guard, policy);
    const char *stamp = value_of(configs, config_count, "message.timestamp.type");
    bool keeps_event_times = stamp == NULL || strcmp(stamp, "LogAppendTime") != 0;
    if (!keeps_event_times)
        find(&guard, "message.timestamp.type", ALTERS,
             "replaces the records' event times by the time of arrival; set it to CreateTime");
    if (policy == NULL || strstr(policy, "delete") != NULL)
        check_retention(&guard, keeps_event_times);
    if (keeps_event_times)
        check_timestamps(&guard);
    return guard.n;
}
