/* What a subscriber begins in a slot, one event after the other: trains of calls and messages, and
 * its timeline of calls, by which nobody does two things at once (event.h). For the level of the
 * source that includes this. Scalar: calls are few. */
#include "model/event.h"
#include "model/streams.h"

#include <string.h>

#define TEXTS_OF_SLOT_MAX 1023u    /* calls and messages: indices from 0 */
#define SESSIONS_OF_SLOT_MAX 1024u /* indices from the last downwards */
#define INDEX_LAST 2047u
#define TIMELINE_MAX 192u /* calls of a subscriber that are near; more are not looked at */
#define APART_MS 2500     /* from the end of a call to the next of its owner */
#define SHORTEST_S 3u     /* of a call that the called party has a record of */
/* From a message to the next of a train: the records of both are over by then, since it takes 2 s
 * to be taken, and less than 6 to be delivered. */
#define MESSAGES_APART_MS 8000
#define MESSAGES_APART_MAX 64u

struct walked {
    int64_t start_ms; /* from the start of the slot that is planned */
    uint64_t base, link;
    uint32_t index, incoming, offnet, service, reply, outcome, duration_s;
    int32_t day; /* of the slot */
};

static uint64_t event_base(const struct cdr_model *model, uint32_t subscriber, uint32_t slot,
                           uint32_t index)
{
    return cdr_mix(cdr_event_name(subscriber, slot, index) ^ model->event_stream);
}

/* Not in the form that compilers know as one instruction: that has no lanes. */
static inline int32_t ones(uint32_t x)
{
    x -= (x >> 1) & 0x55555555;
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f;
    x += x >> 8;
    x += x >> 16;
    return (int32_t)(x & 0x3f);
}

static uint64_t count_base(const struct cdr_model *model, uint32_t subscriber, uint32_t slot)
{
    return cdr_mix(cdr_event_name(subscriber, slot, 0) ^ model->count_stream);
}

/* How much more than its mean a subscriber does on a day, in quarters of a doubling, by type: the
 * ones of 32 bits less 16 have a deviation of 2.83, which is one of 0.49 of the logarithm. */
static uint64_t habit_bits(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    return cdr_mix(((uint64_t)subscriber << 32 | (uint32_t)day) ^ model->habit_stream);
}

static int32_t draw_habit(const struct cdr_model *model, const struct cdr_counts *counts,
                          uint32_t subscriber, int32_t day, uint32_t type)
{
    uint64_t bits = habit_bits(model, subscriber, day);
    uint32_t calls = (uint32_t)bits, messages = (uint32_t)(bits >> 32);
    uint32_t other = type == CDR_TYPE_SMS ? messages : calls ^ messages;
    return (int32_t)counts->days_differ * (ones(type == CDR_TYPE_CALL ? calls : other) - 16);
}

/* How much more because of a crowd. */
static int32_t crowd_habit(const struct cdr_model *model, const struct cdr_near_slot *slot,
                           uint32_t subscriber, uint32_t type)
{
    struct cdr_attendance way;
    if (slot->crowd >= model->world.crowd_count ||
        !cdr_world_attends(model, slot->crowd, subscriber, &way))
        return 0;
    return model->world.crowds[slot->crowd].more[type];
}

/* The table of a count: that of the cell, moved by the habit, or the next one. choice: 16 bits. */
static inline uint32_t count_table(uint32_t cell, int32_t habit, uint32_t choice)
{
    const int32_t last = (int32_t)CDR_COUNT_MEANS - 2;
    int32_t from = (int32_t)(cell >> 17), shifted = from + habit;
    shifted = shifted < 1 ? 1 : shifted;
    shifted = shifted > last ? last : shifted;
    shifted = from == 0 ? 0 : shifted;
    return (uint32_t)shifted + (uint32_t)(choice < (cell & 0x1ffff));
}

static inline uint32_t count_in(const struct cdr_count_tables *tables, uint32_t table,
                                uint32_t random)
{
    if (random <= tables->none[table])
        return 0;
    const uint32_t *thresholds = tables->thresholds + tables->start[table];
    uint32_t count = tables->guide[table][random / (UINT32_MAX / CDR_COUNT_GUIDE + 1)];
    while (random > thresholds[count])
        count++;
    return count;
}

static uint32_t drawn_count(const struct cdr_count_tables *tables, uint32_t cell, int32_t habit,
                            uint32_t choice, uint32_t random)
{
    return count_in(tables, count_table(cell, habit, choice & 0xffff), random);
}

