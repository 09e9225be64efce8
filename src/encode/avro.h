/* The Avro encoder's prepared bytes, shared between avro.c and avro_loop.h. */
#ifndef CDR_ENCODE_AVRO_H
#define CDR_ENCODE_AVRO_H

#include "encode/loops.h"
#include "encode/text.h"

struct cdr_avro_encoder {
    struct cdr_encoder base;
    uint32_t type;
    uint32_t begin_len;
    uint8_t begin[8]; /* the frame, where there is one, and event_type */
    uint32_t zone_name_len;
    uint8_t zone_name[80]; /* tz_name with its length */
};

/* Makes tz_name and tz_offset_min for an offset. */
void cdr_avro_zone(const struct cdr_avro_encoder *encoder, int32_t offset_min,
                   struct cdr_zone_text *zone);

#endif
