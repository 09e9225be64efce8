/* Finds for each field of a schema what it is filled from, in this order, the same for all formats.
 *   1. what the mapping says of its path
 *   2. the source of its name, of an alias, of a name that differs in case and '_' only, or of its
 *      record's name and its own joined (cell.id: cell_id)
 *   3. of a record: its fields, each by the same rules
 *   4. its default
 *   5. a UUID, where that is its logical type
 *   6. null, where a union allows it
 * Otherwise it is an error that names the field and all sources.
 */
#include "schema/compile.h"

#include "base/parse.h"
#include "schema/emit.h"

#include <stdlib.h>
#include <string.h>

enum {
    PATH_MAX_BYTES = 2048,
    VISITS_MAX = 200000, /* of fields: a schema may name one type so often that it never ends */
    MAPPING_TEXT_MAX = CDR_SCHEMA_TEXT_MAX,
};

struct compiler {
    const struct cdr_compile_settings *settings;
    struct cdr_schema schema;
    json_t *mapping;
    const json_t *rules; /* path → rule, of the type; or NULL */
    json_t *used;        /* paths of rules that were applied */
    struct cdr_emitter emitter;
    const struct cdr_schema_node *open[CDR_SCHEMA_DEPTH_MAX]; /* records around the field */
    uint32_t open_count;
    char path[PATH_MAX_BYTES];
    size_t path_len;
    uint32_t visits;
};

static enum cdr_result fill_record(struct compiler *c, const struct cdr_schema_node *record,
                                   struct cdr_error *error);

/* --- the place of a field --- */

static enum cdr_result enter(struct compiler *c, const char *name, size_t *len_before,
                             struct cdr_error *error)
{
    size_t len = strlen(name);
    *len_before = c->path_len;
    if (++c->visits > VISITS_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "it has more than %d fields, one in another",
                        VISITS_MAX);
    if (c->path_len + len + 2 > sizeof c->path)
        return cdr_fail(error, CDR_E_CONFIG, "the path of the field %s is longer than %d bytes",
                        name, PATH_MAX_BYTES);
    if (c->path_len > 0)
        c->path[c->path_len++] = '.';
    memcpy(c->path + c->path_len, name, len + 1);
    c->path_len += len;
    return CDR_OK;
}

static void leave(struct compiler *c, size_t len_before)
{
    c->path_len = len_before;
    c->path[len_before] = '\0';
}

static bool is_open(const struct compiler *c, const struct cdr_schema_node *record)
{
    for (uint32_t i = 0; i < c->open_count; i++)
        if (c->open[i] == record)
            return true;
    return false;
}

/* "the field call.imsi (int): why" */
static enum cdr_result blame(const struct compiler *c, const struct cdr_schema_node *node,
                             enum cdr_result result, const struct cdr_error *why,
                             struct cdr_error *error)
{
    char type[160], inner[160] = "";
    bool nullable = node->kind == CDR_AVRO_UNION && node->count == 2;
    for (size_t i = 0; nullable && i < 2; i++)
        if (node->members[i]->kind != CDR_AVRO_NULL)
            snprintf(inner, sizeof inner, "null or %.140s",
                     cdr_schema_describe(node->members[i], type));
    return cdr_fail(error, result, "the field %.300s (%s): %s", c->path,
                    inner[0] != '\0' ? inner : cdr_schema_describe(node, type), why->text);
}

/* --- what a field is filled from --- */

static bool holds_plain(const struct cdr_schema_node *node)
{
    for (size_t i = 0; node->kind == CDR_AVRO_UNION && i < node->count; i++)
        if (node->members[i]->kind != CDR_AVRO_NULL && holds_plain(node->members[i]))
            return true;
    return node->kind < CDR_AVRO_RECORD || node->kind == CDR_AVRO_ENUM ||
           node->kind == CDR_AVRO_FIXED;
}

