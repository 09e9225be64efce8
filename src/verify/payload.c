#include "verify/payload.h"

#include "encode/source.h"
#include "verify/cell.h"

#include <string.h>

/* Types of the fields of the schemas in schemas/, in order: v int, long or enum, s string; in upper
 * case in a union behind null. */
static const char *const layouts[CDR_TYPE_COUNT] = {
    [CDR_TYPE_CALL] = "vssvvvsvvsssvvv",
    [CDR_TYPE_SMS] = "vssvvvsvvsssvvvVV",
    [CDR_TYPE_DATA] = "vsSvvvsvvsssvvvVVVVV",
};

enum {
    FIELD_SOURCE = 1,
    FIELD_DESTINATION = 2,
    FIELD_DIRECTION = 3,
    FIELD_START = 4,
    FIELD_END = 5
};
enum { FIELDS = 6 }; /* that are looked at: the first */

struct span {
    const char *text; /* NULL: absent */
    size_t len;
    int64_t number; /* Avro */
};

/* False: it does not end within n bytes. */
static bool take_varint(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == end)
            return false;
        uint8_t byte = *(*at)++;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

static bool take_field(char kind, const uint8_t **at, const uint8_t *end, struct span *span)
{
    int64_t branch = 1;
    span->text = NULL;
    if (kind == 'V' || kind == 'S') {
        if (!take_varint(at, end, &branch) || branch < 0 || branch > 1)
            return false;
        if (branch == 0)
            return true;
    }
    if (!take_varint(at, end, &span->number))
        return false;
    if (kind == 'v' || kind == 'V')
        return true;
    if (span->number < 0 || span->number > end - *at)
        return false;
    span->text = (const char *)*at;
    span->len = (size_t)span->number;
    *at += span->len;
    return true;
}

static size_t scan_avro(uint32_t type, const uint8_t *bytes, size_t n, struct span spans[FIELDS])
{
    const uint8_t *at = bytes, *end = bytes + n;
    struct span ignored;
    for (unsigned i = 0; layouts[type][i] != '\0'; i++)
        if (!take_field(layouts[type][i], &at, end, i < FIELDS ? &spans[i] : &ignored))
            return 0;
    return (size_t)(at - bytes);
}

/* ---- users' own schemas ---- */

/* What a walk through a datum is looking for, and where it is. */
struct walk {
    const uint8_t *at, *end;
    unsigned steps; /* that are left: arrays of nothing are short, but long to walk */
    bool strict;    /* symbols of enums must be there, and truths be 0 or 1 */
    struct span key;
    int64_t time;
};

enum { STEPS_MAX = 100000, DEPTH_MAX = 200 };
/* Times in milliseconds, or, at the other end, nanoseconds, since 1970. */
#define TIME_MIN INT64_C(100000000000)

static bool walk_node(struct walk *walk, const struct cdr_schema_node *node, unsigned depth);

static bool is_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return len >= 8 && len <= 15;
}

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
    if (!take_varint(&walk->at, walk->end, &len) || len < 0)
        return false;
    const char *text = (const char *)walk->at;
    if (!walk_bytes(walk, (size_t)len))
        return false;
    if (walk->key.text == NULL && is_digits(text, (size_t)len))
        walk->key = (struct span){.text = text, .len = (size_t)len};
    return true;
}

static bool walk_number(struct walk *walk)
{
    int64_t value;
    if (!take_varint(&walk->at, walk->end, &value))
        return false;
    if (walk->time == CDR_NO_TIME && value >= TIME_MIN)
        walk->time = value;
    return true;
}

/* Arrays and maps: blocks of items until one of none; a negative count has the block's bytes behind
 * it. */
