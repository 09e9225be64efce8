/* Calls of librdkafka that may never return: each runs in a thread of its own, which is left behind
 * when patience is over. Nobody can end such a thread, nor the client that it is in.
 */
#ifndef CDR_KAFKA_ASIDE_H
#define CDR_KAFKA_ASIDE_H

#include "kafka/client.h"

/* Runs work in a thread and waits for it, up to patience_ms. True: it has run. False: it is left
 * behind, and release gets the context should it ever end. Where no thread can be made, the caller
 * runs it, however long it takes. */
bool cdr_kafka_aside(void (*work)(void *context), void (*release)(void *context), void *context,
                     int64_t patience_ms);

/* rd_kafka_send_offsets_to_transaction, which librdkafka (1.4 to 2.15) lets wait for the group's
 * coordinator for ever, whatever the timeout. The producer is stuck when the call has not returned
 * at give_up_ms, and some seconds after its timeout_ms: the answer is then
 * RD_KAFKA_RESP_ERR__TIMED_OUT, at once for each call that follows, and cdr_kafka_client_close
 * leaves the producer behind. What the call still does is part of a transaction that nobody commits
 * any more. */
rd_kafka_error_t *cdr_kafka_send_offsets(struct cdr_kafka_client *producer,
                                         const rd_kafka_topic_partition_list_t *list,
                                         const char *group, int timeout_ms, int64_t give_up_ms);

#endif
