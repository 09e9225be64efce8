#include "config/dialect.h"

#include "base/parse.h"
#include "base/suggest.h"
#include "config/properties.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

static enum cdr_result give_store_type(struct cdr_loading *loading, const struct cdr_given *given,
                                       struct cdr_error *error)
{
    (void)error;
    snprintf(given->name[4] == 't' ? loading->truststore_type : loading->keystore_type,
             sizeof loading->keystore_type, "%s", given->value);
    return CDR_OK;
}

/* Java's word for none is nothing. */
static enum cdr_result give_identification(struct cdr_loading *loading,
                                           const struct cdr_given *given, struct cdr_error *error)
{
    const char *value = *given->value == '\0'                    ? "none"
                        : strcasecmp(given->value, "https") == 0 ? "https"
                                                                 : given->value;
    return cdr_property_set(loading, given->name, value, given->source, error);
}

static enum cdr_result give_buffer_memory(struct cdr_loading *loading,
                                          const struct cdr_given *given, struct cdr_error *error)
{
    char text[32];
    uint64_t bytes = 0;
    struct cdr_error clause = {{0}};
    if (cdr_parse_u64(given->value, &bytes, &clause) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "buffer.memory: %s", clause.text);
    snprintf(text, sizeof text, "%" PRIu64, bytes < 1024 ? 1 : bytes / 1024);
    return cdr_property_set(loading, "queue.buffering.max.kbytes", text, given->source, error);
}

/* -1 leaves the size to the system, as 0 does in librdkafka. */
static enum cdr_result give_socket_buffer(struct cdr_loading *loading,
                                          const struct cdr_given *given, struct cdr_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "socket.%.50s", given->name);
    return cdr_property_set(loading, name, strcmp(given->value, "-1") == 0 ? "0" : given->value,
                            given->source, error);
}

/* Consumers rely on where a key goes, so this is no choice; to ask for what is done anyway is fine.
 */
static enum cdr_result check_partitioner(struct cdr_loading *loading, const struct cdr_given *given,
                                         struct cdr_error *error)
{
    char quoted[72];
    (void)loading;
    if (strcmp(given->value, "murmur2_random") == 0 || strcmp(given->value, "murmur2") == 0 ||
        ends_with(given->value, ".DefaultPartitioner") || *given->value == '\0' ||
        strcmp(given->value, "null") == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: %s is not possible; the partition is always murmur2(key) mod partitions, "
                    "as Java's default partitioner and murmur2_random have it",
                    given->name, cdr_quote(given->value, quoted));
}

static enum cdr_result check_ignore_keys(struct cdr_loading *loading, const struct cdr_given *given,
                                         struct cdr_error *error)
{
    (void)loading;
    if (strcasecmp(given->value, "false") == 0 || *given->value == '\0')
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: keys always decide: the partition is murmur2(key) mod partitions",
                    given->name);
}

/* Java's names of TLS 1.2's suites are not OpenSSL's, and no suite at all would remain. */
static enum cdr_result give_ciphers(struct cdr_loading *loading, const struct cdr_given *given,
                                    struct cdr_error *error)
{
    if (strstr(given->value, "TLS_") != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "ssl.cipher.suites: give OpenSSL's names, such as "
                        "ECDHE-RSA-AES256-GCM-SHA384 (openssl ciphers -stdname shows both)");
    return cdr_property_set(loading, given->name, given->value, given->source, error);
}

/* The handler that ships with Kafka is what sasl.oauthbearer.method=oidc does. */
static enum cdr_result give_login_handler(struct cdr_loading *loading,
                                          const struct cdr_given *given, struct cdr_error *error)
{
    if (ends_with(given->value, "OAuthBearerLoginCallbackHandler"))
        return cdr_property_set(loading, "sasl.oauthbearer.method", "oidc", given->source, error);
    if (ends_with(given->value, "OAuthBearerUnsecuredLoginCallbackHandler"))
        return cdr_property_set(loading, "enable.sasl.oauthbearer.unsecure.jwt", "true",
                                given->source, error);
    return cdr_fail(error, CDR_E_CONFIG, "%s: %s", given->name,
                    cdr_dialect_find("sasl.client.callback.handler.class")->detail);
}

