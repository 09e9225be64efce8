#include "config/properties.h"

#include "base/parse.h"
#include "config/secret.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum action {
    LEAVE_OUT, /* says nothing to a producer that has its own serializer and order */
    RENAME,    /* detail is librdkafka's name */
    SETTING,   /* detail is the key of a setting of ours */
    REFUSE,    /* detail says why */
    SPECIAL,   /* handled by a function */
};

struct dialect {
    const char *name;
    enum action action;
    const char *detail;
};

/* Java's names, where librdkafka's differ. Whatever is not here passes as it is. */
static const struct dialect dialects[] = {
    {"key.serializer", LEAVE_OUT, NULL},
    {"value.serializer", LEAVE_OUT, NULL},
    {"key.deserializer", LEAVE_OUT, NULL},
    {"value.deserializer", LEAVE_OUT, NULL},
    {"client.dns.lookup", LEAVE_OUT, NULL},
    {"max.block.ms", LEAVE_OUT, NULL},
    {"metric.reporters", LEAVE_OUT, NULL},
    {"metrics.num.samples", LEAVE_OUT, NULL},
    {"metrics.sample.window.ms", LEAVE_OUT, NULL},
    {"metrics.recording.level", LEAVE_OUT, NULL},
    {"ssl.protocol", LEAVE_OUT, NULL},
    {"ssl.enabled.protocols", LEAVE_OUT, NULL},
    {"ssl.truststore.password", LEAVE_OUT, NULL},
    {"basic.auth.credentials.source", LEAVE_OUT, NULL},
    {"schema.registry.basic.auth.credentials.source", LEAVE_OUT, NULL},
    {"bearer.auth.credentials.source", LEAVE_OUT, NULL},
    {"max.request.size", RENAME, "message.max.bytes"},
    {"receive.buffer.bytes", RENAME, "socket.receive.buffer.bytes"},
    {"send.buffer.bytes", RENAME, "socket.send.buffer.bytes"},
    {"sasl.mechanism", RENAME, "sasl.mechanisms"},
    {"ssl.truststore.certificates", RENAME, "ssl.ca.pem"},
    {"ssl.keystore.certificate.chain", RENAME, "ssl.certificate.pem"},
    {"ssl.keystore.key", RENAME, "ssl.key.pem"},
    {"sasl.oauthbearer.header.urlencode", LEAVE_OUT, NULL},
    {"bootstrap.servers", SETTING, "brokers"},
    {"metadata.broker.list", SETTING, "brokers"},
    {"schema.registry.url", SETTING, "registry"},
    {"basic.auth.user.info", SETTING, "registry_user_info"},
    {"schema.registry.basic.auth.user.info", SETTING, "registry_user_info"},
    {"bearer.auth.token", SETTING, "registry_token"},
    {"schema.registry.bearer.auth.token", SETTING, "registry_token"},
    {"auto.register.schemas", SETTING, "auto_register"},
    {"schema.registry.ssl.ca.location", SETTING, "registry_ca"},
    {"schema.registry.ssl.certificate.location", SETTING, "registry_certificate"},
    {"schema.registry.ssl.key.location", SETTING, "registry_key"},
    {"schema.registry.ssl.truststore.location", REFUSE,
     "give the authority's certificate as PEM: registry_ca (--registry-ca FILE)"},
    {"schema.registry.ssl.keystore.location", REFUSE,
     "give certificate and key as PEM: registry_certificate and registry_key"},
    {"interceptor.classes", REFUSE, "interceptors are Java code, which cannot run here"},
    {"partitioner.class", SPECIAL, NULL},
    {"partitioner", SPECIAL, NULL},
    {"sasl.client.callback.handler.class", REFUSE,
     "callback handlers are Java code, which cannot run here; use SASL/PLAIN, SCRAM, "
     "OAUTHBEARER with sasl.oauthbearer.method=oidc, or TLS certificates"},
    {"ssl.engine.factory.class", REFUSE, "engine factories are Java code, which cannot run here"},
    {"sasl.login.class", REFUSE, "login classes are Java code, which cannot run here"},
    {"sasl.login.callback.handler.class", SPECIAL, NULL},
    {"sasl.jaas.config", SPECIAL, NULL},
    {"ssl.truststore.type", SPECIAL, NULL},
    {"ssl.truststore.location", SPECIAL, NULL},
    {"ssl.keystore.type", SPECIAL, NULL},
    {"ssl.keystore.location", SPECIAL, NULL},
    {"ssl.endpoint.identification.algorithm", SPECIAL, NULL},
    {"buffer.memory", SPECIAL, NULL},
};

