/* Constant texts of the text formats, prepared at create; nothing here is per record.
 *
 * All functions write without a terminating zero and return the new length; the caller's buffers
 * are sized for the longest names in record.c, which the tests go through completely.
 */
#ifndef CDR_ENCODE_TEXT_H
#define CDR_ENCODE_TEXT_H

#include "encode/encoder.h"

/* Longest tz_name field. */
enum { CDR_ZONE_NAME_MAX = 63 };

/* A text of up to 60 bytes, copied in whole pieces of 16. */
struct cdr_piece {
    uint8_t bytes[60];
    uint32_t len;
};

/* A text of up to 124 bytes. */
struct cdr_long_piece {
    uint8_t bytes[124];
    uint32_t len;
};

/* The text around the time zone, constant until the offset changes. */
struct cdr_zone_text {
    uint8_t bytes[160];
    uint32_t len;
    int32_t offset_min;
};

uint32_t cdr_text_append(uint8_t *to, uint32_t len, const char *text);
uint32_t cdr_text_append_int(uint8_t *to, uint32_t len, int32_t value);

/* IANA zone names: 1 … CDR_ZONE_NAME_MAX of letters, digits, '_', '+', '-' and '/', so that no
 * format needs to escape them. CDR_E_CONFIG otherwise. */
enum cdr_result cdr_zone_name_check(const char *tz_name, struct cdr_error *error);

#endif
