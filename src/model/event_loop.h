/* The loops that expand events, for the level of the source that includes this. Counting is scalar;
 * then every quantity is a column of its own, with lanes of one or two widths, so that compilers
 * vectorise. */
#include "model/count_loop.h"

#define BLOCK CDR_EVENTS_BLOCK
#define SESSIONS_STEP 4u /* sessions that are named at once */

static void put_walked(struct cdr_events *events, uint32_t n, uint32_t subscriber, uint32_t type,
                       const struct walked *event)
{
    uint32_t outside = event->service != 0 ? CDR_PARTY_SERVICE : CDR_PARTY_OFFNET;
    uint32_t mobile = event->offnet != 0 ? outside : CDR_PARTY_ONNET;
    uint32_t onnet = event->reply != 0 ? CDR_PARTY_REPLY : mobile;
    events->origin[n] = subscriber;
    events->index[n] = event->index;
    events->base[n] = event->base;
    events->link[n] = event->link;
    events->offset_ms[n] = (uint32_t)event->start_ms;
    events->type[n] = type;
    events->party[n] = event->incoming != 0 ? CDR_PARTY_INCOMING : onnet;
    events->outcome[n] = event->outcome;
    events->duration_s[n] = event->duration_s;
}

#define DROPPED UINT32_MAX /* duration of an event that does not take place */

/* Of one subscriber: calls and messages of the slot, in full, and how many sessions. */
struct walked_slot {
    uint32_t calls, messages, sessions;
    struct walked events[TEXTS_OF_SLOT_MAX];
};

/* Own calls among the owner's others. */
static void settle_calls(const struct cdr_model *model, const struct cdr_counts *counts,
                         uint32_t subscriber, uint32_t class, struct walked_slot *out)
{
    struct timeline timeline;
    look_beside(model, counts, subscriber, class, out->events, out->calls, &timeline);
    for (uint32_t k = 0; k < out->calls; k++)
        if (!settle_own(&timeline, &out->events[k]))
            out->events[k].duration_s = DROPPED;
}

#include "model/act_events_loop.h"

static void walk_slot(const struct cdr_model *model, const struct cdr_counts *counts,
                      uint32_t subscriber, uint32_t class, const struct count_columns *columns,
                      uint32_t i, struct walked_slot *out)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    const uint32_t calls = column_count(counts, columns, CDR_TYPE_CALL, i),
                   messages = column_count(counts, columns, CDR_TYPE_SMS, i),
                   sessions = column_count(counts, columns, CDR_TYPE_DATA, i);
    out->calls = out->messages = 0;
    out->sessions = sessions < SESSIONS_OF_SLOT_MAX ? sessions : SESSIONS_OF_SLOT_MAX;
    if (model->behaviours.on) {
        const struct cdr_role role = cdr_role_found(model, subscriber, slot->day);
        const uint32_t seeds[CDR_TYPE_COUNT] = {calls, messages, sessions};
        if (role.behaviour != CDR_BEHAVIOUR_NONE) {
            walk_role(model, counts, subscriber, class, seeds, &role, out);
            return;
        }
    }
    if (calls != 0) {
        out->calls =
            walk(model, CDR_TYPE_CALL, slot, subscriber, 0, calls, out->events, TEXTS_OF_SLOT_MAX);
        settle_calls(model, counts, subscriber, class, out);
    }
    if (messages != 0)
        out->messages = walk(model, CDR_TYPE_SMS, slot, subscriber, out->calls, messages,
                             out->events + out->calls, TEXTS_OF_SLOT_MAX - out->calls);
}

/* What a block is filled with: calls and messages, which come first, and names of sessions, which
 * follow them in the end. */
struct filling {
    struct cdr_events *events;
    uint32_t texts, sessions;
    uint32_t origin[BLOCK + SESSIONS_STEP], index[BLOCK + SESSIONS_STEP]; /* of sessions */
};

/* Events of a subscriber from an index on, as far as there is room. */
static void put_slot(const struct walked_slot *walked, uint32_t subscriber, uint32_t from,
                     struct filling *filling)
{
    const uint32_t texts = walked->calls + walked->messages, all = texts + walked->sessions;
    const uint32_t room = BLOCK - filling->texts - filling->sessions;
    const uint32_t end = all - from < room ? all : from + room;
    for (uint32_t k = from; k < texts && k < end; k++)
        put_walked(filling->events, filling->texts++, subscriber,
                   k < walked->calls ? CDR_TYPE_CALL : CDR_TYPE_SMS, &walked->events[k]);
    /* Some more than there are: their number is up to chance. */
    for (uint32_t k = from > texts ? from : texts; k < end; k += SESSIONS_STEP) {
        const uint32_t left = end - k;
        for (uint32_t step = 0; step < SESSIONS_STEP; step++) {
            filling->origin[filling->sessions + step] = subscriber;
            filling->index[filling->sessions + step] = INDEX_LAST - (k + step - texts);
        }
        filling->sessions += left < SESSIONS_STEP ? left : SESSIONS_STEP;
    }
}

