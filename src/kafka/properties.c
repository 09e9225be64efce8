#include "kafka/properties.h"

#include "base/redact.h"
#include "base/shown.h"
#include "kafka/property_table.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Where a figure is given, bench/kafka_sink.sh measured it: one broker on the same two cores, 157
 * bytes a record, CPU of the client in microseconds a record. What a property means: librdkafka's
 * CONFIGURATION.md. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"client.id", "cdrgen"},
    /* The promise. */
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"enable.gapless.guarantee", "true"},
    /* 5 ms makes smaller batches (0.39 instead of 0.36), which brokers feel more than we do. */
    {"linger.ms", "50"},
    /* CSV is a third of its size then: 0.62 instead of 0.34, and three times what a network or disk
     * takes. (snappy 0.71, zstd 0.81.) To a broker on the same machine none is faster. */
    {"compression.codec", "lz4"},
    /* 1,000 costs 0.41 instead of 0.36, 100,000 gains nothing. */
    {"batch.num.messages", "10000"},
    {"batch.size", "1000000"},
    /* The bound is in bytes, and the slab pool keeps it. 16 MiB is a fifth slower, more than 64
     * gains nothing and costs twice the memory (170 MB in all against 325). */
    {"queue.buffering.max.messages", "0"},
    {"queue.buffering.max.kbytes", "65536"},
    {"socket.nagle.disable", "true"}, /* no difference here, and latency elsewhere */
    {"socket.keepalive.enable", "true"},
};

/* Properties that may not be changed, or only with --force, with all names they go by. Values are
 * as rd_kafka_conf_get() writes them. */
static const struct promise {
    const char *names[3];
    const char *values[2]; /* allowed */
    int64_t at_most;       /* allowed, where there are no values */
    bool forceable;
    const char *why;
} promises[] = {
    {{"enable.idempotence"}, {"true"}, 0, true, "without it, retries double and reorder records"},
    {{"acks", "request.required.acks"},
     {"-1", "all"},
     0,
     true,
     "anything but all loses acknowledged records with a failing broker"},
    {{"enable.gapless.guarantee"},
     {"true"},
     0,
     true,
     "without it, a refused batch leaves a gap in the log"},
    {{"queuing.strategy"}, {"fifo"}, 0, true, "anything but fifo reorders records"},
    {{"max.in.flight.requests.per.connection", "max.in.flight"},
     {NULL},
     5,
     true,
     "brokers recognise repeats only of the last 5 batches"},
    {{"delivery.report.only.error"}, {"false"}, 0, false, "every delivery report is counted"},
    {{"transactional.id"}, {""}, 0, false, "cdrgen names it itself, see --transactions"},
};

static const char *shown(const struct cdr_property *property)
{
    return cdr_secret_name(property->name) ? CDR_HIDDEN : property->value;
}

