#include "schema/schema.h"

#include "base/parse.h"
#include "schema/constant.h"

#if CDR_KAFKA
#include <avro.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const kind_names[CDR_AVRO_KIND_COUNT] = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "fixed", "array", "map",    "union",
};

static const char *const logical_names[] = {
    "",
    "date",
    "time-millis",
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
    "decimal",
    "uuid",
};
enum { LOGICALS = sizeof logical_names / sizeof *logical_names };

enum { FULL_NAME_MAX = 512 };

/* Where the parser is: for names and for messages. */
struct place {
    const char *namespace; /* "" where there is none */
    const char *owner;     /* the record, enum, … around */
    const char *field;     /* or NULL */
    int depth;
};

static enum cdr_result parse_type(struct cdr_schema *schema, const json_t *json,
                                  const struct place *place, const struct cdr_schema_node **node,
                                  struct cdr_error *error);

#define AT_FORMAT "%s%s%s"
#define AT_ARGUMENTS(place)                                                                        \
    (place)->owner, (place)->field != NULL ? "." : "", (place)->field != NULL ? (place)->field : ""

static bool is_name(const char *text, size_t len, bool dots)
{
    bool begins = true;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (c == '.' && dots && !begins)
            begins = true;
        else if (letter || (c >= '0' && c <= '9' && !begins))
            begins = false;
        else
            return false;
    }
    return !begins && len < FULL_NAME_MAX / 2;
}

static bool json_is_name(const json_t *json, bool dots)
{
    return json_is_string(json) && is_name(json_string_value(json), json_string_length(json), dots);
}

/* A line for the user about a schema that is valid; those that come late are dropped. */
static void advise(struct cdr_schema *schema, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void advise(struct cdr_schema *schema, const char *format, ...)
{
    struct cdr_error line;
    va_list arguments;
    if (schema->advice_count == CDR_SCHEMA_ADVICE_MAX)
        return;
    va_start(arguments, format);
    cdr_vfail(&line, CDR_OK, format, arguments);
    va_end(arguments);
    if ((schema->advice[schema->advice_count] = strdup(line.text)) != NULL)
        schema->advice_count++;
}

static enum cdr_result add_parts(struct cdr_schema *schema, size_t count, struct cdr_error *error)
{
    schema->part_count += count;
    if (schema->part_count <= CDR_SCHEMA_NODES_MAX)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "it has more than %d types and fields",
                    CDR_SCHEMA_NODES_MAX);
}

static struct cdr_schema_node *add_node(struct cdr_schema *schema, enum cdr_avro_kind kind,
                                        struct cdr_error *error)
{
    if (add_parts(schema, 1, error) != CDR_OK)
        return NULL;
    if ((schema->node_count & (schema->node_count - 1)) == 0) {
        size_t room = schema->node_count == 0 ? 1 : 2 * schema->node_count;
        struct cdr_schema_node **nodes = realloc(schema->nodes, room * sizeof *nodes);
        if (nodes == NULL) {
            cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
            return NULL;
        }
        schema->nodes = nodes;
    }
    struct cdr_schema_node *node = calloc(1, sizeof *node);
    if (node == NULL) {
        cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
        return NULL;
    }
    node->kind = kind;
    schema->nodes[schema->node_count++] = node;
    return node;
}

static bool find_kind(const char *name, enum cdr_avro_kind *kind)
{
    for (int i = 0; i < CDR_AVRO_KIND_COUNT; i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *kind = (enum cdr_avro_kind)i;
            return true;
        }
    return false;
}

static const struct cdr_schema_node *find_name(const struct cdr_schema *schema, const char *name,
                                               const struct place *place)
{
    char full[FULL_NAME_MAX];
    const json_t *found = NULL;
    if (strchr(name, '.') == NULL && place->namespace[0] != '\0') {
        snprintf(full, sizeof full, "%s.%s", place->namespace, name);
        found = json_object_get(schema->names, full);
    }
    if (found == NULL)
        found = json_object_get(schema->names, name);
    return found != NULL ? schema->nodes[json_integer_value(found)] : NULL;
}