static void append_sessions(const struct filling *restrict filling,
                            struct cdr_events *restrict events)
{
    const uint32_t texts = filling->texts, sessions = filling->sessions;
    memcpy(events->origin + texts, filling->origin, sessions * sizeof *events->origin);
    memcpy(events->index + texts, filling->index, sessions * sizeof *events->index);
    for (uint32_t i = 0; i < sessions; i++)
        events->type[texts + i] = CDR_TYPE_DATA;
    for (uint32_t i = 0; i < sessions; i++)
        events->party[texts + i] = CDR_PARTY_NONE;
    events->n = texts + sessions;
}

/* Which of a batch do anything. */
static uint32_t busy_column(const struct cdr_model *model, int32_t day, uint32_t first,
                            struct count_columns *columns, uint32_t n, uint32_t *active)
{
    if (model->behaviours.on)
        count_roles(model, day, first, n, columns);
    uint32_t busy = 0;
    for (uint32_t i = 0; i < n; i++) {
        active[busy] = i;
        busy += columns->some[CDR_TYPE_CALL][i] | columns->some[CDR_TYPE_SMS][i] |
                columns->some[CDR_TYPE_DATA][i];
    }
    return busy;
}

/* Blocks hold subscribers' slots as wholes, unless one alone has more than a block. Gives how many
 * calls and messages there are. */
static uint32_t expand(const struct cdr_model *model, const struct cdr_counts *counts,
                       const uint8_t *classes, struct cdr_expansion *expansion,
                       struct cdr_events *events)
{
    struct count_columns columns;
    struct walked_slot walked;
    struct filling filling;
    uint32_t active[COUNT_BATCH];
    uint32_t from = expansion->done, next = expansion->next;
    const int32_t day = counts->slot.day;
    filling.events = events;
    filling.texts = filling.sessions = 0;
    for (bool full = false; !full && next < expansion->end;) {
        const uint32_t first = next, left = expansion->end - first;
        const uint32_t batch = left < COUNT_BATCH ? left : COUNT_BATCH;
        count_column(model, counts, classes, first, batch, &columns);
        crowd_columns(model, counts, classes, first, batch, &columns);
        const uint32_t busy = busy_column(model, day, first, &columns, batch, active);
        for (uint32_t a = 0; a < busy && !full; a++) {
            const uint32_t i = active[a], n = filling.texts + filling.sessions;
            walk_slot(model, counts, first + i, class_of(model, classes, first + i), &columns, i,
                      &walked);
            const uint32_t all = walked.calls + walked.messages + walked.sessions;
            next = first + i;
            full = n > 0 && n + all - from > BLOCK;
            if (full)
                break;
            put_slot(&walked, first + i, from, &filling);
            full = n == 0 && all - from > BLOCK;
            from = full ? from + BLOCK : 0;
            next += !full;
        }
        next = full ? next : first + batch;
    }
    append_sessions(&filling, events);
    expansion->next = next;
    expansion->done = from;
    return filling.texts;
}

/* Names, moments and lines (cdr_session_line) of sessions. What they lasted by is in outcome: the
 * best technology of the device. */
