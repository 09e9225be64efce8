/* The topic guard's rules, with the configurations that brokers of several versions show. */
#include "sink/kafka/topic_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define UNLIMITED "9223372036854775807"

static const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01 */

/* A run of 2025-12-30 and 31, records of at most 300 bytes, three replicas. */
static struct cdr_topic_use usual(void)
{
    return (struct cdr_topic_use){.topic = "cdr.call",
                                  .first_event_ms = now_ms - 2 * DAY_MS,
                                  .last_event_ms = now_ms - 1,
                                  .now_ms = now_ms,
                                  .record_bytes_max = 300,
                                  .replicas = 3};
}

static struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX];

/* texts are name, value, …, NULL. */
static size_t configs_of(const char *const *texts, struct cdr_topic_config configs[32])
{
    size_t n = 0;
    for (; texts[2 * n] != NULL; n++)
        configs[n] = (struct cdr_topic_config){texts[2 * n], texts[2 * n + 1]};
    return n;
}

static size_t judge(const struct cdr_topic_use *use, const char *const *texts)
{
    struct cdr_topic_config configs[32];
    memset(findings, 0, sizeof findings);
    return cdr_topic_guard(use, configs, configs_of(texts, configs), findings);
}
#define CONFIGS(...) ((const char *const[]){__VA_ARGS__, NULL, NULL})

static void assert_says(size_t i, const char *what)
{
    if (strstr(findings[i].text, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", findings[i].text, what);
}

/* Kafka 4.3's defaults, with retention off. */
static void a_suitable_topic_has_no_findings(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(
        judge(&use,
              CONFIGS("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "-1",
                      "max.message.bytes", "1048588", "message.timestamp.type", "CreateTime",
                      "message.timestamp.before.max.ms", UNLIMITED,
                      "message.timestamp.after.max.ms", "3600000", "min.insync.replicas", "2")),
        0);
    assert_int_equal(judge(&use, CONFIGS("unheard.of", "7")), 0);
}

static void retention_deletes_what_is_older(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("retention.ms", "172800001")), 0);
    assert_int_equal(judge(&use, CONFIGS("retention.ms", "172800000")), 1);
    assert_says(0, "topic cdr.call: retention.ms=172800000 (2 days) deletes");
    assert_says(0, "2025-12-30 00:00 UTC");
    assert_says(0, "set it to -1 or above 172800000");
    assert_string_equal(findings[0].what, "cdr.call: retention.ms=172800000");
    assert_true(findings[0].forceable);
    /* A topic that is never cleaned by age keeps it. */
    assert_int_equal(judge(&use, CONFIGS("retention.ms", "1", "cleanup.policy", "")), 0);
    assert_int_equal(judge(&use, CONFIGS("retention.ms", "0")), 1);
}

static void retention_by_size_deletes_the_oldest(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("retention.bytes", "1073741824")), 1);
    assert_says(0, "retention.bytes=1073741824 deletes the oldest records of a partition");
}

static void timestamps_out_of_range_are_rejected(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("message.timestamp.before.max.ms", "172800000")), 0);
    assert_int_equal(judge(&use, CONFIGS("message.timestamp.before.max.ms", "172799999")), 1);
    assert_says(0, "message.timestamp.before.max.ms=172799999 (47 hours) rejects");
    use.last_event_ms = now_ms + DAY_MS;
    assert_int_equal(judge(&use, CONFIGS("message.timestamp.after.max.ms", "3600000")), 1);
    assert_says(0,
                "message.timestamp.after.max.ms=3600000 (3600 s) rejects records from the future");
    assert_says(0, "2026-01-02 00:00 UTC");
    /* A run without end goes on at the pace of the clock. */
    use.last_event_ms = -1;
    assert_int_equal(judge(&use, CONFIGS("message.timestamp.after.max.ms", "0")), 0);
    use.first_event_ms = now_ms + 1;
    assert_int_equal(judge(&use, CONFIGS("message.timestamp.after.max.ms", "0")), 1);
}

/* 3.5 and older know only the difference; 3.6 … 3.9 let it stand in for a default. */
static void older_brokers_limit_the_difference(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    const char *difference = "message.timestamp.difference.max.ms";
    assert_int_equal(judge(&use, CONFIGS(difference, "3600000")), 1);
    assert_says(0, "message.timestamp.difference.max.ms=3600000");
    use.last_event_ms = now_ms + DAY_MS;
    assert_int_equal(judge(&use, CONFIGS(difference, "3600000")), 2);
    assert_int_equal(judge(&use, CONFIGS(difference, "3600000", "message.timestamp.before.max.ms",
                                         UNLIMITED, "message.timestamp.after.max.ms", UNLIMITED)),
                     2);
    assert_int_equal(
        judge(&use, CONFIGS(difference, "3600000", "message.timestamp.before.max.ms",
                            "999999999999", "message.timestamp.after.max.ms", "999999999999")),
        0);
    assert_int_equal(judge(&use, CONFIGS(difference, UNLIMITED)), 0);
}

static void stamping_brokers_are_found_and_need_no_limits(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(
        judge(&use, CONFIGS("message.timestamp.type", "LogAppendTime",
                            "message.timestamp.before.max.ms", "1", "retention.ms", "1000")),
        1);
    assert_says(0, "message.timestamp.type=LogAppendTime replaces the records' event times");
    assert_int_equal(
        judge(&use, CONFIGS("message.timestamp.type", "LogAppendTime", "retention.bytes", "1000")),
        2);
}

