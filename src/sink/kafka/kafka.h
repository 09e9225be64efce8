/* The Kafka sink: logs become topic partitions, through librdkafka.
 *
 * Promise: while the sink reports no failure, the log of every (topic, partition) on the brokers is
 * a prefix of what was accepted, at offsets base + position (base is 0, or the end offset found at
 * the start with --append): nothing lost, duplicated or out of order. Every delivery report is
 * counted and its offset compared. Three properties of librdkafka hold the promise up
 * (kafka/properties.h): enable.idempotence, acks=all and enable.gapless.guarantee (a batch that the
 * broker refuses stops the producer instead of leaving a gap).
 *
 * Timeouts. A message that librdkafka gives up on after message.timeout.ms would leave a gap when
 * the ones after it still arrive. So librdkafka is told never to give up, and delivery.timeout.ms
 * (message.timeout.ms; 300000 unless the user says otherwise, 0 = for ever) is the sink's own
 * limit: when some log has had records under way for that long and none was acknowledged, poll and
 * flush fail with CDR_E_AWAY, and close discards what is still queued. With settings.spill the
 * limit is settings.spill_after_ms.
 *
 * Memory: slabs are handed to librdkafka without a copy and live until their last delivery report.
 * Their sum is bounded by queue.buffering.max.kbytes; librdkafka adds about 180 bytes a message.
 *
 * Threads: as sink.h says. Delivery reports are served by whichever thread polls, one at a time.
 */
#ifndef CDR_SINK_KAFKA_KAFKA_H
#define CDR_SINK_KAFKA_KAFKA_H

#include "sink/sink.h"

extern const struct cdr_sink_ops cdr_kafka_sink_ops;

/* After open with settings->resume. known[log]: the log ends where an earlier run committed that it
 * ended, and vouched for all of it as this dataset's in messages of this form; with transactions,
 * the position was committed so. other[log]: one vouched for messages of another form, up to there
 * or less. */
void cdr_kafka_known_ends(const struct cdr_sink *sink, bool *known, bool *other);

/* After open with settings->resume. known[log]: a run of this dataset has committed where it begins
 * in the log (with transactions: where it goes on), so what is there is its beginning. begins[log]:
 * the offset of its first record, where it is not known. */
void cdr_kafka_known_bases(const struct cdr_sink *sink, bool *known, int64_t *begins);
/* After open: floors[log], from which offset on nothing may be deleted while the run writes. */
void cdr_kafka_floors(const struct cdr_sink *sink, int64_t *floors);

/* After open, when the run is sure to begin: of the logs that are doubted[log], what is there, or
 * was, is not known to be all of the dataset's beginning, in messages of this form. Nothing is
 * committed then that says that they are this dataset's, in messages of this form, or where it ends
 * in them. */
void cdr_kafka_doubt(struct cdr_sink *sink, const bool *doubted);

/* After open with settings->resume, and before the first record is written: starts[log] records of
 * this process's logs are there, and no more than the offsets let it seem. What else is there no
 * consumer of committed records sees. */
void cdr_kafka_set_starts(struct cdr_sink *sink, const uint64_t *starts);

/* The run that was the last to say that it writes a log, or to begin in it. */
enum { CDR_KAFKA_DATASET_MAX = 33 };
struct cdr_kafka_writer {
    bool known;                          /* else the next two are empty */
    char dataset[CDR_KAFKA_DATASET_MAX]; /* its id */
    int64_t offset;                      /* of the dataset's first record */
    /* It vouched for the log from where this dataset begins: as this one in messages of this form;
     * as anything else. With transactions, other is that of cdr_kafka_known_ends. */
    bool same, other;
    uint64_t up_to; /* where same: of the log's first so many records; it says nothing of others */
};
/* writers[log] of this process's logs. Blocks for some seconds at most. */
void cdr_kafka_last_writers(const struct cdr_sink *sink, struct cdr_kafka_writer *writers);

/* Whether transactions of this dataset, of a run with --transactions, are known to have been
 * committed to the sink's topics. Blocks for some seconds where the group cannot be read. */
bool cdr_kafka_has_transactions(const struct cdr_sink *sink);
/* Whether a log's last stable offset is behind a control record, which every transaction leaves:
 * one of another producer, or of this dataset where Kafka has forgotten its positions. Unless
 * topics is NULL, those are set that have such a log, where other logs end with a record, which
 * this dataset's transactions do not leave. Reads. */
bool cdr_kafka_ends_with_control(const struct cdr_sink *sink, bool *topics);

/* The last records of a log before the run's first one: so many, and the offset of the first. Where
 * there are none, first is the offset that the log begins with. */
struct cdr_kafka_last {
    uint64_t count;
    int64_t offset, first;
};

/* last[log] of this process's logs, of a sink with settings.transactions: up to wanted[log]
 * records of each, fewer where the log holds fewer that have not expired. Control records and
 * aborted ones lie between, so that only reading back finds them. Memory: 8 bytes for each record
 * that is wanted. Errors as of cdr_kafka_read_back. */
enum cdr_result cdr_kafka_find_last(const struct cdr_sink *sink,
                                    const struct cdr_sink_settings *settings,
                                    const uint64_t *wanted, struct cdr_kafka_last *last,
                                    struct cdr_error *error);

/* Of this process's logs: the offsets that they begin with. CDR_E_KAFKA. */
enum cdr_result cdr_kafka_firsts(const struct cdr_sink *sink, int timeout_ms, int64_t *firsts,
                                 struct cdr_error *error);

/* counts[log]: the committed records from firsts[log] up to where the run goes on, where
 * wanted[log]. Reads them. Errors as of cdr_kafka_read_back. */
enum cdr_result cdr_kafka_count_left(const struct cdr_sink *sink,
                                     const struct cdr_sink_settings *settings, const bool *wanted,
                                     const int64_t *firsts, uint64_t *counts,
                                     struct cdr_error *error);

#endif
