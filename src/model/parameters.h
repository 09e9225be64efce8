/* Parameters of the model: everything that the records are a function of, as plain numbers.
 *
 * The defaults (cdr_parameters_default) are the numbers of the predecessor rs_cdr_generator. A
 * value is filled by src/config, checked once by cdr_parameters_check, and never changes during a
 * run. Shares and weights need not add up to 1; they are normalised where tables are built.
 */
#ifndef CDR_MODEL_PARAMETERS_H
#define CDR_MODEL_PARAMETERS_H

#include "base/result.h"
#include "model/behaviour_table.h"
#include "model/fault_table.h"
#include "model/type.h"

#include <stdbool.h>
#include <stdint.h>

/* Bumped whenever the same parameters give other records. It is part of the dataset id. */
#define CDR_DATA_MODEL_VERSION 2

enum { CDR_RAT_WCDMA = 0, CDR_RAT_LTE = 1, CDR_RAT_NR = 2, CDR_RAT_COUNT = 3 };
enum { CDR_APN_INTERNET = 0, CDR_APN_IMS = 1, CDR_APN_MMS = 2, CDR_APN_COUNT = 3 };
enum {
    CDR_CALL_ANSWERED = 0,
    CDR_CALL_NO_ANSWER = 1,
    CDR_CALL_BUSY = 2,
    CDR_CALL_FAILED = 3,
    CDR_CALL_CONGESTION = 4,
    CDR_CALL_DISPOSITION_COUNT = 5,
    /* A busy outcome that was drawn, not caused by another call: the called party rejects it. */
    CDR_CALL_REJECTED = 5,
    /* Answered, and cut by an outage. */
    CDR_CALL_CUT = 6,
};
enum {
    CDR_SMS_SENT = 0,
    CDR_SMS_DELIVERED = 1,
    CDR_SMS_FAILED = 2,
    CDR_SMS_STATUS_COUNT = 3,
    /* How a message can end, besides: its service centre does not take it. */
    CDR_SMS_REFUSED = 3,
    CDR_SMS_OUTCOME_COUNT = 4,
};

/* Kinds of other networks' numbers that subscribers call (number_plan.h). */
enum {
    CDR_NUMBER_MOBILE = 0,
    CDR_NUMBER_FIXED = 1,
    CDR_NUMBER_SERVICE = 2, /* free */
    CDR_NUMBER_SHORT = 3,
    CDR_NUMBER_INTERNATIONAL = 4,
    CDR_NUMBER_VOICEMAIL = 5,
    CDR_NUMBER_PREMIUM = 6,
    CDR_NUMBER_EMERGENCY = 7,
    CDR_NUMBER_KIND_COUNT = 8,
};

enum cdr_order { CDR_ORDER_END = 0, CDR_ORDER_START = 1 };
enum cdr_law { CDR_LAW_LOGLOGISTIC = 0, CDR_LAW_LOGNORMAL = 1 };

#define CDR_PREFIXES_MAX 64
#define CDR_MCCMNC_MAX 16
#define CDR_SPECIAL_DAYS_MAX 1024
#define CDR_TYPE_DAYS_MAX 128
#define CDR_HOLIDAYS_MAX 128
#define CDR_SUBSCRIBERS_MAX (1u << 30)
#define CDR_DAYS_MAX 3660u
#define CDR_PARTITIONS_MAX 4096u
#define CDR_FAULT_COPIES_MAX 3u
#define CDR_OUTAGE_HOURS_MAX 12u
#define CDR_OVERSIZE_MIN 2000u
#define CDR_OVERSIZE_MAX 10000000u
#define CDR_CELLS_MAX 89999u /* ids 10000 … 99999: five digits each, more than one per RAT */

struct cdr_special_day {
    int32_t day;       /* days since 1970-01-01, local */
    double multiplier; /* of the day's means, 0 … 100 */
    uint32_t hour; /* 0: of all hours; else of the local hour before this: 1 is 00:00 to 01:00 */
};

#define CDR_OUTAGES_MAX 16
#define CDR_CROWDS_MAX 16

