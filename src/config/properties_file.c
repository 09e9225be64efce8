/* client.properties: lines to names and values, then to cdr_property_give.
 *
 * All lines are read before the first property is given, since the type of a key store may stand
 * after its location.
 */
#include "config/properties.h"
#include "config/secret.h"
#include "config/text_file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1u << 20)
#define PROPERTIES_MAX 1000

struct entry {
    char *name, *value; /* inside the file's text */
    int line;
};

static int hex_value(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char *all = "0123456789abcdef0123456789ABCDEF";
        const char *found = digits[i] != '\0' ? strchr(all, digits[i]) : NULL;
        if (found == NULL)
            return -1;
        value = value * 16 + (int)((found - all) % 16);
    }
    return value;
}

/* The code point as UTF-8; surrogates are beyond what a configuration needs and become '?'. */
static size_t put_utf8(int code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code >= 0xd800 && code < 0xe000) {
        to[0] = '?';
        return 1;
    }
    to[0] = (char)(0xe0 | code >> 12);
    to[1] = (char)(0x80 | (code >> 6 & 0x3f));
    to[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

/* Java's escapes, in place. */
static void unescape(char *text)
{
    static const char from[] = "\\:=#! tnr", to[] = "\\:=#! \t\n\r";
    char *out = text;
    for (const char *in = text; *in != '\0';) {
        const char *escape = in[0] == '\\' && in[1] != '\0' ? strchr(from, in[1]) : NULL;
        int code = in[0] == '\\' && in[1] == 'u' ? hex_value(in + 2) : -1;
        if (escape != NULL) {
            *out++ = to[escape - from];
            in += 2;
        } else if (code > 0) {
            out += put_utf8(code, out);
            in += 6;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
}

static char *skip_blank(char *text)
{
    return text + strspn(text, " \t\f");
}

static void trim_end(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\f\r", text[len - 1]) != NULL)
        text[--len] = '\0';
}

/* Whether the backslashes at the end are odd in number: the last one is no escaped backslash. */
static bool goes_on(const char *line, size_t len)
{
    size_t slashes = 0;
    while (slashes < len && line[len - 1 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* Cuts the next logical line off, joining continued ones in place; *line_count is how many it took.
 */
static char *next_line(char **rest, int *line_count)
{
    char *start = *rest, *out = start;
    *line_count = 0;
    for (char *in = start;;) {
        size_t len = strcspn(in, "\n");
        char *next = in[len] == '\n' ? in + len + 1 : NULL;
        size_t text_len = len > 0 && in[len - 1] == '\r' ? len - 1 : len;
        bool comment = out == start && strchr("#!", *skip_blank(in)) != NULL && len > 0;
        bool more = !comment && next != NULL && goes_on(in, text_len);
        memmove(out, in, text_len);
        out += more ? text_len - 1 : text_len;
        ++*line_count;
        if (!more) {
            *out = '\0';
            *rest = next;
            return start;
        }
        in = skip_blank(next);
    }
}

static enum cdr_result split(char *line, struct entry *entry, struct cdr_error *error)
{
    char *at = line;
    while (*at != '\0' && *at != '=' && *at != ':')
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    if (*at == '\0' || at == line)
        return cdr_fail(error, CDR_E_CONFIG, "a line must be name=value");
    *at = '\0';
    entry->name = line;
    entry->value = skip_blank(at + 1);
    trim_end(entry->name);
    trim_end(entry->value);
    unescape(entry->name);
    unescape(entry->value);
    return CDR_OK;
}

static enum cdr_result read_entries(char *text, const char *path, struct entry *entries,
                                    size_t *count, struct cdr_error *error)
{
    int line = 1, taken = 0;
    for (char *rest = text; rest != NULL; line += taken) {
        struct cdr_error clause = {{0}};
        char *content = skip_blank(next_line(&rest, &taken));
        if (*content == '\0' || *content == '\r' || *content == '#' || *content == '!')
            continue;
        if (*count == PROPERTIES_MAX)
            return cdr_fail(error, CDR_E_CONFIG, "%s:%d: more than %d properties", path, line,
                            PROPERTIES_MAX);
        entries[*count].line = line;
        if (split(content, &entries[*count], &clause) != CDR_OK)
            return cdr_fail(error, CDR_E_CONFIG, "%s:%d: %s", path, line, clause.text);
        ++*count;
    }
    return CDR_OK;
}

static bool is_store_type(const char *name)
{
    return strcmp(name, "ssl.truststore.type") == 0 || strcmp(name, "ssl.keystore.type") == 0;
}

static enum cdr_result give_entries(struct cdr_loading *loading, const char *path,
                                    const struct entry *entries, size_t count,
                                    struct cdr_error *error)
{
    for (int types = 1; types >= 0; types--)
        for (size_t i = 0; i < count; i++) {
            char source[300];
            struct cdr_error clause = {{0}};
            if (is_store_type(entries[i].name) != (types == 1))
                continue;
            snprintf(source, sizeof source, "%.250s:%d", path, entries[i].line);
            enum cdr_result result =
                cdr_property_give(loading, entries[i].name, entries[i].value, source, &clause);
            if (result != CDR_OK)
                return cdr_fail(error, result, "%s: %.700s", source, clause.text);
        }
    return CDR_OK;
}

enum cdr_result cdr_properties_load(struct cdr_loading *loading, const char *path,
                                    struct cdr_error *error)
{
    char *text = NULL;
    size_t len = 0, count = 0;
    if (strcmp(path, "-") == 0)
        path = CDR_STANDARD_INPUT;
    enum cdr_result result = cdr_text_file_read(path, FILE_BYTES_MAX, &text, &len, error);
    if (result != CDR_OK)
        return result;
    struct entry *entries = calloc(PROPERTIES_MAX, sizeof *entries);
    loading->truststore_type[0] = loading->keystore_type[0] = '\0';
    if (entries == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    else
        result = read_entries(text, path, entries, &count, error);
    if (result == CDR_OK)
        result = give_entries(loading, path, entries, count, error);
    free(entries);
    cdr_secret_wipe(text, len);
    free(text);
    return result;
}
