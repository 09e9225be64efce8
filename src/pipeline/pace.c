#include "pipeline/pace.h"

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
