#include "pipeline/pace.h"

#include <math.h>

struct cdr_pace_line cdr_pace_slice(struct cdr_pace *pace, int64_t from_ms, int64_t span_ms,
                                    uint64_t records)
{
    struct cdr_pace_line line = {.from_ms = from_ms, .span_ms = span_ms};
    if (pace->kind == CDR_PACE_SPEED) {
        line.ns_per_ms = 1e6 / pace->speed;
        line.due_ns =
            (double)pace->start_ns + (double)(from_ms - pace->emission_start_ms) * line.ns_per_ms;
    } else if (pace->kind == CDR_PACE_RATE) {
        double ns = (double)records / pace->rate_per_s * 1e9;
        line.ns_per_ms = ns / (double)span_ms;
        line.due_ns = (double)pace->start_ns + pace->records_before / pace->rate_per_s * 1e9;
        pace->records_before += (double)records;
    } else {
        line.ns_per_ms = 1e6;
        line.due_ns = (double)from_ms * 1e6 + (double)pace->wall_to_monotonic_ns;
    }
    return line;
}

uint64_t cdr_pace_due_count(const struct cdr_pace *pace, int64_t now_ns)
{
    const double t_s = (double)(now_ns - pace->start_ns) / 1e9;
    if (t_s < 0)
        return 0;
    /* What is due at the very end is no more of it. A product of a rate and a duration is whole,
     * whatever it was rounded to. */
    const bool even = pace->kind == CDR_PACE_EVEN;
    const double end_s = (double)(cdr_pace_end_ns(pace) - pace->start_ns) / 1e9,
                 all = even ? end_s * pace->rate_per_s : cdr_programme_due(pace->program, end_s);
    const uint64_t total = all < 1e18 ? (uint64_t)(all + 1e-6) : UINT64_MAX,
                   due = (uint64_t)(even ? t_s * pace->rate_per_s
                                         : cdr_programme_due(pace->program, t_s)) +
                         1;
    return due < total ? due : total;
}

int64_t cdr_pace_rank_ns(const struct cdr_pace *pace, uint64_t rank)
{
    if (pace->steering != NULL && rank >= (uint64_t)(cdr_programme_records(pace->program) + 1e-6))
        return INT64_MAX;
    const double t_s = pace->kind == CDR_PACE_EVEN
                           ? (double)rank / pace->rate_per_s
                           : cdr_programme_time_s(pace->program, (double)rank);
    return pace->start_ns + (int64_t)ceil(t_s * 1e9);
}

int64_t cdr_pace_end_ns(const struct cdr_pace *pace)
{
    int64_t end_ns = pace->limit_ns > 0 ? pace->start_ns + pace->limit_ns : INT64_MAX;
    if (pace->kind != CDR_PACE_PROGRAM || pace->steering != NULL)
        return end_ns;
    const int64_t program_ns =
        pace->start_ns + (int64_t)ceil(cdr_programme_duration_s(pace->program) * 1e9);
    return program_ns < end_ns ? program_ns : end_ns;
}
