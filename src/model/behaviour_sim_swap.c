/* SIM swaps: for a day, somebody else has the number, with another SIM and device and at another
 * place. In three hours of the day there come codes by SMS; short sessions and a few calls to other
 * networks go with them. The rest of the day is silent, so that nobody seems to travel
 * in no time. */
#include "model/behaviour_kinds.h"

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    static const struct cdr_act_outcomes outcomes = {.answered = 800, .no_answer = 150};
    const uint32_t first_hour = 8 + cdr_below((uint32_t)cdr_role_day_base(role, slot->day), 11);
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {0};
    const uint32_t part_ms = (uint32_t)slot->length_ms / 4;
    (void)subscriber;
    if (slot->hour < first_hour || slot->hour >= first_hour + 3)
        return;
    const uint32_t messages = cdr_next_between(&draws, 1, 3);
    for (uint32_t k = 0; k < messages; k++) {
        act = (struct cdr_act){.type = CDR_TYPE_SMS, .party = CDR_PARTY_INCOMING};
        act.offset_ms = cdr_next_between(&draws, 0, 4 * part_ms - 1);
        cdr_act_add(acts, CDR_ACTS_MAX, &act);
    }
    if (slot->hour != first_hour || cdr_next_is(&draws, 500)) {
        act = (struct cdr_act){.type = CDR_TYPE_CALL, .party = CDR_PARTY_OFFNET};
        const uint32_t talk_s = cdr_act_talk_s(model, &draws);
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        act.offset_ms = cdr_next_between(&draws, 0, part_ms);
        cdr_act_add(acts, CDR_ACTS_MAX, &act);
    }
    for (uint32_t k = 0; k < 3; k++) {
        act = (struct cdr_act){.type = CDR_TYPE_DATA, .party = CDR_PARTY_NONE};
        act.offset_ms = k * part_ms + cdr_next_between(&draws, 0, part_ms / 4);
        act.duration_s = cdr_next_between(&draws, 5, 55);
        cdr_act_add(acts, CDR_ACTS_MAX, &act);
    }
}

static struct cdr_number number(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base)
{
    const uint64_t random = cdr_draw(base, CDR_DRAW_ACT_PARTY);
    (void)role;
    (void)subscriber;
    return cdr_other_number(&model->number_plan, random, 1u << CDR_NUMBER_MOBILE);
}

static uint32_t elsewhere(const struct cdr_model *model, const struct cdr_role *role,
                          uint32_t subscriber, int32_t day)
{
    (void)subscriber;
    return cdr_home_of_any(model, cdr_role_day_base(role, day));
}

const struct cdr_behaviour_calls cdr_calls_sim_swap = {
    .begin = begin, .number = number, .position = elsewhere};
