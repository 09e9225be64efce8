/* Rows of JSON as nearly all are: an object of ASCII whose members are texts without escapes, whole
 * numbers, true, false or null. They are cut into cells in a copy, without a tree: a tree costs ten
 * times as much. What is anything else is left to the library. */
#include "answer/internal.h"

#include <string.h>

enum { DIGITS_MAX = 18 };

struct text {
    char *at;
    size_t len;
};

static char *skip_space(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* What follows a text in quotes; NULL: it is none, or not plain. */
static char *take_quoted(char *at, struct text *text)
{
    if (*at != '"')
        return NULL;
    char *end = ++at;
    while (*end != '"' && *end != '\\' && *end >= ' ' && *end <= '~')
        end++;
    *text = (struct text){at, (size_t)(end - at)};
    return *end == '"' ? end + 1 : NULL;
}

/* As an integer is printed: so its text is that of the number. */
static bool is_whole(const struct text *text)
{
    const size_t minus = text->at[0] == '-', digits = text->len - minus;
    return digits > 0 && digits <= DIGITS_MAX && strspn(text->at + minus, "0123456789") == digits &&
           (text->at[minus] != '0' || text->len == 1);
}

static bool is_word(const struct text *text, const char *word)
{
    return text->len == strlen(word) && memcmp(text->at, word, text->len) == 0;
}

static char *take_value(char *at, struct text *text, bool *null)
{
    *null = false;
    if (*at == '"')
        return take_quoted(at, text);
    *text = (struct text){at, strcspn(at, ",} \t\n\r")};
    *null = is_word(text, "null");
    return *null || is_word(text, "true") || is_word(text, "false") || is_whole(text)
               ? at + text->len
               : NULL;
}

/* Rows of a job have the same names in the same order: the row before is looked at first. */
static unsigned cell_of(const struct cdr_output_input *input, unsigned number,
                        const struct text *name)
{
    struct cdr_output_name *known = number < CDR_OUTPUT_NAMES ? &input->found->names[number] : NULL;
    if (known != NULL && known->used == name->len + 1 &&
        memcmp(known->text, name->at, name->len) == 0)
        return known->cell;
    const unsigned cell = cdr_output_find_cell(input, name->at);
    if (known != NULL && name->len <= sizeof known->text) {
        memcpy(known->text, name->at, name->len);
        known->used = name->len + 1;
        known->cell = cell;
    }
    return cell;
}

bool cdr_output_flat(const struct cdr_output_input *input, const char *bytes, size_t len,
                     char copy[CDR_OUTPUT_FLAT_MAX], const char **cells)
{
    if (len >= CDR_OUTPUT_FLAT_MAX)
        return false;
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    char *at = skip_space(copy), next = ',';
    if (*at++ != '{')
        return false;
    for (unsigned number = 0; next == ','; number++) {
        struct text name, value;
        bool null = false;
        at = take_quoted(skip_space(at), &name);
        at = at == NULL ? NULL : skip_space(at);
        if (at == NULL || *at != ':')
            return false;
        at = take_value(skip_space(at + 1), &value, &null);
        at = at == NULL ? NULL : skip_space(at);
        if (at == NULL || (*at != ',' && *at != '}'))
            return false;
        next = *at++; /* before the end of the value takes its place */
        name.at[name.len] = value.at[value.len] = '\0';
        const unsigned cell = cell_of(input, number, &name);
        if (cell < CDR_OUTPUT_CELLS && !null)
            cells[cell] = value.at;
        else if (cell < CDR_OUTPUT_CELLS)
            cells[cell] = cdr_output_may_lack(input, cell) ? "" : NULL;
    }
    at = skip_space(at);
    return at == copy + len;
}