static bool walk_items(struct walk *walk, const struct cdr_schema_node *node, unsigned depth)
{
    int64_t count, bytes;
    for (;;) {
        if (!take_varint(&walk->at, walk->end, &count) ||
            (count < 0 && !take_varint(&walk->at, walk->end, &bytes)) || count == INT64_MIN)
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
    return take_varint(&walk->at, walk->end, &branch) && branch >= 0 &&
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
    return take_varint(&walk->at, walk->end, &symbol) &&
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
    *walk = (struct walk){.at = bytes, .end = bytes + n, .steps = STEPS_MAX, .time = CDR_NO_TIME};
    bool whole = walk_node(walk, schema->root, 0);
    return whole ? (size_t)(walk->at - bytes) : 0;
}

/* ---- all formats ---- */

static enum cdr_result open_version(struct cdr_payloads *payloads, unsigned version, uint32_t type,
                                    const struct cdr_encoder *encoder, const char *text,
                                    struct cdr_error *error)
{
    const char *builtin = cdr_builtin_schema(type);
    payloads->encoders[version][type] = encoder;
    payloads->schema_texts[version][type] = text != NULL ? text : builtin;
    payloads->own[version][type] = text != NULL && strcmp(text, builtin) != 0;
    return payloads->own[version][type]
               ? cdr_schema_parse(&payloads->schemas[version][type], text, error)
               : CDR_OK;
}

enum cdr_result cdr_payloads_open(struct cdr_payloads *payloads,
                                  const struct cdr_payloads_settings *settings,
                                  struct cdr_error *error)
{
    memset(payloads, 0, sizeof *payloads);
    payloads->format = settings->encoders[0]->ops->name;
    if (strcmp(payloads->format, "csv") != 0 && strcmp(payloads->format, "json") != 0 &&
        strcmp(payloads->format, "avro") != 0)
        return cdr_fail(error, CDR_E_CONFIG, "format: %s cannot be compared", payloads->format);
    payloads->order = settings->order;
    enum cdr_result result = CDR_OK;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        const struct cdr_encoder *encoder = settings->encoders[type],
                                 *next = cdr_change_version(encoder, 1);
        payloads->change_ms[type] = cdr_change_ms(encoder);
        result = open_version(payloads, 0, type, cdr_change_version(encoder, 0),
                              settings->schemas[type], error);
        if (result == CDR_OK && next != NULL)
            result = open_version(payloads, 1, type, next, settings->next_schemas[type], error);
    }
    return result;
}

void cdr_payloads_close(struct cdr_payloads *payloads)
{
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            if (payloads->own[version][type])
                cdr_schema_destroy(&payloads->schemas[version][type]);
}

size_t cdr_avro_datum_len(const struct cdr_payloads *payloads, uint32_t type, unsigned version,
                          const uint8_t *bytes, size_t n)
{
    struct span spans[FIELDS];
    struct walk walk;
    return payloads->own[version][type]
               ? walk_datum(&payloads->schemas[version][type], bytes, n, &walk)
               : scan_avro(type, bytes, n, spans);
}

bool cdr_avro_fits(const struct cdr_schema *schema, const uint8_t *bytes, size_t n)
{
    struct walk walk = {
        .at = bytes, .end = bytes + n, .steps = STEPS_MAX, .strict = true, .time = CDR_NO_TIME};
    return walk_node(&walk, schema->root, 0) && walk.at == walk.end;
}

static void scan_csv(const char *text, size_t n, struct span spans[FIELDS])
{
    const char *end = text + n;
    for (unsigned i = 0; i < FIELDS && text <= end; i++) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        spans[i] = (struct span){.text = text, .len = (size_t)(stop - text)};
        text = stop + 1;
    }
}

/* The value of a member of an object as we write it, without its quotes. */
static struct span find_member(const char *text, size_t n, const char *name)
{
    size_t name_len = strlen(name);
    const char *end = text + n;
    for (const char *at = text; (size_t)(end - at) > name_len; at++) {
        if (*at != *name || memcmp(at, name, name_len) != 0)
            continue;
        at += name_len;
        at += at < end && *at == '"';
        const char *stop = at;
        while (stop < end && *stop != '"' && *stop != ',' && *stop != '}')
            stop++;
        return (struct span){.text = at, .len = (size_t)(stop - at)};
    }
    return (struct span){.text = NULL};
}

static void scan_json(const char *text, size_t n, struct span spans[FIELDS])
{
    static const char *const names[FIELDS] = {
        "\"event_type\":", "\"msisdn_src\":",  "\"msisdn_dst\":",
        "\"direction\":",  "\"start_ts_ms\":", "\"end_ts_ms\":"};
    for (unsigned i = 0; i < FIELDS; i++)
        spans[i] = find_member(text, n, names[i]);
}

static bool take_number(const struct span *span, int64_t *value)
{
    int64_t sum = 0;
    if (span->text == NULL || span->len == 0 || span->len > 18)
        return false;
    for (size_t i = 0; i < span->len; i++) {
        if (span->text[i] < '0' || span->text[i] > '9')
            return false;
        sum = 10 * sum + (span->text[i] - '0');
    }
    *value = sum;
    return true;
}