/* How many trains of calls begin; messages and sessions are drawn beside in count_column. */
static uint32_t call_count(const struct cdr_model *model, const struct cdr_counts *counts,
                           const struct cdr_near_slot *slot, uint32_t subscriber, uint32_t class,
                           int32_t habit)
{
    uint64_t base = count_base(model, subscriber, slot->name);
    return drawn_count(&counts->tables[1], slot->cells[CDR_TYPE_CALL][class], habit,
                       (uint32_t)(base >> 16), (uint32_t)(cdr_draw(base, CDR_PURPOSE(2)) >> 32));
}

static uint32_t moment_in(const uint32_t *moments, uint32_t random)
{
    uint32_t cell = random >> 26;
    uint32_t from = moments[cell], to = moments[cell + 1];
    return from + (uint32_t)((uint64_t)(to - from) * (random & 0x3ffffff) >> 26);
}

/* Some talk longer than others. */
static uint32_t talk_s(const struct cdr_model *model, uint32_t subscriber, uint32_t random)
{
    uint64_t traits = cdr_draw(cdr_subscriber_traits(&model->traits, subscriber), CDR_PURPOSE(5));
    int64_t z = (int64_t)cdr_quantile(model->normal, (uint32_t)(traits >> 32)) - CDR_NORMAL_ZERO;
    uint32_t at = (uint32_t)((8 << 12) + (z * model->talk_spread >> 16));
    uint64_t scale = ((uint64_t)model->exp2[at & 0xfff] << (at >> 12)) >> 8; /* 1/2^20 */
    uint64_t sixteenths = cdr_quantile(model->call_duration, random) * scale >> 20;
    return (uint32_t)((sixteenths + CDR_DURATION_SCALE / 2) / CDR_DURATION_SCALE) + 1;
}

/* A number that many call answers by a machine, or at once, unless the network fails; the mailbox
 * tells in 20 to 60 s what it has. */
static void answer(const struct cdr_model *model, uint32_t subscriber, uint64_t random,
                   uint32_t ring, struct walked *call)
{
    uint64_t link = cdr_draw(call->link, CDR_DRAW_SERVICE);
    uint32_t kind = cdr_service(&model->number_plan, link) / CDR_SERVICES_OF_KIND;
    call->outcome = CDR_CALL_ANSWERED;
    if (kind == CDR_NUMBER_VOICEMAIL)
        call->duration_s = 20 + cdr_below((uint32_t)random, 41);
    else
        call->duration_s = 1 + cdr_below(ring, 6) + talk_s(model, subscriber, (uint32_t)random);
}

/* Outcome and seconds, as if nothing else happened. */
static void draw_call(const struct cdr_model *model, uint32_t subscriber, struct walked *call)
{
    /* By outcome: answered, no answer, busy, failed, congestion, rejected. */
    static const uint32_t least[6] = {5, 5, 3, 1, 1, 4}, span[6] = {21, 26, 8, 5, 5, 9};
    uint64_t random = cdr_draw(call->base, CDR_DRAW_DURATION);
    uint32_t high = (uint32_t)(random >> 32), most_s = model->parameters.duration_max_s;
    uint32_t ring = (uint32_t)cdr_draw(call->base, CDR_DRAW_RING);
    if (call->incoming != 0) /* it has reached this network */
        high = (uint32_t)((uint64_t)high * model->reached_below[CDR_TYPE_CALL] >> 31);
    uint32_t outcome =
        cdr_threshold_outcome(model->disposition_below, CDR_CALL_DISPOSITION_COUNT, high);
    outcome = outcome == CDR_CALL_BUSY ? CDR_CALL_REJECTED : outcome;
    call->outcome = outcome;
    call->duration_s = least[outcome] + cdr_below(ring, span[outcome]);
    if (call->service != 0 && outcome != CDR_CALL_FAILED && outcome != CDR_CALL_CONGESTION)
        answer(model, subscriber, random, ring, call);
    else if (outcome == CDR_CALL_ANSWERED)
        call->duration_s += talk_s(model, subscriber, (uint32_t)random);
    call->duration_s = call->duration_s < most_s ? call->duration_s : most_s;
}

/* Whether the other party is outside, and whether it is a number that many call, or an application
 * that writes: the link of a message tells that, too. */
static void go_offnet(const struct cdr_model *model, uint32_t type, struct walked *event)
{
    const uint64_t draw = cdr_draw(event->link, CDR_DRAW_RING);
    const uint32_t random = (uint32_t)(draw >> 32), is_call = (uint32_t)(type == CDR_TYPE_CALL);
    event->offnet = event->incoming | cdr_is_below(random, model->offnet_below[type]);
    const uint32_t called = (event->incoming ^ 1) & cdr_is_below(random, model->service_below);
    const uint32_t writes =
        event->incoming & cdr_is_below((uint32_t)draw, model->application_below);
    event->service = is_call != 0 ? called : writes;
    event->link = is_call != 0 ? event->link : (event->link & ~UINT64_C(1)) | writes;
}