/* Sites that serve nobody for a while (world.h): those in a circle, or the one of a cell. */
struct cdr_outage {
    int64_t from_min, to_min; /* local, minutes since 1970 */
    double lat, lon, radius_km;
    uint32_t cell; /* 0: the circle */
};

/* A crowd at a place for a while (world.h). */
struct cdr_crowd {
    int64_t from_min, to_min; /* local, minutes since 1970 */
    double lat, lon;
    double share;                  /* of those who live near */
    double factor[CDR_TYPE_COUNT]; /* of their events, 1/16 … 16 */
};

/* A data session's volume and duration on one radio access technology. */
struct cdr_data_profile {
    /* weight of the technology among sessions; the catalogue's cells follow cell_share */
    double share;
    double downlink_mean;    /* bytes; normal, at least downlink_min */
    double downlink_sd;      /* bytes */
    double uplink_ratio_min; /* uplink = downlink × uniform(min, max), at least uplink_min */
    double uplink_ratio_max;
    double duration_mean_s; /* normal, at least duration_min_s */
    double duration_sd_s;
    double cell_share; /* weight of the technology among the cells of the catalogue */
};

/* Country and network code as one number that tells 00101 from 000101: its value, and
 * CDR_MCCMNC_ZERO more where six digits begin with 0. */
#define CDR_MCCMNC_ZERO 1000000u

static inline uint32_t cdr_mccmnc(uint32_t value, uint32_t digits)
{
    return digits == 6 && value < 100000 ? value + CDR_MCCMNC_ZERO : value;
}

static inline uint32_t cdr_mccmnc_len(uint32_t mccmnc)
{
    return 5u + (mccmnc >= 100000u);
}

/* The digits as a number. */
static inline uint32_t cdr_mccmnc_value(uint32_t mccmnc)
{
    return mccmnc >= CDR_MCCMNC_ZERO ? mccmnc - CDR_MCCMNC_ZERO : mccmnc;
}

void cdr_mccmnc_text(uint32_t mccmnc, char text[8]);

struct cdr_parameters {
    uint64_t seed;
    uint32_t subscribers; /* 1 … CDR_SUBSCRIBERS_MAX */
    int32_t start_day;    /* first local day, days since 1970-01-01; 1990-01-01 … 2100-12-31 */
    uint32_t days;        /* 1 … CDR_DAYS_MAX; not part of the dataset id */
    uint32_t partitions;  /* P of every topic, 1 … CDR_PARTITIONS_MAX */
    enum cdr_order order; /* event time is the event's end (as a switch closes a CDR) or start */
    char tz_name[64];     /* IANA zone */

    /* own MSISDN prefixes, 3–6 digits, all of one length; digits follow, up to msisdn_digits */
    char prefixes[CDR_PREFIXES_MAX][8];
    uint32_t prefix_count;
    char offnet_prefixes[CDR_PREFIXES_MAX][8]; /* other operators' */
    uint32_t offnet_prefix_count;
    uint32_t msisdn_digits; /* of the country's numbers, with country code, 10 … 15 */
    /* all of five digits or all of six, as cdr_mccmnc has them; an IMSI has 15 digits */
    uint32_t mccmnc_pool[CDR_MCCMNC_MAX];
    uint32_t mccmnc_count;

    double records_per_day[CDR_TYPE_COUNT]; /* mean records a subscriber and day */
    /* 0 < share ≤ 1, mobile-originated share of records; 0 of a type of one party */
    double mo_share[CDR_TYPE_COUNT];
    double application_share; /* of messages from elsewhere, those that applications send, 0 … 1 */
    double interconnect_share; /* least share of MO events that go off-net, 0 … 1 */
    double imei_change_prob;   /* a subscriber changes device, per day */
    double sim_change_prob;    /* a subscriber changes SIM (IMSI), per day */
    double leave_prob;         /* a subscriber leaves, per day; 0 = never, else 1e-6 … 0.1 */
    uint32_t vacant_days;      /* then its number is nobody's for so many days, 1 … 365 */

