/* lag: how far a consumer group is behind, line by line. */
#include "app/app.h"

#include "app/progress.h"
#include "app/stop.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "kafka/lag.h"
#include "model/type.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if CDR_KAFKA

enum { TOPICS_MAX = 64, NAME_MAX_BYTES = 256, TRIES = 5 };

struct watching {
    const struct cdr_settings *settings;
    struct cdr_lag *lag;
    char names[TOPICS_MAX][NAME_MAX_BYTES];
    const char *topics[TOPICS_MAX];
    size_t topic_count;
    struct cdr_lag_sample before;
    bool any;
};

/* --- which topics --- */

static enum cdr_result add_topic(struct watching *watching, const char *name, size_t len,
                                 struct cdr_error *error)
{
    if (watching->topic_count == TOPICS_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "topic: there can be at most %d", TOPICS_MAX);
    if (len == 0 || len >= NAME_MAX_BYTES)
        return cdr_fail(error, CDR_E_CONFIG, "topic: \"%.*s\" cannot be the name of a topic",
                        len < 60 ? (int)len : 60, name);
    char *copy = watching->names[watching->topic_count];
    memcpy(copy, name, len);
    copy[len] = '\0';
    for (size_t i = 0; i < watching->topic_count; i++)
        if (strcmp(watching->topics[i], copy) == 0)
            return cdr_fail(error, CDR_E_CONFIG, "topic: %s is there twice", copy);
    watching->topics[watching->topic_count++] = copy;
    return CDR_OK;
}

static enum cdr_result name_topics(struct watching *watching, struct cdr_error *error)
{
    const struct cdr_settings *settings = watching->settings;
    enum cdr_result result = CDR_OK;
    for (unsigned i = 0; settings->topic == NULL && i < CDR_TYPE_COUNT && result == CDR_OK; i++) {
        char name[NAME_MAX_BYTES];
        const int len =
            snprintf(name, sizeof name, "%s%s", settings->topic_prefix, cdr_topic_labels[i]);
        result = add_topic(watching, name, (size_t)len, error);
    }
    for (const char *rest = settings->topic, *item; rest != NULL && result == CDR_OK;) {
        size_t len;
        rest = cdr_next_item(rest, &item, &len);
        result = add_topic(watching, item, len, error);
    }
    return result;
}

/* --- a line --- */

static double per_s(int64_t now, int64_t before, int64_t ms)
{
    return ms > 0 ? (double)(now - before) * 1e3 / (double)ms : 0;
}

static void print_rate(bool any, double rate)
{
    char text[32];
    printf("  %12s", any ? cdr_with_commas((uint64_t)(rate < 0 ? 0 : rate), text) : "");
}

static void print_line(const struct watching *watching, const struct cdr_lag_sample *sample)
{
    const struct cdr_lag_partition *worst = &sample->partitions[sample->worst];
    const struct cdr_lag_sample *before = &watching->before;
    const int64_t ms = sample->wall_ms - before->wall_ms;
    const time_t second = (time_t)(sample->wall_ms / 1000);
    char records[32], clock[16];
    struct tm at;
    if (!watching->any)
        printf("%-12s  %14s  %12s  %12s  %12s  %s\n", "time", "records behind", "s behind",
               "read/s", "written/s", "group");
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&second, &at));
    printf("%s.%03d  %14s  %s%*.3f", clock, (int)(sample->wall_ms % 1000),
           cdr_with_commas(sample->records, records), sample->at_least ? "≥ " : "",
           sample->at_least ? 10 : 12, sample->seconds);
    print_rate(watching->any, per_s(sample->committed, before->committed, ms));
    print_rate(watching->any, per_s(sample->end, before->end, ms));
    printf("  %s, %u member%s", sample->state, sample->members, sample->members == 1 ? "" : "s");
    if (sample->seconds > 0 || sample->at_least)
        printf("; most: %s[%d]", worst->topic, (int)worst->partition);
    if (sample->uncommitted > 0)
        printf("; %zu of %zu partitions have no commit", sample->uncommitted, sample->n);
    putchar('\n');
}

static void write_partition(struct cdr_json *json, const struct cdr_lag_partition *partition)
{
    cdr_json_object_inline(json, NULL);
    cdr_json_text(json, "topic", partition->topic);
    cdr_json_i64(json, "partition", partition->partition);
    cdr_json_i64(json, "end", partition->end);
    if (partition->committed < 0) {
        cdr_json_null(json, "committed");
    } else {
        cdr_json_i64(json, "committed", partition->committed);
        cdr_json_u64(json, "records", partition->records);
        cdr_json_fixed(json, "seconds", partition->seconds, 3);
        cdr_json_bool(json, "at_least", partition->at_least);
    }
    cdr_json_object_end(json);
}

