/* Events: what subscribers do in a slot, as a pure function of (subscriber, slot, index).
 *
 * How many trains of calls and messages and how many sessions begin is drawn from tables of counts:
 * Poisson, for calls and messages with a rate that differs from hour to hour (lognormal). A train
 * is a seed, which lies in the slot by the hour's curve, and members that follow it and may begin
 * in the next slot. Each has an index of its own, calls first, then messages, then sessions.
 *
 * Nobody does two things at once. What a subscriber starts itself, and calls from other networks,
 * are its own timeline, which anybody can compute from its name alone: the slots before and after
 * are looked at where something could reach. A call ends before its owner's next one starts, and
 * before the called party's own next one. Who is called while its own timeline has a call is busy.
 * A session ends before the next of its access point.
 */
#ifndef CDR_MODEL_EVENT_H
#define CDR_MODEL_EVENT_H

#include "model/loops.h"
#include "model/model.h"

#include <stdbool.h>

#define CDR_EVENTS_BLOCK 1024u
#define CDR_COUNT_GUIDE 64u
#define CDR_MOMENTS 64u
#define CDR_NEAR_MAX 64u
#define CDR_SESSION_CUT 4u /* in the outcome of a session that an outage cuts */
/* Largest mean of events of one subscriber in one slot: e^−700 is still a number, and 2,047 events
 * have 11 bits. */
#define CDR_EVENTS_PER_SLOT_MEAN_MAX 700.0

/* Tables of counts for means 2^(i / 4 − 16): a mean between two is drawn from either, so that it is
 * exact. The first is that of the mean 0. */
#define CDR_COUNT_MEANS 104u
struct cdr_count_tables {
    uint32_t *thresholds; /* CDFs in 1/2^32, one mean after another */
    uint32_t start[CDR_COUNT_MEANS];
    uint32_t none[CDR_COUNT_MEANS]; /* the first threshold of each: up to it, the count is 0 */
    uint16_t guide[CDR_COUNT_MEANS][CDR_COUNT_GUIDE];
};

/* A slot, and how many calls or sessions a subscriber of each activity class begins in it. */
struct cdr_near_slot {
    uint32_t name, hour, crowd; /* crowd: of the hour, or the number of crowds */
    int32_t day;
    int64_t from_ms, length_ms; /* from the start of the slot that is planned */
    uint32_t cells[CDR_TYPE_COUNT]
                  [CDR_ACTIVITY_CLASSES]; /* table << 17 | share of the next in 1/65536 */
    uint32_t moments[CDR_TYPE_COUNT][CDR_MOMENTS + 1]; /* quantiles of the moment in the slot */
};

/* Counts of one slot, and of those before and after it that its events can meet. */
struct cdr_counts {
    struct cdr_slot slot;
    struct cdr_count_tables tables[2]; /* Poisson; calls and messages */
    struct cdr_near_slot *near;        /* ascending */
    struct cdr_near_slot *older;       /* those of the slot before, to take over */
    uint32_t near_count, here;         /* near[here] is the slot itself */
    double bounds[CDR_COUNT_MEANS];    /* between the means of the tables */
    uint32_t days_differ;              /* subscribers do more on some days than on others */
};

/* Makes room; tables are built by cdr_counts_set. CDR_E_NOMEM. */
enum cdr_result cdr_counts_create(struct cdr_counts *counts, const struct cdr_model *model,
                                  struct cdr_error *error);
void cdr_counts_free(struct cdr_counts *counts);
/* Sets the slot. O(classes × slots within duration_max). */
void cdr_counts_set(struct cdr_counts *counts, const struct cdr_model *model,
                    const struct cdr_slot *slot);

/* Up to CDR_EVENTS_BLOCK events as columns, all in lanes of 32 or 64 bits: calls and messages,
 * subscriber by subscriber, then their sessions. */