static void draw_sessions(const struct cdr_model *restrict model, const struct cdr_counts *counts,
                          struct cdr_events *restrict events, uint32_t first,
                          uint32_t *restrict line)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    const uint32_t n = events->n - first, name = slot->name;
    const uint32_t of_ims = cdr_session_line(model, CDR_APN_IMS);
    const uint64_t stream = model->event_stream;
    const uint32_t *restrict origin = events->origin + first, *restrict index =
                                                                  events->index + first;
    uint64_t *restrict base = events->base + first;
    uint64_t random[BLOCK];
    uint32_t low[BLOCK], offset_ms[BLOCK], high[BLOCK], best[BLOCK], apn[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        base[i] = cdr_mix(cdr_event_name(origin[i], name, index[i]) ^ stream);
    memcpy(events->link + first, base, n * sizeof *base);
    for (uint32_t i = 0; i < n; i++)
        random[i] = cdr_draw(base[i], CDR_DRAW_TIME);
    for (uint32_t i = 0; i < n; i++)
        low[i] = (uint32_t)random[i];
    for (uint32_t i = 0; i < n; i++)
        offset_ms[i] = moment_in(slot->moments[CDR_TYPE_DATA], low[i]);
    memcpy(events->offset_ms + first, offset_ms, n * sizeof *offset_ms);
    for (uint32_t i = 0; i < n; i++)
        apn[i] = cdr_threshold_outcome(model->apn_below, CDR_APN_COUNT,
                                       (uint32_t)cdr_draw(base[i], CDR_DRAW_DETAIL));
    for (uint32_t i = 0; i < n; i++)
        line[i] = apn[i] == CDR_APN_IMS ? of_ims : apn[i];
    for (uint32_t i = 0; i < n; i++)
        high[i] = (uint32_t)(cdr_place_traits(&model->towns, origin[i]) >> 32);
    for (uint32_t i = 0; i < n; i++)
        best[i] = cdr_device_rat(&model->devices, high[i]);
    memcpy(events->outcome + first, best, n * sizeof *best);
}

/* Normal by the best technology of the device, and longer the more volume: a third of its
 * doublings. */