static bool print_json(const struct watching *watching, const struct cdr_lag_sample *sample)
{
    struct cdr_json json;
    cdr_json_start(&json, stdout);
    cdr_json_object_inline(&json, NULL);
    cdr_json_i64(&json, "time_ms", sample->wall_ms);
    cdr_json_text(&json, "group", watching->settings->consumer_group);
    cdr_json_text(&json, "state", sample->state);
    cdr_json_u64(&json, "members", sample->members);
    cdr_json_u64(&json, "records", sample->records);
    cdr_json_fixed(&json, "seconds", sample->seconds, 3);
    cdr_json_bool(&json, "at_least", sample->at_least);
    cdr_json_u64(&json, "uncommitted", sample->uncommitted);
    cdr_json_array(&json, "partitions");
    for (size_t i = 0; i < sample->n; i++)
        write_partition(&json, &sample->partitions[i]);
    cdr_json_array_end(&json);
    cdr_json_object_end(&json);
    return cdr_json_finish(&json);
}

/* --- the course --- */

/* One that fails for a moment, as during an election, is asked for again. */
static enum cdr_result sample(struct watching *watching, const atomic_int *stop,
                              struct cdr_error *error)
{
    struct cdr_lag_sample now;
    enum cdr_result result = CDR_E_KAFKA;
    for (unsigned i = 0; i < TRIES && result == CDR_E_KAFKA && atomic_load(stop) == 0; i++)
        result = cdr_lag_take(watching->lag, &now, error);
    if (result != CDR_OK)
        return result;
    if (watching->settings->json)
        print_json(watching, &now);
    else
        print_line(watching, &now);
    watching->before = now;
    watching->any = true;
    if (fflush(stdout) != 0 || ferror(stdout))
        return cdr_fail(error, CDR_E_IO, "standard output: %s", strerror(errno));
    return CDR_OK;
}

static enum cdr_result watch(struct watching *watching, struct cdr_error *error)
{
    const struct cdr_settings *settings = watching->settings;
    const atomic_int *stop = cdr_stop_on_signals();
    const int64_t start_ns = cdr_monotonic_ns(),
                  end_ns =
                      settings->for_s > 0 ? start_ns + (int64_t)(settings->for_s * 1e9) : INT64_MAX;
    enum cdr_result result = CDR_OK;
    for (int64_t next_ns = start_ns; result == CDR_OK && next_ns <= end_ns;) {
        result = sample(watching, stop, error);
        /* The next one of the even row of times; those that were missed are left out. */
        const int64_t every_ns = settings->every_ms * INT64_C(1000000);
        do
            next_ns += every_ns;
        while (next_ns < cdr_monotonic_ns());
        while (atomic_load(stop) == 0 && next_ns <= end_ns && cdr_monotonic_ns() < next_ns) {
            const int64_t wait_ns = next_ns - cdr_monotonic_ns();
            cdr_sleep_ns(wait_ns < 100000000 ? wait_ns : 100000000);
        }
        if (atomic_load(stop) != 0)
            return watching->any ? CDR_OK : cdr_stop_check(error);
    }
    return result;
}

/* A signal is an end as good as any other, once a sample was printed. */
enum cdr_result cdr_command_lag(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct watching watching = {.settings = settings};
    if (settings->consumer_group == NULL || *settings->consumer_group == '\0')
        return cdr_fail(error, CDR_E_CONFIG, "whose lag? pass --group NAME");
    if (settings->sink.kafka.brokers == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    cdr_stop_opening("interrupted before anything was measured", CDR_EXIT_FAILED);
    enum cdr_result result = name_topics(&watching, error);
    if (result == CDR_OK)
        result = cdr_lag_open(&watching.lag, &settings->sink.kafka, settings->consumer_group,
                              watching.topics, watching.topic_count, error);
    if (result == CDR_E_KAFKA) /* nothing was measured */
        result = CDR_E_STATE;
    if (result == CDR_OK)
        result = cdr_stop_began(error);
    if (result == CDR_OK)
        result = watch(&watching, error);
    cdr_lag_close(watching.lag);
    return result;
}

#else

enum cdr_result cdr_command_lag(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "lag: this cdrgen was built without Kafka");
}

#endif
