/* What runs commit to consumer groups of a dataset, for later runs and for verify.
 *
 * In the group cdrgen-<dataset id>, the offset at which the dataset begins in each partition, and
 * in cdrgen-end-<dataset id> the one at which it ends, after a run that ended in an orderly way.
 * Both with the dataset's id as metadata.
 *
 * In the group cdrgen-tx-<dataset id>, what a transaction commits: the log's position as the
 * offset, and as metadata one line of text,
 *
 *     cdrgen-tx 1 DATASET AFTER ID TOKEN
 *
 * with the dataset's id, the offset after the log's last committed record, the transactional id
 * that wrote the line, and the token of the process that did. Positions, not offsets of records,
 * since each commit and abort puts a control record into every partition that the transaction
 * touched, and aborted records keep their offsets.
 *
 * Kafka deletes what is committed for a topic with the topic.
 */
#ifndef CDR_SINK_KAFKA_GROUPS_H
#define CDR_SINK_KAFKA_GROUPS_H

#include "base/token.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/* Before the dataset's id. */
#define CDR_GROUP_BASES "cdrgen-"
#define CDR_GROUP_ENDS "cdrgen-end-"
#define CDR_GROUP_PROGRESS "cdrgen-tx-"

enum { CDR_KAFKA_ID_MAX = 96, CDR_KAFKA_GROUP_MAX = 64 };

void cdr_kafka_group_of(const char *prefix, const char *dataset_id,
                        char group[CDR_KAFKA_GROUP_MAX]);

/* An offset, and whose it is, as it is to be committed; and whether what is committed has an offset
 * of this dataset. */
void cdr_kafka_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id, int64_t offset);
bool cdr_kafka_is_signed(const rd_kafka_topic_partition_t *entry, const char *dataset_id);

struct cdr_kafka_progress {
    uint64_t position; /* of the first record that is not committed */
    int64_t after;     /* offset after the last one that is */
    char id[CDR_KAFKA_ID_MAX];
    char token[CDR_TOKEN_LEN + 1];
};

/* As the offset and metadata to be committed for a partition; and back, false where it is none of
 * this dataset's. */
void cdr_kafka_progress_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             const struct cdr_kafka_progress *progress);
bool cdr_kafka_progress_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             struct cdr_kafka_progress *progress);

#endif
