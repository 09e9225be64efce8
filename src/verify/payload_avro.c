/* Avro payloads, without the frame that messages have. */
#include "schema/varint.h"
#include "verify/payload_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if CDR_KAFKA
#include <avro.h>
#endif

/* Types of the fields of the schemas in schemas/, in order: v int, long or enum, s string; in upper
 * case in a union after null. */
static const char *const layouts[CDR_TYPE_COUNT] = {
    [CDR_TYPE_CALL] = "vssvvvsvvsssvvv",
    [CDR_TYPE_SMS] = "vssvvvsvvsssvvvVV",
    [CDR_TYPE_DATA] = "vsSvvvsvvsssvvvVVVVV",
};

static bool take_field(char kind, const uint8_t **at, const uint8_t *end, struct cdr_span *span)
{
    int64_t branch = 1;
    span->text = NULL;
    if (kind == 'V' || kind == 'S') {
        if (!cdr_take_varint(at, end, &branch) || branch < 0 || branch > 1)
            return false;
        if (branch == 0)
            return true;
    }
    if (!cdr_take_varint(at, end, &span->number))
        return false;
    span->is_number = kind == 'v' || kind == 'V';
    if (span->is_number)
        return true;
    if (span->number < 0 || span->number > end - *at)
        return false;
    span->text = (const char *)*at;
    span->len = (size_t)span->number;
    *at += span->len;
    return true;
}

static size_t scan_avro(uint32_t type, const uint8_t *bytes, size_t n,
                        struct cdr_span spans[CDR_SPANS])
{
    const uint8_t *at = bytes, *end = bytes + n;
    struct cdr_span ignored;
    for (unsigned i = 0; layouts[type][i] != '\0'; i++)
        if (!take_field(layouts[type][i], &at, end, i < CDR_SPANS ? &spans[i] : &ignored))
            return 0;
    return (size_t)(at - bytes);
}

/* What a walk through a datum is looking for, and where it is. */
struct walk {
    const uint8_t *at, *end;
    unsigned steps; /* that are left: arrays of nothing are short, but long to walk */
    bool strict;    /* symbols of enums must be there, and truths be 0 or 1 */
    struct cdr_searched found;
};

enum { STEPS_MAX = 100000, DEPTH_MAX = 200 };

static bool walk_node(struct walk *walk, const struct cdr_schema_node *node, unsigned depth);

static bool walk_bytes(struct walk *walk, size_t len)
{
    if (len > (size_t)(walk->end - walk->at))
        return false;
    walk->at += len;
    return true;
}

static bool walk_text(struct walk *walk)
{
    int64_t len;
    if (!cdr_take_varint(&walk->at, walk->end, &len) || len < 0)
        return false;
    const char *text = (const char *)walk->at;
    if (!walk_bytes(walk, (size_t)len))
        return false;
    if (walk->found.key.text == NULL && cdr_span_is_digits(text, (size_t)len))
        walk->found.key = (struct cdr_span){.text = text, .len = (size_t)len};
    return true;
}

static bool walk_number(struct walk *walk)
{
    int64_t value;
    if (!cdr_take_varint(&walk->at, walk->end, &value))
        return false;
    if (walk->found.time == CDR_NO_TIME && value >= CDR_TIME_MIN)
        walk->found.time = value;
    return true;
}

/* Arrays and maps: blocks of items until one of none; a negative count has the block's bytes after
 * it. */
static bool walk_items(struct walk *walk, const struct cdr_schema_node *node, unsigned depth)
{
    int64_t count, bytes;
    for (;;) {
        if (!cdr_take_varint(&walk->at, walk->end, &count) ||
            (count < 0 && !cdr_take_varint(&walk->at, walk->end, &bytes)) || count == INT64_MIN)
            return false;
        if (count == 0)
            return true;
        for (int64_t i = count < 0 ? -count : count; i > 0; i--)
            if ((node->kind == CDR_AVRO_MAP && !walk_text(walk)) ||
                !walk_node(walk, node->members[0], depth))
                return false;
    }
}

