/* Counts the records of a partition that a topic was given beyond those of the dataset. */
#ifndef CDR_VERIFY_KAFKA_ADDED_H
#define CDR_VERIFY_KAFKA_ADDED_H

#include "kafka/client.h"

/* client is a consumer that does not read this one. timeout_ms: for each answer. Errors:
 * CDR_E_KAFKA, CDR_E_STATE where a right is missing. Blocks. */
enum cdr_result cdr_kafka_count_added(struct cdr_kafka_client *client, rd_kafka_topic_t *topic,
                                      int32_t partition, int timeout_ms, uint64_t *records,
                                      struct cdr_error *error);

#endif
