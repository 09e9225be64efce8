/* What is known of records that are gone from a log's beginning: that they expired, or only that
 * they are not there?
 *
 * A log's first offset says that everything before it was deleted. It does not say how many of the
 * dataset's records that were, where offsets are not positions: with transactions, control records
 * and aborted ones take offsets too, and where others' records come first, Kafka may have forgotten
 * how many. So records that compaction deleted right after the first offset would look expired.
 *
 * - Where a record is at the first offset, all that are missing before it were before that offset:
 *   they expired. The same if a control record is there and a record right after it. Records of
 *   aborted transactions count: compaction deletes them, so where one is left, it has not been.
 *   Where a run committed that more of the dataset's records lay before that offset than are
 *   missing, another producer wrote what is left once more.
 * - Where none is left, a run must have committed that it ended there, with so many records, in
 *   messages of the same form. */
#ifndef CDR_VERIFY_KAFKA_EXPIRED_H
#define CDR_VERIFY_KAFKA_EXPIRED_H

#include "encode/topic.h"
#include "kafka/client.h"

/* A log whose first offset is after the dataset's base. */
struct cdr_kafka_expired {
    const char *topic;
    uint32_t partition;
    int64_t base, first, end;
    bool known;               /* base was committed by a run */
    char form[CDR_FORM_SIZE]; /* of the messages that are expected */
    /* Answers: nothing says that the records before the first one that is left expired; how many
     * records a run of the dataset committed that the log holds up to its end, −1 = not known. */
    bool doubtful;
    int64_t records;
    /* So many of the dataset's records lay before first, as far as a run committed. One without
     * transactions committed where it ended: then record k lay at offset base + k. */
    int64_t gone;
};

/* properties: their conf reads uncommitted records. Who may not read the groups gets no answer from
 * them. Errors: CDR_E_KAFKA, CDR_E_NOMEM. Blocks. */
enum cdr_result cdr_kafka_explain_expired(const struct cdr_kafka_properties *properties,
                                          const char *dataset_id, struct cdr_kafka_expired *logs,
                                          size_t n, int timeout_ms, struct cdr_error *error);

#endif
