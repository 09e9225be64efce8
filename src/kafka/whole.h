/* All that a topic holds: its records from where its partitions begin to where they end when it is
 * asked. Blocks. */
#ifndef CDR_KAFKA_WHOLE_H
#define CDR_KAFKA_WHOLE_H

#include "kafka/reader.h"

struct cdr_kafka_whole {
    uint32_t partitions;
    uint32_t deleted; /* partitions whose beginning is gone */
    uint32_t open;    /* partitions with an open transaction, behind which nothing is read */
};

/* Visits the committed records of a topic, those of a partition in order; a record's range is its
 * partition. Waits up to wait_ms for open transactions. CDR_E_STATE: there is no such topic;
 * CDR_E_CONFIG, CDR_E_KAFKA; and what visit returns. */
enum cdr_result cdr_kafka_read_topic(const struct cdr_kafka_settings *settings, const char *topic,
                                     uint32_t wait_ms, cdr_kafka_visitor visit, void *context,
                                     struct cdr_kafka_whole *whole, struct cdr_error *error);

#endif
