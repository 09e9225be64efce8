/* The line of a value in a JSON text: jansson knows it only of syntax errors. */
#ifndef CDR_CONFIG_JSON_LINE_H
#define CDR_CONFIG_JSON_LINE_H

#include <stddef.h>

/* A step of a path: into the member of an object, or where key is NULL, into an item of an array.
 */
struct cdr_json_step {
    const char *key;
    int index;
};

/* The line, from 1, on which the member's key (or the item) at the path begins. text must be valid
 * JSON; where the path leads nowhere, the line of the deepest step that is there. Empty path: where
 * the value begins. */
int cdr_json_line(const char *text, const struct cdr_json_step *path, size_t steps);

#endif