static enum cdr_result parse_reference(struct cdr_schema *schema, const json_t *json,
                                       const struct place *place,
                                       const struct cdr_schema_node **node, struct cdr_error *error)
{
    enum cdr_avro_kind kind;
    char quoted[72];
    const char *name = json_string_value(json);
    if (find_kind(name, &kind) && kind <= CDR_AVRO_STRING) {
        *node = add_node(schema, kind, error);
        return *node != NULL ? CDR_OK : CDR_E_CONFIG;
    }
    *node = json_is_name(json, true) ? find_name(schema, name, place) : NULL;
    if (*node != NULL)
        return add_parts(schema, 1, error);
    return cdr_fail(error, CDR_E_CONFIG, "the type %s of " AT_FORMAT " is not known",
                    cdr_quote(name, quoted), AT_ARGUMENTS(place));
}

/* Two unnamed branches of one kind, or two of one name, could not be told apart. */
static bool same_branch(const struct cdr_schema_node *a, const struct cdr_schema_node *b)
{
    if (a->full_name != NULL || b->full_name != NULL)
        return a == b;
    return a->kind == b->kind;
}

static enum cdr_result parse_union(struct cdr_schema *schema, const json_t *json,
                                   const struct place *place, const struct cdr_schema_node **made,
                                   struct cdr_error *error)
{
    char text[160];
    struct cdr_schema_node *node = add_node(schema, CDR_AVRO_UNION, error);
    if (node == NULL)
        return CDR_E_CONFIG;
    *made = node;
    if (json_array_size(json) == 0 || json_array_size(json) > 64)
        return cdr_fail(error, CDR_E_CONFIG,
                        "the union of " AT_FORMAT " has %zu types, not 1 to 64",
                        AT_ARGUMENTS(place), json_array_size(json));
    node->members = calloc(json_array_size(json), sizeof *node->members);
    if (node->members == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
    for (size_t i = 0; i < json_array_size(json); i++) {
        enum cdr_result result =
            parse_type(schema, json_array_get(json, i), place, &node->members[i], error);
        if (result != CDR_OK)
            return result;
        if (node->members[i]->kind == CDR_AVRO_UNION)
            return cdr_fail(error, CDR_E_CONFIG, "the union of " AT_FORMAT " holds a union",
                            AT_ARGUMENTS(place));
        for (size_t k = 0; k < i; k++)
            if (same_branch(node->members[i], node->members[k]))
                return cdr_fail(error, CDR_E_CONFIG, "the union of " AT_FORMAT " holds %s twice",
                                AT_ARGUMENTS(place), cdr_schema_describe(node->members[i], text));
        node->count = i + 1;
    }
    return CDR_OK;
}

/* Other names of a type must be names; those of a field may be any text, as other readers have it.
 */
static enum cdr_result check_aliases(const json_t *aliases, bool names, const struct place *place,
                                     struct cdr_error *error)
{
    char quoted[72];
    if (aliases != NULL && !json_is_array(aliases))
        return cdr_fail(error, CDR_E_CONFIG, "the aliases of " AT_FORMAT " are not an array",
                        AT_ARGUMENTS(place));
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const json_t *alias = json_array_get(aliases, i);
        if (!json_is_string(alias))
            return cdr_fail(error, CDR_E_CONFIG, "an alias of " AT_FORMAT " is not a string",
                            AT_ARGUMENTS(place));
        if (names && !json_is_name(alias, true))
            return cdr_fail(error, CDR_E_CONFIG, "the alias %s of " AT_FORMAT " is not a name",
                            cdr_quote(json_string_value(alias), quoted), AT_ARGUMENTS(place));
    }
    return CDR_OK;
}

/* Readers sort by it, and know no other. */
static enum cdr_result check_order(const json_t *order, const struct place *place,
                                   struct cdr_error *error)
{
    const char *text = json_string_value(order);
    char quoted[72];
    if (order == NULL ||
        (text != NULL && (strcasecmp(text, "ascending") == 0 ||
                          strcasecmp(text, "descending") == 0 || strcasecmp(text, "ignore") == 0)))
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "the order of " AT_FORMAT " is %s, not ascending, descending or ignore",
                    AT_ARGUMENTS(place), text != NULL ? cdr_quote(text, quoted) : "not a string");
}

