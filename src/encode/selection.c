#include "encode/selection.h"

#include "base/parse.h"
#include "schema/source.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 1000, LIST_MAX = 64 << 10 };

/* While a list is read. */
struct making {
    json_t *fields[CDR_TYPE_COUNT]; /* arrays */
    json_t *rules[CDR_TYPE_COUNT];  /* objects */
    json_t *mapping;                /* holds the rules */
};

static const struct cdr_field_source *find_anywhere(const char *name)
{
    const struct cdr_field_source *source = NULL;
    for (uint32_t type = 0; source == NULL && type < CDR_TYPE_COUNT; type++)
        source = cdr_source_find(name, type);
    return source;
}

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *name != '\0' && strspn(name, letters) == strlen(name) && (*name < '0' || *name > '9');
}

static json_t *natural_type(const struct cdr_field_source *source)
{
    switch (source->kind) {
    case CDR_SOURCE_NUMBER:
        return json_string(source->digits <= 9 ? "int" : "long");
    case CDR_SOURCE_TIME:
        return json_pack("{s:s,s:s}", "type", "long", "logicalType", "timestamp-millis");
    case CDR_SOURCE_LOCAL:
        return json_pack("{s:s,s:s}", "type", "long", "logicalType", "local-timestamp-millis");
    case CDR_SOURCE_BOOLEAN:
        return json_string("boolean");
    case CDR_SOURCE_UUID:
        return json_pack("{s:s,s:s}", "type", "string", "logicalType", "uuid");
    default:
        return json_string("string");
    }
}

static enum cdr_result add_field(struct making *making, const char *name,
                                 const struct cdr_field_source *source, struct cdr_error *error)
{
    bool good = true;
    for (uint32_t type = 0; good && type < CDR_TYPE_COUNT; type++) {
        bool has = cdr_source_has(source, type);
        json_t *field =
            has && !source->optional
                ? json_pack("{s:s,s:s,s:o}", "name", name, "doc", source->meaning, "type",
                            natural_type(source))
                : json_pack("{s:s,s:s,s:[s,o],s:n}", "name", name, "doc", source->meaning, "type",
                            "null", natural_type(source), "default");
        json_t *rule = has ? json_string(source->name) : json_pack("{s:n}", "const");
        good = json_array_append_new(making->fields[type], field) == 0;
        good = json_object_set_new(making->rules[type], name, rule) == 0 && good;
    }
    return good ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

static enum cdr_result no_such_source(const char *wanted, struct cdr_error *error)
{
    char quoted[72], known[600];
    const char *near = cdr_source_near(wanted, CDR_TYPE_COUNT);
    cdr_quote(wanted, quoted);
    if (near != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "there is no source %s; did you mean %s?", quoted,
                        near);
    cdr_source_list(CDR_TYPE_COUNT, known, sizeof known);
    return cdr_fail(error, CDR_E_CONFIG, "there is no source %s; there are %s", quoted, known);
}

/* item: "source" or "name=source", which is cut. */
static enum cdr_result take_item(struct making *making, char *item, struct cdr_error *error)
{
    char quoted[72];
    char *equals = strchr(item, '=');
    const char *wanted = equals != NULL ? equals + 1 : item;
    if (equals != NULL)
        *equals = '\0';
    const struct cdr_field_source *source = find_anywhere(wanted);
    if (source == NULL)
        return no_such_source(wanted, error);
    if (!is_name(item))
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s is no name of a field: letters, digits and _ are allowed, and no digit "
                        "in front",
                        cdr_quote(item, quoted));
    if (json_object_get(making->rules[0], item) != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "there are two fields %s", cdr_quote(item, quoted));
    if (json_array_size(making->fields[0]) == FIELDS_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "there are more than %d fields", FIELDS_MAX);
    return add_field(making, item, source, error);
}

static enum cdr_result take_list(struct making *making, const char *list, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (strlen(list) > LIST_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the list has more than %d bytes", LIST_MAX);
    for (const char *next = list; result == CDR_OK; next++) {
        next += strspn(next, " \t\n\r");
        size_t len = strcspn(next, ","), whole = len;
        while (len > 0 && strchr(" \t\n\r", next[len - 1]) != NULL)
            len--;
        char *item = strndup(next, len);
        result = item != NULL ? take_item(making, item, error)
                              : cdr_fail(error, CDR_E_NOMEM, "out of memory");
        free(item);
        next += whole;
        if (*next == '\0')
            break;
    }
    return result;
}

static enum cdr_result dump(struct cdr_topics *topics, const struct making *making,
                            struct cdr_error *error)
{
    bool good = true;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        json_t *schema =
            json_pack("{s:s,s:s,s:s,s:O}", "type", "record", "name", cdr_type_record[type],
                      "namespace", "io.cdrgen.fields", "fields", making->fields[type]);
        char **text = &topics->items[type].layouts[0].schema;
        *text = schema != NULL ? json_dumps(schema, JSON_COMPACT) : NULL;
        json_decref(schema);
        good = good && *text != NULL;
    }
    topics->mappings[0] = json_dumps(making->mapping, JSON_COMPACT);
    return good && topics->mappings[0] != NULL ? CDR_OK
                                               : cdr_fail(error, CDR_E_NOMEM, "out of memory");
}

enum cdr_result cdr_selection_make(struct cdr_topics *topics, const char *list,
                                   struct cdr_error *error)
{
    struct making making = {.mapping = json_object()};
    bool good = making.mapping != NULL;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        making.fields[type] = json_array();
        making.rules[type] = json_object();
        good = good && making.fields[type] != NULL &&
               json_object_set_new(making.mapping, cdr_type_word[type], making.rules[type]) == 0;
    }
    enum cdr_result result =
        good ? take_list(&making, list, error) : cdr_fail(error, CDR_E_NOMEM, "out of memory");
    if (result == CDR_OK)
        result = dump(topics, &making, error);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        json_decref(making.fields[type]);
    json_decref(making.mapping);
    return result;
}
