#include "registry/schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const primitives[] = {"null",  "boolean", "int",   "long",
                                         "float", "double",  "bytes", "string"};

static bool is_primitive(const char *name)
{
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        if (strcmp(primitives[i], name) == 0)
            return true;
    return false;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* A name as it stands in a scope: with a dot it is whole, else the scope is before it. */
static json_t *whole_name(const char *name, const char *scope)
{
    if (strchr(name, '.') != NULL || scope[0] == '\0')
        return json_string(name);
    return json_sprintf("%s.%s", scope, name);
}

/* The whole name of the type that object defines; NULL where it defines none. */
static json_t *defined_name(const json_t *object, const char *scope)
{
    const char *name = text_of(object, "name"), *space = text_of(object, "namespace");
    return name != NULL ? whole_name(name, space != NULL ? space : scope) : NULL;
}

/* The scope of what stands in a type of this whole name; malloc()ed. */
static char *scope_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? strndup(name, (size_t)(dot - name)) : strdup("");
}

static json_t *canonical(const json_t *schema, const char *scope);

static json_t *canonical_list(const json_t *list, const char *scope)
{
    json_t *made = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_array_append_new(made, canonical(json_array_get(list, i), scope)) != 0) {
            json_decref(made);
            return NULL;
        }
    return made;
}