/* Registers the full name of a definition and gives the place inside it. */
static enum cdr_result name_node(struct cdr_schema *schema, const json_t *json,
                                 struct cdr_schema_node *node, struct place *inside,
                                 char namespace[FULL_NAME_MAX], struct cdr_error *error)
{
    char full[FULL_NAME_MAX], quoted[72];
    const json_t *name = json_object_get(json, "name"), *space = json_object_get(json, "namespace");
    if (!json_is_name(name, true))
        return cdr_fail(error, CDR_E_CONFIG, "a%s %s of " AT_FORMAT " has %s%s",
                        node->kind == CDR_AVRO_ENUM ? "n" : "", kind_names[node->kind],
                        AT_ARGUMENTS(inside), name == NULL ? "no name" : "a name that is not one: ",
                        name == NULL
                            ? ""
                            : cdr_quote(json_string_value(name) != NULL ? json_string_value(name)
                                                                        : "not a string",
                                        quoted));
    if (json_is_null(space))
        space = NULL;
    if (space != NULL && !json_is_name(space, true) &&
        !(json_is_string(space) && json_string_length(space) == 0))
        return cdr_fail(error, CDR_E_CONFIG, "the namespace of %s is not a name",
                        json_string_value(name));
    if (strchr(json_string_value(name), '.') != NULL)
        snprintf(full, sizeof full, "%s", json_string_value(name));
    else if (space != NULL || inside->namespace[0] != '\0')
        snprintf(full, sizeof full, "%s%s%s",
                 space != NULL ? json_string_value(space) : inside->namespace,
                 space != NULL && json_string_length(space) == 0 ? "" : ".",
                 json_string_value(name));
    else
        snprintf(full, sizeof full, "%s", json_string_value(name));
    enum cdr_avro_kind kind;
    if (find_kind(full, &kind) || json_object_get(schema->names, full) != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "the name %s is %s", cdr_quote(full, quoted),
                        json_object_get(schema->names, full) != NULL ? "defined twice"
                                                                     : "that of a type of Avro's");
    if (json_object_set_new(schema->names, full,
                            json_integer((json_int_t)schema->node_count - 1)) != 0)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
    /* The key in names lives as long as the schema. */
    node->full_name = json_object_iter_key(json_object_iter_at(schema->names, full));
    snprintf(namespace, FULL_NAME_MAX, "%s", full);
    char *dot = strrchr(namespace, '.');
    *(dot != NULL ? dot : namespace) = '\0';
    *inside = (struct place){namespace, node->full_name, NULL, inside->depth};
    return check_aliases(json_object_get(json, "aliases"), true, inside, error);
}

static enum cdr_result parse_field(struct cdr_schema *schema, const json_t *json,
                                   const struct place *record, struct cdr_schema_field *field,
                                   struct cdr_error *error)
{
    struct place place = *record;
    const json_t *name = json_object_get(json, "name");
    if (!json_is_name(name, false))
        return cdr_fail(error, CDR_E_CONFIG, "a field of %s has no name, or one that is not a name",
                        record->owner);
    field->name = place.field = json_string_value(name);
    field->aliases = json_object_get(json, "aliases");
    field->default_value = json_object_get(json, "default");
    const json_t *type = json_object_get(json, "type");
    enum cdr_result result = check_aliases(field->aliases, false, &place, error);
    if (result == CDR_OK)
        result = check_order(json_object_get(json, "order"), &place, error);
    if (result == CDR_OK && type == NULL)
        result = cdr_fail(error, CDR_E_CONFIG, AT_FORMAT " has no type", AT_ARGUMENTS(&place));
    if (result == CDR_OK)
        result = parse_type(schema, type, &place, &field->type, error);
    const json_t *logical = json_object_get(json, "logicalType");
    if (result == CDR_OK && json_is_string(logical) && json_object_get(type, "logicalType") == NULL)
        advise(schema,
               "the field " AT_FORMAT ": its logicalType %.60s stands beside its type, where "
               "readers ignore it; put it inside, as in {\"type\": {\"type\": …, \"logicalType\": "
               "\"%.60s\"}}",
               AT_ARGUMENTS(&place), json_string_value(logical), json_string_value(logical));
    return result;
}

