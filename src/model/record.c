#include "model/record.h"

#include <assert.h>
#include <stddef.h>

#define TYPE_NAME(TYPE, ...) #TYPE,
#define TYPE_WORD(TYPE, word, ...) #word,
#define TYPE_RECORD(TYPE, word, Record, ...) #Record,
const char *const cdr_type_name[CDR_TYPE_COUNT] = {CDR_TYPES(TYPE_NAME)};
const char *const cdr_type_word[CDR_TYPE_COUNT] = {CDR_TYPES(TYPE_WORD)};
const char *const cdr_type_record[CDR_TYPE_COUNT] = {CDR_TYPES(TYPE_RECORD)};

const char *const cdr_direction_name[2] = {
    [CDR_DIRECTION_MO] = "MO",
    [CDR_DIRECTION_MT] = "MT",
};

const char *const cdr_record_type_name[CDR_RECORD_TYPE_COUNT] = {
    [CDR_RECORD_MSC_VOICE] = "mscVoiceRecord",
    [CDR_RECORD_SGSN_SMO] = "sgsnSMORecord",
    [CDR_RECORD_SGSN_SMT] = "sgsnSMTRecord",
    [CDR_RECORD_SGSN_PDP] = "sgsnPDPRecord",
    [CDR_RECORD_PGW] = "pgwRecord",
    [CDR_RECORD_MMTEL] = "mMTelRecord",
    [CDR_RECORD_CHF] = "chargingFunctionRecord",
};

const char *const cdr_cause_name[CDR_CAUSE_COUNT] = {
    [CDR_CAUSE_NORMAL_RELEASE] = "normalRelease",
    [CDR_CAUSE_NO_ANSWER] = "noAnswer",
    [CDR_CAUSE_BUSY] = "busy",
    [CDR_CAUSE_FAILURE] = "failure",
    [CDR_CAUSE_DELIVERY_SUCCESS] = "deliverySuccess",
    [CDR_CAUSE_DELIVERY_FAILURE] = "deliveryFailure",
    [CDR_CAUSE_PARTIAL_RECORD] = "partialRecord",
    [CDR_CAUSE_ABNORMAL_RELEASE] = "abnormalRelease",
    [CDR_CAUSE_TIME_LIMIT] = "timeLimit",
};

const char *const cdr_sms_status_name[CDR_SMS_STATUS_COUNT] = {
    [CDR_SMS_SENT] = "SENT",
    [CDR_SMS_DELIVERED] = "DELIVERED",
    [CDR_SMS_FAILED] = "FAILED",
};

const char *const cdr_apn_name[CDR_APN_COUNT] = {
    [CDR_APN_INTERNET] = "internet",
    [CDR_APN_IMS] = "ims",
    [CDR_APN_MMS] = "mms",
};

const char *const cdr_rat_name[CDR_RAT_COUNT] = {
    [CDR_RAT_WCDMA] = "WCDMA",
    [CDR_RAT_LTE] = "LTE",
    [CDR_RAT_NR] = "NR",
};

/* Readers copy 16 bytes from anywhere in a text column: what follows each must be readable, and
 * the last one needs the slack. */
static_assert(sizeof(cdr_digits) == 16, "decimal text entries are 16 bytes");
static_assert(offsetof(struct cdr_block, readable_slack) >=
                  offsetof(struct cdr_block, imei) + sizeof(cdr_digits) * CDR_BLOCK_RECORDS,
              "the slack follows the last text column");