static bool walk_union(struct walk *walk, const struct cdr_schema_node *node, unsigned depth)
{
    int64_t branch;
    return cdr_take_varint(&walk->at, walk->end, &branch) && branch >= 0 &&
           (uint64_t)branch < node->count && walk_node(walk, node->members[branch], depth);
}

static bool walk_truth(struct walk *walk)
{
    const uint8_t *at = walk->at;
    return walk_bytes(walk, 1) && (!walk->strict || *at <= 1);
}

static bool walk_symbol(struct walk *walk, const struct cdr_schema_node *node)
{
    int64_t symbol;
    return cdr_take_varint(&walk->at, walk->end, &symbol) &&
           (!walk->strict || (symbol >= 0 && (uint64_t)symbol < cdr_schema_symbols(node)));
}

static bool walk_node(struct walk *walk, const struct cdr_schema_node *node, unsigned depth)
{
    if (walk->steps-- == 0 || depth == DEPTH_MAX) {
        walk->steps = 0;
        return false;
    }
    switch (node->kind) {
    case CDR_AVRO_NULL:
        return true;
    case CDR_AVRO_BOOLEAN:
        return walk_truth(walk);
    case CDR_AVRO_INT:
    case CDR_AVRO_LONG:
        return walk_number(walk);
    case CDR_AVRO_FLOAT:
        return walk_bytes(walk, 4);
    case CDR_AVRO_DOUBLE:
        return walk_bytes(walk, 8);
    case CDR_AVRO_BYTES:
    case CDR_AVRO_STRING:
        return walk_text(walk);
    case CDR_AVRO_ENUM:
        return walk_symbol(walk, node);
    case CDR_AVRO_FIXED:
        return walk_bytes(walk, node->size);
    case CDR_AVRO_ARRAY:
    case CDR_AVRO_MAP:
        return walk_items(walk, node, depth + 1);
    case CDR_AVRO_UNION:
        return walk_union(walk, node, depth + 1);
    case CDR_AVRO_RECORD:
        for (size_t i = 0; i < node->count; i++)
            if (!walk_node(walk, node->fields[i].type, depth + 1))
                return false;
        return true;
    default:
        return false;
    }
}

static size_t walk_datum(const struct cdr_schema *schema, const uint8_t *bytes, size_t n,
                         struct walk *walk)
{
    *walk =
        (struct walk){.at = bytes, .end = bytes + n, .steps = STEPS_MAX, .found.time = CDR_NO_TIME};
    bool whole = walk_node(walk, schema->root, 0);
    return whole ? (size_t)(walk->at - bytes) : 0;
}

size_t cdr_avro_datum_len(const struct cdr_payloads *payloads, uint32_t type, unsigned version,
                          const uint8_t *bytes, size_t n)
{
    struct cdr_span spans[CDR_SPANS];
    struct walk walk;
    const struct cdr_payload_shape *shape = &payloads->items[type].shapes[version];
    return shape->own ? walk_datum(&shape->schema, bytes, n, &walk)
                      : scan_avro(type, bytes, n, spans);
}

static bool avro_scan(uint32_t type, const uint8_t *bytes, size_t n,
                      struct cdr_span spans[CDR_SPANS])
{
    if (scan_avro(type, bytes, n, spans) == 0)
        return false;
    struct cdr_span *direction = &spans[CDR_SPAN_DIRECTION];
    direction->text = direction->number == 1 ? "MT" : "MO";
    direction->len = 2;
    return true;
}

static bool avro_search(const struct cdr_payload_shape *shape, const uint8_t *bytes, size_t n,
                        struct cdr_searched *found)
{
    struct walk walk;
    const bool whole = walk_datum(&shape->schema, bytes, n, &walk) != 0;
    if (whole)
        *found = walk.found;
    return whole;
}

#if CDR_KAFKA
/* What has no shorter form: records, arrays, decimals, floats. */
static void avro_json(const avro_value_t *value, char *text, size_t size)
{
    char *json = NULL;
    snprintf(text, size, "?");
    if (avro_value_to_json(value, 1, &json) == 0)
        cdr_bytes_text(text, size, (const uint8_t *)json, strlen(json));
    free(json);
}

