/* What a user asserts of a capacity: "capacity>5k", "capacity >= 5000/s", "capacity<20k". Pure. */
#ifndef CDR_BASE_ASSERTION_H
#define CDR_BASE_ASSERTION_H

#include "base/result.h"

#include <stdbool.h>

struct cdr_assertion {
    bool above, or_equal;
    double per_s;
};

/* The error is a clause, as in base/parse.h. */
enum cdr_result cdr_assertion_parse(const char *text, struct cdr_assertion *assertion,
                                    struct cdr_error *error);
/* Of a capacity that is known to lie between two rates; high INFINITY: nobody knows how far above.
 * What is not known does not hold. */
bool cdr_assertion_holds(const struct cdr_assertion *assertion, double low, double high);

#endif
