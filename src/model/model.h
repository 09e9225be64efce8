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

#include "model/calendar.h"
#include "model/cells.h"
#include "model/contacts.h"
#include "model/identity.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/traits.h"

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
    CDR_PARTY_NONE = 3, /* of a type of one party; the peer is the number of the partial record */
};

/* Seconds in the duration table are in 1/16; the table of the standard normal holds (z + 8) ×
 * 65536. */
#define CDR_DURATION_SCALE 16u
#define CDR_NORMAL_ZERO (8u << 16)

/* By technology; columns, so that loops can gather. */
struct cdr_data_columns {
    int64_t downlink_mean[4], downlink_sd[4]; /* bytes */
    uint32_t ratio_min[4], ratio_span[4];     /* 1/65536 */
    int32_t duration_mean[4], duration_sd[4]; /* 1/16 s */
};

struct cdr_loops;

struct cdr_model {
    const struct cdr_loops *loops; /* the hot loops for this CPU: loops.h */
    struct cdr_parameters parameters;
    struct cdr_calendar calendar;
    struct cdr_identities identities;
    struct cdr_traits traits;
    struct cdr_contacts contacts;
    struct cdr_cells cells;

    uint64_t event_stream, count_stream, offnet_stream;
    double events_per_day;                 /* planned, a subscriber of activity 1 on a plain day */
    double hour_share[2][24];              /* [weekend][hour], adds up to 1 */
    uint32_t kind_below[CDR_EVENT_KINDS];  /* thresholds */
    uint32_t offnet_below[CDR_TYPE_COUNT]; /* threshold of MO events that go off-net */
    uint32_t disposition_below[CDR_CALL_DISPOSITION_COUNT];
    uint32_t status_below[CDR_SMS_STATUS_COUNT];
    uint32_t segments_below[3];
    uint32_t apn_below[CDR_APN_COUNT];
    uint32_t rat_below[CDR_RAT_COUNT];
    uint32_t call_duration[CDR_QUANTILE_KNOTS]; /* 1/16 s, at most duration_max_s */
    uint32_t normal[CDR_QUANTILE_KNOTS];
    uint32_t delay[CDR_QUANTILE_KNOTS]; /* 1/16 s */
    uint32_t late_below;
    struct cdr_data_columns data_columns;
    int64_t downlink_min, uplink_min;
    int64_t duration_min_s, duration_max_s; /* of data sessions and calls */
    char dataset_id[33];
};

/* Parameters must have passed cdr_parameters_check. Reads the time zone: call before threads start.
 * Errors: CDR_E_CONFIG (zone; more events an hour than the model can count), CDR_E_NOMEM. */
enum cdr_result cdr_model_create(struct cdr_model **model, const struct cdr_parameters *parameters,
                                 struct cdr_error *error);
void cdr_model_destroy(struct cdr_model *model);

/* Mean number of planned events of a subscriber with activity 1 in a slot. */
double cdr_slot_rate(const struct cdr_model *model, const struct cdr_slot *slot);

/* Expected records of the run's days: for estimates. Where subscribers leave, a is the share of
 * numbers that are taken (cdr_present_share): an event of one party has its record a times as
 * often, one on-net both of its a². */
double cdr_expected_records(const struct cdr_model *model);

static inline uint32_t cdr_is_weekend(int32_t day)
{
    uint32_t weekday = cdr_date_of_day(day).weekday;
    return weekday == 0 || weekday == 6;
}

/* Longest time from an event's start to its record's emission, and longest delay, in ms. */
static inline int64_t cdr_carry_max_ms(const struct cdr_parameters *p)
{
    int64_t carry_ms = p->order == CDR_ORDER_END ? p->duration_max_s * INT64_C(1000) : 0;
    if (p->order == CDR_ORDER_START && p->partial_s != 0)
        carry_ms = p->duration_max_s * INT64_C(1000); /* parts start later than their session */
    return carry_ms + (p->late_share > 0 ? p->late_max_s * INT64_C(1000) : 0);
}

#endif