static enum cdr_result parse_fields(struct cdr_schema *schema, const json_t *json,
                                    struct cdr_schema_node *node, const struct place *place,
                                    struct cdr_error *error)
{
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields))
        return cdr_fail(error, CDR_E_CONFIG, "the record %s has no array of fields",
                        node->full_name);
    size_t count = json_array_size(fields);
    json_t *seen = json_object();
    enum cdr_result result = add_parts(schema, count, error);
    if (result == CDR_OK &&
        (seen == NULL || (node->fields = calloc(count + 1, sizeof *node->fields)) == NULL))
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        struct cdr_schema_field *field = &node->fields[i];
        result = parse_field(schema, json_array_get(fields, i), place, field, error);
        if (result == CDR_OK && json_object_get(seen, field->name) != NULL)
            result =
                cdr_fail(error, CDR_E_CONFIG, "%s has two fields %s", node->full_name, field->name);
        if (result == CDR_OK && json_object_set_new(seen, field->name, json_true()) != 0)
            result = cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
        node->count = i + 1;
    }
    json_decref(seen);
    return result;
}

size_t cdr_schema_symbols(const struct cdr_schema_node *node)
{
    return json_array_size(node->symbols);
}

static enum cdr_result parse_symbols(const json_t *json, struct cdr_schema_node *node,
                                     struct cdr_error *error)
{
    node->symbols = json_object_get(json, "symbols");
    size_t count = json_array_size(node->symbols);
    if (count == 0 || count > CDR_SCHEMA_NODES_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the enum %s has %s", node->full_name,
                        count == 0 ? "no array of symbols" : "too many symbols");
    json_t *seen = json_object();
    enum cdr_result result = seen != NULL ? CDR_OK : CDR_E_NOMEM;
    for (size_t i = 0; result == CDR_OK && i < count; i++) {
        const json_t *symbol = json_array_get(node->symbols, i);
        if (!json_is_name(symbol, false))
            result = cdr_fail(error, CDR_E_CONFIG, "symbol %zu of the enum %s is not a name", i + 1,
                              node->full_name);
        else if (json_object_get(seen, json_string_value(symbol)) != NULL)
            result = cdr_fail(error, CDR_E_CONFIG, "the enum %s has the symbol %s twice",
                              node->full_name, json_string_value(symbol));
        else if (json_object_set_new(seen, json_string_value(symbol), json_true()) != 0)
            result = CDR_E_NOMEM;
    }
    const json_t *fallback = json_object_get(json, "default");
    if (result == CDR_OK && fallback != NULL &&
        (!json_is_string(fallback) || json_object_get(seen, json_string_value(fallback)) == NULL))
        result = cdr_fail(error, CDR_E_CONFIG, "the default of the enum %s is none of its symbols",
                          node->full_name);
    json_decref(seen);
    return result == CDR_E_NOMEM ? cdr_fail(error, result, "no memory for a schema") : result;
}

static enum cdr_result parse_named(struct cdr_schema *schema, const json_t *json,
                                   struct cdr_schema_node *node, struct place inside,
                                   struct cdr_error *error)
{
    char namespace[FULL_NAME_MAX];
    enum cdr_result result = name_node(schema, json, node, &inside, namespace, error);
    if (result != CDR_OK)
        return result;
    if (node->kind == CDR_AVRO_RECORD)
        return parse_fields(schema, json, node, &inside, error);
    if (node->kind == CDR_AVRO_ENUM)
        return parse_symbols(json, node, error);
    const json_t *size = json_object_get(json, "size");
    if (!json_is_integer(size) || json_integer_value(size) < 1 ||
        json_integer_value(size) > CDR_SCHEMA_FIXED_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the size of the fixed %s is not 1 to %d",
                        node->full_name, CDR_SCHEMA_FIXED_MAX);
    node->size = (uint32_t)json_integer_value(size);
    return CDR_OK;
}

/* Digits that a decimal in a fixed of so many bytes can have. */
static uint32_t fixed_digits(uint32_t size)
{
    return size >= 64 ? 150 : (size * 8 - 1) * 30103 / 100000;
}