/* The last `parts` parts of the path, joined. */
static const struct cdr_field_source *find_joined(const struct compiler *c, uint32_t parts)
{
    char name[256];
    const char *from = c->path + c->path_len;
    while (from > c->path && (from[-1] != '.' || --parts > 0))
        from--;
    if (strlen(from) >= sizeof name)
        return NULL;
    snprintf(name, sizeof name, "%s", from);
    for (char *dot = name; (dot = strchr(dot, '.')) != NULL;)
        *dot = '_';
    return cdr_source_find(name, c->settings->type);
}

static const struct cdr_field_source *find_source(const struct compiler *c,
                                                  const struct cdr_schema_field *field)
{
    const struct cdr_field_source *source = cdr_source_find(field->name, c->settings->type);
    if (!holds_plain(field->type))
        return NULL;
    if (source == NULL && c->settings->key && cdr_name_same(field->name, "msisdn"))
        source = cdr_source_find("owner_msisdn", c->settings->type);
    for (size_t i = 0; source == NULL && i < json_array_size(field->aliases); i++)
        source = cdr_source_find(json_string_value(json_array_get(field->aliases, i)),
                                 c->settings->type);
    for (uint32_t parts = 2; source == NULL && parts <= 3 && strchr(c->path, '.') != NULL; parts++)
        source = find_joined(c, parts);
    return source;
}

/* Whether any rule's path leads into the field. */
static bool rules_lead_below(const struct compiler *c)
{
    json_t *rules = (json_t *)(uintptr_t)c->rules;
    for (void *i = json_object_iter(rules); i != NULL; i = json_object_iter_next(rules, i)) {
        const char *path = json_object_iter_key(i);
        if (strncmp(path, c->path, c->path_len) == 0 && path[c->path_len] == '.')
            return true;
    }
    return false;
}

/* The record in a field that is worth filling: one in which any field has a source. */
static enum cdr_result find_record(struct compiler *c, const struct cdr_schema_node *node,
                                   const struct cdr_schema_node **found, size_t *branch,
                                   struct cdr_error *error)
{
    size_t count = node->kind == CDR_AVRO_UNION ? node->count : 1;
    for (size_t b = 0; b < count; b++) {
        const struct cdr_schema_node *record =
            node->kind == CDR_AVRO_UNION ? node->members[b] : node;
        if (record->kind != CDR_AVRO_RECORD || is_open(c, record) ||
            c->open_count == CDR_SCHEMA_DEPTH_MAX)
            continue;
        bool worth = rules_lead_below(c);
        c->open[c->open_count++] = record;
        for (size_t i = 0; !worth && i < record->count; i++) {
            const struct cdr_schema_node *inner = NULL;
            size_t before, ignored;
            enum cdr_result result = enter(c, record->fields[i].name, &before, error);
            worth = result == CDR_OK && find_source(c, &record->fields[i]) != NULL;
            if (result == CDR_OK && !worth)
                result = find_record(c, record->fields[i].type, &inner, &ignored, error);
            worth = worth || inner != NULL;
            leave(c, before);
            if (result != CDR_OK) {
                c->open_count--;
                return result;
            }
        }
        c->open_count--;
        if (worth) {
            *found = record;
            *branch = b;
            return CDR_OK;
        }
    }
    return CDR_OK;
}

