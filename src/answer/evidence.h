/* Evidence: the records behind rows that are not right, and of them the one that a job seems to
 * have lost, or counted twice. */
#ifndef CDR_ANSWER_EVIDENCE_H
#define CDR_ANSWER_EVIDENCE_H

#include "answer/judge.h"

enum { CDR_WITNESSES_MAX = 8 };

struct cdr_evidence {
    enum cdr_row_fault fault;
    bool has_expected, has_found;
    struct cdr_answer_row expected;
    int64_t found[CDR_QUERY_SELECT_MAX];
    int64_t start_ms; /* of the window, and the by fields */
    int64_t by[CDR_QUERY_BY_MAX];
    uint64_t witness_count; /* all records that count in the row */
    struct cdr_witness witnesses[CDR_WITNESSES_MAX];
    /* Records without which, or with which once more, the row is as it was found; the first of
     * them. lost_count is 1 where it can be no other. */
    uint64_t lost_count, doubled_count;
    struct cdr_witness lost, doubled;
};

/* Makes an empty one of what cdr_judge finds. */
void cdr_evidence_note(struct cdr_evidence *evidence, const struct cdr_query *query,
                       enum cdr_row_fault fault, const struct cdr_answer_row *expected,
                       const int64_t *found);

/* Fills in the records of n rows: generates the dataset once more. Errors: as cdr_answer. */
enum cdr_result cdr_evidence_gather(const struct cdr_judge_settings *settings,
                                    struct cdr_evidence *evidence, uint32_t n,
                                    struct cdr_error *error);

#endif
