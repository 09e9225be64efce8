/* The topic guard: would this topic keep the records of this run as they are?
 *
 * A topic's configuration can undo a run without any producer noticing: retention deletes records
 * of an old event time within minutes, timestamp limits reject them, LogAppendTime replaces their
 * timestamps, compaction keeps one record a key. The guard compares a topic's effective
 * configuration (broker defaults included) with the run's event times and says what would happen,
 * before the first record is sent, and while the run writes.
 *
 * Pure: no I/O, no allocation, any thread. The rules are those of the brokers' own LogConfig and
 * UnifiedLog:
 * - retention.ms and retention.bytes count only where cleanup.policy contains delete; −1 = no
 * limit. A record's age is the wall clock minus its timestamp.
 * - message.timestamp.before.max.ms and .after.max.ms (3.6 and later; after is one hour by default
 * since 4.0) bound a record's age and its lead; message.timestamp.difference.max.ms bounds both in
 * older brokers, and in 3.6 … 3.9 stands in for whichever of the two is at its unlimited default.
 * With LogAppendTime none applies.
 * - max.message.bytes bounds a record batch, so at least one record with its overhead must fit; and
 * so does segment.bytes, or where brokers show it internal.segment.bytes (4.0 and later), which
 * then counts instead.
 * - cleanup.policy must not contain compact for records, and must for a table.
 * - min.insync.replicas above the number of replicas: acks=all never succeeds.
 */
#ifndef CDR_SINK_KAFKA_TOPIC_GUARD_H
#define CDR_SINK_KAFKA_TOPIC_GUARD_H

#include "kafka/admin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the run will write. */
struct cdr_topic_use {
    const char *topic;
    int64_t first_event_ms, last_event_ms; /* span of event times; last < 0: no end */
    int64_t fault_ahead_ms;                /* as in struct cdr_sink_setup */
    int64_t now_ms;                        /* wall clock */
    size_t record_bytes_max;               /* frame and payload of the longest record */
    uint32_t replicas;                     /* fewest of any partition, 0 = unknown */
    bool compacted; /* a table: it must be compacted, which records must not be */
};

struct cdr_topic_finding {
    const char *config; /* the setting's name */
    char what[96];      /* "cdr.call: retention.ms=604800000" */
    char text[384]; /* one sentence: topic, configuration, value, what would happen, what it should
                       be */
    bool forceable; /* a run can go on: records get there, but do not stay or not as they are */
    bool refuses;   /* it keeps records out, and leaves those alone that are in the topic */
};

enum { CDR_TOPIC_FINDINGS_MAX = 8 };

/* Batch header, record header, key and varints of a batch that holds one record, rounded up. */
enum { CDR_BATCH_OVERHEAD_BYTES = 128 };

/* Fills findings and returns how many there are: 0 where the topic suits. */
size_t cdr_topic_guard(const struct cdr_topic_use *use, const struct cdr_topic_config *configs,
                       size_t config_count,
                       struct cdr_topic_finding findings[CDR_TOPIC_FINDINGS_MAX]);

/* The largest batch that the topic takes, INT64_MAX where nothing says. */
int64_t cdr_topic_batch_max(const struct cdr_topic_config *configs, size_t config_count);

/* Value of a configuration as a whole number, or otherwise where it is absent or not one. */
int64_t cdr_topic_config_number(const struct cdr_topic_config *configs, size_t config_count,
                                const char *name, int64_t otherwise);

#endif
