#include "encode/json_text.h"

#include <jansson.h>
#include <string.h>

char *cdr_json_object_of(const char *key, const char *value)
{
    json_t *object = json_pack("{s:s}", key, value);
    if (object == NULL)
        return NULL;
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

bool cdr_json_find_integer(const char *text, size_t text_len, const char *key, int64_t *value)
{
    json_t *object = json_loadb(text, text_len, 0, NULL);
    json_t *member = json_object_get(object, key);
    bool found = json_is_integer(member);
    if (found)
        *value = json_integer_value(member);
    json_decref(object);
    return found;
}

bool cdr_json_has(const char *text, size_t text_len, const char *key)
{
    json_t *object = json_loadb(text, text_len, JSON_ALLOW_NUL, NULL);
    bool has = json_object_get(object, key) != NULL;
    json_decref(object);
    return has;
}

int cdr_json_find_boolean(const char *text, size_t text_len, const char *key)
{
    json_t *object = json_loadb(text, text_len, 0, NULL);
    json_t *member = json_object_get(object, key);
    int value = json_is_boolean(member) ? json_is_true(member) : -1;
    json_decref(object);
    return value;
}

char *cdr_json_find_string(const char *text, size_t text_len, const char *key)
{
    json_t *object = json_loadb(text, text_len, 0, NULL);
    const char *member = json_string_value(json_object_get(object, key));
    char *copy = member != NULL ? strdup(member) : NULL;
    json_decref(object);
    return copy;
}
