/* Where partitions begin and end, what is committed for them, and waiting until their ends are
 * stable.
 *
 * A consumer of committed records reads up to the last stable offset: where the first transaction
 * that is still open begins. What lies beyond it, up to the high watermark, is there and cannot be
 * judged yet. The transaction of a producer that died ends after its transaction.timeout.ms.
 */
#ifndef CDR_KAFKA_OFFSETS_H
#define CDR_KAFKA_OFFSETS_H

#include "kafka/client.h"

#include <stdatomic.h>

/* Asks once: list->elems[].offset become the first offsets (which: RD_KAFKA_OFFSET_BEGINNING), the
 * ends (RD_KAFKA_OFFSET_END), or those of the first record of a time or later. Ends are last stable
 * offsets, or of a client with isolation.level=read_uncommitted high watermarks. *where is the
 * entry that failed, NULL where the question did. */
rd_kafka_resp_err_t cdr_kafka_query_offsets(const struct cdr_kafka_client *asker,
                                            rd_kafka_topic_partition_list_t *list, int64_t which,
                                            int timeout_ms,
                                            const rd_kafka_topic_partition_t **where);
/* The same until it succeeds, where the error may be one of a moment, such as a leader that just
 * changed. CDR_E_STATE where a right is missing, else CDR_E_KAFKA. */
enum cdr_result cdr_kafka_ask_offsets(struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list, int64_t which,
                                      int timeout_ms, struct cdr_error *error);

/* list->elems[] become what is committed for them to the asker's group, each with an error of its
 * own. A client that may not find the group's coordinator gets the code that says so. */
rd_kafka_resp_err_t cdr_kafka_ask_committed(struct cdr_kafka_client *asker,
                                            rd_kafka_topic_partition_list_t *list, int timeout_ms);

struct cdr_kafka_patience {
    int timeout_ms;                /* of one question */
    uint32_t wait_ms;              /* for open transactions to end */
    const atomic_int *stop;        /* ends the waiting; or NULL */
    void (*say)(const char *text); /* that it waits, and what for; or NULL */
};

/* list->elems[].offset are high watermarks, and become the last stable offsets, as soon as they
 * have reached them, or once wait_ms are over: then some are below. asker reads committed records.
 */
enum cdr_result cdr_kafka_stable_ends(struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list,
                                      const struct cdr_kafka_patience *patience,
                                      struct cdr_error *error);

#endif
