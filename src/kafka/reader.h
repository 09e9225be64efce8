/* Records of topics, read by offset. Without a group: nothing is committed, and no right is needed
 * but to read the topics. Blocks. */
#ifndef CDR_KAFKA_READER_H
#define CDR_KAFKA_READER_H

#include "kafka/settings.h"

struct cdr_kafka_properties;

/* A row of offsets, [offset, end), of one partition. */
struct cdr_kafka_range {
    const char *topic;
    uint32_t partition;
    int64_t offset, end;
};

struct cdr_kafka_record {
    size_t range; /* which one it is of */
    int64_t offset, timestamp_ms;
    const void *key, *value; /* valid while it is visited */
    size_t key_len, value_len;
};

typedef enum cdr_result (*cdr_kafka_visitor)(void *context, const struct cdr_kafka_record *record,
                                             struct cdr_error *error);

/* Reads what the topics hold of ranges of different partitions, and calls visit for each record,
 * those of a range in order, until it returns something else than CDR_OK. Records that have expired
 * are left out; with committed, those of open and aborted transactions too. CDR_E_KAFKA: nothing
 * came for settings.timeout_ms. */
enum cdr_result cdr_kafka_read_back(const struct cdr_kafka_settings *settings, bool committed,
                                    const struct cdr_kafka_range *ranges, size_t count,
                                    cdr_kafka_visitor visit, void *context,
                                    struct cdr_error *error);
/* The same with properties that are made already, and their isolation.level. */
enum cdr_result cdr_kafka_read_ranges(const struct cdr_kafka_properties *properties, int timeout_ms,
                                      const struct cdr_kafka_range *ranges, size_t count,
                                      cdr_kafka_visitor visit, void *context,
                                      struct cdr_error *error);

#endif