static void draw_session_durations(const struct cdr_model *restrict model,
                                   struct cdr_events *restrict events, uint32_t first)
{
    const struct cdr_data_columns *restrict data = &model->data_columns;
    const int32_t least = (int32_t)model->duration_min_s, most = (int32_t)model->duration_max_s;
    const uint32_t n = events->n - first;
    const uint64_t *restrict base = events->base + first;
    const uint32_t *restrict best = events->outcome + first;
    uint32_t random[BLOCK], value[BLOCK], factor[BLOCK], up[BLOCK], down[BLOCK], seconds[BLOCK];
    int32_t z[BLOCK], sd[BLOCK], mean[BLOCK], size[BLOCK], exponent[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        random[i] = (uint32_t)cdr_draw(base[i], CDR_DRAW_DURATION);
    for (uint32_t i = 0; i < n; i++)
        z[i] = (int32_t)(cdr_quantile(model->normal, random[i]) - CDR_NORMAL_ZERO);
    for (uint32_t i = 0; i < n; i++)
        sd[i] = data->duration_sd[best[i] & 3];
    for (uint32_t i = 0; i < n; i++)
        mean[i] = data->duration_mean[best[i] & 3];
    for (uint32_t i = 0; i < n; i++)
        size[i] = cdr_session_z(model, base[i]);
    for (uint32_t i = 0; i < n; i++)
        sd[i] = (int32_t)(((int64_t)sd[i] * z[i]) >> 16);
    for (uint32_t i = 0; i < n; i++) {
        int32_t sum = mean[i] + sd[i] + (int32_t)CDR_DURATION_SCALE / 2;
        value[i] = (uint32_t)(sum > 0 ? sum : 0);
    }
    for (uint32_t i = 0; i < n; i++)
        exponent[i] = (int32_t)((int64_t)size[i] * model->session_spread >> 16);
    for (uint32_t i = 0; i < n; i++)
        exponent[i] /= 3;
    for (uint32_t i = 0; i < n; i++)
        factor[i] = cdr_scale_factor(model, exponent[i]);
    for (uint32_t i = 0; i < n; i++) {
        up[i] = cdr_scale_up(exponent[i]);
        down[i] = cdr_scale_down(exponent[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        int64_t scaled = (int64_t)(cdr_scaled(value[i], factor[i], up[i], down[i]) >> 4);
        scaled = scaled < least ? least : scaled;
        seconds[i] = (uint32_t)(scaled > most ? most : scaled);
    }
    memcpy(events->duration_s + first, seconds, n * sizeof *seconds);
}

/* Seconds and outcomes of messages; calls have theirs. To be taken from its sender a message needs
 * 0.3 to 2 s, of which the milliseconds are drawn already. One from elsewhere has been taken. */
static void draw_messages(const struct cdr_model *restrict model,
                          struct cdr_events *restrict events, uint32_t texts)
{
    const uint32_t taken = model->reached_below[CDR_TYPE_SMS];
    uint64_t random[BLOCK];
    uint32_t status[BLOCK], seconds[BLOCK], low[BLOCK], high[BLOCK], below[BLOCK];
    for (uint32_t i = 0; i < texts; i++)
        random[i] = cdr_draw(events->base[i], CDR_DRAW_DURATION);
    for (uint32_t i = 0; i < texts; i++) {
        low[i] = (uint32_t)random[i];
        high[i] = (uint32_t)(random[i] >> 32);
    }
    if (model->parameters.classic_records)
        for (uint32_t i = 0; i < texts; i++)
            seconds[i] = 1 + cdr_below(low[i], 5);
    else
        for (uint32_t i = 0; i < texts; i++)
            seconds[i] = (uint32_t)(cdr_beyond_ms(events->base[i], 0) < 300) | (low[i] & 1);
    for (uint32_t i = 0; i < texts; i++)
        below[i] = events->party[i] == CDR_PARTY_INCOMING ? taken : 0x80000000;
    for (uint32_t i = 0; i < texts; i++)
        high[i] = (uint32_t)((uint64_t)high[i] * below[i] >> 31);
    for (uint32_t i = 0; i < texts; i++)
        status[i] = cdr_threshold_outcome(model->sms_below, CDR_SMS_OUTCOME_COUNT, high[i]);
    for (uint32_t i = 0; i < texts; i++)
        events->duration_s[i] =
            events->type[i] == CDR_TYPE_SMS ? seconds[i] : events->duration_s[i];
    for (uint32_t i = 0; i < texts; i++)
        events->outcome[i] = events->type[i] == CDR_TYPE_SMS ? status[i] : events->outcome[i];
}

/* ---- sessions that meet ---- */

/* The first session of a line that a subscriber begins in another slot. */
static int64_t first_session_ms(const struct cdr_model *model, const struct cdr_counts *counts,
                                const struct cdr_near_slot *slot, uint32_t subscriber,
                                uint32_t class, uint32_t line)
{
    int64_t first_ms = INT64_MAX;
    struct cdr_role role;
    if (model->behaviours.on && is_act(model, subscriber, slot->day, true, INDEX_LAST, &role))
        return first_act_session_ms(model, slot, subscriber, &role, line);
    uint64_t name = count_base(model, subscriber, slot->name);
    int32_t habit = draw_habit(model, counts, subscriber, slot->day, CDR_TYPE_DATA) +
                    crowd_habit(model, slot, subscriber, CDR_TYPE_DATA);
    uint32_t sessions =
        session_count(counts, slot, class, habit, name, cdr_draw(name, CDR_PURPOSE(3)));
    for (uint32_t k = 0; k < sessions; k++) {
        uint64_t base = event_base(model, subscriber, slot->name, INDEX_LAST - k);
        uint32_t other = cdr_threshold_outcome(model->apn_below, CDR_APN_COUNT,
                                               (uint32_t)cdr_draw(base, CDR_DRAW_DETAIL));
        uint32_t moment =
            moment_in(slot->moments[CDR_TYPE_DATA], (uint32_t)cdr_draw(base, CDR_DRAW_TIME));
        if (cdr_session_line(model, other) == line && slot->from_ms + moment < first_ms)
            first_ms = slot->from_ms + moment;
    }
    return first_ms;
}

#define NO_SESSION UINT32_MAX
#define MEETING_STEPS 16u /* sessions of an owner that are looked at side by side */

/* When the next session of the same owner and line begins, of those from first to end. */
static inline uint32_t next_session_ms(const uint32_t *restrict offset_ms,
                                       const uint32_t *restrict line, uint32_t first, uint32_t end,
                                       uint32_t i)
{
    uint32_t next_ms = NO_SESSION;
    for (uint32_t k = first; k < end; k++) {
        uint32_t later = (uint32_t)(line[k] == line[i]) &
                         (uint32_t)(offset_ms[k] + (uint32_t)(k > i) > offset_ms[i]);
        uint32_t at_ms = offset_ms[k] | (later - 1);
        next_ms = at_ms < next_ms ? at_ms : next_ms;
    }
    return next_ms;
}

/* Looks at the session so many places after each, and so many before. Whether there was another one
 * of an owner. */
static bool meet_step(const uint32_t *restrict origin, const uint32_t *restrict line,
                      const uint32_t *restrict offset_ms, uint32_t n, uint32_t step,
                      uint32_t *restrict next_ms)
{
    uint32_t together = 0;
    for (uint32_t i = 0; i + step < n; i++)
        together |= origin[i] == origin[i + step];
    if (together == 0)
        return false;
    for (uint32_t i = 0; i + step < n; i++) {
        uint32_t other_ms = offset_ms[i + step];
        uint32_t later = (uint32_t)(origin[i] == origin[i + step]) &
                         (uint32_t)(line[i] == line[i + step]) &
                         (uint32_t)(other_ms >= offset_ms[i]);
        uint32_t at_ms = other_ms | (later - 1);
        next_ms[i] = at_ms < next_ms[i] ? at_ms : next_ms[i];
    }
    for (uint32_t i = step; i < n; i++) {
        uint32_t other_ms = offset_ms[i - step];
        uint32_t later = (uint32_t)(origin[i] == origin[i - step]) &
                         (uint32_t)(line[i] == line[i - step]) &
                         (uint32_t)(other_ms > offset_ms[i]);
        uint32_t at_ms = other_ms | (later - 1);
        next_ms[i] = at_ms < next_ms[i] ? at_ms : next_ms[i];
    }
    return true;
}

/* When, in the slot, the next session of each one's owner and line begins. Those of an
 * owner are together. */
static void next_sessions(const uint32_t *restrict origin, const uint32_t *restrict line,
                          const uint32_t *restrict offset_ms, uint32_t n,
                          uint32_t *restrict next_ms)
{
    for (uint32_t i = 0; i < n; i++)
        next_ms[i] = NO_SESSION;
    uint32_t step = 1;
    while (step <= MEETING_STEPS && meet_step(origin, line, offset_ms, n, step, next_ms))
        step++;
    if (step <= MEETING_STEPS)
        return;
    for (uint32_t i = 0, first = 0, end = 0; i < n; i++) {
        if (i >= end)
            for (first = i, end = i + 1; end < n && origin[end] == origin[i];)
                end++;
        if (end - first > MEETING_STEPS)
            next_ms[i] = next_session_ms(offset_ms, line, first, end, i);
    }
}

/* Sessions that reach into later slots may meet one there. */
static void meet_later(const struct cdr_model *model, const struct cdr_counts *counts,
                       const uint8_t *classes, const struct cdr_events *events, uint32_t first,
                       const uint32_t *line, const uint32_t *over_ms, uint32_t *next_ms)
{
    const uint32_t n = events->n - first, slot_ms = (uint32_t)counts->slot.duration_ms;
    uint32_t reaching[BLOCK], count = 0;
    for (uint32_t i = 0; i < n; i++) {
        reaching[count] = i;
        count += (uint32_t)(over_ms[i] >= slot_ms) & (uint32_t)(next_ms[i] == NO_SESSION);
    }
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = reaching[k], origin = events->origin[first + i];
        int64_t found_ms = INT64_MAX;
        for (uint32_t s = counts->here + 1; found_ms == INT64_MAX && s < counts->near_count &&
                                            counts->near[s].from_ms <= over_ms[i];
             s++)
            found_ms = first_session_ms(model, counts, &counts->near[s], origin,
                                        class_of(model, classes, origin), line[i]);
        next_ms[i] = found_ms < NO_SESSION ? (uint32_t)found_ms : NO_SESSION;
    }
}

/* A session ends before the next of its owner and line begins. */
static void part_sessions(const struct cdr_model *model, const struct cdr_counts *counts,
                          const uint8_t *classes, const uint32_t *line, struct cdr_events *events,
                          uint32_t first)
{
    const uint32_t n = events->n - first;
    const uint32_t *restrict offset_ms = events->offset_ms + first;
    uint32_t *restrict duration_s = events->duration_s + first;
    uint32_t over_ms[BLOCK], next_ms[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        over_ms[i] = offset_ms[i] + 1000 * duration_s[i] + 1000;
    next_sessions(events->origin + first, line, offset_ms, n, next_ms);
    meet_later(model, counts, classes, events, first, line, over_ms, next_ms);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t between_ms = next_ms[i] - offset_ms[i];
        uint32_t cut_s = between_ms < 2000 ? DROPPED : (between_ms - 1000) / 1000;
        duration_s[i] = next_ms[i] <= over_ms[i] ? cut_s : duration_s[i];
    }
}

/* The events whose other party is still open, as columns of their own. */
struct meeting {
    uint32_t n;
    uint32_t event[BLOCK], origin[BLOCK], degree_class[BLOCK], rank[BLOCK], slot[BLOCK],
        peer[BLOCK];
    uint64_t base[BLOCK], traits[BLOCK];
    uint32_t chance[BLOCK]; /* random bits that decide whether the contact is taken */
};

static void gather_meetings(const struct cdr_model *model, const uint8_t *classes,
                            const struct cdr_events *events, uint32_t n, struct meeting *m)
{
    m->n = n;
    for (uint32_t i = 0; i < n; i++)
        m->event[i] = i;
    memcpy(m->origin, events->origin, n * sizeof *m->origin);
    memcpy(m->base, events->link, n * sizeof *m->base);
    for (uint32_t i = 0; i < n; i++)
        m->traits[i] = cdr_rank_traits(&model->contacts, m->origin[i]);
    for (uint32_t i = 0; i < n; i++)
        m->degree_class[i] =
            cdr_degree_class(&model->traits, class_of(model, classes, m->origin[i]), m->traits[i]);
}

static void draw_contacts(const struct cdr_contacts *restrict contacts, uint64_t attempt,
                          struct meeting *restrict m)
{
    uint32_t random[BLOCK], exponent[BLOCK];
    for (uint32_t i = 0; i < m->n; i++) {
        uint64_t draw = cdr_draw(m->base[i], CDR_DRAW_CONTACT + attempt);
        random[i] = (uint32_t)(draw >> 32);
        m->chance[i] = (uint32_t)draw;
    }
    for (uint32_t i = 0; i < m->n; i++)
        exponent[i] = (uint32_t)(m->traits[i] >> 62);
    for (uint32_t i = 0; i < m->n; i++)
        m->rank[i] = cdr_contact_rank(contacts, exponent[i], m->degree_class[i], random[i]);
    for (uint32_t i = 0; i < m->n; i++)
        m->slot[i] = cdr_rank_slot((uint32_t)m->traits[i], m->rank[i]);
    for (uint32_t i = 0; i < m->n; i++)
        m->peer[i] = cdr_contact(contacts, m->origin[i], m->slot[i]);
}

/* Active subscribers are called more, and one that has not the caller among its own contacts
 * less. */
static void weigh_contacts(const struct cdr_model *restrict model, const uint8_t *restrict classes,
                           const struct meeting *restrict m, uint32_t *restrict taken)
{
    const struct cdr_contacts *restrict contacts = &model->contacts;
    uint32_t peer[BLOCK], class[BLOCK], degree[BLOCK], rank[BLOCK];
    uint64_t traits[BLOCK];
    for (uint32_t i = 0; i < m->n; i++)
        peer[i] = m->peer[i] != CDR_CONTACT_NONE ? m->peer[i] : 0;
    for (uint32_t i = 0; i < m->n; i++)
        class[i] = class_of(model, classes, peer[i]);
    for (uint32_t i = 0; i < m->n; i++)
        traits[i] = cdr_rank_traits(contacts, peer[i]);
    for (uint32_t i = 0; i < m->n; i++)
        degree[i] = contacts->degree[cdr_degree_class(&model->traits, class[i], traits[i])];
    for (uint32_t i = 0; i < m->n; i++)
        rank[i] = cdr_rank_slot((uint32_t)traits[i], m->slot[i]);
    for (uint32_t i = 0; i < m->n; i++) {
        uint32_t mutual = rank[i] < degree[i];
        uint32_t below = contacts->taken_below[mutual * CDR_ACTIVITY_CLASSES + class[i]];
        taken[i] = (uint32_t)(m->peer[i] != CDR_CONTACT_NONE) &
                   (uint32_t)cdr_is_below(m->chance[i], below);
    }
}

/* Settles what is settled and keeps the rest. A contact that exists but is not taken stands until a
 * later one is. */
static void settle_meetings(struct cdr_events *restrict events, struct meeting *restrict m,
                            const uint32_t *restrict taken)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        const uint32_t event = m->event[i], party = events->party[event];
        const uint32_t onnet =
            (uint32_t)(party == CDR_PARTY_ONNET) | cdr_is_reply(events->type[event], party);
        const uint32_t before = events->peer[event], now = onnet ? m->peer[i] : m->rank[i];
        events->peer[event] = taken[i] != 0 || before == CDR_CONTACT_NONE ? now : before;
        m->event[open] = event;
        m->origin[open] = m->origin[i];
        m->base[open] = m->base[i];
        m->traits[open] = m->traits[i];
        m->degree_class[open] = m->degree_class[i];
        m->rank[open] = m->rank[i];
        open += onnet & (taken[i] ^ 1);
    }
    m->n = open;
}

