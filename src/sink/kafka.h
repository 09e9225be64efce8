/* The Kafka sink: logs become topic partitions, through librdkafka.
 *
 * Promise: while the sink reports no failure, the log of every (topic, partition) on the brokers is
 * a prefix of what was accepted, at offsets base + position (base is 0, or the end offset found at
 * the start with --append): nothing lost, duplicated or out of order. Every delivery report is
 * counted and its offset compared. Three settings of librdkafka hold the promise up and can only be
 * changed with --force: enable.idempotence, acks=all and enable.gapless.guarantee (a batch that the
 * broker refuses stops the producer instead of leaving a gap).
 *
 * Timeouts. A message that librdkafka gives up on after message.timeout.ms would leave a gap when
 * the ones after it still arrive. So librdkafka is told never to give up, and delivery.timeout.ms
 * (message.timeout.ms; 300000 unless the user says otherwise, 0 = for ever) is the sink's own
 * limit: when some log has had records under way for that long and none was acknowledged, poll and
 * flush fail with CDR_E_AWAY, and close discards what is still queued. With settings.spill the
 * limit is settings.spill_after_ms.
 *
 * Properties: first the sink's defaults (kafka_properties.c, with the reasons), then
 * settings.brokers, then the user's in their order; the last one of a name counts. Unknown names
 * and bad values are CDR_E_CONFIG.
 *
 * Memory: slabs are handed to librdkafka without a copy and live until their last delivery report.
 * Their sum is bounded by queue.buffering.max.kbytes; librdkafka adds about 180 bytes a message.
 *
 * Threads: as sink.h says. Delivery reports are served by whichever thread polls, one at a time.
 */
#ifndef CDR_SINK_KAFKA_H
#define CDR_SINK_KAFKA_H

#include "sink/sink.h"

extern const struct cdr_sink_ops cdr_kafka_sink_ops;

/* Offers further names to a search for what the user meant: those that stand for properties of
 * librdkafka. */
struct cdr_suggestion;
typedef void (*cdr_kafka_names)(struct cdr_suggestion *suggestion);

/* Does librdkafka know the settings' properties and take their values, wherever the records go?
 * Connects to nothing and reads no file. names_only: values are not looked at. CDR_E_CONFIG. */
enum cdr_result cdr_kafka_check_properties(const struct cdr_sink_settings *settings,
                                           bool names_only, cdr_kafka_names offer,
                                           struct cdr_error *error);

/* Does any of the configured brokers answer a metadata request within timeout_ms? For --sink auto.
 * CDR_OK, CDR_E_CONFIG (no brokers configured, or a bad property) or CDR_E_KAFKA with the last
 * reason, such as "connection refused". */
enum cdr_result cdr_kafka_probe(const struct cdr_sink_settings *settings, int timeout_ms,
                                struct cdr_error *error);

/* After open with settings->resume. known[log]: the log ends where an earlier run of this dataset
 * committed that it ended; with transactions always, as its position was committed. */
void cdr_kafka_known_ends(const struct cdr_sink *sink, bool *known);

/* After open with settings->resume. known[log]: a run of this dataset has committed where it begins
 * in the log (with transactions: where it goes on), so what is there is its beginning. begins[log]:
 * the offset of its first record, where it is not known. */
void cdr_kafka_known_bases(const struct cdr_sink *sink, bool *known, int64_t *begins);

/* Whether another dataset has begun where this one would have to, in a log that holds records and
 * of which nothing is known: its id, and the log. Blocks for some seconds at most. */
enum { CDR_KAFKA_DATASET_MAX = 33 };
bool cdr_kafka_other_dataset(const struct cdr_sink *sink, char id[CDR_KAFKA_DATASET_MAX],
                             uint32_t *log);

/* Whether transactions of this dataset, of a run with --transactions, are known to have been
 * committed to the sink's topics. Blocks for some seconds where the group cannot be read. */
bool cdr_kafka_has_transactions(const struct cdr_sink *sink);

/* A row of offsets, [offset, end), of one partition. */
struct cdr_kafka_range {
    const char *topic; /* of at most CDR_TOPICS_MAX different ones */
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
 * came for settings.kafka_timeout_ms. Blocks. */
enum cdr_result cdr_kafka_read_back(const struct cdr_sink_settings *settings, bool committed,
                                    const struct cdr_kafka_range *ranges, size_t count,
                                    cdr_kafka_visitor visit, void *context,
                                    struct cdr_error *error);

/* The last records of a log before the run's first one: so many, and the offset of the first. Where
 * there are none, first is the offset that the log begins with. */
struct cdr_kafka_last {
    uint64_t count;
    int64_t offset, first;
};

/* last[log] of this process's logs, of a sink with settings.transactions: up to wanted records
 * each, fewer where the log holds fewer that have not expired. Control records and aborted ones lie
 * between, so that only reading back finds them. Errors as of cdr_kafka_read_back. */
enum cdr_result cdr_kafka_find_last(const struct cdr_sink *sink,
                                    const struct cdr_sink_settings *settings, uint32_t wanted,
                                    struct cdr_kafka_last *last, struct cdr_error *error);

/* Would the topics of setup that exist keep what a run writes? What they hold does not matter.
 * CDR_E_STATE: not with their settings. Else as open. */
enum cdr_result cdr_kafka_judge(const struct cdr_sink_settings *settings,
                                const struct cdr_sink_setup *setup, struct cdr_error *error);

/* For repair. exists: whether a topic does. create: as --create-topics does; empty when it returns.
 * may_recreate: whether the user may create a topic that exists, so that recreate does not leave it
 * deleted. recreate: deletes a topic and creates it again, empty, with the same replicas and
 * settings (where they cannot be read: those of --create-topics). compacted: a table.
 * Errors: CDR_E_KAFKA, CDR_E_CONFIG; CDR_E_STATE: a right is missing, and nothing was changed. */
enum cdr_result cdr_kafka_exists(const struct cdr_sink_settings *settings, const char *name,
                                 bool *exists, struct cdr_error *error);
enum cdr_result cdr_kafka_create(const struct cdr_sink_settings *settings, const char *name,
                                 uint32_t partitions, bool compacted, struct cdr_error *error);
enum cdr_result cdr_kafka_may_recreate(const struct cdr_sink_settings *settings, const char *name,
                                       struct cdr_error *error);
enum cdr_result cdr_kafka_recreate(const struct cdr_sink_settings *settings, const char *name,
                                   uint32_t partitions, bool compacted, struct cdr_error *error);

#endif
