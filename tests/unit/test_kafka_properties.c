/* The Kafka client's properties: defaults, the user's over them, what is refused and in which
 * words. */
#include "kafka/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct made {
    struct cdr_kafka_settings settings;
    struct cdr_property properties[8];
    struct cdr_kafka_properties kafka;
    struct cdr_kafka_warnings warnings;
    struct cdr_error error;
};

/* texts are name, value, …, NULL; all with the source "client.properties:3". */
static enum cdr_result make(struct made *made, bool force, char *const *texts)
{
    *made = (struct made){.settings = {.brokers = "one:9092,two:9092", .force = force}};
    made->settings.properties = made->properties;
    for (size_t n = 0; texts[2 * n] != NULL; n++) {
        made->properties[n] =
            (struct cdr_property){texts[2 * n], texts[2 * n + 1], "client.properties:3"};
        made->settings.property_count = n + 1;
    }
    return cdr_kafka_properties_make(&made->kafka, &made->settings, &made->warnings, &made->error);
}
#define PROPERTIES(...) ((char *const[]){__VA_ARGS__, NULL, NULL})

static void done(struct made *made)
{
    cdr_kafka_properties_free(&made->kafka);
    free(made->warnings.texts);
}

static void assert_effective(const struct made *made, const char *name, const char *expected)
{
    char value[256] = "";
    size_t size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(made->kafka.conf, name, value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, expected);
}