/* None of the contacts drawn exists: the first far tie that does; where there is nobody else at
 * all, off-net. */
static void find_any_peer(const struct cdr_model *model, struct cdr_events *events,
                          const struct meeting *m, uint32_t i)
{
    const uint32_t event = m->event[i];
    for (uint32_t slot = CDR_CONTACT_NEAR; slot < CDR_DEGREE_MAX; slot++) {
        events->peer[event] = cdr_contact(&model->contacts, m->origin[i], slot);
        if (events->peer[event] != CDR_CONTACT_NONE)
            return;
    }
    events->party[event] =
        events->party[event] == CDR_PARTY_REPLY ? CDR_PARTY_INCOMING : CDR_PARTY_OFFNET;
    events->peer[event] = m->rank[i];
}

/* Of the calls and messages, which are the first of the events. */
static void choose_peers(const struct cdr_model *model, const uint8_t *classes,
                         struct cdr_events *events, uint32_t texts)
{
    struct meeting m;
    uint32_t taken[BLOCK];
    gather_meetings(model, classes, events, texts, &m);
    for (uint32_t i = 0; i < texts; i++)
        events->peer[i] = CDR_CONTACT_NONE;
    for (uint32_t i = texts; i < events->n; i++)
        events->peer[i] = 0;
    for (uint64_t attempt = 0; attempt < CDR_CONTACT_DRAWS && m.n > 0; attempt++) {
        draw_contacts(&model->contacts, attempt, &m);
        weigh_contacts(model, classes, &m, taken);
        settle_meetings(events, &m, taken);
    }
    for (uint32_t i = 0; i < m.n; i++)
        if (events->peer[m.event[i]] == CDR_CONTACT_NONE)
            find_any_peer(model, events, &m, i);
}