static const struct dialect *find_dialect(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i].name, name) == 0)
            return &dialects[i];
    return NULL;
}

static enum cdr_result append(struct cdr_sink_settings *sink, struct cdr_property **added,
                              struct cdr_error *error)
{
    struct cdr_property *grown =
        realloc(sink->properties, (sink->property_count + 1) * sizeof *sink->properties);
    if (grown == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    sink->properties = grown;
    *added = &grown[sink->property_count++];
    **added = (struct cdr_property){0};
    return CDR_OK;
}

/* Under librdkafka's name. */
static enum cdr_result set_property(struct cdr_loading *loading, const char *name,
                                    const char *value, const char *source, struct cdr_error *error)
{
    struct cdr_sink_settings *sink = &loading->settings->sink;
    struct cdr_property *property = NULL;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; property == NULL && i < sink->property_count; i++)
        if (strcmp(sink->properties[i].name, name) == 0)
            property = &sink->properties[i];
    if (property == NULL) {
        result = append(sink, &property, error);
        if (result == CDR_OK)
            result = cdr_replace_text(&property->name, name, error);
    }
    if (result == CDR_OK) {
        cdr_secret_free(property->value);
        property->value = NULL;
        result = cdr_replace_text(&property->value, value, error);
    }
    if (result == CDR_OK)
        result = cdr_replace_text(&property->source, source, error);
    return result;
}

/* A value that a JAAS line carries, where it does. */
static enum cdr_result set_from_jaas(struct cdr_loading *loading, const char *jaas,
                                     const char *setting, const char *name, const char *source,
                                     struct cdr_error *error)
{
    char *value = cdr_jaas_setting(jaas, setting);
    enum cdr_result result = CDR_OK;
    if (value != NULL)
        result = set_property(loading, name, value, source, error);
    cdr_secret_free(value);
    return result;
}

struct jaas_module {
    const char *class_end;
    struct {
        const char *setting, *property;
    } map[4];
    const char *required; /* a setting that must be there */
};

static enum cdr_result give_jaas(struct cdr_loading *loading, const char *jaas, const char *source,
                                 struct cdr_error *error)
{
    static const struct jaas_module modules[] = {
        {"PlainLoginModule",
         {{"username", "sasl.username"}, {"password", "sasl.password"}},
         "username"},
        {"ScramLoginModule",
         {{"username", "sasl.username"}, {"password", "sasl.password"}},
         "username"},
        {"OAuthBearerLoginModule",
         {{"clientId", "sasl.oauthbearer.client.id"},
          {"clientSecret", "sasl.oauthbearer.client.secret"},
          {"scope", "sasl.oauthbearer.scope"}},
         "clientId"},
        {"Krb5LoginModule",
         {{"principal", "sasl.kerberos.principal"},
          {"keyTab", "sasl.kerberos.keytab"},
          {"serviceName", "sasl.kerberos.service.name"}},
         NULL},
    };
    size_t class_len = strcspn(jaas, " \t");
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        const struct jaas_module *module = &modules[i];
        size_t end_len = strlen(module->class_end);
        if (class_len < end_len ||
            strncmp(jaas + class_len - end_len, module->class_end, end_len) != 0)
            continue;
        char *found = module->required != NULL ? cdr_jaas_setting(jaas, module->required) : NULL;
        bool missing = module->required != NULL && found == NULL;
        cdr_secret_free(found);
        if (missing)
            return cdr_fail(error, CDR_E_CONFIG, "sasl.jaas.config: %s needs %s=\"...\"",
                            module->class_end, module->required);
        enum cdr_result result = CDR_OK;
        for (size_t m = 0; result == CDR_OK && m < 4 && module->map[m].setting != NULL; m++)
            result = set_from_jaas(loading, jaas, module->map[m].setting, module->map[m].property,
                                   source, error);
        if (result == CDR_OK && strcmp(module->class_end, "OAuthBearerLoginModule") == 0)
            result = set_property(loading, "sasl.oauthbearer.method", "oidc", source, error);
        return result;
    }
    return cdr_fail(error, CDR_E_CONFIG,
                    "sasl.jaas.config: understood are PlainLoginModule, ScramLoginModule, "
                    "OAuthBearerLoginModule and Krb5LoginModule; else give sasl.mechanisms, "
                    "sasl.username and sasl.password");
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

