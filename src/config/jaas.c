/* sasl.jaas.config: `a.b.PlainLoginModule required username="a" password="b";`. */
#include "config/dialect.h"
#include "config/properties.h"
#include "config/secret.h"

#include <stdlib.h>
#include <string.h>

struct setting {
    const char *jaas, *property;
    bool required;
};

struct module {
    const char *class_end;
    struct setting settings[4];
};

static const struct module modules[] = {
    {"PlainLoginModule",
     {{"username", "sasl.username", true}, {"password", "sasl.password", true}}},
    {"ScramLoginModule",
     {{"username", "sasl.username", true}, {"password", "sasl.password", true}}},
    {"OAuthBearerLoginModule",
     {{"clientId", "sasl.oauthbearer.client.id", false},
      {"clientSecret", "sasl.oauthbearer.client.secret", false},
      {"scope", "sasl.oauthbearer.scope", false}}},
    {"Krb5LoginModule",
     {{"principal", "sasl.kerberos.principal", false},
      {"keyTab", "sasl.kerberos.keytab", false},
      {"serviceName", "sasl.kerberos.service.name", false}}},
};

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

/* The next NAME=VALUE at or after at, each into a buffer as long as the line; NULL: no more. */
static const char *next_setting(const char *at, char *name, char *value)
{
    for (;;) {
        at += strspn(at, " \t\r\n;");
        if (*at == '\0')
            return NULL;
        const char *end = token_end(at, name);
        const char *equals = end + strspn(end, " \t");
        if (*equals == '=')
            return token_end(equals + 1 + strspn(equals + 1, " \t"), value);
        at = end > at ? end : at + 1;
    }
}

char *cdr_jaas_setting(const char *jaas, const char *name)
{
    size_t size = strlen(jaas) + 1;
    char *found = calloc(1, size), *value = calloc(1, size);
    const char *at = found != NULL && value != NULL ? jaas : NULL;
    while (at != NULL) {
        at = next_setting(at, found, value);
        if (at != NULL && strcmp(found, name) == 0)
            break;
    }
    cdr_secret_free(found);
    if (at != NULL)
        return value;
    cdr_secret_free(value);
    return NULL;
}

/* A value that the line carries, where it does. */
static enum cdr_result take(struct cdr_loading *loading, const struct cdr_given *given,
                            const struct module *module, const struct setting *setting,
                            struct cdr_error *error)
{
    char *value = cdr_jaas_setting(given->value, setting->jaas);
    enum cdr_result result = CDR_OK;
    if (value != NULL)
        result = cdr_property_set(loading, setting->property, value, given->source, error);
    else if (setting->required)
        result = cdr_fail(error, CDR_E_CONFIG, "sasl.jaas.config: %s needs %s=\"...\"",
                          module->class_end, setting->jaas);
    cdr_secret_free(value);
    return result;
}

/* extension_logicalCluster="lkc-1" … of the whole line, as librdkafka's one property has them. */
static enum cdr_result take_extensions(struct cdr_loading *loading, const struct cdr_given *given,
                                       struct cdr_error *error)
{
    static const char start[] = "extension_";
    size_t size = strlen(given->value) + 1, used = 0;
    char *name = calloc(1, size), *value = calloc(1, size), *all = calloc(1, size);
    enum cdr_result result = CDR_OK;
    if (name == NULL || value == NULL || all == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (const char *at = given->value; result == CDR_OK;) {
        at = next_setting(at, name, value);
        if (at == NULL)
            break;
        if (strncmp(name, start, sizeof start - 1) == 0)
            used += (size_t)snprintf(all + used, size - used, "%s%s=%s", used > 0 ? "," : "",
                                     name + sizeof start - 1, value);
    }
    if (result == CDR_OK && used > 0)
        result =
            cdr_property_set(loading, "sasl.oauthbearer.extensions", all, given->source, error);
    cdr_secret_free(name);
    cdr_secret_free(value);
    cdr_secret_free(all);
    return result;
}

/* A client id means an identity provider; unsecuredLoginStringClaim_sub a token that only tests
 * take. */
static enum cdr_result choose_oauth(struct cdr_loading *loading, const struct cdr_given *given,
                                    struct cdr_error *error)
{
    char *client = cdr_jaas_setting(given->value, "clientId");
    char *subject = cdr_jaas_setting(given->value, "unsecuredLoginStringClaim_sub");
    char principal[300];
    enum cdr_result result = CDR_OK;
    if (client != NULL) {
        result = cdr_property_set(loading, "sasl.oauthbearer.method", "oidc", given->source, error);
        if (result == CDR_OK)
            result = take_extensions(loading, given, error);
    } else if (subject != NULL) {
        snprintf(principal, sizeof principal, "principal=%.256s", subject);
        result = cdr_property_set(loading, "enable.sasl.oauthbearer.unsecure.jwt", "true",
                                  given->source, error);
        if (result == CDR_OK)
            result = cdr_property_set(loading, "sasl.oauthbearer.config", principal, given->source,
                                      error);
    }
    cdr_secret_free(client);
    cdr_secret_free(subject);
    return result;
}

enum cdr_result cdr_give_jaas(struct cdr_loading *loading, const struct cdr_given *given,
                              struct cdr_error *error)
{
    size_t class_len = strcspn(given->value, " \t");
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        const struct module *module = &modules[i];
        size_t end_len = strlen(module->class_end);
        if (class_len < end_len ||
            strncmp(given->value + class_len - end_len, module->class_end, end_len) != 0)
            continue;
        enum cdr_result result = CDR_OK;
        for (size_t s = 0; result == CDR_OK && s < 4 && module->settings[s].jaas != NULL; s++)
            result = take(loading, given, module, &module->settings[s], error);
        if (result == CDR_OK && strcmp(module->class_end, "OAuthBearerLoginModule") == 0)
            result = choose_oauth(loading, given, error);
        return result;
    }
    return cdr_fail(error, CDR_E_CONFIG,
                    "sasl.jaas.config: understood are PlainLoginModule, ScramLoginModule, "
                    "OAuthBearerLoginModule and Krb5LoginModule; else give sasl.mechanisms, "
                    "sasl.username and sasl.password");
}
