/* Findings: what `cdrgen doctor` says about a destination, one after the other.
 *
 * A finding that is no CDR_FINDING_OK says what is wrong and how to mend it. The list grows as
 * needed; one thread. */
#ifndef CDR_BASE_FINDINGS_H
#define CDR_BASE_FINDINGS_H

#include "base/result.h"

#include <stddef.h>

enum cdr_finding_level {
    CDR_FINDING_OK,
    CDR_FINDING_WARN, /* a run would work, and something about it is unwise or unknown */
    CDR_FINDING_FAIL, /* a run would be refused, or fail */
    CDR_FINDING_LEVELS,
};

struct cdr_finding {
    enum cdr_finding_level level;
    char subject[280]; /* "topic cdr.call" */
    char what[640];    /* "has 3 partitions, and 6 were asked for" */
    char mend[512];    /* "pass --partitions 3", "" where there is nothing to do */
};

/* Zero-initialise with {0}. */
struct cdr_findings {
    struct cdr_finding *items;
    size_t n;
    enum cdr_result failure; /* the first that could not be added, CDR_OK = none */
};

/* Adds one; mend may be NULL. A failure for memory is kept in findings->failure, so that callers
 * need to look only once. */
void cdr_findings_add(struct cdr_findings *findings, enum cdr_finding_level level,
                      const char *subject, const char *mend, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same from a sentence that is cut at its last "; ": what is wrong, and how to mend it. */
void cdr_findings_add_sentence(struct cdr_findings *findings, enum cdr_finding_level level,
                               const char *subject, const char *sentence);

size_t cdr_findings_count(const struct cdr_findings *findings, enum cdr_finding_level level);

void cdr_findings_free(struct cdr_findings *findings);

#endif