/* The class becomes the name that subject_strategy has for it. */
static enum cdr_result give_subject_strategy(struct cdr_loading *loading,
                                             const struct cdr_given *given, struct cdr_error *error)
{
    static const char *const strategies[][2] = {{"TopicNameStrategy", "topic"},
                                                {"TopicRecordNameStrategy", "topic-record"},
                                                {"RecordNameStrategy", "record"}};
    const char *dot = strrchr(given->value, '.');
    const char *name = dot != NULL ? dot + 1 : given->value;
    char quoted[72];
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
        if (strcmp(name, strategies[i][0]) == 0)
            return cdr_option_set(loading, cdr_option_by_key("subject_strategy"), given->source,
                                  strategies[i][1], error);
    if (*name == '\0')
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: %s is not possible; allowed are TopicNameStrategy, RecordNameStrategy, "
                    "TopicRecordNameStrategy",
                    given->name, cdr_quote(given->value, quoted));
}

/* Where a registry's credentials are not among the properties, nothing would be sent to it. */
static enum cdr_result check_credentials_source(struct cdr_loading *loading,
                                                const struct cdr_given *given,
                                                struct cdr_error *error)
{
    if (*given->value == '\0' || strcmp(given->value, "USER_INFO") == 0 ||
        strcmp(given->value, "STATIC_TOKEN") == 0)
        return CDR_OK;
    return cdr_loading_warn(loading, error,
                            "%s: %s=%.60s has no effect here; the registry's credentials are given "
                            "as basic.auth.user.info or bearer.auth.token",
                            given->source, given->name, given->value);
}

static enum cdr_result check_strict(struct cdr_loading *loading, const struct cdr_given *given,
                                    struct cdr_error *error)
{
    if (strcasecmp(given->value, "false") != 0)
        return CDR_OK;
    return cdr_loading_warn(loading, error,
                            "%s: %s=false has no effect here; a schema that cannot be written is "
                            "always refused",
                            given->source, given->name);
}

static enum cdr_result check_schema_id(struct cdr_loading *loading, const struct cdr_given *given,
                                       struct cdr_error *error)
{
    if (*given->value == '\0' || strcmp(given->value, "-1") == 0)
        return CDR_OK;
    return cdr_loading_warn(loading, error,
                            "%s: use.schema.id has no effect here; the registry gives the id of "
                            "each subject's schema, and without one --schema-id does",
                            given->source);
}

#define LEAVE_OUT CDR_DIALECT_LEAVE_OUT, NULL, NULL
#define WARN(text) CDR_DIALECT_WARN, text, NULL
#define RENAME(to) CDR_DIALECT_RENAME, to, NULL
#define SETTING(key) CDR_DIALECT_SETTING, key, NULL
#define REFUSE(why) CDR_DIALECT_REFUSE, why, NULL
#define GIVE(function) CDR_DIALECT_GIVE, NULL, function
#define JAVA_CODE(what) REFUSE(what " Java code, which cannot run here")