static enum cdr_result read_rule(const struct compiler *c, const json_t *rule,
                                 struct cdr_value *value, const json_t **constant,
                                 struct cdr_error *error)
{
    char quoted[72], known[600];
    const json_t *name = json_is_object(rule) ? json_object_get(rule, "source") : rule;
    const json_t *symbols = json_object_get(rule, "symbols");
    *constant = json_object_get(rule, "const");
    if (*constant != NULL && json_object_size(rule) == 1)
        return CDR_OK;
    if (!json_is_string(name) || (symbols != NULL && !json_is_object(symbols)) ||
        json_object_size(rule) > (symbols != NULL ? 2u : 1u))
        return cdr_fail(error, CDR_E_CONFIG,
                        "its rule in the mapping is not a source, {\"const\": value} or "
                        "{\"source\": name, \"symbols\": {symbol: value}}");
    value->source = cdr_source_find(json_string_value(name), c->settings->type);
    value->symbols = symbols;
    if (value->source == NULL) {
        const char *near = cdr_source_near(json_string_value(name), c->settings->type);
        if (near != NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s records have no source %s, which the mapping names; did you mean "
                            "%s?",
                            cdr_type_name[c->settings->type],
                            cdr_quote(json_string_value(name), quoted), near);
        cdr_source_list(c->settings->type, known, sizeof known);
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s records have no source %s, which the mapping names; there are %s",
                        cdr_type_name[c->settings->type],
                        cdr_quote(json_string_value(name), quoted), known);
    }
    json_t *object = (json_t *)(uintptr_t)symbols;
    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        uint32_t k = 0;
        while (k < value->source->count &&
               strcmp(value->source->names[k], json_object_iter_key(i)) != 0)
            k++;
        if (k == value->source->count)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s, which the mapping names, is no symbol of the source %s",
                            cdr_quote(json_object_iter_key(i), quoted), value->source->name);
    }
    return CDR_OK;
}

static enum cdr_result apply_rule(struct compiler *c, const struct cdr_schema_node *node,
                                  const json_t *rule, struct cdr_error *error)
{
    struct cdr_value value = {0};
    const json_t *constant = NULL;
    struct cdr_error why = {{0}};
    if (json_object_set_new(c->used, c->path, json_true()) != 0)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a mapping");
    enum cdr_result result = read_rule(c, rule, &value, &constant, &why);
    if (result == CDR_OK && constant != NULL)
        result = cdr_emit_constant(&c->emitter, node, constant, &why);
    else if (result == CDR_OK)
        result = cdr_emit_value(&c->emitter, node, &value, &why);
    return result == CDR_OK ? CDR_OK : blame(c, node, result, &why, error);
}

static enum cdr_result put_default(struct compiler *c, const struct cdr_schema_field *field,
                                   struct cdr_error *error)
{
    struct cdr_error clause = {{0}}, why = {{0}};
    enum cdr_result result =
        cdr_emit_constant(&c->emitter, field->type, field->default_value, &clause);
    if (result == CDR_OK)
        return CDR_OK;
    cdr_fail(&why, result, "its default does not suit it: %s", clause.text);
    return blame(c, field->type, result, &why, error);
}

static bool wants_uuid(const struct cdr_schema_node *node)
{
    for (size_t i = 0; node->kind == CDR_AVRO_UNION && i < node->count; i++)
        if (node->members[i]->logical == CDR_LOGICAL_UUID)
            return true;
    return node->logical == CDR_LOGICAL_UUID;
}

/* What is left for a field that has no source. */
static enum cdr_result fill_lacking(struct compiler *c, const struct cdr_schema_field *field,
                                    struct cdr_error *error)
{
    const struct cdr_schema_node *node = field->type;
    struct cdr_error why = {{0}};
    char known[600];
    if (field->default_value != NULL)
        return put_default(c, field, error);
    if (wants_uuid(node)) {
        struct cdr_value value = {.source = cdr_source_find("record_uuid", c->settings->type)};
        return cdr_emit_value(&c->emitter, node, &value, error);
    }
    if (node->kind == CDR_AVRO_NULL)
        return cdr_emit_null(&c->emitter, node, error);
    for (size_t i = 0; node->kind == CDR_AVRO_UNION && i < node->count; i++)
        if (node->members[i]->kind == CDR_AVRO_NULL)
            return cdr_emit_null(&c->emitter, node, error);
    if (node->kind == CDR_AVRO_RECORD && !is_open(c, node) && c->open_count < CDR_SCHEMA_DEPTH_MAX)
        return fill_record(c, node, error); /* names the field in it that lacks a source */
    if (node->kind == CDR_AVRO_RECORD && is_open(c, node)) {
        cdr_fail(&why, CDR_E_CONFIG,
                 "the record holds itself, which only a null or a default could end");
        return blame(c, node, CDR_E_CONFIG, &why, error);
    }
    cdr_source_list(c->settings->type, known, sizeof known);
    const char *near = cdr_source_near(field->name, c->settings->type);
    cdr_fail(&why, CDR_E_CONFIG,
             "%s records have nothing of this name%s%s%s, and it has no default; map it to one of "
             "%s, or to a const",
             cdr_type_name[c->settings->type], near != NULL ? " (did you mean " : "",
             near != NULL ? near : "", near != NULL ? "?)" : "", known);
    return blame(c, node, CDR_E_CONFIG, &why, error);
}

