#include "config/json_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *at;
    int line;
};

static void skip_space(struct cursor *c)
{
    for (; *c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n'; c->at++)
        c->line += *c->at == '\n';
}

static unsigned hex4(const char *digits)
{
    char text[5] = "";
    memcpy(text, digits, 4);
    return (unsigned)strtoul(text, NULL, 16);
}

/* One character of a string as UTF-8 (up to 4 bytes); advances over its escape. */
static size_t next_character(const char **at, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (**at != '\\') {
        out[0] = *(*at)++;
        return 1;
    }
    char escape = (*at)[1];
    *at += 2;
    if (escape != 'u') {
        const char *found = strchr(from, escape);
        out[0] = found != NULL ? to[found - from] : escape;
        return 1;
    }
    unsigned code = hex4(*at);
    *at += 4;
    if (code >= 0xd800 && code < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(*at + 2) - 0xdc00);
        *at += 6;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[len] | code);
    return len;
}

/* Steps over a string; says whether it is key. */
static bool string_is(struct cursor *c, const char *key)
{
    bool same = true;
    c->at++;
    while (*c->at != '"' && *c->at != '\0') {
        char bytes[4];
        size_t n = next_character(&c->at, bytes);
        same = same && key != NULL && strncmp(key, bytes, n) == 0;
        if (same)
            key += n;
    }
    if (*c->at == '"')
        c->at++;
    return same && key != NULL && *key == '\0';
}

static void skip_value(struct cursor *c)
{
    int depth = 0;
    do {
        skip_space(c);
        if (*c->at == '\0')
            return;
        if (*c->at == '"') {
            string_is(c, NULL);
            continue;
        }
        depth += (*c->at == '{' || *c->at == '[') - (*c->at == '}' || *c->at == ']');
        if (strchr("{}[],:", *c->at) != NULL)
            c->at++;
        else
            c->at += strcspn(c->at, "{}[],: \t\r\n");
    } while (depth > 0);
}

/* From the start of an object or array to the value of the step; *line is its line. */
static bool enter(struct cursor *c, const struct cdr_json_step *step, int *line)
{
    char open = step->key != NULL ? '{' : '[', close = open == '{' ? '}' : ']';
    skip_space(c);
    if (*c->at != open)
        return false;
    c->at++;
    for (int index = 0;; index++) {
        bool found = step->key == NULL && index == step->index;
        skip_space(c);
        if (*c->at == close || *c->at == '\0')
            return false;
        int here = c->line;
        if (step->key != NULL) {
            found = string_is(c, step->key);
            skip_space(c);
            c->at += *c->at == ':';
        }
        if (found) {
            *line = here;
            return true;
        }
        skip_value(c);
        skip_space(c);
        c->at += *c->at == ',';
    }
}

int cdr_json_line(const char *text, const struct cdr_json_step *path, size_t steps)
{
    struct cursor c = {.at = text, .line = 1};
    skip_space(&c);
    int line = c.line;
    for (size_t i = 0; i < steps; i++)
        if (!enter(&c, &path[i], &line))
            break;
    return line;
}
