/* International revenue share fraud: at night, long calls to ranges of numbers abroad whose
 * holder gets a share of what they cost. Real ones run side by side, by conference calls; here
 * they come one after the other, since nobody has two calls at once. */
#include "model/behaviour_kinds.h"

static const struct cdr_act_outcomes outcomes = {.answered = 930, .no_answer = 20, .rejected = 0};

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {.type = CDR_TYPE_CALL, .party = CDR_PARTY_OFFNET};
    (void)model;
    (void)subscriber;
    if (slot->hour >= 6)
        return;
    act.offset_ms = cdr_next_between(&draws, 0, 300000);
    while (act.offset_ms < slot->length_ms) {
        const uint32_t talk_s = cdr_next_between(&draws, 600, 3300);
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        cdr_act_add(acts, CDR_ACTS_BESIDE_MAX, &act);
        act.offset_ms += INT64_C(1000) * act.duration_s + cdr_next_between(&draws, 10000, 90000);
    }
}

static struct cdr_number number(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base)
{
    const uint64_t random = cdr_draw(base, CDR_DRAW_ACT_PARTY);
    (void)role;
    (void)subscriber;
    return cdr_fraud_number(model, (uint32_t)random % CDR_FRAUD_RANGES, (uint32_t)(random >> 32));
}

const struct cdr_behaviour_calls cdr_calls_irsf = {.begin = begin, .number = number};
