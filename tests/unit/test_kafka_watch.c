/* What delivery reports say of timestamps: a topic that replaces them, and a broker that answers a
 * batch which it has already with the latest time of the batch's records. */
#include "sink/kafka/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITIONS = 2, KEPT = -1 };
static const int64_t event_ms = 1735689600000, now_ms = 1767225600000;

struct reports {
    struct cdr_kafka_sink sink;
    struct cdr_kafka_topic topic;
    struct cdr_kafka_log logs[PARTITIONS];
    int64_t offset;
};

static void start(struct reports *reports)
{
    memset(reports, 0, sizeof *reports);
    struct cdr_kafka_sink *sink = &reports->sink;
    cdr_failure_init(&sink->failure);
    sink->setup.partitions = PARTITIONS;
    sink->log_count = PARTITIONS;
    sink->logs = reports->logs;
    reports->topic.name = "t.call";
    sink->topics = &reports->topic;
    sink->run.log = &reports->logs[1];
    atomic_store(&reports->logs[1].accepted, 1000);
}

/* As cdr_kafka_on_report does. */
static void report(struct reports *reports, int64_t stamp_ms, int64_t time_ms)
{
    reports->sink.run.durable++;
    if (stamp_ms != KEPT || reports->sink.run.log->stamped)
        cdr_kafka_on_stamp(&reports->sink, stamp_ms, time_ms, reports->offset);
    reports->offset++;
}

static void settle(struct reports *reports)
{
    atomic_store(&reports->logs[1].reported, 1000);
    cdr_kafka_end_stamps(&reports->sink);
}

static bool failed(const struct reports *reports)
{
    return cdr_failure_code(&reports->sink.failure) != CDR_OK;
}

static void a_topic_set_to_log_append_time_is_noticed(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    for (int i = 0; i < 10; i++)
        report(&reports, KEPT, event_ms + i);
    for (int i = 10; i < 20; i++)
        report(&reports, now_ms, event_ms + i);
    report(&reports, now_ms + 5, event_ms + 20); /* the next batch */
    assert_true(failed(&reports));
    assert_int_equal(cdr_failure_code(&reports.sink.failure), CDR_E_DIFFERENT);
    assert_non_null(strstr(reports.sink.failure.error.text, "t.call[1]: the record at offset 10 "));
    assert_non_null(
        strstr(reports.sink.failure.error.text, "message.timestamp.type=LogAppendTime"));
}

static void the_last_batch_is_judged_when_all_is_reported(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    for (int i = 0; i < 10; i++)
        report(&reports, now_ms, event_ms + i);
    cdr_kafka_end_stamps(&reports.sink); /* more of the batch may come */
    assert_false(failed(&reports));
    settle(&reports);
    assert_true(failed(&reports));
}

static void a_record_later_than_its_stamp_needs_no_more(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    report(&reports, now_ms, now_ms + 60000);
    assert_true(failed(&reports));
}

static void a_batch_that_the_broker_had_already_is_no_change(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    report(&reports, KEPT, event_ms);
    for (int i = 0; i < 10; i++)
        report(&reports, event_ms + 9, event_ms + i);
    for (int i = 10; i < 13; i++) /* another, whose first record is the latest */
        report(&reports, event_ms + 60, i == 10 ? event_ms + 60 : event_ms + i);
    report(&reports, KEPT, event_ms + 70);
    report(&reports, event_ms + 80, event_ms + 80);
    settle(&reports);
    assert_false(failed(&reports));
    assert_int_equal(reports.sink.stamped_logs, 0);
}

static void what_force_accepted_stays_accepted(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    cdr_kafka_accept(&reports.sink, 0, "message.timestamp.type");
    for (int i = 0; i < 10; i++)
        report(&reports, now_ms + i, event_ms + i);
    settle(&reports);
    assert_false(failed(&reports));
}

/* Where nobody could read the settings, the first report says what --force went on with. */
static void unread_settings_show_in_the_first_report(void **state)
{
    (void)state;
    struct reports reports;
    start(&reports);
    reports.topic.terms.unread = true;
    for (int i = 0; i < 10; i++)
        report(&reports, now_ms + i, event_ms + i);
    settle(&reports);
    assert_false(failed(&reports));
    start(&reports);
    reports.topic.terms.unread = true;
    atomic_store(&reports.logs[0].reported, 5); /* kept theirs */
    report(&reports, now_ms, event_ms);
    settle(&reports);
    assert_true(failed(&reports));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_set_to_log_append_time_is_noticed),
        cmocka_unit_test(the_last_batch_is_judged_when_all_is_reported),
        cmocka_unit_test(a_record_later_than_its_stamp_needs_no_more),
        cmocka_unit_test(a_batch_that_the_broker_had_already_is_no_change),
        cmocka_unit_test(what_force_accepted_stays_accepted),
        cmocka_unit_test(unread_settings_show_in_the_first_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