static json_t *canonical_fields(const json_t *fields, const char *scope)
{
    json_t *made = json_array();
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        json_t *pair = json_pack("{s:s, s:o}", "name", text_of(field, "name"), "type",
                                 canonical(json_object_get(field, "type"), scope));
        if (json_array_append_new(made, pair) != 0) {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

/* record, error, enum, fixed */
static json_t *canonical_named(const json_t *schema, const char *type, const char *scope)
{
    json_t *name = defined_name(schema, scope), *made = NULL;
    if (name == NULL)
        return NULL;
    char *inner = scope_of(json_string_value(name));
    if (inner != NULL && strcmp(type, "enum") == 0)
        made = json_pack("{s:s, s:O, s:O}", "type", type, "name", name, "symbols",
                         json_object_get(schema, "symbols"));
    else if (inner != NULL && strcmp(type, "fixed") == 0)
        made = json_pack("{s:s, s:O, s:O}", "type", type, "name", name, "size",
                         json_object_get(schema, "size"));
    else if (inner != NULL)
        made = json_pack("{s:s, s:O, s:o}", "type", "record", "name", name, "fields",
                         canonical_fields(json_object_get(schema, "fields"), inner));
    free(inner);
    json_decref(name);
    return made;
}

/* A long that counts microseconds is another than one that counts milliseconds. */
static json_t *with_meaning(json_t *made, const json_t *schema)
{
    static const char *const keys[] = {"logicalType", "precision", "scale"};
    if (json_object_get(schema, keys[0]) == NULL || made == NULL)
        return made;
    json_t *object = json_is_object(made) ? made : json_pack("{s:o}", "type", made);
    for (size_t i = 0; object != NULL && i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(schema, keys[i]);
        if (value != NULL)
            json_object_set(object, keys[i], value);
    }
    return object;
}

static json_t *canonical(const json_t *schema, const char *scope)
{
    if (json_is_array(schema))
        return canonical_list(schema, scope);
    const json_t *inner = json_is_object(schema) ? json_object_get(schema, "type") : schema;
    if (inner == NULL)
        return NULL;
    if (!json_is_string(inner))
        return inner != schema ? canonical(inner, scope) : NULL;
    const char *type = json_string_value(inner);
    if (is_primitive(type))
        return with_meaning(json_string(type), schema);
    if (inner == schema)
        return whole_name(type, scope);
    if (strcmp(type, "record") == 0 || strcmp(type, "error") == 0 || strcmp(type, "enum") == 0 ||
        strcmp(type, "fixed") == 0)
        return with_meaning(canonical_named(schema, type, scope), schema);
    if (strcmp(type, "array") == 0)
        return json_pack("{s:s, s:o}", "type", type, "items",
                         canonical(json_object_get(schema, "items"), scope));
    if (strcmp(type, "map") == 0)
        return json_pack("{s:s, s:o}", "type", type, "values",
                         canonical(json_object_get(schema, "values"), scope));
    return whole_name(type, scope);
}

static json_t *load_canonical(const char *text)
{
    json_t *schema = json_loads(text, JSON_DECODE_ANY, NULL);
    json_t *made = schema != NULL ? canonical(schema, "") : NULL;
    json_decref(schema);
    return made;
}

char *cdr_registry_full_name(const char *text)
{
    json_t *schema = json_loads(text, 0, NULL);
    json_t *name = json_is_object(schema) ? defined_name(schema, "") : NULL;
    char *copy = name != NULL ? strdup(json_string_value(name)) : NULL;
    json_decref(name);
    json_decref(schema);
    return copy;
}

static void put_difference(const json_t *ours, const json_t *other, char *words, size_t max)
{
    const json_t *fields = json_object_get(ours, "fields");
    const json_t *others = json_object_get(other, "fields");
    const char *name = text_of(other, "name");
    if (fields == NULL || others == NULL || name == NULL) {
        snprintf(words, max, "%s", fields != NULL ? "it is no record" : "it is of another type");
        return;
    }
    if (strcmp(text_of(ours, "name"), name) != 0) {
        snprintf(words, max, "its name is %s, not %s", name, text_of(ours, "name"));
        return;
    }
    for (size_t i = 0; i < json_array_size(fields) && i < json_array_size(others); i++) {
        const json_t *field = json_array_get(fields, i), *found = json_array_get(others, i);
        if (json_equal(field, found))
            continue;
        if (strcmp(text_of(field, "name"), text_of(found, "name")) == 0)
            snprintf(words, max, "field \"%s\" has another type", text_of(field, "name"));
        else
            snprintf(words, max, "field %zu is \"%s\", not \"%s\"", i + 1, text_of(found, "name"),
                     text_of(field, "name"));
        return;
    }
    snprintf(words, max, "it has %zu fields, not %zu", json_array_size(others),
             json_array_size(fields));
}

bool cdr_registry_same_form(const char *ours, const char *other, char *words, size_t words_max)
{
    json_t *left = load_canonical(ours), *right = load_canonical(other);
    bool same = left != NULL && right != NULL && json_equal(left, right);
    words[0] = '\0';
    if (!same && right == NULL)
        snprintf(words, words_max, "it is no Avro schema");
    else if (!same)
        put_difference(left, right, words, words_max);
    for (char *c = words; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    json_decref(left);
    json_decref(right);
    return same;
}

bool cdr_registry_same(const char *ours, const char *other)
{
    char words[300];
    return cdr_registry_same_form(ours, other, words, sizeof words);
}

/* Each reference is put in once; where it is used again, its name does. */
struct inlining {
    const struct cdr_registry_reference *references;
    size_t count;
    bool *used;
};

static bool put_in(struct inlining *inlining, json_t **schema, const char *scope);

static bool put_in_member(struct inlining *inlining, json_t *object, const char *key,
                          const char *scope)
{
    json_t *member = json_incref(json_object_get(object, key));
    bool good = member == NULL ||
                (put_in(inlining, &member, scope) && json_object_set(object, key, member) == 0);
    json_decref(member);
    return good;
}

static bool put_in_list(struct inlining *inlining, json_t *list, const char *scope)
{
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        json_t *item = json_incref(json_array_get(list, i));
        good = put_in(inlining, &item, scope) && json_array_set(list, i, item) == 0;
        json_decref(item);
    }
    return good;
}

/* *schema, a name, becomes the definition where a reference has it. */
static bool put_in_name(struct inlining *inlining, json_t **schema, const char *scope)
{
    json_t *name = whole_name(json_string_value(*schema), scope);
    bool good = name != NULL;
    for (size_t i = 0; good && i < inlining->count; i++) {
        if (inlining->used[i] || strcmp(inlining->references[i].name, json_string_value(name)) != 0)
            continue;
        json_t *definition = json_loads(inlining->references[i].text, JSON_DECODE_ANY, NULL);
        inlining->used[i] = true;
        /* Where it has no namespace, it must not take that of the place where it is put. */
        if (json_is_object(definition) && json_object_get(definition, "namespace") == NULL &&
            text_of(definition, "name") != NULL && strchr(text_of(definition, "name"), '.') == NULL)
            json_object_set_new(definition, "namespace", json_string(""));
        good = definition != NULL && put_in(inlining, &definition, "");
        if (good) {
            json_decref(*schema);
            *schema = definition;
        } else {
            json_decref(definition);
        }
        break;
    }
    json_decref(name);
    return good;
}

static bool put_in_object(struct inlining *inlining, json_t *object, const char *scope)
{
    json_t *name = defined_name(object, scope);
    char *inner = name != NULL ? scope_of(json_string_value(name)) : strdup(scope);
    json_t *fields = json_object_get(object, "fields");
    bool good = inner != NULL;
    if (good && name == NULL)
        good = put_in_member(inlining, object, "type", inner) &&
               put_in_member(inlining, object, "items", inner) &&
               put_in_member(inlining, object, "values", inner);
    for (size_t i = 0; good && i < json_array_size(fields); i++)
        good = json_is_object(json_array_get(fields, i)) &&
               put_in_member(inlining, json_array_get(fields, i), "type", inner);
    free(inner);
    json_decref(name);
    return good;
}

static bool put_in(struct inlining *inlining, json_t **schema, const char *scope)
{
    if (json_is_array(*schema))
        return put_in_list(inlining, *schema, scope);
    if (json_is_object(*schema))
        return put_in_object(inlining, *schema, scope);
    return json_is_string(*schema) &&
           (is_primitive(json_string_value(*schema)) || put_in_name(inlining, schema, scope));
}

char *cdr_registry_inline(const char *text, const struct cdr_registry_reference *references,
                          size_t count)
{
    if (count == 0)
        return strdup(text);
    struct inlining inlining = {references, count, calloc(count, sizeof(bool))};
    json_t *schema = json_loads(text, JSON_DECODE_ANY, NULL);
    char *made = NULL;
    if (inlining.used != NULL && schema != NULL && put_in(&inlining, &schema, ""))
        made = json_dumps(schema, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(schema);
    free(inlining.used);
    return made;
}
