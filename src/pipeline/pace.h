/* Pacing: when a record is due. Open loop: the schedule follows from the start and never waits for
 * the sink.
 *
 * By time: within a slice of time the schedule is a straight line from emission time to the
 * monotonic clock.
 *   speed   one second of emission time takes 1/speed s, from the start of the run
 *   rate    a slice's records take (their number / rate) s, slice after slice
 *   live    a record is due at its emission time by the wall clock; the past is due at once
 *
 * By rank: records are numbered from 0 in the order of emission time, then log, then position, over
 * all logs that the run writes, from the first that it hands over. Record i is due at
 *   even     i / rate s after the start
 *   program  the least t with N(t) ≥ i (base/programme.h)
 * so the time at which a record was meant to be sent follows from the records, the programme and
 * the start alone.
 */
#ifndef CDR_PIPELINE_PACE_H
#define CDR_PIPELINE_PACE_H

#include "base/programme.h"

#include <stdbool.h>
#include <stdint.h>

enum cdr_pace_kind {
    CDR_PACE_NONE = 0,
    CDR_PACE_SPEED,
    CDR_PACE_RATE,
    CDR_PACE_LIVE,
    CDR_PACE_EVEN,
    CDR_PACE_PROGRAM,
};

struct cdr_steering;

struct cdr_pace {
    enum cdr_pace_kind kind;
    double speed, rate_per_s;
    const struct cdr_programme *program; /* borrowed */
    /* program: it is steering's, which decides the stages while they run; NULL: none. Borrowed. */
    struct cdr_steering *steering;
    int64_t limit_ns; /* the schedule ends so long after its start; 0: with the records */
    int64_t start_ns; /* monotonic, when emission_start_ms was due */
    int64_t emission_start_ms;
    int64_t wall_to_monotonic_ns; /* live: monotonic ns at the epoch */
    double records_before;        /* rate, by rank: of the slices before */
};

struct cdr_pace_line {
    int64_t from_ms, span_ms; /* emission time */
    double due_ns, ns_per_ms; /* of from_ms, and slope */
};

/* The line of a slice [from_ms, from_ms + span_ms) that holds records. */
struct cdr_pace_line cdr_pace_slice(struct cdr_pace *pace, int64_t from_ms, int64_t span_ms,
                                    uint64_t records);

/* Emission time up to which (exclusive) records are due now. */
static inline int64_t cdr_pace_due_ms(const struct cdr_pace_line *line, int64_t now_ns)
{
    double behind = (double)now_ns - line->due_ns;
    if (behind < 0)
        return line->from_ms;
    if (behind >= line->ns_per_ms * (double)line->span_ms)
        return line->from_ms + line->span_ms;
    return line->from_ms + (int64_t)(behind / line->ns_per_ms) + 1;
}

static inline int64_t cdr_pace_due_ns(const struct cdr_pace_line *line, int64_t emission_ms)
{
    return (int64_t)(line->due_ns + (double)(emission_ms - line->from_ms) * line->ns_per_ms);
}

static inline bool cdr_pace_by_rank(const struct cdr_pace *pace)
{
    return pace->kind == CDR_PACE_EVEN || pace->kind == CDR_PACE_PROGRAM;
}

/* By rank: how many records are due at a time, which are those of lower ranks; and when a record
 * is; INT64_MAX where a programme that is steered has not decided. */
uint64_t cdr_pace_due_count(const struct cdr_pace *pace, int64_t now_ns);
int64_t cdr_pace_rank_ns(const struct cdr_pace *pace, uint64_t rank);
/* When the schedule ends, whatever is left of the records; INT64_MAX: never. */
int64_t cdr_pace_end_ns(const struct cdr_pace *pace);

#endif
