/* Senders of applications' messages to persons: from 8 to 21 h, codes and notices at any time,
 * and in one hour of four a campaign of half an hour. */
#include "model/behaviour_kinds.h"

static void send(struct cdr_act_draws *draws, uint32_t count, uint32_t within_ms,
                 struct cdr_acts *acts)
{
    struct cdr_act act = {.type = CDR_TYPE_SMS, .party = CDR_PARTY_ONNET};
    for (uint32_t k = 0; k < count; k++) {
        act.offset_ms = cdr_next_between(draws, 0, within_ms - 1);
        cdr_act_add(acts, CDR_ACTS_MAX, &act);
    }
}

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    const uint32_t length_ms = (uint32_t)slot->length_ms;
    (void)model;
    (void)subscriber;
    if (slot->hour < 8 || slot->hour >= 21)
        return;
    send(&draws, cdr_next_between(&draws, 10, 30), length_ms, acts);
    if (cdr_next_is(&draws, 250))
        send(&draws, cdr_next_between(&draws, 200, 400), length_ms < 1800000 ? length_ms : 1800000,
             acts);
}

const struct cdr_behaviour_calls cdr_calls_a2p = {.begin = begin};
