/* "Did you mean": the name that is closest to what the user typed.
 *
 * Distance counts inserted, lost, changed and swapped letters; upper and lower case, '-', '_' and
 * '.' are the same. A name is near if a third of the longer one's letters at most are wrong, or if
 * one begins with the other (three letters at least). Begin with .given set and all else 0, and
 * offer each name: then best is the nearest, or NULL where nothing is near. */
#ifndef CDR_BASE_SUGGEST_H
#define CDR_BASE_SUGGEST_H

#include <stddef.h>

struct cdr_suggestion {
    const char *given;
    const char *best; /* one of the names offered, not copied */
    size_t distance;  /* of best */
};

void cdr_suggest(struct cdr_suggestion *suggestion, const char *name);

#endif
