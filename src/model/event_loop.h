/* The loops that expand events, for the level of the source that includes this. Counting is scalar;
 * then every quantity is a column of its own, with lanes of one or two widths, so that compilers
 * vectorise. */
#include "model/event.h"
#include "model/streams.h"

#define BLOCK CDR_EVENTS_BLOCK

static uint64_t slot_draw(const struct cdr_model *model, const struct cdr_counts *counts,
                          uint32_t subscriber)
{
    return cdr_draw(cdr_mix(cdr_event_name(subscriber, counts->slot.name, 0) ^ model->count_stream),
                    CDR_PURPOSE(2));
}

static bool bursts(const struct cdr_counts *counts, uint64_t draw)
{
    return (draw & 0xffff) < counts->burst_below;
}

static uint32_t count_events(const struct cdr_counts *counts, uint64_t draw,
                             uint32_t activity_class)
{
    uint32_t table = activity_class + (bursts(counts, draw) ? CDR_ACTIVITY_CLASSES : 0);
    const uint32_t *thresholds = counts->thresholds + counts->start[table];
    uint32_t random = (uint32_t)(draw >> 32);
    uint32_t count = counts->guide[table][random / (UINT32_MAX / CDR_COUNT_GUIDE + 1)];
    while (random > thresholds[count])
        count++;
    return count;
}

#define COUNT_BATCH 64u /* subscribers whose counts are drawn side by side */
#define FILL_STEP                                                                                  \
    4u /* entries written whatever the count: most subscribers have fewer events in a slot */

static void count_column(const struct cdr_model *model, const struct cdr_counts *counts,
                         const uint8_t *classes, uint32_t first, uint32_t n,
                         uint32_t *restrict column)
{
    uint64_t draws[COUNT_BATCH];
    for (uint32_t i = 0; i < n; i++)
        draws[i] = slot_draw(model, counts, first + i);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t class =
            classes != NULL ? classes[first + i] : cdr_activity_class(&model->traits, first + i);
        column[i] = count_events(counts, draws[i], class);
    }
}

/* The events of subscriber next − 1 that are still to come, as far as there is room. */
static uint32_t fill_remaining(struct cdr_expansion *at, struct cdr_events *events, uint32_t n)
{
    for (; at->remaining > 0 && n < BLOCK; n++) {
        events->origin[n] = at->next - 1;
        events->index[n] = at->index++;
        at->remaining--;
    }
    return n;
}

static void expand(const struct cdr_model *model, const struct cdr_counts *counts,
                   const uint8_t *classes, struct cdr_expansion *expansion,
                   struct cdr_events *events)
{
    struct cdr_expansion at = *expansion;
    uint32_t column[COUNT_BATCH];
    uint32_t n = fill_remaining(&at, events, 0);
    while (n < BLOCK && at.next < at.end) {
        const uint32_t first = at.next,
                       batch = at.end - first < COUNT_BATCH ? at.end - first : COUNT_BATCH;
        count_column(model, counts, classes, first, batch, column);
        for (uint32_t i = 0; i < batch && n < BLOCK; i++) {
            at.next++;
            at.index = 0;
            at.remaining = column[i];
            if (n + FILL_STEP > BLOCK || at.remaining > FILL_STEP) {
                n = fill_remaining(&at, events, n);
                continue;
            }
            for (uint32_t k = 0; k < FILL_STEP; k++) {
                events->origin[n + k] = first + i;
                events->index[n + k] = k;
            }
            n += at.remaining;
            at.remaining = 0;
        }
    }
    events->n = n;
    *expansion = at;
}

/* In a slot that bursts, everything happens within a quarter of it. */
static void squeeze_bursts(const struct cdr_model *model, const struct cdr_counts *counts,
                           struct cdr_events *events)
{
    uint32_t duration_ms = (uint32_t)counts->slot.duration_ms;
    for (uint32_t i = 0; i < events->n; i++) {
        uint64_t draw = slot_draw(model, counts, events->origin[i]);
        if (!bursts(counts, draw))
            continue;
        uint32_t from = cdr_below((uint32_t)(cdr_draw(draw, CDR_PURPOSE(1)) >> 32),
                                  duration_ms - duration_ms / 4);
        events->offset_ms[i] = from + events->offset_ms[i] / 4;
    }
}