struct cdr_events {
    uint32_t n;
    uint32_t origin[CDR_EVENTS_BLOCK];
    uint32_t index[CDR_EVENTS_BLOCK];
    uint64_t base[CDR_EVENTS_BLOCK];      /* of the event's draws */
    uint64_t link[CDR_EVENTS_BLOCK];      /* of the draws of its party: those of a train's first */
    uint32_t offset_ms[CDR_EVENTS_BLOCK]; /* start, from the start of the slot */
    uint32_t duration_s[CDR_EVENTS_BLOCK];
    uint32_t peer[CDR_EVENTS_BLOCK];
    uint32_t type[CDR_EVENTS_BLOCK];    /* CDR_TYPE_* */
    uint32_t party[CDR_EVENTS_BLOCK];   /* CDR_PARTY_* */
    uint32_t outcome[CDR_EVENTS_BLOCK]; /* as the type has it: disposition, status, technology */
};

/* Where an expansion of subscribers [next, end) stands. */
struct cdr_expansion {
    uint32_t next, end;
    uint32_t done; /* events of subscriber next that earlier blocks had */
};

/* The hot loop at each level of the instruction set, and the best one for this CPU in
 * model->loops. */
typedef bool cdr_events_loop(const struct cdr_model *model, const struct cdr_counts *counts,
                             const uint8_t *classes, struct cdr_expansion *expansion,
                             struct cdr_events *events);
cdr_events_loop cdr_events_next_base, cdr_events_next_v3, cdr_events_next_v4;

/* Keeps those of the events that are marked. */
void cdr_events_keep(struct cdr_events *events, const uint8_t *marks);

/* Takes out the events that do not take place: where subscribers leave, those whose origin's number
 * is vacant on the slot's local day, and those on-net with a peer whose number is; where there are
 * behaviours, what fades, and what is on-net with a peer that nobody reaches. */
void cdr_events_drop_absent(const struct cdr_model *model, const struct cdr_slot *slot,
                            struct cdr_events *events);

/* Where long sessions are cut into parts: a session ends where its next part would begin on another
 * technology. */
void cdr_events_keep_rat(const struct cdr_model *model, const struct cdr_slot *slot,
                         struct cdr_events *events);

/* What outages take out, cut or let fail. */
void cdr_events_disturb(const struct cdr_model *model, const struct cdr_slot *slot,
                        struct cdr_events *events);

/* Fills events with the next block; false when there was none left. Where subscribers leave, and in
 * outages, a block can be empty (n = 0) and others follow, and indices have gaps. classes: activity
 * class of every subscriber, or NULL (then they are computed). */
static inline bool cdr_events_next(const struct cdr_model *model, const struct cdr_counts *counts,
                                   const uint8_t *classes, struct cdr_expansion *expansion,
                                   struct cdr_events *events)
{
    if (!model->loops->events_next(model, counts, classes, expansion, events))
        return false;
    if (model->identities.tenures.on || model->behaviours.on)
        cdr_events_drop_absent(model, &counts->slot, events);
    if (model->parameters.partial_s != 0)
        cdr_events_keep_rat(model, &counts->slot, events);
    if (model->world.outage_count != 0)
        cdr_events_disturb(model, &counts->slot, events);
    return true;
}