static enum cdr_result fill_inner(struct compiler *c, const struct cdr_schema_field *field,
                                  struct cdr_error *error)
{
    const struct cdr_schema_node *record = NULL;
    size_t branch = 0;
    enum cdr_result result = find_record(c, field->type, &record, &branch, error);
    if (result != CDR_OK)
        return result;
    if (record == NULL)
        return fill_lacking(c, field, error);
    if (field->type->kind == CDR_AVRO_UNION)
        result = cdr_emit_branch(&c->emitter, branch, error);
    return result == CDR_OK ? fill_record(c, record, error) : result;
}

static enum cdr_result fill_field(struct compiler *c, const struct cdr_schema_field *field,
                                  struct cdr_error *error)
{
    size_t before;
    struct cdr_error why = {{0}};
    enum cdr_result result = enter(c, field->name, &before, error);
    if (result != CDR_OK)
        return result;
    const json_t *rule = json_object_get(c->rules, c->path);
    struct cdr_value value = {.source = find_source(c, field)};
    if (rule != NULL) {
        result = apply_rule(c, field->type, rule, error);
    } else if (value.source != NULL) {
        result = cdr_emit_value(&c->emitter, field->type, &value, &why);
        if (result != CDR_OK)
            blame(c, field->type, result, &why, error);
    } else {
        result = fill_inner(c, field, error);
    }
    leave(c, before);
    return result;
}

static enum cdr_result fill_record(struct compiler *c, const struct cdr_schema_node *record,
                                   struct cdr_error *error)
{
    enum cdr_result result = cdr_emit_record_begin(&c->emitter, error);
    c->open[c->open_count++] = record;
    for (size_t i = 0; result == CDR_OK && i < record->count; i++) {
        result = cdr_emit_field(&c->emitter, record->fields[i].name, i == 0, error);
        if (result == CDR_OK)
            result = fill_field(c, &record->fields[i], error);
    }
    c->open_count--;
    return result == CDR_OK ? cdr_emit_record_end(&c->emitter, error) : result;
}

/* Of keys, a root that is no record has no name, and is filled as the key in Kafka is. */
static enum cdr_result fill_root(struct compiler *c, struct cdr_error *error)
{
    const struct cdr_schema_node *root = c->schema.root;
    struct cdr_value value = {.source = cdr_source_find("owner_msisdn", c->settings->type)};
    if (root->kind == CDR_AVRO_RECORD && root->count == 0)
        return cdr_fail(error, CDR_E_CONFIG, "the record %s has no fields", root->full_name);
    return root->kind == CDR_AVRO_RECORD ? fill_record(c, root, error)
                                         : cdr_emit_value(&c->emitter, root, &value, error);
}

/* --- the mapping --- */

#define TYPES CDR_TYPE_WORDS(", ", ", ")

