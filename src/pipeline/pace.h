/* Pacing: when a record is due. Open loop: the schedule follows from the start and never waits for
 * the sink.
 *
 * Within a slice of time the schedule is a straight line from emission time to the monotonic clock:
 *   speed   one second of emission time takes 1/speed s, from the start of the run
 *   rate    a slice's records take (their number / rate) s, slice after slice
 *   live    a record is due at its emission time by the wall clock; the past is due at once
 */
#ifndef CDR_PIPELINE_PACE_H
#define CDR_PIPELINE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum cdr_pace_kind { CDR_PACE_NONE = 0, CDR_PACE_SPEED, CDR_PACE_RATE, CDR_PACE_LIVE };

struct cdr_pace {
    enum cdr_pace_kind kind;
    double speed, rate_per_s;
    int64_t start_ns; /* monotonic, when emission_start_ms was due */
    int64_t emission_start_ms;
    int64_t wall_to_monotonic_ns; /* live: monotonic ns at the epoch */
    double records_before;        /* rate: of the slices before */
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

#endif