/* Draws of an event that several stages need. */
#define CDR_DRAW_TIME CDR_PURPOSE(1)     /* low: moment in the slot; high: kind */
#define CDR_DRAW_DURATION CDR_PURPOSE(2) /* low: duration; high: outcome */
#define CDR_DRAW_RING CDR_PURPOSE(3)     /* low: ring time; high: off-net, a session's size */
#define CDR_DRAW_CONTACT CDR_PURPOSE(4)  /* +i for the i-th draw: low: rank */
#define CDR_DRAW_VOLUME CDR_PURPOSE(8)   /* low: volume; high: ratio */
#define CDR_DRAW_DETAIL CDR_PURPOSE(9)   /* low: apn or segments; high: record type */
#define CDR_DRAW_DELAY CDR_PURPOSE(10)   /* leg 0; 11: leg 1. low: whether, high: how long */
#define CDR_DRAW_CELL CDR_PURPOSE(12)    /* leg 0; 13: leg 1. low: neighbour; high: technology */
#define CDR_DRAW_TRAIN CDR_PURPOSE(15)   /* low: whether there is a next; high: the gap */
#define CDR_DRAW_NEXT CDR_PURPOSE(16)    /* low: the same party; high: the other way */
#define CDR_DRAW_SERVICE CDR_PURPOSE(17) /* of a link: the number that many call */
#define CDR_DRAW_ANSWER                                                                            \
    CDR_PURPOSE(24) /* of a call: low: milliseconds; high: how much sooner on leg 1 */
#define CDR_DRAW_LEG                                                                               \
    CDR_PURPOSE(14) /* low: how much later leg 1 starts; high: its end. Of messages: of the link */
#define CDR_DRAW_PART CDR_PURPOSE(25) /* +k of part k from 1 on: its delay, its share of bytes */

/* 2^(exponent / 4096) as a factor of 1/2^20, whole numbers below and above it as shifts. */
static inline uint32_t cdr_scale_factor(const struct cdr_model *model, int32_t exponent)
{
    return model->exp2[exponent & 0xfff];
}
static inline uint32_t cdr_scale_up(int32_t exponent)
{
    int32_t whole = exponent >> 12;
    whole = whole > 0 ? whole : 0;
    return (uint32_t)(whole < 20 ? whole : 20);
}
static inline uint32_t cdr_scale_down(int32_t exponent)
{
    int32_t below = -(exponent >> 12);
    below = below > 0 ? below : 0;
    return (uint32_t)(below < 63 ? below : 63);
}

/* value × 2^(exponent / 4096), value below 2^42. */
static inline uint64_t cdr_scaled(uint64_t value, uint64_t factor, uint64_t up, uint64_t down)
{
    return (value * factor >> 20) << up >> down;
}

/* How much more than the mean a session is, in deviations: of its volume and its duration. */
static inline int32_t cdr_session_z(const struct cdr_model *model, uint64_t base)
{
    uint32_t random = (uint32_t)(cdr_draw(base, CDR_DRAW_RING) >> 32);
    return (int32_t)(cdr_quantile(model->normal, random) - CDR_NORMAL_ZERO);
}

/* How much later than its event time a record is emitted. */
static inline int64_t cdr_delay_ms(const struct cdr_model *model, uint64_t base, uint32_t leg)
{
    uint64_t random = cdr_draw(base, CDR_PURPOSE(10 + leg));
    uint32_t sixteenths = cdr_quantile(model->delay, (uint32_t)(random >> 32));
    uint32_t delay_ms = cdr_sixteenths_ms(sixteenths, (uint32_t)random),
             most_ms = 1000 * model->parameters.late_max_s;
    delay_ms = delay_ms < most_ms ? delay_ms : most_ms;
    return cdr_is_below((uint32_t)random, model->late_below) ? (int64_t)delay_ms : 0;
}

/* Random bits of part k of a session, and so of the boundary before it. */
static inline uint64_t cdr_part_random(uint64_t base, uint32_t part)
{
    return cdr_draw(base, CDR_DRAW_PART + part);
}

/* Parts are late each on its own. */
static inline uint64_t cdr_part_base(uint64_t base, uint32_t part)
{
    return part == 0 ? base : cdr_part_random(base, part);
}

/* Sessions of a subscriber end before the next one of the same line begins. A session
 * of ims that finds itself on WCDMA is one of internet, so they are alike. */
static inline uint32_t cdr_session_line(const struct cdr_model *model, uint32_t apn)
{
    return apn == CDR_APN_IMS && !model->parameters.classic_records ? CDR_APN_INTERNET : apn;
}

