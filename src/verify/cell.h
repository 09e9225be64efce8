/* Cells of a CSV line, separated by ; and quoted by RFC 4180 where they need it. */
#ifndef CDR_VERIFY_CELL_H
#define CDR_VERIFY_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct cdr_cell {
    const char *text; /* without the quotes around it; quotes within are still doubled */
    size_t len;
    bool quoted;
};

/* Takes the cell that begins at *at. *at becomes the beginning of the next one, NULL behind the
 * last. */
static inline struct cdr_cell cdr_cell_take(const char **at, const char *end)
{
    struct cdr_cell cell = {.text = *at, .quoted = *at < end && **at == '"'};
    const char *stop = *at;
    if (cell.quoted) {
        cell.text = ++stop;
        while (stop < end && (*stop != '"' || (end - stop > 1 && stop[1] == '"')))
            stop += *stop == '"' ? 2 : 1;
    } else {
        stop = memchr(stop, ';', (size_t)(end - stop));
        stop = stop != NULL ? stop : end;
    }
    cell.len = (size_t)(stop - cell.text);
    while (stop < end && *stop != ';')
        stop++;
    *at = stop < end ? stop + 1 : NULL;
    return cell;
}

#endif
