/* JSON text, written value by value to a stdio stream: manifests, the run summary, effective
 * settings.
 *
 * Every call writes one value: key is its name inside an object and NULL inside an array (and for
 * the outermost value). Objects and arrays are written over several lines, two blanks a level; the
 * _inline ones, and all in them, on one line. Example:
 *
 *     cdr_json_start(&json, stream);
 *     cdr_json_object(&json, NULL);
 *     cdr_json_u64(&json, "records", 196650);
 *     cdr_json_object_end(&json);
 *     if (!cdr_json_finish(&json)) ... errno says why ...
 *
 * The same calls give the same bytes under any locale. Text is taken as UTF-8; bytes that are not
 * (a path may hold any) become U+FFFD. Integers are written in full, also above 2^53 where some
 * readers round. Errors of the stream are kept until finish. A key at the wrong place or an end
 * without its start is a programming error and fails an assertion.
 */
#ifndef CDR_BASE_JSON_WRITER_H
#define CDR_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CDR_JSON_DEPTH_MAX 16

struct cdr_json {
    FILE *out;
    unsigned depth;
    unsigned inline_depth; /* depth of the outermost container on one line, 0 = none */
    int error;             /* errno of the first failed write */
    char closing[CDR_JSON_DEPTH_MAX + 1];
    bool has_items[CDR_JSON_DEPTH_MAX + 1];
};

void cdr_json_start(struct cdr_json *json, FILE *out);
/* Ends the line and flushes the stream. False, with errno set, if anything could not be written. */
bool cdr_json_finish(struct cdr_json *json);

void cdr_json_object(struct cdr_json *json, const char *key);
void cdr_json_object_inline(struct cdr_json *json, const char *key);
void cdr_json_object_end(struct cdr_json *json);
void cdr_json_array(struct cdr_json *json, const char *key);
void cdr_json_array_inline(struct cdr_json *json, const char *key);
void cdr_json_array_end(struct cdr_json *json);

void cdr_json_text(struct cdr_json *json, const char *key, const char *text); /* NULL text: null */
void cdr_json_u64(struct cdr_json *json, const char *key, uint64_t value);
void cdr_json_i64(struct cdr_json *json, const char *key, int64_t value);
/* The shortest text that reads back as value; null where it is not finite. */
void cdr_json_double(struct cdr_json *json, const char *key, double value);
/* value with that many digits after the point, for times and rates that a person reads. */
void cdr_json_fixed(struct cdr_json *json, const char *key, double value, int digits);
void cdr_json_bool(struct cdr_json *json, const char *key, bool value);
void cdr_json_null(struct cdr_json *json, const char *key);
/* n bytes as a string of 2 × n lower-case hex digits, first byte first. */
void cdr_json_hex(struct cdr_json *json, const char *key, const uint8_t *bytes, size_t n);

#endif