static bool logical_suits(struct cdr_schema_node *node, enum cdr_avro_logical logical,
                          const json_t *json)
{
    const json_t *precision = json_object_get(json, "precision"),
                 *scale = json_object_get(json, "scale");
    switch (logical) {
    case CDR_LOGICAL_NONE:
        return false;
    case CDR_LOGICAL_DATE:
    case CDR_LOGICAL_TIME_MILLIS:
        return node->kind == CDR_AVRO_INT;
    case CDR_LOGICAL_UUID:
        return node->kind == CDR_AVRO_STRING || (node->kind == CDR_AVRO_FIXED && node->size == 16);
    case CDR_LOGICAL_DECIMAL:
        if ((node->kind != CDR_AVRO_BYTES && node->kind != CDR_AVRO_FIXED) ||
            !json_is_integer(precision) || (scale != NULL && !json_is_integer(scale)) ||
            json_integer_value(precision) < 1 || json_integer_value(precision) > 1000 ||
            json_integer_value(scale) < 0 ||
            json_integer_value(scale) > json_integer_value(precision))
            return false;
        node->precision = (uint32_t)json_integer_value(precision);
        node->scale = (uint32_t)json_integer_value(scale);
        return node->kind == CDR_AVRO_BYTES || node->precision <= fixed_digits(node->size);
    default:
        return node->kind == CDR_AVRO_LONG;
    }
}

static void set_logical(struct cdr_schema *schema, struct cdr_schema_node *node, const json_t *json,
                        const struct place *place)
{
    const char *name = json_string_value(json_object_get(json, "logicalType"));
    for (int i = 1; name != NULL && i < LOGICALS; i++) {
        if (strcmp(name, logical_names[i]) != 0)
            continue;
        if (logical_suits(node, (enum cdr_avro_logical)i, json))
            node->logical = (enum cdr_avro_logical)i;
        else
            advise(schema,
                   "the field " AT_FORMAT ": its logicalType %s does not suit its type %s%s, so it "
                   "is ignored; some readers refuse the schema",
                   AT_ARGUMENTS(place), name, kind_names[node->kind],
                   i == CDR_LOGICAL_DECIMAL ? " with this precision and scale" : "");
    }
}

