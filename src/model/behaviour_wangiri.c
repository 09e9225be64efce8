/* Wangiri: a number abroad rings for a moment, so that the called person calls back, which
 * costs. The label is that of the called subscribers; a campaign is a day's number. It lasts two
 * hours of the day, the same for all whom it reaches. */
#include "model/behaviour_kinds.h"

#include <inttypes.h>
#include <stdio.h>

#define CALLS_BACK_OF_1000 30u
#define LONGEST_WAIT_S 3000u

/* As for all of the day: from 9 to 19 h. */
static uint32_t first_hour(const struct cdr_model *model, int32_t day)
{
    return 9 + cdr_below((uint32_t)cdr_common_day_base(model, day), 11);
}

static struct cdr_number number_of_day(const struct cdr_model *model, int32_t day)
{
    const uint64_t random = cdr_draw(cdr_common_day_base(model, day), CDR_DRAW_ACT_PARTY);
    return cdr_fraud_number(model, (uint32_t)random % CDR_FRAUD_RANGES, (uint32_t)(random >> 32));
}

static void begin(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_day_base(role, slot->day)};
    struct cdr_act act = {
        .type = CDR_TYPE_CALL, .party = CDR_PARTY_INCOMING, .outcome = CDR_CALL_NO_ANSWER};
    (void)subscriber;
    if (slot->hour != first_hour(model, slot->day) + cdr_next_between(&draws, 0, 1))
        return;
    act.offset_ms = cdr_next_between(&draws, 0, (uint32_t)slot->length_ms - 1);
    act.duration_s = cdr_next_between(&draws, 1, 3);
    cdr_act_add(acts, CDR_ACTS_BESIDE_MAX, &act);
    if (!cdr_next_is(&draws, CALLS_BACK_OF_1000))
        return;
    /* Soon, most of them: the lesser of two. */
    const uint32_t one_s = cdr_next_between(&draws, 20, LONGEST_WAIT_S),
                   other_s = cdr_next_between(&draws, 20, LONGEST_WAIT_S);
    const uint32_t wait_s = one_s < other_s ? one_s : other_s;
    act.offset_ms += 1000 * (int64_t)(act.duration_s + wait_s);
    act.party = CDR_PARTY_OFFNET;
    act.outcome = CDR_CALL_ANSWERED;
    act.duration_s = cdr_next_between(&draws, 45, 120);
    cdr_act_add(acts, CDR_ACTS_BESIDE_MAX, &act);
}

static struct cdr_number number(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base)
{
    (void)subscriber;
    (void)base;
    return number_of_day(model, role->from);
}

static void name_number(const struct cdr_model *model, const struct cdr_role *role,
                        uint32_t subscriber, char text[32])
{
    (void)subscriber;
    snprintf(text, 32, "%" PRIu64, number_of_day(model, role->from).value);
}

const struct cdr_behaviour_calls cdr_calls_wangiri = {
    .begin = begin, .number = number, .campaign = name_number};
