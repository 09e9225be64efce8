/* A block of records of one type, as columns: what materialise fills and encoders read.
 *
 * Columns rather than structs, so that loops over a block vectorise. Every column has
 * CDR_BLOCK_RECORDS entries, of which the first n are valid. No pointers, no padding that matters.
 *
 * Decimal text columns are 16 bytes an entry, right-aligned and padded with '0' on the left: the
 * text of entry i is its last len bytes. A reader may copy 16 bytes from the start of the text
 * whatever its length: there are 16 readable bytes after the last entry.
 */
#ifndef CDR_MODEL_RECORD_H
#define CDR_MODEL_RECORD_H

#include "model/parameters.h"

#include <stdbool.h>
#include <stdint.h>

#define CDR_BLOCK_RECORDS 256

enum { CDR_DIRECTION_MO = 0, CDR_DIRECTION_MT = 1 };

/* record_type column: text in cdr_record_type_name[]. */
enum {
    CDR_RECORD_MSC_VOICE = 0, /* mscVoiceRecord */
    CDR_RECORD_SGSN_SMO = 1,  /* sgsnSMORecord */
    CDR_RECORD_SGSN_SMT = 2,  /* sgsnSMTRecord */
    CDR_RECORD_SGSN_PDP = 3,  /* sgsnPDPRecord */
    CDR_RECORD_PGW = 4,       /* pgwRecord */
    CDR_RECORD_MMTEL = 5,     /* mMTelRecord: of a call over LTE or NR */
    CDR_RECORD_CHF = 6,       /* chargingFunctionRecord: of messages and sessions over NR */
    CDR_RECORD_TYPE_COUNT = 7,
};

/* cause_for_record_closing column: text in cdr_cause_name[]. */
enum {
    CDR_CAUSE_NORMAL_RELEASE = 0,   /* normalRelease */
    CDR_CAUSE_NO_ANSWER = 1,        /* noAnswer */
    CDR_CAUSE_BUSY = 2,             /* busy */
    CDR_CAUSE_FAILURE = 3,          /* failure */
    CDR_CAUSE_DELIVERY_SUCCESS = 4, /* deliverySuccess */
    CDR_CAUSE_DELIVERY_FAILURE = 5, /* deliveryFailure */
    CDR_CAUSE_PARTIAL_RECORD = 6, /* partialRecord: a long session's record that is not its last */
    CDR_CAUSE_ABNORMAL_RELEASE =
        7, /* abnormalRelease: of a call that was dropped, a session that was cut */
    CDR_CAUSE_TIME_LIMIT = 8, /* timeLimit: partialRecord, as 3GPP has it */
    CDR_CAUSE_COUNT = 9,
};

extern const char *const cdr_direction_name[2]; /* MO MT */
extern const char *const cdr_record_type_name[CDR_RECORD_TYPE_COUNT];
extern const char *const cdr_cause_name[CDR_CAUSE_COUNT];
extern const char *const cdr_sms_status_name[CDR_SMS_STATUS_COUNT]; /* SENT DELIVERED FAILED */
extern const char *const cdr_apn_name[CDR_APN_COUNT];               /* internet ims mms */
extern const char *const cdr_rat_name[CDR_RAT_COUNT];               /* WCDMA LTE NR */

typedef char cdr_digits[16];

struct cdr_block {
    uint32_t n;
    uint32_t type; /* CDR_TYPE_*: the same for the whole block */
    bool has_named_ms;

    /* The record's name: the event (subscriber, slot, index) and the leg. */
    uint32_t origin[CDR_BLOCK_RECORDS]; /* subscriber whose event it is */
    uint32_t slot[CDR_BLOCK_RECORDS]; /* start of the slot in quarter hours since 1970-01-01 UTC */
    uint32_t index[CDR_BLOCK_RECORDS];
    uint8_t leg[CDR_BLOCK_RECORDS];

    uint32_t owner[CDR_BLOCK_RECORDS]; /* subscriber whose CDR it is */
    int64_t start_ms[CDR_BLOCK_RECORDS];
    int64_t named_ms[CDR_BLOCK_RECORDS]; /* where has_named_ms: the starts, before faults on
                                            purpose changed them */
    int64_t end_ms[CDR_BLOCK_RECORDS];
    int64_t event_ms
        [CDR_BLOCK_RECORDS]; /* event time, Kafka's message timestamp: end or start by order */
    int32_t tz_offset_min[CDR_BLOCK_RECORDS];
    uint32_t duration_s[CDR_BLOCK_RECORDS];
    uint32_t mccmnc[CDR_BLOCK_RECORDS];  /* 5 or 6 digits */
    uint32_t cell_id[CDR_BLOCK_RECORDS]; /* 5 digits */
    uint8_t direction[CDR_BLOCK_RECORDS];
    uint8_t record_type[CDR_BLOCK_RECORDS];
    uint8_t cause[CDR_BLOCK_RECORDS];
    uint8_t behaviour[CDR_BLOCK_RECORDS]; /* CDR_BEHAVIOUR_* that the event is due to, 0: none */

    /* SMS only */
    uint8_t sms_segments[CDR_BLOCK_RECORDS];
    uint8_t sms_status[CDR_BLOCK_RECORDS];

    /* DATA only */
    uint8_t apn[CDR_BLOCK_RECORDS];
    uint8_t rat[CDR_BLOCK_RECORDS];
    uint64_t data_bytes_in[CDR_BLOCK_RECORDS];  /* uplink */
    uint64_t data_bytes_out[CDR_BLOCK_RECORDS]; /* downlink */

    /* Text. msisdn_src is always the calling party (DATA: the subscriber); msisdn_dst is empty
     * (length 0) for DATA. The owner's MSISDN, which is the Kafka key, is src where direction is
     * MO, else dst. */
    uint8_t msisdn_src_len[CDR_BLOCK_RECORDS]; /* 10 … 15 */
    uint8_t msisdn_dst_len[CDR_BLOCK_RECORDS]; /* 0 or 3 … 15 */
    cdr_digits msisdn_src[CDR_BLOCK_RECORDS];
    cdr_digits msisdn_dst[CDR_BLOCK_RECORDS];
    cdr_digits imsi[CDR_BLOCK_RECORDS]; /* always 15 digits: text starts at byte 1 */
    cdr_digits imei[CDR_BLOCK_RECORDS]; /* always 15 digits: text starts at byte 1 */
    cdr_digits readable_slack;

    /* Details, which only some users' fields need: filled by cdr_details_fill where it is asked
     * for them (details.h), else undefined. */
    uint32_t partition;
    uint32_t network;                   /* that all cells are of: the first of mccmnc_pool */
    uint32_t number[CDR_BLOCK_RECORDS]; /* in the log, modulo 2^32 */
    uint64_t id[CDR_BLOCK_RECORDS];
    int64_t emission_ms[CDR_BLOCK_RECORDS];
    uint8_t outcome[CDR_BLOCK_RECORDS];      /* of calls: CDR_CALL_* */
    uint32_t part[CDR_BLOCK_RECORDS];        /* of sessions, from 1 on; 0: it was not cut */
    uint32_t ring_s[CDR_BLOCK_RECORDS];      /* of calls */
    uint32_t charge_s[CDR_BLOCK_RECORDS];    /* of calls */
    int64_t answer_ms[CDR_BLOCK_RECORDS];    /* of calls; INT64_MIN: not answered */
    uint64_t cell_global[CDR_BLOCK_RECORDS]; /* LAC and CI, ECI or NCI, by the technology */
};

#endif