static enum cdr_result parse_object(struct cdr_schema *schema, const json_t *json,
                                    const struct place *place, const struct cdr_schema_node **made,
                                    struct cdr_error *error)
{
    enum cdr_avro_kind kind;
    const json_t *type = json_object_get(json, "type");
    if (type == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "a type of " AT_FORMAT " has no \"type\"",
                        AT_ARGUMENTS(place));
    if (!json_is_string(type))
        return cdr_fail(error, CDR_E_CONFIG, "a type of " AT_FORMAT " has a \"type\" that is %s",
                        AT_ARGUMENTS(place),
                        json_is_object(type)  ? "an object, not a string"
                        : json_is_array(type) ? "an array, not a string"
                                              : "not a string");
    if (!find_kind(json_string_value(type), &kind) || kind == CDR_AVRO_UNION) {
        char quoted[72];
        const bool known = find_name(schema, json_string_value(type), place) != NULL;
        cdr_quote(json_string_value(type), quoted);
        return cdr_fail(error, CDR_E_CONFIG, "the type %s of " AT_FORMAT " is not known%s%s",
                        quoted, AT_ARGUMENTS(place),
                        known ? " in an object; a type that is defined before is given by its name "
                                "alone: "
                              : "",
                        known ? quoted : "");
    }
    struct cdr_schema_node *node = add_node(schema, kind, error);
    if (node == NULL)
        return CDR_E_CONFIG;
    *made = node;
    enum cdr_result result = CDR_OK;
    if (kind == CDR_AVRO_RECORD || kind == CDR_AVRO_ENUM || kind == CDR_AVRO_FIXED) {
        result = parse_named(schema, json, node, *place, error);
    } else if (kind == CDR_AVRO_ARRAY || kind == CDR_AVRO_MAP) {
        const char *key = kind == CDR_AVRO_ARRAY ? "items" : "values";
        const json_t *member = json_object_get(json, key);
        if (member == NULL)
            return cdr_fail(error, CDR_E_CONFIG, "the %s of " AT_FORMAT " has no \"%s\"",
                            kind_names[kind], AT_ARGUMENTS(place), key);
        if ((node->members = calloc(1, sizeof *node->members)) == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
        result = parse_type(schema, member, place, &node->members[0], error);
        node->count = result == CDR_OK;
    }
    if (result == CDR_OK)
        set_logical(schema, node, json, place);
    return result;
}

static enum cdr_result parse_type(struct cdr_schema *schema, const json_t *json,
                                  const struct place *place, const struct cdr_schema_node **node,
                                  struct cdr_error *error)
{
    struct place inside = *place;
    if (++inside.depth > CDR_SCHEMA_DEPTH_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "its types are nested more than %d deep",
                        CDR_SCHEMA_DEPTH_MAX);
    if (json_is_string(json))
        return parse_reference(schema, json, &inside, node, error);
    if (json_is_array(json))
        return parse_union(schema, json, &inside, node, error);
    if (json_is_object(json))
        return parse_object(schema, json, &inside, node, error);
    return cdr_fail(error, CDR_E_CONFIG,
                    "the type of " AT_FORMAT " is neither a string, an object nor an array",
                    AT_ARGUMENTS(place));
}

#if CDR_KAFKA
/* What avro-c does not know cannot stop it: its reader refuses NUL characters in defaults. */
static void strip(json_t *json)
{
    size_t i;
    json_t *item;
    const char *key;
    json_object_del(json, "default");
    json_object_del(json, "doc");
    json_object_del(json, "aliases");
    json_array_foreach(json, i, item) strip(item);
    json_object_foreach(json, key, item) strip(item);
}

static enum cdr_result ask_avro_c(const json_t *json, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    avro_schema_t schema = NULL;
    json_t *copy = json_deep_copy(json);
    strip(copy);
    char *text = copy != NULL ? json_dumps(copy, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
    else if (avro_schema_from_json_length(text, strlen(text), &schema) != 0)
        result = cdr_fail(error, CDR_E_CONFIG, "avro-c refuses it: %s", avro_strerror());
    else
        avro_schema_decref(schema);
    free(text);
    json_decref(copy);
    return result;
}
#else
static enum cdr_result ask_avro_c(const json_t *json, struct cdr_error *error)
{
    (void)json, (void)error;
    return CDR_OK;
}
#endif

/* The default of a field must be a value of its type, whether it is used or not: readers check it
 * when they read the schema. shared bounds all defaults together. */
static enum cdr_result check_default(struct cdr_schema *schema,
                                     const struct cdr_schema_node *record,
                                     const struct cdr_schema_field *field, struct cdr_bytes *shared,
                                     struct cdr_error *error)
{
    struct cdr_error why = {{0}};
    char type[160];
    const struct cdr_schema_node *node = field->type;
    const bool outer = record == schema->root;
    shared->len = 0;
    enum cdr_result result = cdr_constant_put(shared, node, field->default_value, &why);
    if (result != CDR_OK)
        return cdr_fail(error, result,
                        "the field %.200s%s%.200s (%s): its default does not suit it: %s",
                        outer ? "" : record->full_name, outer ? "" : ".", field->name,
                        cdr_schema_describe(node, type), why.text);
    if (node->kind != CDR_AVRO_UNION || node->count == 0)
        return CDR_OK;
    shared->len = 0;
    if (cdr_constant_put(shared, node->members[0], field->default_value, NULL) != CDR_OK)
        advise(schema,
               "the field %.200s%s%.200s: its default is not of the first type of its union; "
               "readers before Avro 1.12 refuse that",
               outer ? "" : record->full_name, outer ? "" : ".", field->name);
    return CDR_OK;
}

/* An alias that another field has as its name, or as an alias, is ambiguous to readers. */
static void advise_aliases(struct cdr_schema *schema, const struct cdr_schema_node *record)
{
    json_t *seen = json_object();
    for (size_t i = 0; i < record->count; i++)
        json_object_set_new(seen, record->fields[i].name, json_true());
    for (size_t i = 0; i < record->count; i++)
        for (size_t k = 0; k < json_array_size(record->fields[i].aliases); k++) {
            const char *alias = json_string_value(json_array_get(record->fields[i].aliases, k));
            if (strcmp(alias, record->fields[i].name) != 0 && json_object_get(seen, alias) != NULL)
                advise(schema,
                       "the field %.200s.%.200s: another field has its alias %.200s, too; readers "
                       "may refuse that",
                       record->full_name, record->fields[i].name, alias);
            json_object_set_new(seen, alias, json_true());
        }
    json_decref(seen);
}

/* What can only be told once all types are known. */
static enum cdr_result check_records(struct cdr_schema *schema, struct cdr_error *error)
{
    struct cdr_bytes shared = {0};
    enum cdr_result result = CDR_OK;
    for (size_t n = 0; result == CDR_OK && n < schema->node_count; n++) {
        const struct cdr_schema_node *node = schema->nodes[n];
        if (node->kind != CDR_AVRO_RECORD)
            continue;
        for (size_t i = 0; result == CDR_OK && i < node->count; i++)
            if (node->fields[i].default_value != NULL)
                result = check_default(schema, node, &node->fields[i], &shared, error);
        advise_aliases(schema, node);
    }
    free(shared.data);
    return result;
}

enum cdr_result cdr_schema_parse_any(struct cdr_schema *schema, const char *text,
                                     struct cdr_error *error)
{
    const struct place top = {"", "the schema", NULL, 0};
    json_error_t where;
    *schema = (struct cdr_schema){0};
    if (strlen(text) > CDR_SCHEMA_TEXT_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "it has %zu bytes, more than %d", strlen(text),
                        CDR_SCHEMA_TEXT_MAX);
    schema->json =
        json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    if (schema->json == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "line %d, column %d: it is not JSON: %s", where.line,
                        where.column, where.text);
    schema->names = json_object();
    if (schema->names == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a schema");
    enum cdr_result result = parse_type(schema, schema->json, &top, &schema->root, error);
    if (result == CDR_OK)
        result = check_records(schema, error);
    return result == CDR_OK ? ask_avro_c(schema->json, error) : result;
}

void cdr_schema_advise(const char *text, void (*say)(void *context, const char *line),
                       void *context)
{
    struct cdr_schema schema;
    if (cdr_schema_parse_any(&schema, text, NULL) == CDR_OK)
        for (size_t i = 0; i < schema.advice_count; i++)
            say(context, schema.advice[i]);
    cdr_schema_destroy(&schema);
}

enum cdr_result cdr_schema_parse(struct cdr_schema *schema, const char *text,
                                 struct cdr_error *error)
{
    enum cdr_result result = cdr_schema_parse_any(schema, text, error);
    if (result == CDR_OK && schema->root->kind != CDR_AVRO_RECORD)
        result = cdr_fail(error, CDR_E_CONFIG, "it is of type %s; it must be a record",
                          kind_names[schema->root->kind]);
    return result;
}

void cdr_schema_destroy(struct cdr_schema *schema)
{
    for (size_t i = 0; i < schema->node_count; i++) {
        free(schema->nodes[i]->fields);
        free(schema->nodes[i]->members);
        free(schema->nodes[i]);
    }
    free(schema->nodes);
    for (size_t i = 0; i < schema->advice_count; i++)
        free(schema->advice[i]);
    json_decref(schema->names);
    json_decref(schema->json);
    *schema = (struct cdr_schema){0};
}

const char *cdr_schema_describe(const struct cdr_schema_node *node, char text[160])
{
    const char *kind = kind_names[node->kind];
    if (node->logical == CDR_LOGICAL_DECIMAL)
        snprintf(text, 160, "decimal(%u,%u) as %s", node->precision, node->scale, kind);
    else if (node->logical != CDR_LOGICAL_NONE)
        snprintf(text, 160, "%s as %s", logical_names[node->logical], kind);
    else if (node->kind == CDR_AVRO_FIXED)
        snprintf(text, 160, "fixed of %u bytes", node->size);
    else if (node->full_name != NULL)
        snprintf(text, 160, "%s %.120s", kind, node->full_name);
    else if (node->kind == CDR_AVRO_UNION && node->count > 0 && node->members[0] != NULL)
        snprintf(text, 160, "union of %s%s%s", kind_names[node->members[0]->kind],
                 node->count > 1 ? node->count > 2 ? ", … and " : " and " : "",
                 node->count > 1 ? kind_names[node->members[node->count - 1]->kind] : "");
    else
        snprintf(text, 160, "%s", kind);
    return text;
}
