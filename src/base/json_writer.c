#include "base/json_writer.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put(struct cdr_json *json, const char *bytes, size_t n)
{
    if (json->error == 0 && fwrite(bytes, 1, n, json->out) != n)
        json->error = errno != 0 ? errno : EIO;
}

static void put_text(struct cdr_json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_escaped(struct cdr_json *json, uint8_t byte)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *found = strchr(from, byte);
    char escape[8];
    if (found != NULL)
        snprintf(escape, sizeof escape, "\\%c", to[found - from]);
    else
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)byte);
    put_text(json, escape);
}

static void put_string(struct cdr_json *json, const char *text)
{
    const uint8_t *next = (const uint8_t *)text;
    put(json, "\"", 1);
    while (*next != '\0') {
        size_t length = cdr_utf8_length(next);
        if (length == 0)
            put_text(json, "\\ufffd");
        else if (length > 1 || (*next >= 0x20 && *next != '"' && *next != '\\'))
            put(json, (const char *)next, length);
        else
            put_escaped(json, *next);
        next += length > 0 ? length : 1;
    }
    put(json, "\"", 1);
}

static void put_line_break(struct cdr_json *json)
{
    static const char blanks[2 * CDR_JSON_DEPTH_MAX + 1] = "                                ";
    put(json, "\n", 1);
    put(json, blanks, (size_t)2 * json->depth);
}

/* What stands before a value: comma, place, key. */
static void begin_value(struct cdr_json *json, const char *key)
{
    unsigned depth = json->depth;
    assert((key != NULL) == (json->closing[depth] == '}'));
    assert(depth > 0 || !json->has_items[0]);
    if (json->has_items[depth])
        put(json, ",", 1);
    if (depth > 0 && json->inline_depth == 0)
        put_line_break(json);
    else if (json->has_items[depth])
        put(json, " ", 1);
    json->has_items[depth] = true;
    if (key != NULL) {
        put_string(json, key);
        put(json, ": ", 2);
    }
}

static void open_container(struct cdr_json *json, const char *key, char opening, char closing,
                           bool on_one_line)
{
    begin_value(json, key);
    put(json, &opening, 1);
    assert(json->depth < CDR_JSON_DEPTH_MAX);
    json->depth++;
    json->closing[json->depth] = closing;
    json->has_items[json->depth] = false;
    if (on_one_line && json->inline_depth == 0)
        json->inline_depth = json->depth;
}

static void close_container(struct cdr_json *json, char closing)
{
    assert(json->depth > 0 && json->closing[json->depth] == closing);
    bool on_lines = json->inline_depth == 0 && json->has_items[json->depth];
    if (json->inline_depth == json->depth)
        json->inline_depth = 0;
    json->depth--;
    if (on_lines)
        put_line_break(json);
    put(json, &closing, 1);
}

void cdr_json_start(struct cdr_json *json, FILE *out)
{
    memset(json, 0, sizeof *json);
    json->out = out;
}

bool cdr_json_finish(struct cdr_json *json)
{
    assert(json->depth == 0);
    put(json, "\n", 1);
    if (json->error == 0 && fflush(json->out) != 0)
        json->error = errno;
    errno = json->error;
    return json->error == 0;
}

void cdr_json_object(struct cdr_json *json, const char *key)
{
    open_container(json, key, '{', '}', false);
}

void cdr_json_object_inline(struct cdr_json *json, const char *key)
{
    open_container(json, key, '{', '}', true);
}

void cdr_json_object_end(struct cdr_json *json)
{
    close_container(json, '}');
}

void cdr_json_array(struct cdr_json *json, const char *key)
{
    open_container(json, key, '[', ']', false);
}

void cdr_json_array_inline(struct cdr_json *json, const char *key)
{
    open_container(json, key, '[', ']', true);
}

void cdr_json_array_end(struct cdr_json *json)
{
    close_container(json, ']');
}

void cdr_json_text(struct cdr_json *json, const char *key, const char *text)
{
    begin_value(json, key);
    if (text != NULL)
        put_string(json, text);
    else
        put_text(json, "null");
}

void cdr_json_u64(struct cdr_json *json, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    begin_value(json, key);
    put_text(json, text);
}

void cdr_json_i64(struct cdr_json *json, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    begin_value(json, key);
    put_text(json, text);
}

/* printf writes the locale's decimal point, which may be any bytes; JSON's is a full stop. */
static void put_number(struct cdr_json *json, const char *text)
{
    bool in_point = false;
    for (; *text != '\0'; text++) {
        bool in_number = strchr("0123456789+-e", *text) != NULL;
        if (in_number)
            put(json, text, 1);
        else if (!in_point)
            put(json, ".", 1);
        in_point = !in_number;
    }
}

static bool is_finite(double value)
{
    return value - value == 0;
}

void cdr_json_double(struct cdr_json *json, const char *key, double value)
{
    char text[64] = "";
    begin_value(json, key);
    if (!is_finite(value)) {
        put_text(json, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (back <= value && back >= value)
            break;
    }
    put_number(json, text);
}

void cdr_json_fixed(struct cdr_json *json, const char *key, double value, int digits)
{
    char text[400];
    assert(digits >= 0 && digits <= 17);
    begin_value(json, key);
    if (!is_finite(value)) {
        put_text(json, "null");
        return;
    }
    snprintf(text, sizeof text, "%.*f", digits, value);
    put_number(json, text);
}

void cdr_json_bool(struct cdr_json *json, const char *key, bool value)
{
    begin_value(json, key);
    put_text(json, value ? "true" : "false");
}

void cdr_json_null(struct cdr_json *json, const char *key)
{
    begin_value(json, key);
    put_text(json, "null");
}

void cdr_json_hex(struct cdr_json *json, const char *key, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    begin_value(json, key);
    put(json, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
        put(json, pair, 2);
    }
    put(json, "\"", 1);
}