static void assert_refused(bool force, char *const *texts, const char *expected)
{
    struct made made;
    assert_int_equal(make(&made, force, texts), CDR_E_CONFIG);
    if (strstr(made.error.text, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", made.error.text, expected);
    assert_null(strchr(made.error.text, '\n'));
    assert_null(made.kafka.conf);
    done(&made);
}

static void defaults_keep_the_promise(void **state)
{
    (void)state;
    struct made made;
    assert_int_equal(make(&made, false, PROPERTIES(NULL)), CDR_OK);
    assert_string_equal(made.kafka.brokers, "one:9092,two:9092");
    assert_effective(&made, "client.id", "cdrgen");
    assert_effective(&made, "enable.idempotence", "true");
    assert_effective(&made, "enable.gapless.guarantee", "true");
    assert_effective(&made, "request.required.acks", "-1");
    assert_effective(&made, "message.timeout.ms", "0");
    assert_effective(&made, "isolation.level", "read_uncommitted");
    assert_int_equal(made.kafka.delivery_timeout_ms, 300000);
    assert_true(made.kafka.queue_bytes > 0);
    assert_int_equal(made.warnings.n, 0);
    done(&made);
}

static void the_last_of_a_name_counts(void **state)
{
    (void)state;
    struct made made;
    assert_int_equal(
        make(&made, false,
             PROPERTIES("linger.ms", "7", "delivery.timeout.ms", "1234", "queue.buffering.max.ms",
                        "9", "bootstrap.servers", "x:1", "isolation.level", "read_committed")),
        CDR_OK);
    assert_effective(&made, "linger.ms", "9");
    assert_effective(&made, "message.timeout.ms", "0"); /* see sink/kafka/kafka.h */
    assert_effective(&made, "isolation.level", "read_uncommitted");
    assert_int_equal(made.kafka.delivery_timeout_ms, 1234);
    assert_string_equal(made.kafka.brokers, "x:1");
    done(&made);
}

static void brokers_may_come_as_a_property_but_must_come(void **state)
{
    (void)state;
    struct made made = {.settings = {.brokers = NULL}};
    assert_int_equal(
        cdr_kafka_properties_make(&made.kafka, &made.settings, &made.warnings, &made.error),
        CDR_E_CONFIG);
    assert_non_null(strstr(made.error.text, "no Kafka brokers are given: pass -b HOST:PORT"));
    struct cdr_property property = {"metadata.broker.list", "x:1", "-X"};
    made.settings.properties = &property;
    made.settings.property_count = 1;
    assert_int_equal(
        cdr_kafka_properties_make(&made.kafka, &made.settings, &made.warnings, &made.error),
        CDR_OK);
    assert_string_equal(made.kafka.brokers, "x:1");
    done(&made);
}

static void wrong_names_and_values_say_what_and_where(void **state)
{
    (void)state;
    assert_refused(false, PROPERTIES("foo.bar", "1"),
                   "client.properties:3: \"foo.bar\" is not a property that librdkafka ");
    assert_refused(false, PROPERTIES("linger.ms", "soon"),
                   "client.properties:3: property linger.ms=soon: allowed is 0 to 900000");
    assert_refused(false, PROPERTIES("linger.ms", "1000000"),
                   "property linger.ms=1000000: allowed is 0 to 900000");
    assert_refused(false, PROPERTIES("compression.codec", "brotli"),
                   "property compression.codec=brotli: allowed is none, gzip, snappy, lz4, zstd");
    assert_refused(false, PROPERTIES("security.protocol", "SASL_SLL"),
                   "allowed is plaintext, ssl, sasl_plaintext, sasl_ssl");
    assert_refused(false, PROPERTIES("sasl.mechanisms", "PLAN"),
                   "property sasl.mechanisms=PLAN: allowed is GSSAPI, PLAIN, SCRAM-SHA-256, ");
    assert_refused(false, PROPERTIES("sasl.mechanisms", "SCRAM"), "allowed is GSSAPI");
    assert_refused(false, PROPERTIES("acks", "most"), "property acks=most: allowed is all");
    assert_refused(false, PROPERTIES("ssl.ca.location", "/nowhere/ca.pem"),
                   "property ssl.ca.location=/nowhere/ca.pem: No such file or directory");
}

static enum cdr_result check(const char *name, const char *value, bool names_only,
                             struct cdr_error *error)
{
    struct cdr_property property = {(char *)name, (char *)value, "t.properties:1"};
    struct cdr_kafka_settings settings = {.properties = &property, .property_count = 1};
    return cdr_kafka_check_properties(&settings, names_only, NULL, error);
}

/* A wrong name in a properties file must not turn a run to Kafka into one to files. */
static void properties_are_checked_without_brokers(void **state)
{
    (void)state;
    static const char *const near[][2] = {{"bootstrap.server", "bootstrap.servers"},
                                          {"brokers", "bootstrap.servers"},
                                          {"lingerms", "linger.ms"},
                                          {"security.protocl", "security.protocol"},
                                          {"compresion.type", "compression.type"}};
    struct cdr_error error;
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        char expected[100];
        snprintf(expected, sizeof expected, "; did you mean %s?", near[i][1]);
        for (int names_only = 0; names_only < 2; names_only++) {
            assert_int_equal(check(near[i][0], "x", names_only, &error), CDR_E_CONFIG);
            if (strstr(error.text, expected) == NULL)
                fail_msg("%s: %s", near[i][0], error.text);
        }
        assert_int_equal(check(near[i][1], "[hidden]", true, &error), CDR_OK);
    }
    assert_int_equal(check("foo.bar", "1", false, &error), CDR_E_CONFIG);
    assert_null(strstr(error.text, "did you mean"));
    assert_int_equal(check("linger.ms", "soon", false, &error), CDR_E_CONFIG);
    assert_int_equal(check("acks", "1", false, &error), CDR_E_CONFIG);
    assert_int_equal(check("ssl.ca.location", "/nowhere/ca.pem", false, &error), CDR_OK);
    assert_int_equal(check("retry.backoff.max.ms", "1000", true, &error), CDR_OK);
    assert_int_equal(check("request.timeout.ms", "1000", true, &error), CDR_OK); /* a topic's */
}

/* librdkafka itself would wait for a token for ever. */
static void tokens_must_come_from_somewhere(void **state)
{
    (void)state;
    struct made made;
    assert_refused(false,
                   PROPERTIES("security.protocol", "SASL_SSL", "sasl.mechanisms", "OAUTHBEARER"),
                   "sasl.mechanisms=OAUTHBEARER: nothing says where tokens come from");
    assert_int_equal(make(&made, false,
                          PROPERTIES("security.protocol", "sasl_ssl", "sasl.mechanisms",
                                     "OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt", "true",
                                     "sasl.oauthbearer.config", "principal=alice")),
                     CDR_OK);
    assert_false(made.kafka.scram);
    done(&made);
    assert_int_equal(make(&made, false, PROPERTIES("sasl.mechanisms", "OAUTHBEARER")), CDR_OK);
    done(&made); /* SASL is not used */
}

static void what_only_newer_versions_know_is_told(void **state)
{
    (void)state;
    struct made made;
    if (rd_kafka_version() >= 0x020300ff)
        skip();
    assert_int_equal(make(&made, false, PROPERTIES("retry.backoff.max.ms", "1000")), CDR_OK);
    assert_int_equal(made.warnings.n, 1);
    assert_non_null(strstr(made.warnings.texts[0], "does not know retry.backoff.max.ms, which is"));
    done(&made);
}

static void secrets_are_not_shown(void **state)
{
    (void)state;
    struct made made;
    assert_int_equal(make(&made, false, PROPERTIES("my.password", "hunter2")), CDR_E_CONFIG);
    assert_null(strstr(made.error.text, "hunter2"));
    assert_non_null(strstr(made.error.text, "[hidden]"));
    done(&made);
}

static void broken_promises_need_force(void **state)
{
    (void)state;
    static char *const broken[][2] = {
        {"enable.idempotence", "false"}, {"acks", "1"},
        {"request.required.acks", "0"},  {"enable.gapless.guarantee", "false"},
        {"max.in.flight", "6"},          {"max.in.flight.requests.per.connection", "1000"},
        {"queuing.strategy", "lifo"}};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "client.properties:3: property %s=%s: ", broken[i][0],
                 broken[i][1]);
        assert_refused(false, PROPERTIES(broken[i][0], broken[i][1]), expected);
        assert_refused(false, PROPERTIES(broken[i][0], broken[i][1]), "or anything with --force");
        struct made made;
        assert_int_equal(make(&made, true, PROPERTIES(broken[i][0], broken[i][1])), CDR_OK);
        assert_int_equal(made.warnings.n, 1);
        assert_memory_equal(made.warnings.texts[0], expected, strlen(expected));
        done(&made);
    }
}

