/* SIM boxes: calls from abroad that are brought into the network as calls of its own
 * subscribers.
 *
 * Naive: a SIM calls from 8 to 23 h, one call after the other, each to somebody else, at the one
 * site of its box. Rotating: some hours a day, fewer, and at one of four sites, another each
 * day. Mimic: a SIM has the life of a subscriber and makes some eight calls a day besides, eight
 * of ten to 25 numbers.
 *
 * Sixteen boxes, whatever the share; naive and rotating SIMs of a box have its IMEI. The strategies
 * are those that studies of SIM box fraud describe; rates are invented. */
#include "model/behaviour_kinds.h"

#include <stdio.h>

#define BOXES 16u
#define FAMILIAR 25u /* numbers that a mimic calls again and again */

static const struct cdr_act_outcomes outcomes = {.answered = 550, .no_answer = 300, .rejected = 70};

static uint32_t box_of(const struct cdr_role *role)
{
    return (uint32_t)cdr_draw(role->base, CDR_ROLE_GROUP) & (BOXES - 1);
}

/* Calls one after the other, with least to most seconds between them. */
static void call_on(const struct cdr_model *model, const struct cdr_role *role,
                    const struct cdr_near_slot *slot, uint32_t least_s, uint32_t most_s,
                    struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {.type = CDR_TYPE_CALL, .party = CDR_PARTY_ONNET};
    act.offset_ms = cdr_next_between(&draws, 0, 1000 * most_s);
    while (act.offset_ms < slot->length_ms) {
        const uint32_t talk_s = cdr_act_talk_s(model, &draws);
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        if (!cdr_act_add(acts, CDR_ACTS_MAX, &act))
            return;
        act.offset_ms += INT64_C(1000) * act.duration_s +
                         cdr_next_between(&draws, 1000 * least_s, 1000 * most_s);
    }
}

static void begin_naive(const struct cdr_model *model, const struct cdr_role *role,
                        uint32_t subscriber, const struct cdr_near_slot *slot,
                        struct cdr_acts *acts)
{
    (void)subscriber;
    if (slot->hour >= 8 && slot->hour < 23)
        call_on(model, role, slot, 20, 240, acts);
}

/* A third of the hours, in shifts of two. */
static void begin_rotating(const struct cdr_model *model, const struct cdr_role *role,
                           uint32_t subscriber, const struct cdr_near_slot *slot,
                           struct cdr_acts *acts)
{
    const uint64_t shifts = cdr_role_day_base(role, slot->day);
    (void)subscriber;
    if (slot->hour >= 8 && slot->hour < 23 && (shifts >> (4 * (slot->hour / 2)) & 15) < 5)
        call_on(model, role, slot, 60, 400, acts);
}

static void begin_mimic(const struct cdr_model *model, const struct cdr_role *role,
                        uint32_t subscriber, const struct cdr_near_slot *slot,
                        struct cdr_acts *acts)
{
    struct cdr_act_draws draws = {.base = cdr_role_slot_base(role, slot->name)};
    struct cdr_act act = {.type = CDR_TYPE_CALL, .party = CDR_PARTY_ONNET};
    (void)subscriber;
    if (slot->hour < 8 || slot->hour >= 23)
        return;
    const uint32_t count = cdr_next_is(&draws, 550);
    for (uint32_t k = 0; k < count; k++) {
        act.offset_ms = cdr_next_between(&draws, 0, (uint32_t)slot->length_ms - 1);
        const uint32_t talk_s = cdr_act_talk_s(model, &draws);
        cdr_act_call(&outcomes, talk_s, &draws, &act);
        cdr_act_add(acts, CDR_ACTS_BESIDE_MAX, &act);
    }
}

static uint64_t familiar_or_new(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base)
{
    const uint64_t random = cdr_draw(base, CDR_DRAW_ACT_PARTY);
    (void)model;
    (void)subscriber;
    if (cdr_below((uint32_t)(random >> 32), 10) >= 8)
        return random;
    return cdr_draw(role->base, CDR_PURPOSE(110 + cdr_below((uint32_t)random, FAMILIAR)));
}

static uint32_t at_box(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, int32_t day)
{
    (void)subscriber;
    (void)day;
    return cdr_home_of_any(model,
                           cdr_draw(model->behaviours.stream, CDR_PURPOSE(60 + box_of(role))));
}

static uint32_t at_one_of_four(const struct cdr_model *model, const struct cdr_role *role,
                               uint32_t subscriber, int32_t day)
{
    const uint64_t which = cdr_role_day_base(role, day) >> 62;
    (void)subscriber;
    return cdr_home_of_any(
        model, cdr_draw(model->behaviours.stream, CDR_PURPOSE(200 + 4 * box_of(role) + which)));
}

static void name_box(const struct cdr_model *model, const struct cdr_role *role,
                     uint32_t subscriber, char text[32])
{
    (void)model;
    (void)subscriber;
    snprintf(text, 32, "box-%u", (unsigned)box_of(role));
}

const struct cdr_behaviour_calls cdr_calls_simbox_naive = {
    .begin = begin_naive, .position = at_box, .campaign = name_box};
const struct cdr_behaviour_calls cdr_calls_simbox_rotating = {
    .begin = begin_rotating, .position = at_one_of_four, .campaign = name_box};
const struct cdr_behaviour_calls cdr_calls_simbox_mimic = {
    .begin = begin_mimic, .callee = familiar_or_new, .campaign = name_box};
