/* Acts of behaviours among the events of a slot (behaviour.h): for the level of the source that
 * includes this, and only where behaviours are on. */
#include "model/behaviour.h"

/* Where a subscriber in a role does nothing else, its own trains and sessions do not begin. */
static bool lives(const struct cdr_role *role)
{
    return !cdr_role_has(role, CDR_BEHAVIOUR_INSTEAD);
}

static uint32_t texts_room(const struct cdr_role *role)
{
    return TEXTS_OF_SLOT_MAX -
           (role->behaviour != CDR_BEHAVIOUR_NONE && lives(role) ? CDR_ACTS_BESIDE_MAX : 0);
}

static struct walked act_event(const struct cdr_model *model, const struct cdr_near_slot *slot,
                               uint32_t subscriber, uint32_t index, const struct cdr_act *act)
{
    const uint32_t alone = model->parameters.subscribers < 2;
    const uint32_t incoming = act->party == CDR_PARTY_INCOMING;
    struct walked event = {
        .start_ms = slot->from_ms + act->offset_ms,
        .base = event_base(model, subscriber, slot->name, index),
        .index = index,
        .incoming = incoming,
        .offnet = incoming | (uint32_t)(act->party == CDR_PARTY_OFFNET) | alone,
        .outcome = act->outcome,
        .duration_s = act->duration_s,
        .day = slot->day,
    };
    event.link = event.base;
    return event;
}

/* Acts of a type as events, of which calls begin and end in time (walk). Gives how many. */
static uint32_t walk_acts(const struct cdr_model *model, const struct cdr_near_slot *slot,
                          uint32_t subscriber, const struct cdr_acts *acts, uint32_t type,
                          struct walked *out, uint32_t room)
{
    const int64_t span_ms = 1000 * span_s(model), most_s = model->parameters.duration_max_s;
    uint32_t n = 0;
    for (uint32_t k = 0; k < acts->n && n < room; k++) {
        const struct cdr_act *act = &acts->items[k];
        if (act->type != type || act->offset_ms >= slot->length_ms + span_ms)
            continue;
        struct walked event = act_event(model, slot, subscriber, CDR_ACT_INDEX_LAST - k, act);
        const int64_t left_s = (slot->length_ms - act->offset_ms) / 1000 + most_s;
        const uint32_t least_s = (uint32_t)(left_s < most_s ? left_s : most_s);
        event.duration_s = event.duration_s < least_s ? event.duration_s : least_s;
        out[n++] = event;
    }
    return n;
}

/* A subscriber's calls of a slot, raw, where behaviours are on; seeds: of its own trains. */
static uint32_t walk_all_calls(const struct cdr_model *model, const struct cdr_near_slot *slot,
                               uint32_t subscriber, uint32_t seeds, struct walked *out,
                               uint32_t room)
{
    const struct cdr_role role = cdr_role_found(model, subscriber, slot->day);
    const uint32_t own_room = texts_room(&role) < room ? texts_room(&role) : room;
    struct cdr_acts acts;
    uint32_t n = 0;
    if (lives(&role) && seeds != 0)
        n = walk(model, CDR_TYPE_CALL, slot, subscriber, 0, seeds, out, own_room);
    if (role.behaviour == CDR_BEHAVIOUR_NONE)
        return n;
    cdr_acts_of(model, &role, subscriber, slot, &acts);
    return n + walk_acts(model, slot, subscriber, &acts, CDR_TYPE_CALL, out + n, room - n);
}

/* Whether an event is an act, and whose role it is of. */
static bool is_act(const struct cdr_model *model, uint32_t subscriber, int32_t day, bool session,
                   uint32_t index, struct cdr_role *role)
{
    *role = cdr_role_found(model, subscriber, day);
    return cdr_role_owns(role, session, index) && !cdr_role_has(role, CDR_BEHAVIOUR_FADES);
}
