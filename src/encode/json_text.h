/* Small JSON documents as other services exchange them: an object with a string in it, out; one
 * member, in.
 *
 * Results are malloc()ed and the caller's to free(). All are safe in any thread.
 */
#ifndef CDR_ENCODE_JSON_TEXT_H
#define CDR_ENCODE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {"key": "value"} with value escaped; NULL where value is not UTF-8 or memory is exhausted. */
char *cdr_json_object_of(const char *key, const char *value);

/* The whole number that text, an object, holds under key; false where it is no object or holds
 * none. */
bool cdr_json_find_integer(const char *text, size_t text_len, const char *key, int64_t *value);

/* 1 or 0: the truth value that text, an object, holds under key; −1 where it holds none. */
int cdr_json_find_boolean(const char *text, size_t text_len, const char *key);

/* Whether text, an object, holds anything under key. */
bool cdr_json_has(const char *text, size_t text_len, const char *key);

/* The string that text, an object, holds under key; NULL where it is no object or holds none. */
char *cdr_json_find_string(const char *text, size_t text_len, const char *key);

#endif