/* The draws of the party of a train's first: those of the event, or where the day is about
 * somebody, of the day. */
static uint64_t first_link(const struct cdr_model *model, uint32_t type, uint32_t subscriber,
                           int32_t day, uint64_t base)
{
    uint32_t random = (uint32_t)cdr_draw(base, CDR_DRAW_NEXT);
    if (!cdr_is_below(random, model->trains[type].of_day_below))
        return base;
    return cdr_mix(habit_bits(model, subscriber, day) + CDR_DRAW_CONTACT);
}

/* Who comes next in a train, and which way. */
static void turn(const struct cdr_model *model, uint32_t type, uint32_t first_incoming,
                 uint32_t unanswered, struct walked *event)
{
    const struct cdr_trains *trains = &model->trains[type];
    uint64_t random = cdr_draw(event->base, CDR_DRAW_NEXT);
    if (!cdr_is_below((uint32_t)random, trains->same_below[unanswered])) {
        event->link = event->base;
        event->incoming = first_incoming;
        event->reply = 0;
        go_offnet(model, type, event);
        return;
    }
    uint32_t turned = ((unanswered | event->service) ^ 1) &
                      cdr_is_below((uint32_t)(random >> 32), trains->reply_below[event->offnet]);
    event->incoming ^= turned & event->offnet;
    event->reply ^= turned & (event->offnet ^ 1);
}

/* A call that begins in a slot, or follows in a train that does, begins before the slot's end and
 * this, and ends before the slot's end and the longest duration. */
static int64_t span_s(const struct cdr_model *model)
{
    return model->parameters.duration_max_s / 2 < CDR_TRAIN_SPAN_S
               ? model->parameters.duration_max_s / 2
               : CDR_TRAIN_SPAN_S;
}

/* A message begins some time after each of the slot that it would come too near to, unless there
 * are many, or the time is not left. */
static void keep_apart(const struct walked *others, uint32_t n, int64_t last_ms,
                       struct walked *message)
{
    int64_t start_ms = message->start_ms;
    for (uint32_t k = 0; n <= MESSAGES_APART_MAX && k < n; k++) {
        const int64_t after_ms = start_ms - others[k].start_ms;
        if (after_ms <= -MESSAGES_APART_MS || after_ms >= MESSAGES_APART_MS)
            continue;
        start_ms = others[k].start_ms + MESSAGES_APART_MS;
        k = UINT32_MAX; /* from the first on again: those later in time may be near now */
    }
    if (start_ms < last_ms)
        message->start_ms = start_ms;
}

/* The trains of a type that begin in a slot, raw. Gives the number of their events. */
static uint32_t walk(const struct cdr_model *model, uint32_t type, const struct cdr_near_slot *slot,
                     uint32_t subscriber, uint32_t first_index, uint32_t seeds, struct walked *out,
                     uint32_t room)
{
    const struct cdr_trains *trains = &model->trains[type];
    const int64_t end_ms = slot->from_ms + slot->length_ms;
    const int64_t last_ms = end_ms + 1000 * span_s(model),
                  over_ms = end_ms + 1000 * (int64_t)model->parameters.duration_max_s;
    uint32_t n = 0;
    for (uint32_t seed = 0; seed < seeds && n < room; seed++) {
        struct walked event = {.index = first_index + n, .day = slot->day};
        event.base = event_base(model, subscriber, slot->name, event.index);
        event.link = first_link(model, type, subscriber, slot->day, event.base);
        uint64_t time = cdr_draw(event.base, CDR_DRAW_TIME);
        event.start_ms = slot->from_ms + moment_in(slot->moments[type], (uint32_t)time);
        event.incoming = cdr_is_below((uint32_t)(time >> 32), trains->incoming_below);
        go_offnet(model, type, &event);
        if (type == CDR_TYPE_SMS)
            keep_apart(out, n, last_ms, &event);
        const uint32_t first_incoming = event.incoming;
        for (uint32_t k = 1; n < room; k++) {
            uint32_t unanswered = 0;
            if (type == CDR_TYPE_CALL) {
                draw_call(model, subscriber, &event);
                unanswered = event.outcome != CDR_CALL_ANSWERED;
                uint32_t most_s = (uint32_t)((over_ms - event.start_ms) / 1000);
                event.duration_s = event.duration_s < most_s ? event.duration_s : most_s;
            }
            out[n++] = event;
            uint64_t next = cdr_draw(event.base, CDR_DRAW_TRAIN);
            if (k == CDR_TRAIN_MAX || !cdr_is_below((uint32_t)next, trains->goes_on[unanswered][k]))
                break;
            event.start_ms +=
                cdr_sixteenths_ms(cdr_quantile(trains->gap, (uint32_t)(next >> 32)),
                                  (uint32_t)next) +
                (type == CDR_TYPE_CALL ? INT64_C(1000) * event.duration_s + APART_MS + 1000
                                       : MESSAGES_APART_MS);
            if (type == CDR_TYPE_SMS)
                keep_apart(out, n, last_ms, &event);
            if (event.start_ms >= last_ms)
                break;
            event.index++;
            event.base = event_base(model, subscriber, slot->name, event.index);
            turn(model, type, first_incoming, unanswered, &event);
        }
    }
    return n;
}

