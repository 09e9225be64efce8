#include "config/environment.h"

#include "base/suggest.h"
#include "config/properties.h"

#include <ctype.h>
#include <string.h>

#define PREFIX "CDRGEN_"
#define PROPERTY_PREFIX "CDRGEN_KAFKA_"

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

const char *cdr_environment_find(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return (*environment)[len + 1] != '\0' ? *environment + len + 1 : NULL;
    return NULL;
}

/* -X and config files are not for one variable; properties have CDRGEN_KAFKA_… each. */
static bool has_variable(const struct cdr_option *option)
{
    return option->key != NULL && option->type != CDR_OPTION_PROPERTY &&
           option->type != CDR_OPTION_REFUSED && option->type != CDR_OPTION_PROPERTIES_FILE;
}

static enum cdr_result load_option(struct cdr_loading *loading, const struct cdr_option *option,
                                   char *const *environment, struct cdr_error *error)
{
    const char *keys[2] = {option->also, option->key};
    enum cdr_result result = CDR_OK;
    for (int i = 0; result == CDR_OK && i < 2; i++) {
        char name[96];
        if (keys[i] == NULL || !cdr_option_environment_name(keys[i], name, sizeof name))
            continue;
        const char *value = cdr_environment_find(environment, name);
        if (value != NULL)
            result = cdr_option_set(loading, option, name, value, error);
    }
    return result;
}

static bool is_variable(const char *key, const char *name, size_t len)
{
    char own[96];
    return key != NULL && cdr_option_environment_name(key, own, sizeof own) && strlen(own) == len &&
           strncmp(own, name, len) == 0;
}

/* Whether a variable is one of a setting. */
static bool is_known(const char *name, size_t len)
{
    for (size_t i = 0; i < cdr_option_count; i++)
        if (has_variable(&cdr_options[i]) && (is_variable(cdr_options[i].key, name, len) ||
                                              is_variable(cdr_options[i].also, name, len)))
            return true;
    return is_variable("config", name, len) || is_variable("properties_file", name, len);
}

/* CDRGEN_KAFKA_SASL_PASSWORD=x as sasl.password, …_FILE=x as sasl.password_file. */
static enum cdr_result load_property(struct cdr_loading *loading, const char *name, size_t len,
                                     const char *value, struct cdr_error *error)
{
    char property[128], where[160];
    struct cdr_error clause = {{0}};
    size_t skip = strlen(PROPERTY_PREFIX), out = 0;
    if (*value == '\0' || len == skip || len - skip >= sizeof property)
        return CDR_OK;
    bool from_file = len - skip > 5 && strncmp(name + len - 5, "_FILE", 5) == 0;
    for (size_t i = skip; i < len; i++) {
        bool keep = from_file && i == len - 5;
        property[out++] = name[i] == '_' && !keep ? '.' : (char)tolower((unsigned char)name[i]);
    }
    property[out] = '\0';
    snprintf(where, sizeof where, "%.*s", (int)len, name);
    loading->where = where;
    enum cdr_result result = cdr_property_give(loading, property, value, where, &clause);
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s: %.800s", where, clause.text);
    return cdr_option_note(loading, cdr_option_by_key("kafka"), where, error);
}

/* "PORT", "PORT_80_TCP_ADDR", "SERVICE_HOST", with the name of a service in front of it. */
static bool is_of_a_service(const char *name)
{
    static const char *const ends[] = {"SERVICE_HOST", "SERVICE_PORT", "PORT"};
    for (const char *at = name; at != NULL; at = strchr(at, '_'), at += at != NULL)
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            size_t len = strlen(ends[i]);
            bool numbered = at[len] == '_' && (i == 1 || isdigit((unsigned char)at[len + 1]));
            if (strncmp(at, ends[i], len) == 0 && (at[len] == '\0' || numbered))
                return true;
        }
    return false;
}

static bool is_service_of(const char *variable, size_t len)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)len, variable);
    return is_of_a_service(name);
}

static bool is_of_a_script(const char *name)
{
    static const char *const words[] = {"TEST",  "TESTS",   "CACHE", "BIN",  "BINARY", "EXE",
                                        "HOME",  "DIR",     "ROOT",  "PATH", "SRC",    "SOURCE",
                                        "BUILD", "VERSION", "IMAGE", "CI"};
    size_t len = strcspn(name, "_");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && strncmp(words[i], name, len) == 0)
            return true;
    return false;
}

static enum cdr_result check_spelling(const char *name, size_t len, struct cdr_error *error)
{
    char given[96], best[96];
    size_t skip = strlen(PREFIX);
    snprintf(given, sizeof given, "%.*s", (int)(len - skip), name + skip);
    if (name[len + 1] == '\0' || is_service_of(name, len) || is_of_a_script(given))
        return CDR_OK;
    struct cdr_suggestion near = {.given = given};
    for (size_t i = 0; i < cdr_option_count; i++)
        if (has_variable(&cdr_options[i])) {
            cdr_suggest(&near, cdr_options[i].key);
            if (cdr_options[i].also != NULL)
                cdr_suggest(&near, cdr_options[i].also);
        }
    cdr_suggest(&near, "config");
    cdr_suggest(&near, "properties_file");
    const char *meant = cdr_option_meant(given);
    if (meant == NULL)
        meant = near.best;
    if (meant != NULL && cdr_option_environment_name(meant, best, sizeof best))
        return cdr_fail(error, CDR_E_CONFIG, "%.*s is not a setting; did you mean %s?", (int)len,
                        name, best);
    return cdr_fail(error, CDR_E_CONFIG,
                    "%.*s is not a setting; docs/configuration.md has all of them", (int)len, name);
}

enum cdr_result cdr_environment_load(struct cdr_loading *loading, char *const *environment,
                                     struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < cdr_option_count; i++)
        if (has_variable(&cdr_options[i]))
            result = load_option(loading, &cdr_options[i], environment, error);
    for (; result == CDR_OK && environment != NULL && *environment != NULL; environment++) {
        const char *name = *environment;
        size_t len = strcspn(name, "=");
        if (!begins_with(name, PREFIX) || name[len] != '=' || is_known(name, len))
            continue;
        if (begins_with(name, PROPERTY_PREFIX) && !is_service_of(name, len))
            result = load_property(loading, name, len, name + len + 1, error);
        else
            result = check_spelling(name, len, error);
    }
    return result;
}
