/* Points in time as people type them.
 *
 *     2025-01-02T06:00:00Z, 2025-01-02T06:00+01:00   of the world; seconds and their thousandths
 *     2025-01-02 06:00:00.250                        on the clock of a place; a date alone: 00:00
 *     +6h, +90m, +1d                                 after a start; a day has 24 hours here
 *
 * The caller, which knows the place or the start, gives the last two their meaning.
 */
#ifndef CDR_BASE_MOMENT_H
#define CDR_BASE_MOMENT_H

#include "base/result.h"

#include <stdint.h>

enum cdr_moment_kind { CDR_MOMENT_UTC, CDR_MOMENT_LOCAL, CDR_MOMENT_AFTER_START };

struct cdr_moment {
    enum cdr_moment_kind kind;
    int64_t ms; /* since 1970, of the world or on the local clock; or since the start */
};

/* Takes the whole of text or fails as the parsers of base/parse.h do. */
enum cdr_result cdr_parse_moment(const char *text, struct cdr_moment *moment,
                                 struct cdr_error *error);

#endif
