#include "verify/dimension_row.h"

#include <string.h>

void cdr_dimension_row_make(struct cdr_dimension_row *row, const struct cdr_model *model,
                            const struct cdr_topics *topics,
                            const struct cdr_dimension_record *record, uint64_t position)
{
    const struct cdr_topic *topic = &topics->items[record->dimension];
    const struct cdr_encoder *encoder = topic->encoder, *key = topic->key;
    row->record = (struct cdr_record){
        .key = row->key,
        .key_len = record->key_len,
        .event_ms = record->time_ms,
        .place = (int64_t)position,
    };
    if (key != NULL) {
        row->record.key = row->key + key->frame_len;
        row->record.key_len =
            cdr_dimension_wire_key(key, record->key, record->key_len, row->key) - key->frame_len;
    } else {
        memcpy(row->key, record->key, record->key_len);
    }
    if (record->kind == CDR_DIMENSION_TOMBSTONE)
        return;
    row->record.payload = row->value + encoder->frame_len;
    row->record.payload_len =
        (uint32_t)cdr_dimension_record_encode(topic, model, record, row->value) -
        encoder->frame_len - encoder->trailer_len;
}
