/* Programmes: a rate that changes with time, as a function with a closed integral.
 *
 * A programme is a list of stages with ';' between them. Each has a rate at any time of its own:
 *   hold 50k 5m                          50,000 records a second for five minutes
 *   burst 200k 10s                       the same; the name says what it is for
 *   pause 30s                            nothing
 *   ramp 0..50k 2m                       from one rate to another, in a straight line
 *   sine 20k..80k every 10m for 1h       r(t) = (low + high)/2 − (high − low)/2 · cos(2πt/period)
 * Rates and durations are those of base/parse.h; "for" may stand before any duration.
 *
 * N(t), the integral of the rate, is how many records are due t seconds after the start. Record i,
 * counted from 0, is due at the least t with N(t) ≥ i, so anybody can compute its time later.
 * Everything is pure, without allocation, safe in any thread, and linear in the number of stages.
 */
#ifndef CDR_BASE_PROGRAMME_H
#define CDR_BASE_PROGRAMME_H

#include "base/result.h"

#include <stddef.h>

enum { CDR_PROGRAMME_STAGES_MAX = 64 };

enum cdr_stage_kind {
    CDR_STAGE_HOLD = 0,
    CDR_STAGE_BURST,
    CDR_STAGE_PAUSE,
    CDR_STAGE_RAMP,
    CDR_STAGE_SINE
};

struct cdr_programme_stage {
    enum cdr_stage_kind kind;
    double from, to; /* records a second; the same of those that hold one */
    double period_s; /* of a sine */
    double duration_s;
    double start_s, start_records; /* of the stages before */
};

struct cdr_programme {
    struct cdr_programme_stage stages[CDR_PROGRAMME_STAGES_MAX];
    size_t n;
};

/* The error is a clause that quotes the stage (base/parse.h). A programme has a record at least. */
enum cdr_result cdr_programme_parse(const char *text, struct cdr_programme *program,
                                    struct cdr_error *error);

/* Of the whole programme. */
double cdr_programme_duration_s(const struct cdr_programme *program);
double cdr_programme_records(const struct cdr_programme *program);

/* N(t): 0 before the start, all of them after the end. */
double cdr_programme_due(const struct cdr_programme *program, double t_s);
/* The least t with N(t) ≥ records, to 1 ns; for more than there are, the end. */
double cdr_programme_time_s(const struct cdr_programme *program, double records);
/* The stage that t lies in; the last one after the end. */
size_t cdr_programme_stage_at(const struct cdr_programme *program, double t_s);
/* "hold", "ramp" … */
const char *cdr_stage_name(enum cdr_stage_kind kind);

#endif