static void avro_text(const avro_value_t *value, char *text, size_t size)
{
    const char *string = NULL;
    size_t length = 0;
    int32_t small = 0;
    int64_t large = 0;
    int symbol = 0;
    avro_value_t branch;
    switch (avro_value_get_type(value)) {
    case AVRO_STRING:
        avro_value_get_string(value, &string, &length);
        cdr_bytes_text(text, size, (const uint8_t *)string, length > 0 ? length - 1 : 0);
        break;
    case AVRO_INT32:
        avro_value_get_int(value, &small);
        snprintf(text, size, "%" PRId32, small);
        break;
    case AVRO_INT64:
        avro_value_get_long(value, &large);
        snprintf(text, size, "%" PRId64, large);
        break;
    case AVRO_ENUM:
        avro_value_get_enum(value, &symbol);
        string = avro_schema_enum_get(avro_value_get_schema(value), symbol);
        snprintf(text, size, "%s", string != NULL ? string : "?");
        break;
    case AVRO_UNION:
        if (avro_value_get_current_branch(value, &branch) == 0)
            avro_text(&branch, text, size);
        break;
    case AVRO_NULL:
        snprintf(text, size, "null");
        break;
    default:
        avro_json(value, text, size);
    }
}

/* Whether the payload is a datum of the schema and nothing more: no length, count, branch or symbol
 * leads out of it. avro-c believes them, so they are looked at first. */
static bool fits(const char *schema_text, const uint8_t *payload, size_t n)
{
    struct cdr_schema schema;
    struct walk walk = {.at = payload,
                        .end = payload + n,
                        .steps = STEPS_MAX,
                        .strict = true,
                        .found.time = CDR_NO_TIME};
    bool good = cdr_schema_parse_any(&schema, schema_text, NULL) == CDR_OK &&
                walk_node(&walk, schema.root, 0) && walk.at == walk.end;
    cdr_schema_destroy(&schema);
    return good;
}

bool cdr_fields_decode_avro(struct cdr_fields *fields, const char *schema_text,
                            const uint8_t *payload, size_t n)
{
    avro_schema_t schema = NULL;
    if (!fits(schema_text, payload, n) ||
        avro_schema_from_json_length(schema_text, strlen(schema_text), &schema) != 0)
        return false;
    avro_value_iface_t *interface = avro_generic_class_from_schema(schema);
    avro_reader_t reader = avro_reader_memory((const char *)payload, (int64_t)n);
    avro_value_t record;
    size_t count = 0;
    bool good = avro_generic_value_new(interface, &record) == 0;
    if (good) {
        char more;
        const bool plain = avro_value_get_type(&record) != AVRO_RECORD;
        good = avro_value_read(reader, &record) == 0 && avro_read(reader, &more, 1) != 0 &&
               (plain || avro_value_get_size(&record, &count) == 0);
        struct cdr_field *whole = good && plain ? cdr_fields_add(fields, "", 0) : NULL;
        if (whole != NULL)
            avro_text(&record, whole->value, sizeof whole->value);
        for (size_t i = 0; good && i < count; i++) {
            const char *name = NULL;
            avro_value_t value;
            good = avro_value_get_by_index(&record, i, &value, &name) == 0;
            struct cdr_field *field = good ? cdr_fields_add(fields, name, strlen(name)) : NULL;
            if (field != NULL)
                avro_text(&value, field->value, sizeof field->value);
        }
        avro_value_decref(&record);
    }
    avro_reader_free(reader);
    avro_value_iface_decref(interface);
    avro_schema_decref(schema);
    return good;
}
#else
bool cdr_fields_decode_avro(struct cdr_fields *fields, const char *schema_text,
                            const uint8_t *payload, size_t n)
{
    (void)fields, (void)schema_text, (void)payload, (void)n;
    return false;
}
#endif

static bool avro_decode(struct cdr_fields *fields, const struct cdr_payload_shape *shape,
                        const uint8_t *bytes, size_t n)
{
    return cdr_fields_decode_avro(fields, shape->schema_text, bytes, n);
}

const struct cdr_payload_format cdr_payload_avro = {
    .name = "avro", .scan = avro_scan, .search = avro_search, .decode = avro_decode};
