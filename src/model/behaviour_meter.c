/* Meters and other machines: a short session every quarter hour (0.3 of them), hour (0.4) or
 * day, at a second of its own, give or take five. Of the daily ones 0.3 report within ten
 * minutes after midnight. */
#include "model/behaviour_kinds.h"

static void report(struct cdr_act_draws *draws, int64_t at_ms, const struct cdr_near_slot *slot,
                   struct cdr_acts *acts)
{
    struct cdr_act act = {.type = CDR_TYPE_DATA, .party = CDR_PARTY_NONE, .offset_ms = at_ms};
    act.offset_ms += cdr_next_between(draws, 0, 10000);
    act.duration_s = cdr_next_between(draws, 5, 12);
    if (act.offset_ms + 20000 < slot->length_ms)
        cdr_act_add(acts, CDR_ACTS_MAX, &act);
}

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    const uint64_t traits = cdr_draw(role->base, CDR_ROLE_GROUP);
    const uint32_t kind = cdr_below((uint32_t)traits, 10), phase = (uint32_t)(traits >> 32);
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    (void)model;
    (void)subscriber;
    if (kind < 3) {
        for (int64_t at_ms = 0; at_ms < slot->length_ms; at_ms += 900000)
            report(&draws, at_ms + cdr_below(phase, 860000), slot, acts);
    } else if (kind < 7) {
        report(&draws, cdr_below(phase, 3560000), slot, acts);
    } else {
        const bool midnight = cdr_below(cdr_mix32(phase), 10) < 3;
        const uint32_t hour = midnight ? 0 : cdr_below(cdr_mix32(phase), 24);
        if (slot->hour == hour)
            report(&draws, cdr_below(phase, midnight ? 600000 : 3560000), slot, acts);
    }
}

const struct cdr_behaviour_calls cdr_calls_meter = {.begin = begin};
