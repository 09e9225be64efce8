/* clock: a clock that is wrong. An hour ahead or behind: the record's times and the message's
 * timestamp; seconds taken for milliseconds, or no time at all: the timestamp alone. */
#include "fault/kinds.h"

enum clock_variant { AHEAD, BEHIND, SECONDS, ZERO, VARIANTS };

static int64_t shift_ms(const struct cdr_fault_target *target)
{
    const uint32_t variant = cdr_fault_below(target->base, CDR_FAULT_CLOCK, VARIANTS);
    return variant == AHEAD ? CDR_FAULT_CLOCK_MS : variant == BEHIND ? -CDR_FAULT_CLOCK_MS : 0;
}

static void columns(struct cdr_fault_target *target)
{
    target->block->start_ms[target->i] += shift_ms(target);
    target->block->end_ms[target->i] += shift_ms(target);
}

/* 0 would mean now to librdkafka. */
static void bytes(struct cdr_fault_target *target)
{
    const uint32_t variant = cdr_fault_below(target->base, CDR_FAULT_CLOCK, VARIANTS);
    int64_t *event_ms = &target->slab->event_ms[target->record], right_ms = *event_ms;
    *event_ms = variant == SECONDS ? right_ms / 1000
                : variant == ZERO  ? 1
                                   : right_ms + shift_ms(target);
    cdr_fault_say_number(target, "timestamp", right_ms, *event_ms);
}

const struct cdr_fault_ops cdr_fault_clock = {.columns = columns, .bytes = bytes};