static uint32_t is_of_application(const struct cdr_events *events, uint32_t i)
{
    return (uint32_t)(events->type[i] == CDR_TYPE_SMS) &
           (uint32_t)(events->party[i] == CDR_PARTY_INCOMING) & (uint32_t)(events->link[i] & 1);
}

/* Calls to numbers that many call go to one of them instead of a contact, and messages of
 * applications come from one. */
static void choose_services(const struct cdr_model *model, struct cdr_events *events,
                            uint32_t texts)
{
    uint32_t services[BLOCK], n = 0;
    for (uint32_t i = 0; i < texts; i++) {
        services[n] = i;
        n += cdr_is_service(events->type[i], events->party[i]) | is_of_application(events, i);
    }
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = services[k];
        const uint64_t random = cdr_draw(events->link[i], CDR_DRAW_SERVICE);
        const uint32_t writer = CDR_APPLICATION | cdr_ranked((uint32_t)random, CDR_WRITER_OCTAVES);
        events->peer[i] =
            events->type[i] == CDR_TYPE_SMS ? writer : cdr_service(&model->number_plan, random);
    }
}

/* Whether an outage keeps what began at one instant from lasting until another. */
static bool is_cut_off(const struct cdr_model *model, uint32_t subscriber, int64_t began_ms,
                       int64_t now_ms)
{
    return model->world.outage_count != 0 &&
           (!cdr_world_serves(model, subscriber, began_ms) ||
            cdr_world_cut_ms(model, subscriber, began_ms) <= now_ms);
}

