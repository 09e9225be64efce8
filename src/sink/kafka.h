/* The Kafka sink: logs become topic partitions, through librdkafka.
 *
 * Promise: while the sink reports no failure, the log of every (topic, partition) on the brokers is
 * a prefix of what was accepted, at offsets base + position (base is 0, or the end offset found at
 * the start with --append): nothing lost, doubled or out of order. Every delivery report is counted
 * and its offset compared. Three settings of librdkafka hold the promise up and can only be changed
 * with --force: enable.idempotence, acks=all and enable.gapless.guarantee (a batch that the broker
 * refuses stops the producer instead of leaving a gap).
 *
 * Timeouts. A message that librdkafka gives up on after message.timeout.ms would leave a gap when
 * the ones behind it still arrive. So librdkafka is told never to give up, and delivery.timeout.ms
 * (message.timeout.ms; 300000 unless the user says otherwise, 0 = for ever) is the sink's own
 * limit: when some log has had records under way for that long and none was acknowledged, poll and
 * flush fail, and close discards what is still queued.
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

/* Does any of the configured brokers answer a metadata request within timeout_ms? For --sink auto.
 * CDR_OK, CDR_E_CONFIG (no brokers configured, or a bad property) or CDR_E_KAFKA with the last
 * reason, such as "connection refused". */
enum cdr_result cdr_kafka_probe(const struct cdr_sink_settings *settings, int timeout_ms,
                                struct cdr_error *error);

/* What --force overrode, one line each, to be told to the user after open. The texts live as long
 * as the sink. */
size_t cdr_kafka_warning_count(const struct cdr_sink *sink);
const char *cdr_kafka_warning(const struct cdr_sink *sink, size_t i);

#endif