/* The first that fits. Whatever is not here passes as it is. */
static const struct cdr_dialect dialects[] = {
    {"key.serializer", LEAVE_OUT},
    {"value.serializer", LEAVE_OUT},
    {"key.deserializer", LEAVE_OUT},
    {"value.deserializer", LEAVE_OUT},
    {"client.dns.lookup", LEAVE_OUT},
    {"metric.reporters", LEAVE_OUT},
    {"metrics.*", LEAVE_OUT},
    {"auto.include.jmx.reporter", LEAVE_OUT},
    {"default.api.timeout.ms", LEAVE_OUT},
    {"max.poll.records", LEAVE_OUT},
    {"fetch.max.wait.ms", LEAVE_OUT},
    {"auto.offset.reset", LEAVE_OUT},
    {"partition.assignment.strategy", LEAVE_OUT},
    {"exclude.internal.topics", LEAVE_OUT},
    {"specific.avro.reader", LEAVE_OUT},
    {"ssl.truststore.password", LEAVE_OUT},
    {"sasl.login.refresh.*", LEAVE_OUT},
    {"sasl.login.retry.*", LEAVE_OUT},
    {"sasl.login.connect.timeout.ms", LEAVE_OUT},
    {"sasl.login.read.timeout.ms", LEAVE_OUT},
    {"sasl.kerberos.ticket.renew.*", LEAVE_OUT},
    {"sasl.oauthbearer.header.urlencode", LEAVE_OUT},
    {"basic.auth.credentials.source", GIVE(check_credentials_source)},
    {"schema.registry.basic.auth.credentials.source", GIVE(check_credentials_source)},
    {"bearer.auth.credentials.source", GIVE(check_credentials_source)},
    /* Of Confluent's serializers: what has to do with their objects or caches. */
    {"max.schemas.per.subject", LEAVE_OUT},
    {"latest.cache.size", LEAVE_OUT},
    {"latest.cache.ttl.sec", LEAVE_OUT},
    {"avro.*", LEAVE_OUT},
    {"json.*", LEAVE_OUT},
    {"schema.reflection", LEAVE_OUT},
    {"specific.avro.*", LEAVE_OUT},
    {"latest.compatibility.strict", GIVE(check_strict)},
    {"id.compatibility.strict", GIVE(check_strict)},
    {"use.schema.id", GIVE(check_schema_id)},
    {"use.latest.with.metadata", WARN("use.latest.version takes a subject's latest version")},
    {"rule.*", WARN("the rules of a registry are not run here")},
    {"value.schema.id.serializer", WARN("a schema's id stands in front of each record")},
    {"key.schema.id.serializer", WARN("a schema's id stands in front of each key")},
    {"http.connect.timeout.ms", WARN("--registry-timeout is the time of a request")},
    {"http.read.timeout.ms", WARN("--registry-timeout is the time of a request")},
    {"max.block.ms", WARN("how long brokers may be away is delivery.timeout.ms and kafka_timeout")},
    {"metadata.max.idle.ms", WARN("topics are not forgotten while a run lasts")},
    {"socket.connection.setup.timeout.max.ms",
     WARN("socket.connection.setup.timeout.ms does not grow here")},
    {"partitioner.adaptive.partitioning.enable", WARN("keys alone decide on partitions")},
    {"partitioner.availability.timeout.ms", WARN("keys alone decide on partitions")},
    {"ssl.protocol", WARN("OpenSSL and the broker agree on the version of TLS")},
    {"ssl.enabled.protocols", WARN("OpenSSL and the broker agree on the version of TLS")},
    {"ssl.provider", WARN("OpenSSL is what does TLS here")},
    {"ssl.keymanager.algorithm", WARN("OpenSSL is what does TLS here")},
    {"ssl.trustmanager.algorithm", WARN("OpenSSL is what does TLS here")},
    {"ssl.secure.random.implementation", WARN("OpenSSL is what does TLS here")},
    {"max.request.size", RENAME("message.max.bytes")},
    {"receive.buffer.bytes", GIVE(give_socket_buffer)},
    {"send.buffer.bytes", GIVE(give_socket_buffer)},
    {"compression.gzip.level", RENAME("compression.level")},
    {"compression.lz4.level", RENAME("compression.level")},
    {"compression.zstd.level", RENAME("compression.level")},
    {"sasl.mechanism", RENAME("sasl.mechanisms")},
    {"sasl.oauthbearer.client.credentials.client.id", RENAME("sasl.oauthbearer.client.id")},
    {"sasl.oauthbearer.client.credentials.client.secret", RENAME("sasl.oauthbearer.client.secret")},
    {"bootstrap.servers", SETTING("brokers")},
    {"metadata.broker.list", SETTING("brokers")},
    {"schema.registry.url", SETTING("registry")},
    {"basic.auth.user.info", SETTING("registry_user_info")},
    {"schema.registry.basic.auth.user.info", SETTING("registry_user_info")},
    {"bearer.auth.token", SETTING("registry_token")},
    {"schema.registry.bearer.auth.token", SETTING("registry_token")},
    {"bearer.auth.*", WARN("a token for the registry is given as bearer.auth.token")},
    {"normalize.schemas", SETTING("registry_normalize")},
    {"auto.register.schemas", SETTING("auto_register")},
    {"use.latest.version", SETTING("use_latest")},
    {"schema.registry.ssl.ca.location", SETTING("registry_ca")},
    {"schema.registry.ssl.certificate.location", SETTING("registry_certificate")},
    {"schema.registry.ssl.key.location", SETTING("registry_key")},
    {"schema.registry.ssl.truststore.location",
     REFUSE("give the authority's certificate as PEM: registry_ca (--registry-ca FILE)")},
    {"schema.registry.ssl.keystore.location",
     REFUSE("give certificate and key as PEM: registry_certificate and registry_key")},
    {"value.subject.name.strategy", GIVE(give_subject_strategy)},
    {"subject.name.strategy", GIVE(give_subject_strategy)},
    {"key.subject.name.strategy", LEAVE_OUT},
    {"interceptor.classes", JAVA_CODE("interceptors are")},
    {"config.providers", REFUSE("configuration providers are Java code, which cannot run here; "
                                "give NAME_file=PATH, or the value in the environment")},
    {"config.providers.*", REFUSE("configuration providers are Java code, which cannot run here; "
                                  "give NAME_file=PATH, or the value in the environment")},
    {"partitioner.class", GIVE(check_partitioner)},
    {"partitioner", GIVE(check_partitioner)},
    {"partitioner.ignore.keys", GIVE(check_ignore_keys)},
    {"sasl.client.callback.handler.class",
     REFUSE("callback handlers are Java code, which cannot run here; use SASL/PLAIN, SCRAM, "
            "OAUTHBEARER with sasl.oauthbearer.method=oidc, or TLS certificates")},
    {"ssl.engine.factory.class", JAVA_CODE("engine factories are")},
    {"security.providers", JAVA_CODE("security providers are")},
    {"sasl.login.class", JAVA_CODE("login classes are")},
    {"sasl.oauthbearer.jwt.retriever.class", JAVA_CODE("retrievers of tokens are")},
    {"sasl.oauthbearer.jwt.validator.class", JAVA_CODE("validators of tokens are")},
    {"sasl.login.callback.handler.class", GIVE(give_login_handler)},
    {"sasl.jaas.config", GIVE(cdr_give_jaas)},
    {"ssl.truststore.type", GIVE(give_store_type)},
    {"ssl.truststore.location", GIVE(cdr_give_truststore)},
    {"ssl.truststore.certificates", GIVE(cdr_give_pem)},
    {"ssl.keystore.type", GIVE(give_store_type)},
    {"ssl.keystore.location", GIVE(cdr_give_keystore)},
    {"ssl.keystore.certificate.chain", GIVE(cdr_give_pem)},
    {"ssl.keystore.key", GIVE(cdr_give_pem)},
    {"ssl.cipher.suites", GIVE(give_ciphers)},
    {"ssl.endpoint.identification.algorithm", GIVE(give_identification)},
    {"buffer.memory", GIVE(give_buffer_memory)},
};

const struct cdr_dialect *cdr_dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        const char *known = dialects[i].name;
        size_t len = strlen(known);
        bool fits =
            known[len - 1] == '*' ? strncmp(known, name, len - 1) == 0 : strcmp(known, name) == 0;
        if (fits)
            return &dialects[i];
    }
    return NULL;
}

void cdr_dialect_offer(struct cdr_suggestion *suggestion)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strchr(dialects[i].name, '*') == NULL)
            cdr_suggest(suggestion, dialects[i].name);
}
