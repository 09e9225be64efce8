/* Counts the records of a partition that a topic was given beyond those of the dataset. */
#ifndef CDR_VERIFY_KAFKA_ADDED_H
#define CDR_VERIFY_KAFKA_ADDED_H

#include "kafka/client.h"
#include "kafka/settings.h"

/* client is a consumer that sees the ends up to which records are counted; committed: not those of
 * open and aborted transactions. Errors: CDR_E_KAFKA, CDR_E_STATE where a right is missing. Blocks.
 */
enum cdr_result cdr_kafka_count_added(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_settings *settings, bool committed,
                                      const char *topic, uint32_t partition, uint64_t *records,
                                      struct cdr_error *error);

#endif
