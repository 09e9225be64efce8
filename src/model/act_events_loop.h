/* Acts of behaviours among the columns of a block of events (behaviour.h): for the level of the
 * source that includes this, and only where behaviours are on. */
#include "model/behaviour.h"

/* Of a subscriber in a role: acts besides its own events, or instead of them. seeds: by type. */
static void walk_role(const struct cdr_model *model, const struct cdr_counts *counts,
                      uint32_t subscriber, uint32_t class, const uint32_t *seeds,
                      const struct cdr_role *role, struct walked_slot *out)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    struct cdr_acts acts;
    uint32_t own = 0, sessions = 0;
    cdr_acts_of(model, role, subscriber, slot, &acts);
    for (uint32_t k = 0; k < acts.n; k++)
        sessions += acts.items[k].type == CDR_TYPE_DATA;
    if (lives(role) && seeds[CDR_TYPE_CALL] != 0)
        own = walk(model, CDR_TYPE_CALL, slot, subscriber, 0, seeds[CDR_TYPE_CALL], out->events,
                   texts_room(role));
    out->calls = own + walk_acts(model, slot, subscriber, &acts, CDR_TYPE_CALL, out->events + own,
                                 TEXTS_OF_SLOT_MAX - own);
    if (out->calls != 0)
        settle_calls(model, counts, subscriber, class, out);
    struct walked *messages = out->events + out->calls;
    const uint32_t room = TEXTS_OF_SLOT_MAX - out->calls;
    if (lives(role) && seeds[CDR_TYPE_SMS] != 0 && own < texts_room(role))
        out->messages =
            walk(model, CDR_TYPE_SMS, slot, subscriber, own, seeds[CDR_TYPE_SMS], messages,
                 room < texts_room(role) - own ? room : texts_room(role) - own);
    out->messages += walk_acts(model, slot, subscriber, &acts, CDR_TYPE_SMS,
                               messages + out->messages, room - out->messages);
    sessions = lives(role) ? seeds[CDR_TYPE_DATA] : sessions;
    out->sessions = sessions < SESSIONS_OF_SLOT_MAX ? sessions : SESSIONS_OF_SLOT_MAX;
}

/* Whoever is in a role may do something, whatever its own counts. */
static void count_roles(const struct cdr_model *model, int32_t day, uint32_t first, uint32_t n,
                        struct count_columns *columns)
{
    for (uint32_t i = 0; i < n; i++)
        columns->some[CDR_TYPE_DATA][i] |=
            cdr_role_found(model, first + i, day).behaviour != CDR_BEHAVIOUR_NONE;
}

/* Sessions of those who have no others: those of an owner are together. They are of internet. */
static void set_act_sessions(const struct cdr_model *model, const struct cdr_counts *counts,
                             struct cdr_events *events, uint32_t first, uint32_t *line)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    uint32_t owner = UINT32_MAX, sessions[CDR_ACTS_MAX], n = 0;
    struct cdr_acts acts;
    for (uint32_t i = first; i < events->n; i++) {
        if (events->origin[i] != owner) {
            struct cdr_role role;
            owner = events->origin[i];
            n = acts.n = 0;
            if (is_act(model, owner, slot->day, true, events->index[i], &role))
                cdr_acts_of(model, &role, owner, slot, &acts);
            for (uint32_t k = 0; k < acts.n; k++)
                if (acts.items[k].type == CDR_TYPE_DATA)
                    sessions[n++] = k;
        }
        if (n == 0)
            continue;
        const struct cdr_act *act = &acts.items[sessions[INDEX_LAST - events->index[i]]];
        events->offset_ms[i] = (uint32_t)act->offset_ms;
        events->duration_s[i] = act->duration_s;
        line[i - first] = cdr_session_line(model, CDR_APN_INTERNET);
    }
}

static int64_t first_act_session_ms(const struct cdr_model *model, const struct cdr_near_slot *slot,
                                    uint32_t subscriber, const struct cdr_role *role, uint32_t line)
{
    int64_t first_ms = INT64_MAX;
    struct cdr_acts acts;
    cdr_acts_of(model, role, subscriber, slot, &acts);
    for (uint32_t k = 0; k < acts.n; k++) {
        const int64_t at_ms = slot->from_ms + acts.items[k].offset_ms;
        if (acts.items[k].type == CDR_TYPE_DATA && at_ms < first_ms)
            first_ms = at_ms;
    }
    return line == cdr_session_line(model, CDR_APN_INTERNET) ? first_ms : INT64_MAX;
}

/* The other parties of acts, instead of contacts. What has nobody to go to here goes off-net. */
static void choose_act_peers(const struct cdr_model *model, int32_t day, struct cdr_events *events,
                             uint32_t texts)
{
    struct cdr_role role;
    for (uint32_t i = 0; i < texts; i++) {
        if (!is_act(model, events->origin[i], day, false, events->index[i], &role))
            continue;
        events->peer[i] = 0;
        if (events->party[i] == CDR_PARTY_ONNET)
            events->peer[i] = cdr_act_callee(model, &role, events->origin[i], events->base[i]);
    }
}

static bool has_customer(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    return cdr_tenure(&model->identities.tenures, subscriber, (uint32_t)day).present;
}

/* Whether an event of a subscriber's own takes place, for all that its other party does. */
static bool keeps(const struct cdr_model *model, uint32_t subscriber, int32_t day, uint64_t base)
{
    return has_customer(model, subscriber, day) && cdr_role_keeps(model, subscriber, day, base);
}

static bool is_reached(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    return has_customer(model, subscriber, day) && cdr_role_reached(model, subscriber, day);
}
