/* The topic doctor: everything that would go wrong with a run into Kafka, found without one.
 *
 * Where opening the sink stops at the first trouble, the doctor goes on and lists all: brokers,
 * client library, rights, and for each topic its partitions, leaders, replicas, configuration and
 * what it holds. It asks as the run would (same properties, same user) and writes nothing: no
 * topic, no record, no offset. Asking for a producer's id, which shows the right to write, makes
 * the brokers give one out; a transactional id is not asked with, since that would shut out a run
 * that is under way.
 *
 * Rights that cannot be asked for are said to be unknown: Write on each topic takes librdkafka
 * 2.3.0, which asks the brokers for the operations that the user may do.
 */
#ifndef CDR_SINK_KAFKA_DOCTOR_H
#define CDR_SINK_KAFKA_DOCTOR_H

#include "base/findings.h"
#include "sink/sink.h"

/* Adds findings about brokers and the topics of setup (encoders: for the size of
 * records) and, where they are not NULL, of tables. Blocks
 * for a few settings->kafka.timeout_ms at most. CDR_OK: it could look, whatever it found;
 * CDR_E_CONFIG: a property is wrong; CDR_E_KAFKA: no broker answers. */
enum cdr_result cdr_kafka_examine(const struct cdr_sink_settings *settings,
                                  const struct cdr_sink_setup *setup,
                                  const struct cdr_sink_setup *tables,
                                  struct cdr_findings *findings, struct cdr_error *error);

#endif