#include "model/act_loop.h"

/* ---- calls that meet ---- */

struct timeline {
    uint32_t n;
    struct walked calls[TIMELINE_MAX];
};

static int64_t longest_ms(const struct cdr_model *model)
{
    return INT64_C(1000) * model->parameters.duration_max_s + 1000;
}

static int64_t end_of(const struct walked *call)
{
    return call->start_ms + INT64_C(1000) * call->duration_s + cdr_beyond_ms(call->base, 0);
}

/* Calls of the slots that end at or after from_ms and begin by until_ms. The calls of the slot
 * itself can be known. */
static void look_between(const struct cdr_model *model, const struct cdr_counts *counts,
                         uint32_t subscriber, uint32_t class, int64_t from_ms, int64_t until_ms,
                         const struct walked *known, uint32_t known_count,
                         struct timeline *timeline)
{
    int32_t habit = 0, day = INT32_MIN;
    timeline->n = 0;
    for (uint32_t s = 0; s < counts->near_count && timeline->n < TIMELINE_MAX; s++) {
        const struct cdr_near_slot *slot = &counts->near[s];
        const uint32_t room = TIMELINE_MAX - timeline->n;
        if (slot->from_ms + slot->length_ms < from_ms)
            continue;
        if (slot->from_ms > until_ms)
            break;
        if (s == counts->here && known != NULL) {
            uint32_t taken = known_count < room ? known_count : room;
            memcpy(timeline->calls + timeline->n, known, taken * sizeof *known);
            timeline->n += taken;
            continue;
        }
        if (slot->day != day)
            habit = draw_habit(model, counts, subscriber, slot->day, CDR_TYPE_CALL);
        day = slot->day;
        uint32_t seeds = call_count(model, counts, slot, subscriber, class,
                                    habit + crowd_habit(model, slot, subscriber, CDR_TYPE_CALL));
        if (model->behaviours.on)
            timeline->n +=
                walk_all_calls(model, slot, subscriber, seeds, timeline->calls + timeline->n, room);
        else if (seeds != 0)
            timeline->n += walk(model, CDR_TYPE_CALL, slot, subscriber, 0, seeds,
                                timeline->calls + timeline->n, room);
    }
}

static void look_around(const struct cdr_model *model, const struct cdr_counts *counts,
                        uint32_t subscriber, uint32_t class, struct timeline *timeline)
{
    look_between(model, counts, subscriber, class, INT64_MIN, INT64_MAX, NULL, 0, timeline);
}

/* What the owner's raw calls of a slot can meet. What it makes itself is only cut by what begins
 * later; calls from elsewhere may find an older call. */
static void look_beside(const struct cdr_model *model, const struct cdr_counts *counts,
                        uint32_t subscriber, uint32_t class, const struct walked *own, uint32_t n,
                        struct timeline *timeline)
{
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    uint32_t incoming = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t until_ms = end_of(&own[i]) + APART_MS;
        first_ms = own[i].start_ms < first_ms ? own[i].start_ms : first_ms;
        last_ms = until_ms > last_ms ? until_ms : last_ms;
        incoming |= own[i].incoming;
    }
    look_between(model, counts, subscriber, class,
                 incoming != 0 ? INT64_MIN : first_ms - 1000 * span_s(model), last_ms, own, n,
                 timeline);
}

/* What a call can meet that reaches a subscriber at an instant and lasts until another. Calls of
 * older slots matter only where the last one that began may have cut a longer one. */