static enum cdr_result read_mapping(struct compiler *c, struct cdr_error *error)
{
    static const char key_section[] = "key";
    const char *text = c->settings->mapping_text;
    char quoted[72];
    json_error_t where;
    if (text == NULL)
        return CDR_OK;
    if (strlen(text) > MAPPING_TEXT_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "the mapping has %zu bytes, more than %d",
                        strlen(text), MAPPING_TEXT_MAX);
    c->mapping = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    if (c->mapping == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "the mapping: line %d: it is not JSON: %s", where.line,
                        where.text);
    for (void *i = json_object_iter(c->mapping); i != NULL;
         i = json_object_iter_next(c->mapping, i)) {
        bool known = strcmp(json_object_iter_key(i), key_section) == 0;
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            known = known || strcmp(json_object_iter_key(i), cdr_type_word[type]) == 0;
        if (!known)
            return cdr_fail(error, CDR_E_CONFIG,
                            "the mapping: %s is not known; there are " TYPES " and key",
                            cdr_quote(json_object_iter_key(i), quoted));
        if (!json_is_object(json_object_iter_value(i)))
            return cdr_fail(error, CDR_E_CONFIG,
                            "the mapping: %s is not an object of fields and their sources",
                            json_object_iter_key(i));
    }
    if (!json_is_object(c->mapping))
        return cdr_fail(error, CDR_E_CONFIG, "the mapping is not an object");
    c->rules = json_object_get(c->mapping,
                               c->settings->key ? key_section : cdr_type_word[c->settings->type]);
    return CDR_OK;
}

/* A rule for a field that is not there is a typing error. */
static enum cdr_result check_rules(const struct compiler *c, struct cdr_error *error)
{
    char quoted[72];
    json_t *rules = (json_t *)(uintptr_t)c->rules;
    for (void *i = json_object_iter(rules); i != NULL; i = json_object_iter_next(rules, i))
        if (json_object_get(c->used, json_object_iter_key(i)) == NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "the mapping names the field %s, which the schema does not have, or "
                            "not outside of an array or map",
                            cdr_quote(json_object_iter_key(i), quoted));
    return CDR_OK;
}

/* --- all --- */

static void take_program(struct compiler *c, struct cdr_program *program)
{
    struct cdr_emitter *emitter = &c->emitter;
    *program = (struct cdr_program){
        .type = c->settings->type,
        .op_count = emitter->op_count,
        .tail = emitter->offset,
        .bytes_max = (uint32_t)emitter->bytes_max,
        .ops = emitter->ops,
        .data = emitter->data.data,
        .data_len = emitter->data.len,
        .header = (char *)emitter->header.data,
    };
    emitter->ops = NULL;
    emitter->data.data = NULL;
    emitter->header.data = NULL;
}

static enum cdr_result compile(struct compiler *c, struct cdr_program *program,
                               struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    c->used = json_object();
    if (c->used == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for a mapping");
    if (c->settings->frame_len > 0)
        result =
            cdr_bytes_put(&c->emitter.pending, c->settings->frame, c->settings->frame_len, error);
    if (result == CDR_OK)
        result = c->settings->key
                     ? cdr_schema_parse_any(&c->schema, c->settings->schema_text, error)
                     : cdr_schema_parse(&c->schema, c->settings->schema_text, error);
    if (result == CDR_OK)
        result = read_mapping(c, error);
    if (result == CDR_OK)
        result = fill_root(c, error);
    if (result == CDR_OK)
        result = check_rules(c, error);
    if (result == CDR_OK)
        result = cdr_emit_end(&c->emitter, error);
    if (result == CDR_OK)
        result = cdr_emit_pending(&c->emitter, error);
    if (result == CDR_OK)
        take_program(c, program);
    return result;
}

enum cdr_result cdr_compile(struct cdr_program *program,
                            const struct cdr_compile_settings *settings, struct cdr_error *error)
{
    struct cdr_error why = {{0}};
    struct compiler *c = calloc(1, sizeof *c);
    if (c == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the compiler of schemas");
    c->settings = settings;
    c->emitter.form = settings->form;
    c->emitter.path = c->path;
    c->emitter.type = settings->type;
    c->emitter.tz_name = settings->tz_name;
    enum cdr_result result = compile(c, program, &why);
    if (result != CDR_OK && settings->schema_name != NULL)
        cdr_fail(error, result, "%.300s: %s", settings->schema_name, why.text);
    else if (result != CDR_OK)
        cdr_fail(error, result, "the schema of %s %s: %s", cdr_type_name[settings->type],
                 settings->key ? "keys" : "records", why.text);
    cdr_emitter_free(&c->emitter);
    cdr_schema_destroy(&c->schema);
    json_decref(c->mapping);
    json_decref(c->used);
    free(c);
    return result;
}
