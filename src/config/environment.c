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

/* Whether a variable is one of a setting. */
static bool is_known(const char *name, size_t len)
{
    char own[96];
    for (size_t i = 0; i < cdr_option_count; i++) {
        const char *keys[2] = {cdr_options[i].key, cdr_options[i].also};
        for (int k = 0; k < 2; k++)
            if (keys[k] != NULL && cdr_option_environment_name(keys[k], own, sizeof own) &&
                strlen(own) == len && strncmp(own, name, len) == 0)
                return true;
    }
    return len == strlen(PREFIX "CONFIG") && strncmp(name, PREFIX "CONFIG", len) == 0;
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

static enum cdr_result check_spelling(const char *name, size_t len, struct cdr_error *error)
{
    char given[96];
    struct cdr_suggestion near = {.given = given};
    size_t skip = strlen(PREFIX);
    if (len - skip >= sizeof given)
        return CDR_OK;
    snprintf(given, sizeof given, "%.*s", (int)(len - skip), name + skip);
    /* Kubernetes sets these in every pod beside a service of the name cdrgen. */
    if (strcmp(given, "PORT") == 0 || begins_with(given, "PORT_") || begins_with(given, "SERVICE_"))
        return CDR_OK;
    for (size_t i = 0; i < cdr_option_count; i++)
        if (has_variable(&cdr_options[i]))
            cdr_suggest(&near, cdr_options[i].key);
    cdr_suggest(&near, "config");
    /* Only what is off by a letter or two; CDRGEN_HOME may be anybody's. */
    if (near.best == NULL || near.distance > 2)
        return CDR_OK;
    char best[96];
    if (!cdr_option_environment_name(near.best, best, sizeof best))
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "%.*s is not a setting; did you mean %s?", (int)len, name,
                    best);
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
        if (begins_with(name, PROPERTY_PREFIX))
            result = load_property(loading, name, len, name + len + 1, error);
        else
            result = check_spelling(name, len, error);
    }
    return result;
}