static enum cdr_result give_truststore(struct cdr_loading *loading, const char *value,
                                       const char *source, struct cdr_error *error)
{
    const char *type = loading->truststore_type;
    if (strcasecmp(type, "PEM") == 0 ||
        (*type == '\0' && (ends_with(value, ".pem") || ends_with(value, ".crt"))))
        return set_property(loading, "ssl.ca.location", value, source, error);
    return cdr_fail(error, CDR_E_CONFIG,
                    "ssl.truststore.location: a Java key store cannot be read; give the "
                    "authority's certificate as PEM in ssl.ca.location (keytool -exportcert -rfc "
                    "-keystore %.100s -alias NAME > ca.pem)",
                    value);
}

static enum cdr_result give_keystore(struct cdr_loading *loading, const char *value,
                                     const char *source, struct cdr_error *error)
{
    const char *type = loading->keystore_type;
    if (strcasecmp(type, "PEM") == 0) {
        enum cdr_result result =
            set_property(loading, "ssl.certificate.location", value, source, error);
        if (result == CDR_OK)
            result = set_property(loading, "ssl.key.location", value, source, error);
        return result;
    }
    if (strcasecmp(type, "JKS") == 0 || ends_with(value, ".jks"))
        return cdr_fail(error, CDR_E_CONFIG,
                        "ssl.keystore.location: a JKS key store cannot be read; convert it "
                        "(keytool -importkeystore -srckeystore %.100s -destkeystore client.p12 "
                        "-deststoretype PKCS12)",
                        value);
    return set_property(loading, "ssl.keystore.location", value, source, error);
}

static enum cdr_result give_buffer_memory(struct cdr_loading *loading, const char *value,
                                          const char *source, struct cdr_error *error)
{
    char text[32];
    uint64_t bytes = 0;
    struct cdr_error clause = {{0}};
    if (cdr_parse_u64(value, &bytes, &clause) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "buffer.memory: %s", clause.text);
    snprintf(text, sizeof text, "%" PRIu64, bytes / 1024);
    return set_property(loading, "queue.buffering.max.kbytes", text, source, error);
}

/* Consumers rely on where a key goes, so this is no choice; to ask for what is done anyway is fine.
 */
static enum cdr_result check_partitioner(const char *name, const char *value,
                                         struct cdr_error *error)
{
    char quoted[72];
    if (strcmp(value, "murmur2_random") == 0 || strcmp(value, "murmur2") == 0 ||
        ends_with(value, ".DefaultPartitioner") || *value == '\0')
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: %s is not possible; the partition is always murmur2(key) mod partitions, "
                    "as Java's default partitioner and murmur2_random have it",
                    name, cdr_quote(value, quoted));
}

static enum cdr_result give_special(struct cdr_loading *loading, const char *name,
                                    const char *value, const char *source, struct cdr_error *error)
{
    if (strcmp(name, "sasl.jaas.config") == 0)
        return give_jaas(loading, value, source, error);
    if (strcmp(name, "ssl.truststore.location") == 0)
        return give_truststore(loading, value, source, error);
    if (strcmp(name, "ssl.keystore.location") == 0)
        return give_keystore(loading, value, source, error);
    if (strcmp(name, "ssl.truststore.type") == 0 || strcmp(name, "ssl.keystore.type") == 0) {
        snprintf(name[4] == 't' ? loading->truststore_type : loading->keystore_type,
                 sizeof loading->keystore_type, "%s", value);
        return CDR_OK;
    }
    if (strcmp(name, "ssl.endpoint.identification.algorithm") == 0)
        return set_property(loading, name, *value == '\0' ? "none" : value, source, error);
    if (strcmp(name, "buffer.memory") == 0)
        return give_buffer_memory(loading, value, source, error);
    if (strncmp(name, "partitioner", strlen("partitioner")) == 0)
        return check_partitioner(name, value, error);
    /* The handler that ships with Kafka is what sasl.oauthbearer.method=oidc does. */
    if (strstr(value, "OAuthBearerLoginCallbackHandler") != NULL)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "%s: %s", name,
                    find_dialect("sasl.client.callback.handler.class")->detail);
}