    double called_numbers[CDR_NUMBER_KIND_COUNT];         /* weights of contacts outside */
    double call_dispositions[CDR_CALL_DISPOSITION_COUNT]; /* weights */
    enum cdr_law call_duration_law;
    double call_duration_p50_s;
    double call_duration_p90_s;      /* the law goes through both */
    double call_duration_user_sigma; /* deviation of the logarithm of a subscriber's scale */
    uint32_t duration_max_s;         /* no call or session lasts longer, 60 … 86400 */
    double sms_status[CDR_SMS_STATUS_COUNT];
    double sms_segments[3];
    double apn_share[CDR_APN_COUNT];
    struct cdr_data_profile data[CDR_RAT_COUNT];
    double downlink_min, uplink_min, duration_min_s;
    bool small_apns; /* sessions of ims and mms have small volumes of their own */
    /* states and causes as rs_cdr_generator has them, also where a switch could not know them */
    bool classic_records;
    /* deviation of the logarithm of a session's volume, beside the technology's; of a subscriber's
     * scale; 0 = none */
    double session_sigma, user_sigma;

    /* relative weights of the local hours by type; normalised within the day */
    double diurnal_weekday[CDR_TYPE_COUNT][24];
    double diurnal_weekend[CDR_TYPE_COUNT][24];
    double week[CDR_TYPE_COUNT][7]; /* multipliers by type of the days' means, Monday first */
    double seasonality[12];         /* multipliers of the day's means by month */
    struct cdr_special_day special_days[CDR_SPECIAL_DAYS_MAX];
    uint32_t special_day_count;
    /* The same of one type, beside those of all. */
    struct cdr_special_day type_days[CDR_TYPE_COUNT][CDR_TYPE_DAYS_MAX];
    uint32_t type_day_count[CDR_TYPE_COUNT];
    int32_t holidays[CDR_HOLIDAYS_MAX]; /* local days that are like Sundays, ascending */
    uint32_t holiday_count;

    struct cdr_outage outages[CDR_OUTAGES_MAX];
    uint32_t outage_count;
    struct cdr_crowd crowds[CDR_CROWDS_MAX];
    uint32_t crowd_count;

    uint32_t cells; /* CDR_RAT_COUNT … CDR_CELLS_MAX */
    double cell_center_lat, cell_center_lon;
    double cell_radius_km;

    /* spread of log-activity between subscribers; 0 = all alike; mean is 1 always */
    double activity_sigma;
    /* how much calls and messages come in trains: 0 = each by itself, 1 = as in real networks */
    double trains;
    uint32_t late_mean_s; /* mean delay of a late record, exponential */
    uint32_t late_max_s;  /* no record is later, 0 … 86400 */
    uint32_t partial_s; /* a data session longer than this is split in partial records; 0 = never */

    double behaviours[CDR_BEHAVIOUR_COUNT]; /* shares of subscribers that have one, 0 … 1 */
    double faults[CDR_FAULT_COUNT]; /* shares of records that have a fault of a kind, 0 … 1 */
    uint32_t duplicate_delay_s; /* mean, of a late duplicate; ten times as much at most, or a day */
    uint32_t duplicate_copies;  /* of a duplicated record, at most; 1 … CDR_FAULT_COPIES_MAX */
    uint32_t outage_hours;      /* that an outage lasts, 1 … CDR_OUTAGE_HOURS_MAX */
    uint32_t oversize_bytes;    /* of the payload of an oversize record, CDR_OVERSIZE_MIN … MAX */
};

/* Whether a local day is one of the holidays. */
static inline bool cdr_is_holiday(const int32_t *holidays, uint32_t count, int32_t day)
{
    uint32_t before = 0; /* how many holidays are known to be before it */
    for (uint32_t left = count; left > 0;) {
        uint32_t half = left - left / 2;
        bool later = holidays[before + half - 1] < day;
        before += later ? half : 0;
        left = later ? left - half : half - 1;
    }
    return before < count && holidays[before] == day;
}

void cdr_parameters_default(struct cdr_parameters *parameters);

/* Checks ranges and what follows from several values together (too many subscribers for the
 * prefixes …). Errors: CDR_E_CONFIG, text names the key, the value and the range. */
enum cdr_result cdr_parameters_check(const struct cdr_parameters *parameters,
                                     struct cdr_error *error);

#endif
