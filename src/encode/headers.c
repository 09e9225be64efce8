#include "encode/headers.h"

#include "base/parse.h"
#include "encode/program.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A member of a list: NAME=SOURCE or SOURCE. Texts are in the list's copy. */
struct item {
    const char *name, *source;
};

/* Splits list in place; CDR_HEADERS_MAX + 1 where there are too many. */
static uint32_t split(char *list, struct item items[CDR_HEADERS_MAX])
{
    uint32_t count = 0;
    for (char *rest = list, *text; (text = strsep(&rest, ",")) != NULL;) {
        if (count == CDR_HEADERS_MAX)
            return CDR_HEADERS_MAX + 1;
        text += strspn(text, " \t");
        for (size_t len = strlen(text); len > 0 && strchr(" \t", text[len - 1]) != NULL;)
            text[--len] = '\0';
        char *source = strchr(text, '=');
        if (source != NULL)
            *source++ = '\0';
        items[count++] = (struct item){text, source != NULL ? source : text};
    }
    return count;
}

static enum cdr_result check_item(const struct item *items, uint32_t i, struct cdr_error *error)
{
    static const char ours[] = "cdrgen-";
    const struct item *item = &items[i];
    char quoted[72];
    const struct cdr_field_source *source = NULL;
    for (uint32_t type = 0; source == NULL && type < CDR_TYPE_COUNT; type++)
        source = cdr_source_find(item->source, type);
    if (item->name[0] == '\0' || strlen(item->name) > CDR_HEADER_NAME_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "a header's name has 1 to %d bytes; write a list such as "
                        "direction,cell=cell_id",
                        CDR_HEADER_NAME_MAX);
    for (const char *c = item->name; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return cdr_fail(error, CDR_E_CONFIG, "the name %s has a space or worse in it",
                            cdr_quote(item->name, quoted));
    if (strncmp(item->name, ours, sizeof ours - 1) == 0)
        return cdr_fail(error, CDR_E_CONFIG, "the name %s: names that begin with %s are cdrgen's",
                        cdr_quote(item->name, quoted), ours);
    const char *near = source == NULL ? cdr_source_near(item->source, CDR_TYPE_COUNT) : NULL;
    if (near != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "no records have a field %s; did you mean %s?",
                        cdr_quote(item->source, quoted), near);
    if (source == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no records have a field %s; there are those of the CSV, such as direction, "
            "rat and cell_id, and others that docs/keys-and-headers.md lists",
            cdr_quote(item->source, quoted));
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(items[k].name, item->name) == 0)
            return cdr_fail(error, CDR_E_CONFIG, "the header %s is there twice",
                            cdr_quote(item->name, quoted));
    return CDR_OK;
}

/* The caller frees *copy. */
static enum cdr_result read_list(const char *list, char **copy, struct item items[CDR_HEADERS_MAX],
                                 uint32_t *count, struct cdr_error *error)
{
    *copy = strdup(list);
    if (*copy == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for headers");
    *count = split(*copy, items);
    if (*count > CDR_HEADERS_MAX)
        return cdr_fail(error, CDR_E_CONFIG, "there are more than %d headers", CDR_HEADERS_MAX);
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; result == CDR_OK && i < *count; i++)
        result = check_item(items, i, error);
    return result;
}

enum cdr_result cdr_headers_check(const char *list, struct cdr_error *error)
{
    struct item items[CDR_HEADERS_MAX];
    char *copy;
    uint32_t count;
    enum cdr_result result = read_list(list, &copy, items, &count, error);
    free(copy);
    return result;
}

/* A record of strings, and what they are filled from. */
static bool make_texts(const struct item *items, uint32_t count, uint32_t type, char **schema,
                       char **mapping)
{
    json_t *fields = json_array(), *rules = json_object();
    bool good = fields != NULL && rules != NULL;
    for (uint32_t i = 0; good && i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%u", i);
        good = json_array_append_new(fields,
                                     json_pack("{s:s,s:s}", "name", name, "type", "string")) == 0 &&
               json_object_set_new(rules, name, json_string(items[i].source)) == 0;
    }
    json_t *record =
        json_pack("{s:s,s:s,s:o*}", "type", "record", "name", "Headers", "fields", fields);
    json_t *all = json_pack("{s:o*}", cdr_type_word[type], rules);
    *schema = good && record != NULL ? json_dumps(record, 0) : NULL;
    *mapping = good && all != NULL ? json_dumps(all, 0) : NULL;
    json_decref(record);
    json_decref(all);
    return *schema != NULL && *mapping != NULL;
}

static enum cdr_result compile(struct cdr_headers *headers, const struct item *items, uint32_t type,
                               const char *tz_name, struct cdr_error *error)
{
    struct cdr_encoder_settings settings = {
        .type = type, .tz_name = tz_name, .schema_name = "headers"};
    char *schema, *mapping;
    enum cdr_result result = CDR_E_NOMEM;
    if (make_texts(items, headers->count, type, &schema, &mapping)) {
        settings.schema_text = schema;
        settings.mapping_text = mapping;
        result = cdr_program_create(&headers->encoder, &settings, error);
    } else {
        cdr_fail(error, CDR_E_NOMEM, "no memory for headers");
    }
    free(schema);
    free(mapping);
    return result;
}

enum cdr_result cdr_headers_create(struct cdr_headers *headers, const char *list, uint32_t type,
                                   const char *tz_name, struct cdr_error *error)
{
    struct item items[CDR_HEADERS_MAX], kept[CDR_HEADERS_MAX];
    uint32_t count = 0;
    memset(headers, 0, sizeof *headers);
    if (list == NULL)
        return CDR_OK;
    headers->list = strdup(list);
    enum cdr_result result = headers->list != NULL
                                 ? read_list(list, &headers->texts, items, &count, error)
                                 : cdr_fail(error, CDR_E_NOMEM, "no memory for headers");
    for (uint32_t i = 0; result == CDR_OK && i < count; i++)
        if (cdr_source_find(items[i].source, type) != NULL) {
            headers->names[headers->count] = items[i].name;
            kept[headers->count++] = items[i];
        }
    return result == CDR_OK && headers->count > 0 ? compile(headers, kept, type, tz_name, error)
                                                  : result;
}

void cdr_headers_free(struct cdr_headers *headers)
{
    cdr_encoder_destroy(headers->encoder);
    free(headers->texts);
    free(headers->list);
    memset(headers, 0, sizeof *headers);
}
