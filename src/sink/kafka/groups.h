/* What runs commit to consumer groups, for later runs and for verify.
 *
 * Of each log, as an offset with metadata:
 *
 * group                     offset                          metadata
 * cdrgen-<dataset id>       where the dataset begins        DATASET
 * cdrgen-end-<dataset id>   where it ends, after a run      DATASET FORM
 *                           that ended in an orderly way
 * cdrgen-writer             where the dataset begins of     DATASET UP-TO FORM; no UP-TO, and
 *                           the run that writes last        the form of none, until records are
 *                                                           acknowledged
 * cdrgen-tx-<dataset id>    the log's position, in a        cdrgen-tx 3 DATASET BEGIN AFTER ID
 *                           transaction                     TOKEN FORM MARK
 * cdrgen-tx-topic-<dataset  0                               DATASET MARK
 * id>
 *
 * DATASET is the dataset's id, FORM that of the messages (encode/topic.h), or the form of none
 * where the log is doubted (kafka.h), since nothing says where such a log ends, or where a run with
 * transactions says it, whose offsets do not count records. UP-TO is the position of
 * the first record that the run had not seen acknowledged as it must be; it says nothing of those
 * from there on. BEGIN is the offset of the dataset's first record, AFTER the one after its last
 * committed record, ID the transactional id that wrote the line, TOKEN that of the process that
 * did. Positions, not offsets of records, since each commit and abort puts a control record into
 * every partition that the transaction touched, and aborted records keep their offsets.
 *
 * Kafka deletes what is committed for a topic with the topic. A run that does not notice commits
 * the positions again, for the topic that was created in its place. MARK tells: a random name that
 * is committed before positions are looked for, stays what it is, and goes with the topic. A
 * position counts only with the mark that the topic has. Lines of version 2 have none.
 */
#ifndef CDR_SINK_KAFKA_GROUPS_H
#define CDR_SINK_KAFKA_GROUPS_H

#include "base/token.h"
#include "encode/topic.h"
#include "sink/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/* Before the dataset's id. */
#define CDR_GROUP_BASES "cdrgen-"
#define CDR_GROUP_ENDS "cdrgen-end-"
#define CDR_GROUP_PROGRESS "cdrgen-tx-"
#define CDR_GROUP_MARKS "cdrgen-tx-topic-"
/* Of all datasets. */
#define CDR_GROUP_WRITER "cdrgen-writer"

enum { CDR_KAFKA_ID_MAX = 96, CDR_KAFKA_GROUP_MAX = 64 };

void cdr_kafka_group_of(const char *prefix, const char *dataset_id,
                        char group[CDR_KAFKA_GROUP_MAX]);

/* sign sets what to commit: an offset, and whose it is; form may be NULL. is_signed: what was
 * committed has an offset of this dataset, in messages of the form; NULL: of any. */
extern const char cdr_kafka_no_form[]; /* that of no messages */
void cdr_kafka_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id, const char *form,
                    int64_t offset);
bool cdr_kafka_is_signed(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                         const char *form);

struct cdr_kafka_progress {
    uint64_t position; /* of the first record that is not committed */
    int64_t begin;     /* offset of the dataset's first record, or a later one without any */
    int64_t after;     /* offset after the last one that is committed */
    char id[CDR_KAFKA_ID_MAX];
    char token[CDR_TOKEN_LEN + 1];
    char form[CDR_FORM_SIZE];     /* "": not known */
    char mark[CDR_TOKEN_LEN + 1]; /* of the topic that it was committed for; "": not known */
};

/* As the offset and metadata to be committed for a partition; and back, false where it is none of
 * this dataset's. */
void cdr_kafka_progress_sign(rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             const struct cdr_kafka_progress *progress);
bool cdr_kafka_progress_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                             struct cdr_kafka_progress *progress);

/* What a run says of a log in the group of writers. */
struct cdr_kafka_word {
    char dataset[CDR_KAFKA_DATASET_MAX];
    char form[CDR_FORM_SIZE];
    int64_t begin;  /* offset of the dataset's first record */
    uint64_t up_to; /* 0 also where it says none */
};
void cdr_kafka_word_sign(rd_kafka_topic_partition_t *entry, const struct cdr_kafka_word *word);
/* False where it is none. */
bool cdr_kafka_word_read(const rd_kafka_topic_partition_t *entry, struct cdr_kafka_word *word);

/* The mark of a partition, as cdr_kafka_sign with it as the form committed it; "": it has none. */
void cdr_kafka_mark_read(const rd_kafka_topic_partition_t *entry, const char *dataset_id,
                         char mark[CDR_TOKEN_LEN + 1]);
/* The position was committed for the topic that has the mark. */
bool cdr_kafka_is_marked(const struct cdr_kafka_progress *progress, const char *mark);

#endif
