/* Call centres: a line that customers in other networks call from Monday to Saturday, 8 to 20 h,
 * and that calls subscribers now and then. */
#include "model/behaviour_kinds.h"

static const struct cdr_act_outcomes outcomes = {.answered = 650, .no_answer = 280, .rejected = 40};

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {.type = CDR_TYPE_CALL};
    (void)subscriber;
    if (slot->hour < 8 || slot->hour >= 20 || cdr_date_of_day(slot->day).weekday == 0)
        return;
    act.offset_ms = cdr_next_between(&draws, 0, 180000);
    while (act.offset_ms < slot->length_ms) {
        const bool calls = cdr_next_is(&draws, 250);
        const uint32_t talk_s = cdr_act_talk_s(model, &draws) + cdr_next_between(&draws, 30, 120);
        act.party = calls ? CDR_PARTY_ONNET : CDR_PARTY_INCOMING;
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        if (!calls) { /* somebody answers nearly all */
            const bool answered = cdr_next_is(&draws, 930);
            act.outcome = answered ? CDR_CALL_ANSWERED : CDR_CALL_NO_ANSWER;
            act.duration_s = (answered ? talk_s : 5) + cdr_next_between(&draws, 3, 20);
        }
        if (!cdr_act_add(acts, CDR_ACTS_MAX, &act))
            return;
        act.offset_ms += INT64_C(1000) * act.duration_s + cdr_next_between(&draws, 40000, 255000);
    }
}

/* Customers have all kinds of numbers that call. */
static struct cdr_number number(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base)
{
    (void)role;
    (void)subscriber;
    return cdr_other_number(&model->number_plan, cdr_draw(base, CDR_DRAW_ACT_PARTY),
                            CDR_CONTACT_KINDS);
}

const struct cdr_behaviour_calls cdr_calls_call_centre = {.begin = begin, .number = number};
