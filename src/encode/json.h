/* The JSON encoder's prepared texts, shared between json.c and json_loop.h. */
#ifndef CDR_ENCODE_JSON_H
#define CDR_ENCODE_JSON_H

#include "encode/loops.h"
#include "encode/text.h"

struct cdr_json_encoder {
    struct cdr_encoder base;
    uint32_t type;
    struct cdr_piece begin;        /* from the brace to msisdn_src's opening quote */
    struct cdr_piece direction[2]; /* from the closing quote before it to start_ts_ms's colon */
    struct cdr_long_piece closing[8][16]; /* [record_type][cause], from the comma before them to the
                                            newline or to the next number's colon */
    struct cdr_piece segments[256];       /* SMS: the number itself */
    struct cdr_piece status[4];           /* SMS: from the comma before it */
    struct cdr_piece access[4][4];        /* DATA: [apn][rat], from the comma before them */
    uint32_t zone_name_len;
    uint8_t zone_name[128]; /* from the comma before tz_name to tz_offset_min's colon */
};

/* Makes the text between end_ts_ms and duration_sec's number for an offset. */
void cdr_json_zone(const struct cdr_json_encoder *encoder, int32_t offset_min,
                   struct cdr_zone_text *zone);

#endif