enum cdr_result cdr_kafka_warn(struct cdr_kafka_warnings *warnings, const char *text,
                               struct cdr_error *error)
{
    char(*texts)[512] = realloc(warnings->texts, (warnings->n + 1) * sizeof *texts);
    if (texts == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a warning");
    warnings->texts = texts;
    cdr_shown(warnings->texts[warnings->n++], sizeof *texts, text);
    return CDR_OK;
}

/* The effective value of a property, "" where it has none. */
static void get(const rd_kafka_conf_t *conf, const char *name, char *value, size_t size)
{
    value[0] = '\0';
    if (rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK)
        value[0] = '\0';
}

static int64_t get_number(const rd_kafka_conf_t *conf, const char *name)
{
    char value[64];
    get(conf, name, value, sizeof value);
    assert(value[0] != '\0');
    return strtoll(value, NULL, 10);
}

static enum cdr_result set_own(rd_kafka_conf_t *conf, const char *name, const char *value,
                               struct cdr_error *error)
{
    char reason[512];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        return cdr_fail(error, CDR_E_CONFIG, "this librdkafka (%s) does not take %s=%s: %s",
                        rd_kafka_version_str(), name, value, reason);
    return CDR_OK;
}

static bool is_file(const char *name)
{
    static const char ending[] = ".location";
    size_t len = strlen(name);
    return strncmp(name, "ssl.", 4) == 0 && len > sizeof ending &&
           strcmp(name + len - (sizeof ending - 1), ending) == 0;
}

/* What newer versions of librdkafka (and Java clients) know, and a run can do without. */
static bool is_dispensable(const char *name)
{
    static const char *const names[] = {
        "retry.backoff.max.ms",       /* 2.3.0 */
        "enable.metrics.push",        /* 2.5.0 */
        "metadata.recovery.strategy", /* 2.9.0 */
        "metadata.recovery.rebootstrap.trigger.ms",
        "https.ca.location", /* 2.11.0 */
        "transaction.two.phase.commit.enable",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* What the promise allows, "" where it is nothing but to leave it out. */
static void promise_allows(const struct promise *promise, char *text, size_t text_max)
{
    if (promise->values[0] == NULL)
        snprintf(text, text_max, "at most %d", (int)promise->at_most);
    else
        snprintf(text, text_max, "%s",
                 promise->values[1] != NULL ? promise->values[1] : promise->values[0]);
}

static const struct promise *promise_of(const char *name)
{
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++)
        for (size_t alias = 0; alias < 3 && promises[i].names[alias] != NULL; alias++)
            if (strcmp(promises[i].names[alias], name) == 0)
                return &promises[i];
    return NULL;
}

static enum cdr_result refuse_name(const struct cdr_property *property, cdr_kafka_names offer,
                                   struct cdr_error *error)
{
    char near[64];
    cdr_kafka_property_near(property->name, offer, near, sizeof near);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: \"%s\" is not a property that librdkafka %s knows (value \"%s\")%s%s%s",
                    property->source, property->name, rd_kafka_version_str(), shown(property),
                    near[0] != '\0' ? "; did you mean " : "", near, near[0] != '\0' ? "?" : "");
}

/* reason: librdkafka's, for what has no list of values. It may name another property, of which this
 * one is an alias, and hold a secret. */
static enum cdr_result refuse_value(const struct cdr_property *property, const char *reason,
                                    struct cdr_error *error)
{
    char allowed[400] = "", words[512] = "";
    const struct promise *promise = promise_of(property->name);
    if (promise != NULL)
        promise_allows(promise, allowed, sizeof allowed);
    else
        cdr_kafka_property_allowed(property->name, allowed, sizeof allowed);
    if (allowed[0] != '\0')
        return cdr_fail(error, CDR_E_CONFIG, "%s: property %s=%s: allowed is %s", property->source,
                        property->name, shown(property), allowed);
    if (shown(property) != property->value && strlen(property->value) >= CDR_REDACT_MIN)
        cdr_redact(reason, property->value, words, sizeof words);
    else if (shown(property) != property->value)
        snprintf(words, sizeof words, "not accepted");
    else
        snprintf(words, sizeof words, "%s", reason);
    return cdr_fail(error, CDR_E_CONFIG, "%s: property %s=%s: %s", property->source, property->name,
                    shown(property), words);
}

/* librdkafka looks at the mechanism only when it makes a client. */
static bool is_mechanism(const char *value)
{
    char known[400];
    size_t len = strlen(value);
    cdr_kafka_property_allowed("sasl.mechanisms", known, sizeof known);
    for (const char *at = known; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
        if (strncmp(at, value, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    return known[0] == '\0';
}

static enum cdr_result set_given(rd_kafka_conf_t *conf, const struct cdr_property *property,
                                 struct cdr_kafka_warnings *warnings, cdr_kafka_names offer,
                                 struct cdr_error *error)
{
    char reason[512] = "";
    rd_kafka_conf_res_t set =
        rd_kafka_conf_set(conf, property->name, property->value, reason, sizeof reason);
    reason[strcspn(reason, "\r\n")] = '\0';
    if (set == RD_KAFKA_CONF_UNKNOWN && is_dispensable(property->name)) {
        char text[512];
        snprintf(text, sizeof text, "%s: librdkafka %s does not know %s, which is left out",
                 property->source, rd_kafka_version_str(), property->name);
        return cdr_kafka_warn(warnings, text, error);
    }
    if (set == RD_KAFKA_CONF_UNKNOWN)
        return refuse_name(property, offer, error);
    const bool mechanism = strcmp(property->name, "sasl.mechanisms") == 0 ||
                           strcmp(property->name, "sasl.mechanism") == 0;
    if (set != RD_KAFKA_CONF_OK || (mechanism && !is_mechanism(property->value)))
        return refuse_value(property, reason, error);
    return CDR_OK;
}

/* OpenSSL's own words for a missing file do not name it. */
static enum cdr_result check_file(const struct cdr_property *property, struct cdr_error *error)
{
    if (!is_file(property->name) || strcmp(property->value, "probe") == 0 ||
        access(property->value, R_OK) == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "%s: property %s=%s: %s", property->source, property->name,
                    property->value, strerror(errno));
}

static bool keeps(const struct promise *promise, const char *value)
{
    if (promise->values[0] == NULL)
        return strtoll(value, NULL, 10) <= promise->at_most;
    for (size_t i = 0; i < 2 && promise->values[i] != NULL; i++)
        if (strcmp(promise->values[i], value) == 0)
            return true;
    return false;
}

/* Only what the user touched is looked at: last, the property that decided. */
static enum cdr_result check_promise(const struct promise *promise, const rd_kafka_conf_t *conf,
                                     const struct cdr_kafka_settings *settings,
                                     struct cdr_kafka_warnings *warnings, struct cdr_error *error)
{
    const struct cdr_property *last = NULL;
    for (size_t i = 0; i < settings->property_count; i++)
        for (size_t alias = 0; alias < 3 && promise->names[alias] != NULL; alias++)
            if (strcmp(settings->properties[i].name, promise->names[alias]) == 0)
                last = &settings->properties[i];
    if (last == NULL)
        return CDR_OK;
    char value[256];
    get(conf, last->name, value, sizeof value);
    if (keeps(promise, value))
        return CDR_OK;
    char allowed[32];
    promise_allows(promise, allowed, sizeof allowed);
    if (promise->forceable && settings->force) {
        char text[512];
        snprintf(text, sizeof text, "%s: property %s=%s: %s", last->source, last->name, last->value,
                 promise->why);
        return cdr_kafka_warn(warnings, text, error);
    }
    return cdr_fail(error, CDR_E_CONFIG, "%s: property %s=%s: %s; %s%s%s", last->source, last->name,
                    last->value, promise->why, allowed[0] == '\0' ? "leave it out" : "allowed is ",
                    allowed, promise->forceable ? ", or anything with --force" : "");
}

static enum cdr_result set_all(rd_kafka_conf_t *conf, const struct cdr_kafka_settings *settings,
                               struct cdr_kafka_warnings *warnings, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < sizeof defaults / sizeof defaults[0]; i++)
        result = set_own(conf, defaults[i].name, defaults[i].value, error);
    if (result == CDR_OK && settings->brokers != NULL)
        result = set_own(conf, "bootstrap.servers", settings->brokers, error);
    for (size_t i = 0; result == CDR_OK && i < settings->property_count; i++) {
        result = check_file(&settings->properties[i], error);
        if (result == CDR_OK)
            result = set_given(conf, &settings->properties[i], warnings, NULL, error);
    }
    return result;
}

/* Values of a printed configuration may be hidden, so they are no test of a name. */
enum cdr_result cdr_kafka_check_properties(const struct cdr_kafka_settings *settings,
                                           bool names_only, cdr_kafka_names offer,
                                           struct cdr_error *error)
{
    struct cdr_kafka_warnings warnings = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < settings->property_count; i++) {
        const struct cdr_property *property = &settings->properties[i];
        if (!names_only)
            result = set_given(conf, property, &warnings, offer, error);
        else if (!cdr_kafka_property_known(property->name) && !is_dispensable(property->name))
            result = refuse_name(property, offer, error);
    }
    for (size_t i = 0; result == CDR_OK && !names_only && i < sizeof promises / sizeof *promises;
         i++)
        result = check_promise(&promises[i], conf, settings, &warnings, error);
    free(warnings.texts); /* the user gets them when it connects */
    rd_kafka_conf_destroy(conf);
    return result;
}

static bool is_set(const rd_kafka_conf_t *conf, const char *name)
{
    char value[512];
    get(conf, name, value, sizeof value);
    return value[0] != '\0';
}

/* librdkafka would wait silently for a token that never comes. */
static enum cdr_result check_token_source(const rd_kafka_conf_t *conf, struct cdr_error *error)
{
    char unsecure[16], method[16], features[512];
    get(conf, "enable.sasl.oauthbearer.unsecure.jwt", unsecure, sizeof unsecure);
    get(conf, "sasl.oauthbearer.method", method, sizeof method);
    get(conf, "builtin.features", features, sizeof features);
    bool oidc = strstr(features, "oidc") != NULL;
    if (strcmp(unsecure, "true") == 0 || strcmp(method, "oidc") == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "sasl.mechanisms=OAUTHBEARER: nothing says where tokens come from; give "
                    "sasl.oauthbearer.method=oidc%s with sasl.oauthbearer.token.endpoint.url, "
                    ".client.id and .client.secret, or, for brokers that take unsigned tokens, "
                    "enable.sasl.oauthbearer.unsecure.jwt=true",
                    oidc ? "" : " (which this librdkafka was built without)");
}

/* What follows from the properties, and those that are the sink's own. */
static enum cdr_result derive(struct cdr_kafka_properties *properties, struct cdr_error *error)
{
    rd_kafka_conf_t *conf = properties->conf;
    get(conf, "bootstrap.servers", properties->brokers, sizeof properties->brokers);
    if (properties->brokers[0] == '\0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set "
                        "bootstrap.servers");
    properties->queue_bytes = (uint64_t)get_number(conf, "queue.buffering.max.kbytes") * 1024;
    properties->delivery_timeout_ms = get_number(conf, "message.timeout.ms");
    properties->request_timeout_ms = get_number(conf, "request.timeout.ms");
    properties->batch_bytes = get_number(conf, "message.max.bytes");
    char mechanism[64], idempotence[16];
    get(conf, "sasl.mechanisms", mechanism, sizeof mechanism);
    properties->scram = strncasecmp(mechanism, "SCRAM", 5) == 0;
    get(conf, "security.protocol", properties->protocol, sizeof properties->protocol);
    properties->certificate = is_set(conf, "ssl.certificate.location") ||
                              is_set(conf, "ssl.certificate.pem") ||
                              is_set(conf, "ssl.keystore.location");
    if (strncasecmp(properties->protocol, "sasl", 4) == 0 &&
        strcasecmp(mechanism, "OAUTHBEARER") == 0 && check_token_source(conf, error) != CDR_OK)
        return CDR_E_CONFIG;
    get(conf, "enable.idempotence", idempotence, sizeof idempotence);
    if (strcmp(idempotence, "true") != 0 && /* librdkafka refuses the pair */
        set_own(conf, "enable.gapless.guarantee", "false", error) != CDR_OK)
        return CDR_E_CONFIG;
    enum cdr_result result = set_own(conf, "message.timeout.ms", "0", error);
    if (result == CDR_OK) /* else end offsets would stop at another producer's open transaction */
        result = set_own(conf, "isolation.level", "read_uncommitted", error);
    return result;
}

enum cdr_result cdr_kafka_properties_make(struct cdr_kafka_properties *properties,
                                          const struct cdr_kafka_settings *settings,
                                          struct cdr_kafka_warnings *warnings,
                                          struct cdr_error *error)
{
    memset(properties, 0, sizeof *properties);
    properties->conf = rd_kafka_conf_new();
    properties->say = settings->say;
    enum cdr_result result = set_all(properties->conf, settings, warnings, error);
    for (size_t i = 0; result == CDR_OK && i < sizeof promises / sizeof promises[0]; i++)
        result = check_promise(&promises[i], properties->conf, settings, warnings, error);
    if (result == CDR_OK)
        result = derive(properties, error);
    if (result != CDR_OK)
        cdr_kafka_properties_free(properties);
    return result;
}

bool cdr_kafka_is_given(const struct cdr_kafka_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->property_count; i++)
        if (strcmp(settings->properties[i].name, name) == 0)
            return true;
    return false;
}

enum cdr_result cdr_kafka_property_set(struct cdr_kafka_properties *properties, const char *name,
                                       const char *value, struct cdr_error *error)
{
    return set_own(properties->conf, name, value, error);
}

int64_t cdr_kafka_property_number(const struct cdr_kafka_properties *properties, const char *name)
{
    return get_number(properties->conf, name);
}

void cdr_kafka_properties_free(struct cdr_kafka_properties *properties)
{
    if (properties->conf != NULL)
        rd_kafka_conf_destroy(properties->conf);
    properties->conf = NULL;
}