static void draw_times_and_kinds(const struct cdr_model *restrict model,
                                 const struct cdr_counts *counts,
                                 struct cdr_events *restrict events, uint32_t *restrict kinds)
{
    const uint32_t slot = counts->slot.name, duration_ms = (uint32_t)counts->slot.duration_ms,
                   n = events->n;
    const uint64_t stream = model->event_stream;
    uint64_t random[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        events->base[i] =
            cdr_mix(cdr_event_name(events->origin[i], slot, events->index[i]) ^ stream);
    for (uint32_t i = 0; i < n; i++)
        random[i] = cdr_draw(events->base[i], CDR_DRAW_TIME);
    for (uint32_t i = 0; i < n; i++)
        events->offset_ms[i] = cdr_below((uint32_t)random[i], duration_ms);
    for (uint32_t i = 0; i < n; i++)
        kinds[i] =
            cdr_threshold_outcome(model->kind_below, CDR_EVENT_KINDS, (uint32_t)(random[i] >> 32));
}

/* value where the type is this one. The first type's stands until another one's replaces it. */
static inline uint32_t of_type(uint32_t type, uint32_t which, uint32_t value, uint32_t before)
{
    return which == 0 || type == which ? value : before;
}

/* How an event of each type ends, in up to three bits. */
static inline uint32_t call_outcome(const struct cdr_model *model, uint32_t random)
{
    return cdr_threshold_outcome(model->disposition_below, CDR_CALL_DISPOSITION_COUNT, random);
}

static inline uint32_t sms_outcome(const struct cdr_model *model, uint32_t random)
{
    return cdr_threshold_outcome(model->status_below, CDR_SMS_STATUS_COUNT, random);
}

static inline uint32_t data_outcome(const struct cdr_model *model, uint32_t random)
{
    return cdr_threshold_outcome(model->rat_below, CDR_RAT_COUNT, random);
}

#define TAKE_OFFNET(TYPE, word, Record, said, parties, ...)                                        \
    if (CDR_PARTIES_##parties != 0)                                                                \
        below = of_type(type, CDR_TYPE_##TYPE, model->offnet_below[CDR_TYPE_##TYPE], below);
#define TAKE_PARTY(TYPE, word, Record, said, parties, ...)                                         \
    if (CDR_PARTIES_##parties == 0)                                                                \
        party = type == CDR_TYPE_##TYPE ? CDR_PARTY_NONE : party;
#define MAKE_OUTCOME(TYPE, word, ...)                                                              \
    const uint32_t word##_ends = word##_outcome(model, outcome[i]);
#define TAKE_OUTCOME(TYPE, word, ...) ends = of_type(type, CDR_TYPE_##TYPE, word##_ends, ends);

/* Which type and party, and how it ends. */
static void draw_outcomes(const struct cdr_model *restrict model,
                          struct cdr_events *restrict events, const uint32_t *restrict kinds,
                          const uint32_t *restrict outcome, const uint32_t *restrict offnet)
{
    for (uint32_t i = 0; i < events->n; i++)
        events->type[i] = kinds[i] >> 1;
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t type = events->type[i];
        uint32_t below = 0;
        CDR_TYPES(TAKE_OFFNET)
        uint32_t mobile = cdr_is_below(offnet[i], below) ? CDR_PARTY_OFFNET : CDR_PARTY_ONNET;
        uint32_t party = (kinds[i] & 1) != 0 ? CDR_PARTY_INCOMING : mobile;
        CDR_TYPES(TAKE_PARTY)
        events->party[i] = party;
    }
    for (uint32_t i = 0; i < events->n; i++) {
        const uint32_t type = events->type[i];
        uint32_t ends = 0;
        CDR_TYPES(MAKE_OUTCOME)
        CDR_TYPES(TAKE_OUTCOME)
        events->outcome[i] = ends;
    }
}

/* cdr_normal_duration_s in steps of one width of lanes. */
static void session_column(const struct cdr_model *restrict model, const uint32_t *restrict outcome,
                           const uint32_t *restrict random, uint32_t n, uint32_t *restrict seconds)
{
    const struct cdr_data_columns *restrict data = &model->data_columns;
    const int32_t least = (int32_t)model->duration_min_s, most = (int32_t)model->duration_max_s;
    int32_t z[BLOCK], sd[BLOCK], spread[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        z[i] = (int32_t)(cdr_quantile(model->normal, random[i]) - CDR_NORMAL_ZERO);
    for (uint32_t i = 0; i < n; i++)
        sd[i] = data->duration_sd[outcome[i] & 3];
    for (uint32_t i = 0; i < n; i++)
        spread[i] = (int32_t)(((int64_t)sd[i] * z[i]) >> 16);
    for (uint32_t i = 0; i < n; i++) {
        int32_t value =
            (data->duration_mean[outcome[i] & 3] + spread[i] + (int32_t)CDR_DURATION_SCALE / 2) >>
            4;
        value = value < least ? least : value;
        seconds[i] = (uint32_t)(value > most ? most : value);
    }
}

/* What the seconds of an event are made of. */
struct lasting {
    uint32_t outcome, random, ring; /* random bits of its own, two of them */
    uint32_t talk, session;         /* drawn from the tables of calls and sessions */
    uint32_t most_s;
};

/* An answered call rings for a while, then lasts. */
static inline uint32_t call_seconds(const struct lasting *at)
{
    static const uint32_t least[8] = {2, 5, 2, 1, 1},
                          span[8] = {24, 26, 9, 5, 5}; /* by disposition */
    uint32_t ringing = least[at->outcome] + cdr_below(at->ring, span[at->outcome]);
    uint32_t call = ringing + (at->outcome == CDR_CALL_ANSWERED ? at->talk : 0);
    return call < at->most_s ? call : at->most_s;
}

static inline uint32_t sms_seconds(const struct lasting *at)
{
    return 1 + cdr_below(at->random, 5);
}

static inline uint32_t data_seconds(const struct lasting *at)
{
    return at->session;
}

#define TAKE_SECONDS(TYPE, word, ...)                                                              \
    seconds = of_type(events->type[i], CDR_TYPE_##TYPE, word##_seconds(&at), seconds);

/* Seconds of all types side by side, then the right one. */
static void draw_durations(const struct cdr_model *restrict model,
                           struct cdr_events *restrict events, const uint32_t *restrict random,
                           const uint32_t *restrict ring)
{
    const uint32_t n = events->n, most_s = model->parameters.duration_max_s;
    uint32_t talk[BLOCK], session[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        talk[i] = (cdr_quantile(model->call_duration, random[i]) + CDR_DURATION_SCALE / 2) /
                  CDR_DURATION_SCALE;
    session_column(model, events->outcome, random, n, session);
    for (uint32_t i = 0; i < n; i++) {
        const struct lasting at = {events->outcome[i], random[i], ring[i], talk[i],
                                   session[i],         most_s};
        uint32_t seconds = 0;
        CDR_TYPES(TAKE_SECONDS)
        events->duration_s[i] = seconds;
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

static uint32_t class_of(const struct cdr_model *model, const uint8_t *classes, uint32_t subscriber)
{
    return classes != NULL ? classes[subscriber] : cdr_activity_class(&model->traits, subscriber);
}

static void gather_meetings(const struct cdr_model *model, const uint8_t *classes,
                            const struct cdr_events *events, struct meeting *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < events->n; i++) {
        m->event[n] = i;
        m->origin[n] = events->origin[i];
        m->base[n] = events->base[i];
        n += events->party[i] != CDR_PARTY_NONE;
    }
    m->n = n;
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
        const uint32_t event = m->event[i], onnet = events->party[event] == CDR_PARTY_ONNET;
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
    events->party[event] = CDR_PARTY_OFFNET;
    events->peer[event] = m->rank[i];
}

static void choose_peers(const struct cdr_model *model, const uint8_t *classes,
                         struct cdr_events *events)
{
    struct meeting m;
    uint32_t taken[BLOCK];
    gather_meetings(model, classes, events, &m);
    for (uint32_t i = 0; i < events->n; i++)
        events->peer[i] = events->party[i] == CDR_PARTY_NONE ? 0 : CDR_CONTACT_NONE;
    for (uint64_t attempt = 0; attempt < CDR_CONTACT_DRAWS && m.n > 0; attempt++) {
        draw_contacts(&model->contacts, attempt, &m);
        weigh_contacts(model, classes, &m, taken);
        settle_meetings(events, &m, taken);
    }
    for (uint32_t i = 0; i < m.n; i++)
        if (events->peer[m.event[i]] == CDR_CONTACT_NONE)
            find_any_peer(model, events, &m, i);
}

bool CDR_LOOP(cdr_events_next)(const struct cdr_model *model, const struct cdr_counts *counts,
                               const uint8_t *classes, struct cdr_expansion *expansion,
                               struct cdr_events *events)
{
    uint32_t kinds[BLOCK], duration[BLOCK], outcome[BLOCK], ring[BLOCK], offnet[BLOCK];
    expand(model, counts, classes, expansion, events);
    if (events->n == 0)
        return false;
    draw_times_and_kinds(model, counts, events, kinds);
    if (counts->burst_below != 0)
        squeeze_bursts(model, counts, events);
    for (uint32_t i = 0; i < events->n; i++) {
        uint64_t random = cdr_draw(events->base[i], CDR_DRAW_DURATION);
        duration[i] = (uint32_t)random;
        outcome[i] = (uint32_t)(random >> 32);
    }
    for (uint32_t i = 0; i < events->n; i++) {
        uint64_t random = cdr_draw(events->base[i], CDR_DRAW_RING);
        ring[i] = (uint32_t)random;
        offnet[i] = (uint32_t)(random >> 32);
    }
    draw_outcomes(model, events, kinds, outcome, offnet);
    draw_durations(model, events, duration, ring);
    choose_peers(model, classes, events);
    return true;
}

#undef BLOCK
#undef TAKE_OFFNET
#undef TAKE_PARTY
#undef TAKE_OUTCOME
#undef TAKE_SECONDS
