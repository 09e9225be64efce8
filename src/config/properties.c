#include "config/properties.h"

#include "config/dialect.h"
#include "config/secret.h"
#if CDR_KAFKA
#endif

#include <stdlib.h>
#include <string.h>

static enum cdr_result append(struct cdr_kafka_settings *kafka, struct cdr_property **added,
                              struct cdr_error *error)
{
    struct cdr_property *grown =
        realloc(kafka->properties, (kafka->property_count + 1) * sizeof *kafka->properties);
    if (grown == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    kafka->properties = grown;
    *added = &grown[kafka->property_count++];
    **added = (struct cdr_property){0};
    return CDR_OK;
}

enum cdr_result cdr_property_set(struct cdr_loading *loading, const char *name, const char *value,
                                 const char *source, struct cdr_error *error)
{
    struct cdr_kafka_settings *kafka = &loading->settings->sink.kafka;
    struct cdr_property *property = NULL;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; property == NULL && i < kafka->property_count; i++)
        if (strcmp(kafka->properties[i].name, name) == 0)
            property = &kafka->properties[i];
    if (property == NULL) {
        result = append(kafka, &property, error);
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

/* Messages go on to say the name that the user wrote. */
static enum cdr_result set_renamed(struct cdr_loading *loading, const char *name,
                                   const struct cdr_given *given, struct cdr_error *error)
{
    char source[500];
    snprintf(source, sizeof source, "%.300s (%.150s)", given->source, given->name);
    return cdr_property_set(loading, name, given->value, source, error);
}

enum cdr_result cdr_property_give(struct cdr_loading *loading, const char *name, const char *value,
                                  const char *source, struct cdr_error *error)
{
    size_t len = strlen(name);
    if (len == 0 || len >= 128 || name[strcspn(name, " \t\r\n")] != '\0')
        return cdr_fail(error, CDR_E_CONFIG, "\"%.100s\" is not the name of a property", name);
    if (len > 5 && strcmp(name + len - 5, "_file") == 0)
        return give_from_file(loading, name, value, source, error);
    if (strncmp(value, "${", 2) == 0 && value[strlen(value) - 1] == '}')
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s: \"${...}\" is for Java's configuration providers, which cannot run "
                        "here; give %s_file=PATH, or the value in the environment",
                        name, name);
    const struct cdr_dialect *dialect = cdr_dialect_find(name);
    const struct cdr_given given = {name, value, source};
    if (dialect == NULL)
        return cdr_property_set(loading, name, value, source, error);
    switch (dialect->action) {
    case CDR_DIALECT_LEAVE_OUT:
        return CDR_OK;
    case CDR_DIALECT_WARN:
        return cdr_loading_warn(loading, error, "%s: %s has no effect here; %s", source, name,
                                dialect->detail);
    case CDR_DIALECT_RENAME:
        return set_renamed(loading, dialect->detail, &given, error);
    case CDR_DIALECT_SETTING:
        return give_setting(loading, name, dialect->detail, value, error);
    case CDR_DIALECT_REFUSE:
        return cdr_fail(error, CDR_E_CONFIG, "%s: %s", name, dialect->detail);
    default:
        return dialect->give(loading, &given, error);
    }
}

enum cdr_result cdr_properties_check(const struct cdr_settings *settings, enum cdr_command command,
                                     struct cdr_error *error)
{
#if CDR_KAFKA
    return cdr_kafka_check_properties(&settings->sink.kafka, command == CDR_COMMAND_CONFIG,
                                      cdr_dialect_offer, error);
#else
    (void)settings, (void)command, (void)error;
    return CDR_OK;
#endif
}

const char *cdr_property_shown(const struct cdr_property *property)
{
    return cdr_secret_name(property->name) ? CDR_HIDDEN : property->value;
}

void cdr_properties_free(struct cdr_kafka_settings *kafka)
{
    for (size_t i = 0; i < kafka->property_count; i++) {
        free(kafka->properties[i].name);
        cdr_secret_free(kafka->properties[i].value);
        free(kafka->properties[i].source);
    }
    free(kafka->properties);
    kafka->properties = NULL;
    kafka->property_count = 0;
}