static inline uint32_t cdr_part_count(uint32_t partial_s, uint32_t duration_s)
{
    return partial_s == 0 || duration_s <= partial_s ? 1 : (duration_s + partial_s - 1) / partial_s;
}

/* Whether a message goes from the peer to the origin. */
static inline uint32_t cdr_is_reply(uint32_t type, uint32_t party)
{
    return (uint32_t)(type == CDR_TYPE_SMS) & (uint32_t)(party == CDR_PARTY_REPLY);
}

static inline uint32_t cdr_is_service(uint32_t type, uint32_t party)
{
    return (uint32_t)(type == CDR_TYPE_CALL) & (uint32_t)(party == CDR_PARTY_SERVICE);
}

/* Whether the called subscriber has a record, too: not of a call that did not reach its network,
 * nor of a message that was not taken. */
static inline uint32_t cdr_has_called_leg(uint32_t type, uint32_t party, uint32_t outcome)
{
    uint32_t lost =
        (uint32_t)(type == CDR_TYPE_CALL) &
        ((uint32_t)(outcome == CDR_CALL_FAILED) | (uint32_t)(outcome == CDR_CALL_CONGESTION));
    lost |= (uint32_t)(type == CDR_TYPE_SMS) & (uint32_t)(outcome == CDR_SMS_REFUSED);
    return ((uint32_t)(party == CDR_PARTY_ONNET) | cdr_is_reply(type, party)) & (lost ^ 1);
}

/* Whose record a leg is: leg 0 is the calling party's. */
static inline uint32_t cdr_leg_owner(const struct cdr_events *events, uint32_t i, uint32_t leg)
{
    uint32_t other = leg ^ cdr_is_reply(events->type[i], events->party[i]);
    return other != 0 ? events->peer[i] : events->origin[i];
}

/* An end has milliseconds of its own: so many after the last whole second of a leg's duration. */
static inline uint32_t cdr_beyond_ms(uint64_t base, uint32_t leg)
{
    return (uint32_t)(((base >> (8 + 24 * leg)) & 0xfffff) * 1000 >> 20);
}

/* When a leg starts, from the start of the event, and how long it lasts. The called party's switch
 * sees a call 0.8 to 2.8 s after the calling party's and its end within 1.5 s of it, or turns it
 * away at once where the line is busy; a message
 * reaches it when it is delivered, after it has left its sender. A call with such a leg lasts 3 s
 * at least. */
struct cdr_leg_time {
    uint32_t after_ms, duration_s;
};

static inline uint32_t cdr_setup_ms(uint64_t random)
{
    return 800 + cdr_below((uint32_t)random, 2000);
}

static inline struct cdr_leg_time cdr_called_call(uint32_t outcome, uint32_t whole_ms, uint32_t low,
                                                  uint32_t high)
{
    uint32_t setup_ms = cdr_setup_ms(low), skew_ms = cdr_below(high, 600);
    uint32_t left_ms = whole_ms - setup_ms + skew_ms;
    uint32_t lasts_s = left_ms < 500 ? 0 : (left_ms - 500) / 1000;
    struct cdr_leg_time call = {setup_ms, outcome == CDR_CALL_BUSY ? 0 : lasts_s};
    return call;
}

/* delivery: of the quantiles, in 1/16 s; between: bits for what is between them. */
static inline struct cdr_leg_time cdr_called_message(uint32_t whole_ms, uint32_t delivery,
                                                     uint32_t between, uint64_t base)
{
    struct cdr_leg_time message = {whole_ms + cdr_sixteenths_ms(delivery, between),
                                   1 + ((uint32_t)(base >> 52) * 5 >> 12)};
    return message;
}

/* What the called party's leg is drawn from. How long its phone lets messages wait is the same for
 * all of a train, so none overtakes another. */
static inline uint64_t cdr_leg_random(uint32_t type, uint64_t base, uint64_t link)
{
    return cdr_draw(type == CDR_TYPE_SMS ? link : base, CDR_DRAW_LEG);
}