static void look_after(const struct cdr_model *model, const struct cdr_counts *counts,
                       uint32_t subscriber, uint32_t class, int64_t at_ms, int64_t until_ms,
                       struct timeline *timeline)
{
    const int64_t last_ms = until_ms + 10000;
    look_between(model, counts, subscriber, class, at_ms - longest_ms(model), last_ms, NULL, 0,
                 timeline);
    for (uint32_t i = 0; i < timeline->n; i++)
        if (timeline->calls[i].start_ms <= at_ms) {
            look_between(model, counts, subscriber, class, INT64_MIN, last_ms, NULL, 0, timeline);
            return;
        }
}

/* The last own call that begins by an instant, of those from elsewhere or the others; the first one
 * after it, of any kind that is wanted. */
static const struct walked *last_by(const struct timeline *timeline, int64_t at_ms,
                                    uint32_t incoming)
{
    const struct walked *found = NULL;
    for (uint32_t i = 0; i < timeline->n; i++) {
        const struct walked *call = &timeline->calls[i];
        if (call->incoming == incoming && call->start_ms <= at_ms &&
            (found == NULL || call->start_ms >= found->start_ms))
            found = call;
    }
    return found;
}

static int64_t next_after(const struct timeline *timeline, int64_t at_ms, uint32_t incoming_too)
{
    int64_t next_ms = INT64_MAX;
    for (uint32_t i = 0; i < timeline->n; i++) {
        const struct walked *call = &timeline->calls[i];
        if (call->incoming <= incoming_too && call->start_ms > at_ms && call->start_ms < next_ms)
            next_ms = call->start_ms;
    }
    return next_ms;
}

/* A call ends before end_ms. What is too short for an answer has failed. False where there is no
 * time for it at all. */
static bool end_before(struct walked *call, int64_t end_ms)
{
    if (end_of(call) < end_ms)
        return true;
    int64_t whole_ms = end_ms - call->start_ms - 1000;
    if (whole_ms < 0)
        return false;
    call->duration_s = (uint32_t)(whole_ms / 1000);
    if (call->duration_s < SHORTEST_S)
        call->outcome = call->incoming != 0 ? CDR_CALL_NO_ANSWER : CDR_CALL_FAILED;
    return true;
}

/* Who calls listens for some seconds; the called party's switch turns the call away at once. */
static void make_busy(struct walked *call)
{
    uint32_t listens_s = SHORTEST_S + cdr_below((uint32_t)cdr_draw(call->base, CDR_DRAW_RING), 8);
    call->outcome = CDR_CALL_BUSY;
    call->duration_s = call->incoming != 0 ? 0 : listens_s;
}

/* An own call among the others of its owner. False: it does not take place. */
static bool settle_own(const struct timeline *timeline, struct walked *call)
{
    if (call->incoming != 0) {
        const struct walked *made = last_by(timeline, call->start_ms, 0);
        if (made != NULL && end_of(made) >= call->start_ms) {
            make_busy(call);
            return true;
        }
    }
    int64_t next_ms = next_after(timeline, call->start_ms, call->incoming);
    return next_ms == INT64_MAX || end_before(call, next_ms - APART_MS);
}

/* Whether a call of an own timeline takes time at an instant, in the end. */
static bool takes_time(const struct timeline *timeline, const struct walked *call, int64_t at_ms)
{
    if (call == NULL || end_of(call) < at_ms)
        return false;
    struct walked settled = *call;
    return settle_own(timeline, &settled) && settled.outcome != CDR_CALL_BUSY &&
           end_of(&settled) >= at_ms;
}

/* The call that an own timeline has at an instant, or NULL. Of the calls that were made, and of
 * those that came, only the last can be it: it has cut those before it. */
static const struct walked *busy_with(const struct timeline *timeline, int64_t at_ms)
{
    const struct walked *made = last_by(timeline, at_ms, 0), *came = last_by(timeline, at_ms, 1);
    if (takes_time(timeline, made, at_ms))
        return made;
    return takes_time(timeline, came, at_ms) ? came : NULL;
}

/* An own call, already among the owner's own, with a called subscriber. */
static void settle_called(const struct timeline *called, struct walked *call, uint32_t setup_ms)
{
    const int64_t reached_ms = call->start_ms + setup_ms;
    if (call->outcome == CDR_CALL_FAILED || call->outcome == CDR_CALL_CONGESTION)
        return;
    if (busy_with(called, reached_ms) != NULL) {
        uint32_t most_s = call->duration_s;
        make_busy(call);
        call->duration_s = call->duration_s < most_s ? call->duration_s : most_s;
        return;
    }
    int64_t next_ms = next_after(called, reached_ms, 1);
    if (next_ms == INT64_MAX || end_before(call, next_ms - APART_MS))
        return;
    call->outcome = CDR_CALL_FAILED;
    call->duration_s = 1;
}