static void compaction_is_found(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("cleanup.policy", "compact", "retention.ms", "1")), 1);
    assert_says(0, "cleanup.policy=compact keeps only the last record of each key");
    assert_int_equal(judge(&use, CONFIGS("cleanup.policy", "compact,delete", "retention.ms", "1")),
                     2);
}

/* A table is the other way round: it must be compacted, and then retention has no say. */
static void a_table_must_be_compacted(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    use.compacted = true;
    assert_int_equal(judge(&use, CONFIGS("cleanup.policy", "compact", "retention.ms", "1")), 0);
    assert_int_equal(judge(&use, CONFIGS("cleanup.policy", "delete", "retention.ms", "-1")), 1);
    assert_says(0, "cleanup.policy=delete never drops a row that was replaced");
    assert_says(0, "set it to compact");
    assert_int_equal(judge(&use, CONFIGS("cleanup.policy", "compact,delete", "retention.ms", "1")),
                     1);
    assert_says(0, "retention.ms=1 ");
}

static void a_record_must_fit_into_a_batch(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("max.message.bytes", "428")), 0);
    assert_int_equal(judge(&use, CONFIGS("max.message.bytes", "427")), 1);
    assert_says(0, "max.message.bytes=427 is less than the longest record needs, 428");
}

static void a_segment_must_hold_the_longest_record(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    assert_int_equal(judge(&use, CONFIGS("segment.bytes", "428")), 0);
    assert_int_equal(judge(&use, CONFIGS("segment.bytes", "427")), 1);
    assert_says(0, "segment.bytes=427 is less than the longest record needs, 428");
    assert_int_equal(
        judge(&use, CONFIGS("segment.bytes", "1073741824", "internal.segment.bytes", "427")), 1);
    assert_says(0, "internal.segment.bytes=427 is less than the longest record needs, 428");
    assert_int_equal(judge(&use, CONFIGS("segment.bytes", "427", "internal.segment.bytes", "428")),
                     0);
}

static int64_t batch_max(const char *const *texts)
{
    struct cdr_topic_config configs[32];
    return cdr_topic_batch_max(configs, configs_of(texts, configs));
}

static void a_batch_fits_into_message_and_segment(void **state)
{
    (void)state;
    assert_int_equal(batch_max(CONFIGS("max.message.bytes", "1000", "segment.bytes", "2000")),
                     1000);
    assert_int_equal(batch_max(CONFIGS("max.message.bytes", "3000", "segment.bytes", "2000")),
                     2000);
    assert_int_equal(batch_max(CONFIGS("max.message.bytes", "3000", "segment.bytes", "2000",
                                       "internal.segment.bytes", "900")),
                     900);
    assert_true(batch_max(CONFIGS("unheard.of", "7")) == INT64_MAX);
}

static void more_replicas_than_there_are_cannot_be_forced(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    use.replicas = 1;
    assert_int_equal(judge(&use, CONFIGS("min.insync.replicas", "2")), 1);
    assert_says(0, "min.insync.replicas=2 can never be met by its 1 replica,");
    assert_false(findings[0].forceable);
    use.replicas = 0; /* unknown */
    assert_int_equal(judge(&use, CONFIGS("min.insync.replicas", "2")), 0);
}

static void everything_at_once_fits(void **state)
{
    (void)state;
    struct cdr_topic_use use = usual();
    use.last_event_ms = now_ms + DAY_MS;
    use.replicas = 1;
    assert_int_equal(
        judge(&use, CONFIGS("cleanup.policy", "compact,delete", "retention.ms", "1",
                            "retention.bytes", "1", "max.message.bytes", "1", "segment.bytes", "1",
                            "message.timestamp.before.max.ms", "1",
                            "message.timestamp.after.max.ms", "1", "min.insync.replicas", "2")),
        8);
    assert_true(8 <= CDR_TOPIC_FINDINGS_MAX);
}

static void numbers_of_a_configuration(void **state)
{
    (void)state;
    const struct cdr_topic_config configs[] = {
        {"a", "12"}, {"b", "x"}, {"c", NULL}, {"d", "99999999999999999999"}, {"e", ""}};
    assert_int_equal(cdr_topic_config_number(configs, 5, "a", 7), 12);
    for (const char *name = "bcdef"; *name != '\0'; name++)
        assert_int_equal(cdr_topic_config_number(configs, 5, (char[]){*name, '\0'}, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suitable_topic_has_no_findings),
        cmocka_unit_test(retention_deletes_what_is_older),
        cmocka_unit_test(retention_by_size_deletes_the_oldest),
        cmocka_unit_test(timestamps_out_of_range_are_rejected),
        cmocka_unit_test(older_brokers_limit_the_difference),
        cmocka_unit_test(stamping_brokers_are_found_and_need_no_limits),
        cmocka_unit_test(compaction_is_found),
        cmocka_unit_test(a_table_must_be_compacted),
        cmocka_unit_test(a_record_must_fit_into_a_batch),
        cmocka_unit_test(a_segment_must_hold_the_longest_record),
        cmocka_unit_test(a_batch_fits_into_message_and_segment),
        cmocka_unit_test(more_replicas_than_there_are_cannot_be_forced),
        cmocka_unit_test(everything_at_once_fits),
        cmocka_unit_test(numbers_of_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
