#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 48

static int fold(char c)
{
    return c == '-' || c == '.' || c == ' ' ? '_' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: as Levenshtein's, and neighbours swapped count as one. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = j;
    memcpy(before, last, sizeof rows[0]);
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
            row[j] = least(changed, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len];
}

static int begins_with(const char *text, const char *start, size_t start_len)
{
    for (size_t i = 0; i < start_len; i++)
        if (text[i] == '\0' || fold(text[i]) != fold(start[i]))
            return 0;
    return 1;
}

void cdr_suggest(struct cdr_suggestion *suggestion, const char *name)
{
    size_t given_len = strlen(suggestion->given), name_len = strlen(name);
    size_t longer = given_len > name_len ? given_len : name_len;
    size_t shorter = least(given_len, name_len);
    if (longer > NAME_MAX_LEN || shorter == 0)
        return;
    size_t found = distance(suggestion->given, given_len, name, name_len);
    if (found * 3 > longer) {
        /* Far apart letter by letter, but --subscribers means --subs. */
        if (shorter < 3 || !begins_with(given_len > name_len ? suggestion->given : name,
                                        given_len > name_len ? name : suggestion->given, shorter))
            return;
        found = NAME_MAX_LEN;
    }
    if (suggestion->best == NULL || found < suggestion->distance) {
        suggestion->best = name;
        suggestion->distance = found;
    }
}
