/* The model: parameters turned into tables. Immutable once created, serves any number of threads.
 *
 * Events planned. A record belongs to one party. Of a subscriber's mean records a day, R of a type
 * with MO share m:
 *   m R are MO events of its own; a share x of them goes off-net,
 *     x = max(interconnect_share, 1 − (1 − m) / m);
 *   (1 − x) m R of them are on-net and give the called subscriber its MT record (both legs agree);
 *   (1 − m) R − (1 − x) m R are calls from off-net, events of the called subscriber.
 * So the totals a user and day are R with share m, and no event is planned twice.
 */
#ifndef CDR_MODEL_MODEL_H
#define CDR_MODEL_MODEL_H

#include "model/behaviour.h"
#include "model/calendar.h"
#include "model/cells.h"
#include "model/contacts.h"
#include "model/day_plan.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/identity.h"
#include "model/number_plan.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/towns.h"
#include "model/traits.h"
#include "model/world.h"

#include <stdint.h>

/* What can be planned for a subscriber: of each type events of its own, 2 × type, and, where it has
 * two parties, those from off-net, 2 × type + 1. The last type's second kind is left out where it
 * has none, so that it is not compared with. */
#define CDR_LAST_HAS_OTHER(TYPE, word, Record, said, parties, ...)                                 \
    (CDR_TYPE_##TYPE + 1 == CDR_TYPE_COUNT && CDR_PARTIES_##parties != 0)
enum {
    CDR_EVENT_KINDS =
        2 * CDR_TYPE_COUNT - 1 + (CDR_TYPES_JOINED(CDR_LAST_HAS_OTHER, ||, ||) ? 1 : 0),
};
#undef CDR_LAST_HAS_OTHER

/* Party of an event besides its origin. */
enum {
    CDR_PARTY_ONNET = 0,  /* the peer is a subscriber: two legs */
    CDR_PARTY_OFFNET = 1, /* MO to another operator; the peer is the rank of the off-net contact */
    CDR_PARTY_INCOMING = 2, /* MT from another operator */
    CDR_PARTY_NONE = 3, /* of a type of one party; the peer is the session's seconds and the part */
    CDR_PARTY_SERVICE = 3, /* of a call: MO to a number that many call; the peer is which one */
    CDR_PARTY_REPLY =
        3, /* of a message: the peer, a subscriber, sends it to the origin: two legs */
};

/* The peer of a message from an application: which of the subscriber's it is. */
#define CDR_APPLICATION (1u << 16)

/* Seconds in the duration table are in 1/16; the table of the standard normal holds (z + 8) ×
 * 65536. */
#define CDR_DURATION_SCALE 16u
#define CDR_NORMAL_ZERO (8u << 16)

#define CDR_TRAIN_MAX 32u /* events of a train */
/* No member of a train starts later than this after the end of the slot of its first. */
#define CDR_TRAIN_SPAN_S 3600u

/* Trains of calls or messages on a link. After each event the train goes on or not, sooner where
 * the call was not answered; the next is with the same party or not, and may be the reply. */
struct cdr_trains {
    uint32_t goes_on[2][CDR_TRAIN_MAX + 1]; /* [not answered][events so far]: thresholds */
    uint32_t same_below[2];                 /* [not answered]: with the same party */
    uint32_t reply_below[2];                /* [off-net]: the other way than the one before */
    uint32_t of_day_below;                  /* share of those with whom the day is about */
    uint32_t incoming_below;          /* share of the trains that begin with one from off-net */
    uint32_t gap[CDR_QUANTILE_KNOTS]; /* 1/16 s */
};

/* By technology; columns, so that loops can gather. */
struct cdr_data_columns {
    int64_t downlink_mean[4], downlink_sd[4]; /* bytes */
    uint32_t ratio_min[4], ratio_span[4];     /* 1/65536 */
    int32_t duration_mean[4], duration_sd[4]; /* 1/16 s */
};

/* Volumes are computed as powers of two whose exponents are in 1/4096. */
#define CDR_EXP2_CELLS 4096u
/* Longest time from a message's sending to its delivery. */
#define CDR_SMS_DELAY_MAX_S 3600u

struct cdr_loops;

struct cdr_model {
    const struct cdr_loops *loops; /* the hot loops for this CPU: loops.h */
    struct cdr_parameters parameters;
    struct cdr_calendar calendar;
    struct cdr_identities identities;
    struct cdr_number_plan number_plan;
    struct cdr_traits traits;
    struct cdr_contacts contacts;
    struct cdr_towns towns;
    struct cdr_cells cells;
    struct cdr_devices devices;
    struct cdr_day_plans day_plans;
    struct cdr_world world;

    uint64_t event_stream, count_stream, offnet_stream, habit_stream;
    double hour_share[CDR_TYPE_COUNT][2][24]; /* [type][weekend][hour], adds up to 1 */
    double seeds_per_day[CDR_TYPE_COUNT];     /* planned, of activity 1 on a plain day */
    struct cdr_trains trains[2];              /* of calls, messages */
    uint32_t offnet_below[2];   /* MO call, MO SMS: threshold of those that go off-net */
    uint32_t application_below; /* of messages from elsewhere: threshold of those of applications */
    uint32_t service_below;     /* of calls: of those that go to a number that many call */
    uint32_t disposition_below[CDR_CALL_DISPOSITION_COUNT];
    uint32_t
        reached_below[2]; /* the shares of calls and messages that reach the other party's side */
    uint32_t sms_below[CDR_SMS_OUTCOME_COUNT];
    /* What a record says of a message: [direction × outcomes + outcome]. */
    uint32_t sms_status[2 * CDR_SMS_OUTCOME_COUNT];
    uint32_t segments_below[3];
    uint32_t apn_below[CDR_APN_COUNT];
    uint32_t call_duration[CDR_QUANTILE_KNOTS]; /* 1/16 s, at most duration_max_s */
    int32_t talk_spread; /* 1/4096 of a doubling, for one deviation of a subscriber */
    uint32_t normal[CDR_QUANTILE_KNOTS];
    uint32_t delay[CDR_QUANTILE_KNOTS];      /* 1/16 s */
    uint32_t copy_delay[CDR_QUANTILE_KNOTS]; /* 1/16 s; of late duplicates */
    uint32_t sms_delay[CDR_QUANTILE_KNOTS];  /* 1/16 s from a message's sending to its delivery */
    uint32_t exp2[CDR_EXP2_CELLS];           /* 2^(i / cells) in 1/2^20 */
    uint32_t late_below;
    struct cdr_data_columns data_columns;
    /* Volumes have heavy tails: in 1/4096 of a doubling, for one deviation of a session and of a
     * subscriber, and what makes their mean 1. */
    int32_t session_spread, user_spread, mean_shift;
    uint32_t user_key;
    int64_t downlink_min, uplink_min;
    int64_t duration_min_s, duration_max_s; /* of data sessions and calls */
    struct cdr_faults faults;
    struct cdr_behaviours behaviours;
    char dataset_id[33];
};

/* Parameters must have passed cdr_parameters_check. Reads the time zone: call before threads start.
 * Errors: CDR_E_CONFIG (zone; more events an hour than the model can count), CDR_E_NOMEM. */
enum cdr_result cdr_model_create(struct cdr_model **model, const struct cdr_parameters *parameters,
                                 struct cdr_error *error);
void cdr_model_destroy(struct cdr_model *model);

/* What a subscriber is on a day. */
static inline struct cdr_role cdr_role_on(const struct cdr_model *model, uint32_t subscriber,
                                          int32_t day)
{
    struct cdr_role none = {.behaviour = CDR_BEHAVIOUR_NONE};
    return model->behaviours.on ? cdr_role_found(model, subscriber, day) : none;
}

/* Mean number of first events of trains, or of sessions, of a subscriber with activity 1 in a
 * slot. */
double cdr_slot_rate(const struct cdr_model *model, const struct cdr_slot *slot, uint32_t type);

/* Expected records of the run's days: for estimates. Where subscribers leave, a is the share of
 * numbers that are taken (cdr_present_share): an event of one party has its record a times as
 * often, one on-net both of its a². */
double cdr_expected_records(const struct cdr_model *model);

static inline uint32_t cdr_is_weekend(int32_t day)
{
    uint32_t weekday = cdr_date_of_day(day).weekday;
    return weekday == 0 || weekday == 6;
}

/* The weight of a local hour of a day among the hours of days like it, with what is special then:
 * hours −1 and 24 are those of the days before and after. */
double cdr_hour_weight(const struct cdr_model *model, int32_t day, int32_t hour, uint32_t type);

/* Milliseconds of a time in 1/16 s, and of what is between it and the next: by 10 random bits. */
static inline uint32_t cdr_sixteenths_ms(uint32_t sixteenths, uint32_t random)
{
    uint32_t halves = sixteenths * 125;
    return (halves >> 1) + (((halves & 1) * 1024 + (random & 0x3ff) * 125) >> 11);
}

/* The longest delay of a late duplicate, in s. */
static inline uint32_t cdr_copy_delay_max_s(const struct cdr_parameters *p)
{
    return p->duplicate_delay_s < 8640 ? 10 * p->duplicate_delay_s : 86400;
}

/* How much later than its record a late duplicate is emitted; base: of the record's faults. */
static inline int64_t cdr_copy_delay_ms(const struct cdr_model *model, uint64_t base)
{
    const uint64_t random = cdr_fault_draw(base, CDR_FAULT_LATE_DUPLICATE);
    const uint32_t sixteenths = cdr_quantile(model->copy_delay, (uint32_t)(random >> 32));
    const uint32_t delay_ms = cdr_sixteenths_ms(sixteenths, (uint32_t)random),
                   most_ms = 1000 * cdr_copy_delay_max_s(&model->parameters);
    return 1 + (int64_t)(delay_ms < most_ms ? delay_ms : most_ms);
}

/* For how long an outage holds a record back at most: a frame begins with a slot. */
static inline int64_t cdr_outage_max_ms(const struct cdr_parameters *p)
{
    return (p->outage_hours + 1) * INT64_C(3600000);
}

/* Longest time from an event's start to its record's emission, and longest delay, in ms: the end
 * has milliseconds of its own, a called party's leg starts later. */
static inline int64_t cdr_carry_max_ms(const struct cdr_parameters *p)
{
    int64_t carry_ms = (CDR_SMS_DELAY_MAX_S + 20) * INT64_C(1000);
    int64_t longest_ms = (p->duration_max_s + 10) * INT64_C(1000);
    /* Parts start later than their session. */
    if ((p->order == CDR_ORDER_END || p->partial_s != 0) && longest_ms > carry_ms)
        carry_ms = longest_ms;
    if (p->faults[CDR_FAULT_LATE_DUPLICATE] > 0)
        carry_ms += cdr_copy_delay_max_s(p) * INT64_C(1000) + 1;
    if (p->faults[CDR_FAULT_OUTAGE] > 0)
        carry_ms += cdr_outage_max_ms(p);
    return carry_ms + (p->faults[CDR_FAULT_LATE] > 0 ? p->late_max_s * INT64_C(1000) : 0);
}

#endif
