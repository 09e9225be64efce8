/* Where logs begin and end, and waiting until their ends are stable.
 *
 * A consumer of committed records reads up to the last stable offset: where the first transaction
 * that is still open begins. What lies beyond it, up to the high watermark, is there and cannot be
 * judged yet. The transaction of a producer that died ends after its transaction.timeout.ms.
 */
#ifndef CDR_VERIFY_KAFKA_ENDS_H
#define CDR_VERIFY_KAFKA_ENDS_H

#include "sink/kafka_internal.h"

/* A question about something failed. CDR_E_STATE where the right is missing, else CDR_E_KAFKA. */
enum cdr_result cdr_kafka_ask_failed(const char *brokers, rd_kafka_resp_err_t code,
                                     const char *what, const char *subject, const char *operation,
                                     struct cdr_error *error);

/* list->elems[].offset become the first offsets (which: RD_KAFKA_OFFSET_BEGINNING) or the ends: the
 * last stable offsets, or of a client with isolation.level=read_uncommitted the high watermarks. */
enum cdr_result cdr_kafka_ask_offsets(const struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list, int64_t which,
                                      int timeout_ms, struct cdr_error *error);

struct cdr_kafka_patience {
    int timeout_ms;                /* of one question */
    uint32_t wait_ms;              /* for open transactions to end */
    const atomic_int *stop;        /* ends the waiting; or NULL */
    void (*say)(const char *text); /* that it waits, and what for; or NULL */
};

/* list->elems[].offset are high watermarks, and become the last stable offsets, as soon as they
 * have reached them, or once wait_ms are over: then some are below. asker reads committed records.
 */
enum cdr_result cdr_kafka_stable_ends(const struct cdr_kafka_client *asker,
                                      rd_kafka_topic_partition_list_t *list,
                                      const struct cdr_kafka_patience *patience,
                                      struct cdr_error *error);

#endif