static enum cdr_result give_from_file(struct cdr_loading *loading, const char *name,
                                      const char *path, const char *source, struct cdr_error *error)
{
    char plain[128];
    char *value = NULL;
    struct cdr_error clause = {{0}};
    size_t len = strlen(name) - strlen("_file");
    memcpy(plain, name, len);
    plain[len] = '\0';
    enum cdr_result result = cdr_secret_read(path, &value, &clause);
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s: %s", name, clause.text);
    result = cdr_property_give(loading, plain, value, source, error);
    cdr_secret_free(value);
    return result;
}

/* A setting of ours under Kafka's name. Its own message names Kafka's. */
static enum cdr_result give_setting(struct cdr_loading *loading, const char *name, const char *key,
                                    const char *value, struct cdr_error *error)
{
    const char *where = loading->where;
    enum cdr_result result = cdr_option_set(loading, cdr_option_by_key(key), name, value, error);
    loading->where = where;
    return result;
}

enum cdr_result cdr_property_give(struct cdr_loading *loading, const char *name, const char *value,
                                  const char *source, struct cdr_error *error)
{
    size_t len = strlen(name);
    if (len == 0 || len >= 128 || name[strcspn(name, " \t\r\n")] != '\0')
        return cdr_fail(error, CDR_E_CONFIG, "\"%.100s\" is not the name of a property", name);
    if (len > 5 && strcmp(name + len - 5, "_file") == 0)
        return give_from_file(loading, name, value, source, error);
    const struct dialect *dialect = find_dialect(name);
    if (dialect == NULL)
        return set_property(loading, name, value, source, error);
    switch (dialect->action) {
    case LEAVE_OUT:
        return CDR_OK;
    case RENAME:
        return set_property(loading, dialect->detail, value, source, error);
    case SETTING:
        return give_setting(loading, name, dialect->detail, value, error);
    case REFUSE:
        return cdr_fail(error, CDR_E_CONFIG, "%s: %s", name, dialect->detail);
    default:
        return give_special(loading, name, value, source, error);
    }
}

const char *cdr_property_shown(const struct cdr_property *property)
{
    return cdr_secret_name(property->name) ? CDR_HIDDEN : property->value;
}

void cdr_properties_free(struct cdr_sink_settings *sink)
{
    for (size_t i = 0; i < sink->property_count; i++) {
        free(sink->properties[i].name);
        cdr_secret_free(sink->properties[i].value);
        free(sink->properties[i].source);
    }
    free(sink->properties);
    sink->properties = NULL;
    sink->property_count = 0;
}

/* The end of a JAAS token: a quoted text, with '\' before what it keeps, or a word. */
static const char *token_end(const char *at, char *value)
{
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    if (quote == '\0') {
        size_t len = strcspn(at, " \t;=");
        memcpy(value, at, len);
        value[len] = '\0';
        return at + len;
    }
    for (at++; *at != '\0' && *at != quote; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        *value++ = *at;
    }
    *value = '\0';
    return *at == quote ? at + 1 : at;
}

char *cdr_jaas_setting(const char *jaas, const char *name)
{
    char *token = malloc(strlen(jaas) + 1);
    const char *at = jaas;
    while (token != NULL) {
        at += strspn(at, " \t\r\n;");
        if (*at == '\0')
            break;
        const char *end = token_end(at, token);
        const char *equals = end + strspn(end, " \t");
        bool wanted = strcmp(token, name) == 0;
        if (*equals == '=') {
            end = token_end(equals + 1 + strspn(equals + 1, " \t"), token);
            if (wanted)
                return token;
        }
        at = end > at ? end : at + 1;
    }
    cdr_secret_free(token);
    return NULL;
}
