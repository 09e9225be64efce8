/* What the files of the behaviours have in common: the calls that each may have, and draws. */
#ifndef CDR_MODEL_BEHAVIOUR_KINDS_H
#define CDR_MODEL_BEHAVIOUR_KINDS_H

#include "model/behaviour.h"
#include "model/event.h"
#include "model/model.h"

/* NULL: what behaviour.c does for all. */
struct cdr_behaviour_calls {
    void (*begin)(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                  const struct cdr_near_slot *slot, struct cdr_acts *acts);
    /* Random bits that choose the called subscriber. */
    uint64_t (*callee)(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, uint64_t base);
    struct cdr_number (*number)(const struct cdr_model *model, const struct cdr_role *role,
                                uint32_t subscriber, uint64_t base);
    uint32_t (*position)(const struct cdr_model *model, const struct cdr_role *role,
                         uint32_t subscriber, int32_t day);
    void (*campaign)(const struct cdr_model *model, const struct cdr_role *role,
                     uint32_t subscriber, char text[32]);
};

#define CDR_BEHAVIOUR_CALL(ID, name, ...) extern const struct cdr_behaviour_calls cdr_calls_##name;
CDR_BEHAVIOURS(CDR_BEHAVIOUR_CALL)
#undef CDR_BEHAVIOUR_CALL

/* Purposes of a subscriber's draws in a role. */
#define CDR_ROLE_PHASE CDR_PURPOSE(100) /* of its periods */
#define CDR_ROLE_GROUP CDR_PURPOSE(101) /* low: the box; high: other lasting traits */
#define CDR_ROLE_PERIOD 128             /* + the number of the period: CDR_PURPOSE of it */
/* Of an act's event, beside those of event.h. */
#define CDR_DRAW_ACT CDR_PURPOSE(40)
#define CDR_DRAW_ACT_PARTY CDR_PURPOSE(41)
#define CDR_DRAW_FADE CDR_PURPOSE(42)

/* Draws of what a subscriber does in a slot or on a day; of a day that is the same for all. */
static inline uint64_t cdr_role_slot_base(const struct cdr_role *role, uint32_t slot)
{
    return cdr_mix(role->base ^ (uint64_t)slot << 32);
}
static inline uint64_t cdr_role_day_base(const struct cdr_role *role, int32_t day)
{
    return cdr_mix(role->base + CDR_PURPOSE(102) + (uint32_t)day);
}
static inline uint64_t cdr_common_day_base(const struct cdr_model *model, int32_t day)
{
    return cdr_mix(cdr_mix(model->behaviours.stream + (uint32_t)day));
}

/* Draws that come one after the other: those of acts of a slot. */
struct cdr_act_draws {
    uint64_t base;
    uint32_t used;
};
static inline uint32_t cdr_next_draw(struct cdr_act_draws *draws)
{
    return (uint32_t)(cdr_draw(draws->base, CDR_PURPOSE(++draws->used)) >> 32);
}
static inline uint32_t cdr_next_between(struct cdr_act_draws *draws, uint32_t least, uint32_t most)
{
    return least + cdr_below(cdr_next_draw(draws), most - least + 1);
}
static inline bool cdr_next_is(struct cdr_act_draws *draws, uint32_t of_1000)
{
    return cdr_below(cdr_next_draw(draws), 1000) < of_1000;
}

static inline bool cdr_act_add(struct cdr_acts *acts, uint32_t most, const struct cdr_act *act)
{
    if (acts->n >= most)
        return false;
    acts->items[acts->n++] = *act;
    return true;
}

/* Seconds of a conversation, without the ringing. */
static inline uint32_t cdr_act_talk_s(const struct cdr_model *model, struct cdr_act_draws *draws)
{
    return cdr_quantile(model->call_duration, cdr_next_draw(draws)) / CDR_DURATION_SCALE + 1;
}

/* An outgoing call's outcome and seconds: of 1000 calls, those that are answered, then those that
 * nobody answers, that are rejected; the rest fails. */
struct cdr_act_outcomes {
    uint32_t answered, no_answer, rejected;
};
void cdr_act_call(const struct cdr_act_outcomes *outcomes, uint32_t talk_s,
                  struct cdr_act_draws *draws, struct cdr_act *act);

/* A number abroad of the fraud's ranges: which range, and where in it. */
struct cdr_number cdr_fraud_number(const struct cdr_model *model, uint32_t range, uint32_t random);

/* Where some subscriber lives, whoever that is. */
uint32_t cdr_home_of_any(const struct cdr_model *model, uint64_t random);

#endif