/* Whether a call that an own timeline has is still going on at an instant, for all that the one it
 * was made to did, and whether it took place at all where subscribers leave. If not, the next
 * caller does not meet a busy line, but fails: nobody knows of an end that comes from a third
 * party, and so the time that the caller's attempt takes stays. */
static bool still_talks(const struct cdr_model *model, const struct cdr_counts *counts,
                        const uint8_t *classes, uint32_t subscriber, const struct timeline *own,
                        const struct walked *call, int64_t at_ms)
{
    struct cdr_events one;
    struct timeline called;
    struct walked settled = *call;
    const int64_t began_ms = counts->slot.start_ms + call->start_ms,
                  now_ms = counts->slot.start_ms + at_ms;
    if (!keeps(model, subscriber, call->day, call->base) ||
        is_cut_off(model, subscriber, began_ms, now_ms))
        return false;
    if (call->incoming != 0 || call->offnet != 0 || !settle_own(own, &settled))
        return true;
    one.n = 1;
    one.origin[0] = subscriber;
    one.index[0] = call->index;
    one.base[0] = call->base;
    one.link[0] = call->link;
    one.type[0] = CDR_TYPE_CALL;
    one.party[0] = CDR_PARTY_ONNET;
    choose_peers(model, classes, &one, 1);
    if (model->behaviours.on)
        choose_act_peers(model, call->day, &one, 1);
    if (one.party[0] != CDR_PARTY_ONNET)
        return true;
    const uint32_t setup_ms = cdr_setup_ms(cdr_draw(call->base, CDR_DRAW_LEG));
    if (!is_reached(model, one.peer[0], call->day) ||
        is_cut_off(model, one.peer[0], began_ms + setup_ms, now_ms))
        return false;
    look_around(model, counts, one.peer[0], class_of(model, classes, one.peer[0]), &called);
    settle_called(&called, &settled, setup_ms);
    return end_of(&settled) >= at_ms;
}

