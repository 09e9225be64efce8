/* Whether this machine reaches the addresses that brokers advertise; see reach.c. */
#ifndef CDR_KAFKA_REACH_H
#define CDR_KAFKA_REACH_H

#include "kafka/client.h"

/* Tries the addresses of the brokers in metadata, within seconds; returns how many of the first max
 * are not reached. any: 0 as soon as one of them is. */
size_t cdr_kafka_unreached(const struct cdr_kafka_client *client,
                           const struct rd_kafka_metadata *metadata, bool any,
                           struct cdr_kafka_unreached *unreached, size_t max);
/* Remembers the broker that librdkafka's reason is about ("HOST:PORT/ID: Failed to resolve …"), if
 * it is one of the brokers' list and no bootstrap server. The client is locked. */
void cdr_kafka_note_unreached(struct cdr_kafka_client *client, const char *reason);
/* For the error of a question that was not answered: "; " and the text of each that is not reached,
 * or "". Asks the bootstrap servers for the brokers. */
void cdr_kafka_name_unreached(const struct cdr_kafka_client *client, char *text, size_t size);

#endif