static inline struct cdr_leg_time cdr_called_leg(const struct cdr_model *model, uint32_t type,
                                                 uint32_t outcome, uint64_t base, uint64_t link,
                                                 uint32_t duration_s)
{
    uint64_t random = cdr_leg_random(type, base, link);
    uint32_t whole_ms = 1000 * duration_s + cdr_beyond_ms(base, 0);
    uint32_t low = (uint32_t)random, high = (uint32_t)(random >> 32);
    return type == CDR_TYPE_CALL
               ? cdr_called_call(outcome, whole_ms, low, high)
               : cdr_called_message(whole_ms, cdr_quantile(model->sms_delay, low), high, base);
}

/* What a data key has in place of a peer: the session's seconds and the number of the part. */
static inline uint32_t cdr_session_part(uint32_t part, uint32_t total_s)
{
    return part << 17 | total_s;
}

/* The records of one leg of an event: one, or where a long session is cut into parts, several. */
struct cdr_legs {
    int64_t start_ms; /* from the start of the slot */
    uint64_t base;
    uint32_t total_s, parts, beyond_ms, leg;
};

struct cdr_leg_record {
    int64_t emission_ms; /* from the start of the slot */
    uint32_t duration_s;
};

static inline struct cdr_legs cdr_leg_records(const struct cdr_model *model,
                                              const struct cdr_events *events, uint32_t i,
                                              uint32_t leg)
{
    uint32_t parts = cdr_type_has(events->type[i], CDR_HOLDS_PARTS)
                         ? cdr_part_count(model->parameters.partial_s, events->duration_s[i])
                         : 1;
    struct cdr_leg_time time = {0, events->duration_s[i]};
    if (leg != 0)
        time = cdr_called_leg(model, events->type[i], events->outcome[i], events->base[i],
                              events->link[i], events->duration_s[i]);
    struct cdr_legs legs = {events->offset_ms[i] + (int64_t)time.after_ms,
                            events->base[i],
                            time.duration_s,
                            parts,
                            cdr_beyond_ms(events->base[i], leg),
                            leg};
    return legs;
}

/* Part k lasts from k × partial_s on; its event time is its end or its start. */
static inline struct cdr_leg_record cdr_leg_record(const struct cdr_model *model,
                                                   const struct cdr_legs *legs, uint32_t part)
{
    const struct cdr_parameters *p = &model->parameters;
    uint32_t from_s = part * p->partial_s;
    uint32_t duration_s = part + 1 < legs->parts ? p->partial_s : legs->total_s - from_s;
    int64_t at_ms = INT64_C(1000) * from_s;
    if (p->order == CDR_ORDER_END)
        at_ms += INT64_C(1000) * duration_s + (part + 1 < legs->parts ? 0 : legs->beyond_ms);
    if (model->late_below != 0)
        at_ms += cdr_delay_ms(model, cdr_part_base(legs->base, part), legs->leg);
    struct cdr_leg_record record = {legs->start_ms + at_ms, duration_s};
    return record;
}

/* Of a block's legs, a record each: whose it is, when it is emitted (from the start of the slot),
 * and its key, as if that were at the slot's beginning. First the calling parties', of each event
 * in turn, also of a session that will be cut into parts; then the called parties'. */
struct cdr_leg_keys {
    uint32_t n;
    uint32_t owner[2 * CDR_EVENTS_BLOCK], type[2 * CDR_EVENTS_BLOCK],
        emission_ms[2 * CDR_EVENTS_BLOCK];
    uint64_t high[2 * CDR_EVENTS_BLOCK], low[2 * CDR_EVENTS_BLOCK];
};
typedef void cdr_legs_loop(const struct cdr_model *model, const struct cdr_events *events,
                           struct cdr_leg_keys *legs);
cdr_legs_loop cdr_legs_base, cdr_legs_v3, cdr_legs_v4;

#endif