static void set_key(struct cdr_record *record, const struct span *owner, char key_text[16])
{
    if (owner->text == NULL || owner->len == 0 || owner->len > 16)
        return;
    memcpy(key_text, owner->text, owner->len);
    record->key = (const uint8_t *)key_text;
    record->key_len = (uint32_t)owner->len;
}

/* ---- users' own schemas as text ---- */

/* The first time that a column of this name holds, and the first digits that are none. */
static void walk_csv(const struct cdr_encoder *encoder, uint32_t type, const char *text, size_t n,
                     struct walk *walk)
{
    const char *name = encoder->ops->file_header(encoder), *end = text + n;
    while (text != NULL && *name != '\n') {
        char column[64] = "";
        size_t name_len = strcspn(name, ";\n");
        if (name_len < sizeof column)
            memcpy(column, name, name_len);
        name += name_len + (name[name_len] == ';');
        struct cdr_cell cell = cdr_cell_take(&text, end);
        const struct cdr_source *source = cdr_source_find(column, type);
        bool number = source != NULL && source->kind != CDR_SOURCE_DIGITS;
        struct span span = {.text = cell.text, .len = cell.len};
        if (number && walk->time == CDR_NO_TIME && take_number(&span, &span.number) &&
            span.number >= TIME_MIN)
            walk->time = span.number;
        if (!number && walk->key.text == NULL && is_digits(cell.text, cell.len))
            walk->key = span;
    }
}

/* The first text of digits that is a value, and the first number that can be a time. */
static void walk_json(const char *text, size_t n, struct walk *walk)
{
    const char *end = text + n;
    for (const char *at = text; at < end;) {
        const char *start = at;
        if (*at == '"') {
            for (start = ++at; at < end && *at != '"'; at++)
                at += *at == '\\' && end - at > 1;
            bool value = end - at > 1 && at[1] != ':';
            if (value && walk->key.text == NULL && is_digits(start, (size_t)(at - start)))
                walk->key = (struct span){.text = start, .len = (size_t)(at - start)};
            at++;
            continue;
        }
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        struct span span = {.text = start, .len = (size_t)(at - start)};
        if (at == start)
            at++;
        else if (walk->time == CDR_NO_TIME && take_number(&span, &span.number) &&
                 span.number >= TIME_MIN)
            walk->time = span.number;
    }
}

static void guess_own(const struct cdr_payloads *payloads, uint32_t type, unsigned version,
                      struct cdr_record *record, char key_text[16])
{
    struct walk walk = {.time = CDR_NO_TIME};
    const char *text = (const char *)record->payload;
    if (strcmp(payloads->format, "csv") == 0)
        walk_csv(payloads->encoders[version][type], type, text, record->payload_len, &walk);
    else if (strcmp(payloads->format, "json") == 0)
        walk_json(text, record->payload_len, &walk);
    else if (walk_datum(&payloads->schemas[version][type], record->payload, record->payload_len,
                        &walk) == 0)
        return;
    record->event_ms = walk.time;
    set_key(record, &walk.key, key_text);
}

void cdr_payload_guess(const struct cdr_payloads *payloads, uint32_t type,
                       struct cdr_record *record, char key_text[16])
{
    struct span spans[FIELDS] = {{0}};
    const char *text = (const char *)record->payload;
    const unsigned time = payloads->order == CDR_ORDER_START ? FIELD_START : FIELD_END;
    bool mt = false;
    if (record->payload == NULL)
        return;
    const unsigned version = cdr_payload_version(payloads, type, record);
    if (payloads->own[version][type]) {
        guess_own(payloads, type, version, record, key_text);
        return;
    }
    if (strcmp(payloads->format, "avro") == 0) {
        if (scan_avro(type, record->payload, record->payload_len, spans) == 0)
            return;
        record->event_ms = spans[time].number;
        mt = spans[FIELD_DIRECTION].number == 1;
    } else {
        if (strcmp(payloads->format, "csv") == 0)
            scan_csv(text, record->payload_len, spans);
        else
            scan_json(text, record->payload_len, spans);
        take_number(&spans[time], &record->event_ms);
        mt = spans[FIELD_DIRECTION].len == 2 && memcmp(spans[FIELD_DIRECTION].text, "MT", 2) == 0;
    }
    set_key(record, &spans[mt ? FIELD_DESTINATION : FIELD_SOURCE], key_text);
}
