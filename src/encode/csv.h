/* The CSV encoder's prepared texts, shared between csv.c and csv_loop.h. */
#ifndef CDR_ENCODE_CSV_H
#define CDR_ENCODE_CSV_H

#include "encode/loops.h"
#include "encode/text.h"

/* A closing text ends with the newline and the beginning of the next line, "CALL;": one copy less a
 * record. What follows the last newline is not counted. */
struct cdr_csv_encoder {
    struct cdr_encoder base;
    uint32_t type;
    uint32_t begin_len;
    uint8_t begin[8];                /* "CALL;" */
    struct cdr_piece direction[2];   /* between msisdn_dst and start: ";MO;", DATA: ";;MO;" */
    struct cdr_piece closing[8][16]; /* [record_type][cause], from ";mscVoiceRecord" to the newline
                                       or the next number */
    struct cdr_piece segments[256];  /* SMS: the number itself */
    struct cdr_piece status[4];      /* SMS: from ";DELIVERED" on */
    struct cdr_piece access[4][4];   /* DATA: [apn][rat], from ";internet" on */
    uint32_t zone_name_len;
    uint8_t zone_name[80]; /* ";Europe/Amsterdam;" */
};

/* Makes the text between end and duration_sec for an offset. */
void cdr_csv_zone(const struct cdr_csv_encoder *encoder, int32_t offset_min,
                  struct cdr_zone_text *zone);

#endif