static void what_only_looks_like_a_breach_is_taken(void **state)
{
    (void)state;
    static char *const kept[][2] = {{"acks", "all"},
                                    {"acks", "-1"},
                                    {"enable.idempotence", "TRUE"},
                                    {"max.in.flight", "5"},
                                    {"max.in.flight", "1"},
                                    {"queuing.strategy", "fifo"},
                                    {"delivery.timeout.ms", "0"},
                                    {"transactional.id", ""}};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        struct made made;
        enum cdr_result result = make(&made, false, PROPERTIES(kept[i][0], kept[i][1]));
        if (result != CDR_OK)
            fail_msg("%s=%s: %s", kept[i][0], kept[i][1], made.error.text);
        assert_int_equal(made.warnings.n, 0);
        done(&made);
    }
}

static void some_things_cannot_be_forced(void **state)
{
    (void)state;
    assert_refused(true, PROPERTIES("transactional.id", "t"), "leave it out");
    assert_refused(true, PROPERTIES("delivery.report.only.error", "true"), "allowed is false");
}

/* Without idempotence librdkafka takes no gapless guarantee. */
static void idempotence_off_makes_a_client_all_the_same(void **state)
{
    (void)state;
    struct made made;
    struct cdr_kafka_client client = {0};
    assert_int_equal(make(&made, true, PROPERTIES("enable.idempotence", "false")), CDR_OK);
    assert_int_equal(
        cdr_kafka_client_open(&client, RD_KAFKA_PRODUCER, &made.kafka, NULL, &made.error), CDR_OK);
    cdr_kafka_client_close(&client);
    done(&made);
}

static void what_librdkafka_refuses_late_is_told(void **state)
{
    (void)state;
    struct made made;
    struct cdr_kafka_client client = {0};
    assert_int_equal(make(&made, true, PROPERTIES("max.in.flight", "6")), CDR_OK);
    assert_int_equal(
        cdr_kafka_client_open(&client, RD_KAFKA_PRODUCER, &made.kafka, NULL, &made.error),
        CDR_E_CONFIG);
    assert_non_null(strstr(made.error.text, "`max.in.flight` must be set <= 5"));
    done(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_keep_the_promise),
        cmocka_unit_test(the_last_of_a_name_counts),
        cmocka_unit_test(brokers_may_come_as_a_property_but_must_come),
        cmocka_unit_test(wrong_names_and_values_say_what_and_where),
        cmocka_unit_test(properties_are_checked_without_brokers),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(tokens_must_come_from_somewhere),
        cmocka_unit_test(what_only_newer_versions_know_is_told),
        cmocka_unit_test(broken_promises_need_force),
        cmocka_unit_test(what_only_looks_like_a_breach_is_taken),
        cmocka_unit_test(some_things_cannot_be_forced),
        cmocka_unit_test(idempotence_off_makes_a_client_all_the_same),
        cmocka_unit_test(what_librdkafka_refuses_late_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
