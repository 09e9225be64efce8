/* Telemarketers: on working days from 9 to 18 h, one call after the other, each to somebody else.
 * Few are answered, and most of those are short. Pauses follow a power law, as those of robots in a
 * study of calls do (docs/behaviours.md). */
#include "model/behaviour_kinds.h"

static const struct cdr_act_outcomes outcomes = {
    .answered = 350, .no_answer = 420, .rejected = 200};

/* 41 s × 2^k, the k-th with 0.536^k, and up to twice that: longer than t with about t^−0.9. */
static uint32_t pause_ms(struct cdr_act_draws *draws)
{
    uint32_t least_ms = 41000;
    for (uint32_t k = 0; k < 5 && cdr_next_is(draws, 536); k++)
        least_ms *= 2;
    return cdr_next_between(draws, least_ms, 2 * least_ms);
}

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {.type = CDR_TYPE_CALL, .party = CDR_PARTY_ONNET};
    (void)model;
    (void)subscriber;
    if (slot->hour < 9 || slot->hour >= 18 || cdr_is_weekend(slot->day))
        return;
    act.offset_ms = cdr_next_between(&draws, 0, 120000);
    while (act.offset_ms < slot->length_ms) {
        const bool brief = cdr_next_is(&draws, 700);
        const uint32_t talk_s =
            brief ? cdr_next_between(&draws, 5, 25) : cdr_next_between(&draws, 80, 300);
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        if (!cdr_act_add(acts, CDR_ACTS_MAX, &act))
            return;
        act.offset_ms += INT64_C(1000) * act.duration_s + pause_ms(&draws);
    }
}

const struct cdr_behaviour_calls cdr_calls_telemarketer = {.begin = begin};