static void meet(const struct cdr_model *model, const struct cdr_counts *counts,
                 const uint8_t *classes, uint32_t peer, struct walked *call)
{
    struct timeline called;
    const uint32_t setup_ms = cdr_setup_ms(cdr_draw(call->base, CDR_DRAW_LEG));
    const int64_t at_ms = call->start_ms + setup_ms, end_ms = end_of(call);
    if (call->outcome == CDR_CALL_FAILED || call->outcome == CDR_CALL_CONGESTION)
        return;
    look_after(model, counts, peer, class_of(model, classes, peer), at_ms,
               end_ms > at_ms ? end_ms : at_ms, &called);
    if (called.n == 0)
        return;
    settle_called(&called, call, setup_ms);
    if (call->outcome == CDR_CALL_BUSY &&
        !still_talks(model, counts, classes, peer, &called,
                     busy_with(&called, call->start_ms + setup_ms), call->start_ms + setup_ms))
        call->outcome = CDR_CALL_FAILED;
}

/* A call from off-net met its owner's own call, which did not last as long as its owner's timeline
 * tells: it does not take place. */
static bool met_nothing(const struct cdr_model *model, const struct cdr_counts *counts,
                        const uint8_t *classes, uint32_t owner, int64_t at_ms)
{
    struct timeline own;
    look_around(model, counts, owner, class_of(model, classes, owner), &own);
    const struct walked *made = last_by(&own, at_ms, 0);
    return made != NULL && !still_talks(model, counts, classes, owner, &own, made, at_ms);
}

/* Calls between subscribers, as the called parties' own timelines allow. */
static void meet_called(const struct cdr_model *model, const struct cdr_counts *counts,
                        const uint8_t *classes, struct cdr_events *events, uint32_t texts)
{
    for (uint32_t i = 0; i < texts; i++) {
        if (events->type[i] != CDR_TYPE_CALL || events->duration_s[i] == DROPPED)
            continue;
        if (events->outcome[i] == CDR_CALL_BUSY &&
            met_nothing(model, counts, classes, events->origin[i], events->offset_ms[i]))
            events->duration_s[i] = DROPPED;
        if (events->party[i] != CDR_PARTY_ONNET)
            continue;
        struct walked call = {.start_ms = events->offset_ms[i],
                              .base = events->base[i],
                              .outcome = events->outcome[i],
                              .duration_s = events->duration_s[i]};
        meet(model, counts, classes, events->peer[i], &call);
        events->outcome[i] = call.outcome;
        events->duration_s[i] = call.duration_s;
    }
}

static void drop_unlived(struct cdr_events *events)
{
    uint8_t marks[BLOCK];
    uint32_t dropped = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        marks[i] = events->duration_s[i] != DROPPED;
        dropped += events->duration_s[i] == DROPPED;
    }
    if (dropped != 0)
        cdr_events_keep(events, marks);
}

bool CDR_LOOP(cdr_events_next)(const struct cdr_model *model, const struct cdr_counts *counts,
                               const uint8_t *classes, struct cdr_expansion *expansion,
                               struct cdr_events *events)
{
    uint32_t line[BLOCK];
    const uint32_t texts = expand(model, counts, classes, expansion, events);
    if (events->n == 0)
        return false;
    draw_sessions(model, counts, events, texts, line);
    draw_session_durations(model, events, texts);
    if (model->behaviours.on)
        set_act_sessions(model, counts, events, texts, line);
    part_sessions(model, counts, classes, line, events, texts);
    draw_messages(model, events, texts);
    choose_peers(model, classes, events, texts);
    choose_services(model, events, texts);
    if (model->behaviours.on)
        choose_act_peers(model, counts->slot.day, events, texts);
    meet_called(model, counts, classes, events, texts);
    drop_unlived(events);
    return true;
}

#undef BLOCK
