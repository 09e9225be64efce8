/* Verify by id: which of the dataset's records are in some topics at all, whatever their order,
 * partition, value and key: a pipeline's output, whose messages carry the header cdrgen-id of its
 * input's.
 *
 * While one thread reads the topics, the pipeline generates the dataset's ids; a balance
 * (balance.h) holds those that only one side has had yet. Generating waits where it is far ahead.
 * What is left at the end is lost, or too much; a second generation tells which of the latter are
 * copies, and gives the lost records themselves. Memory grows with how far the topics' order is
 * from the dataset's (24 bytes an id), and with how much is lost or too much.
 */
#ifndef CDR_VERIFY_IDS_H
#define CDR_VERIFY_IDS_H

#include "pipeline/pipeline.h"
#include "verify/compare.h"

#define CDR_IDS_TOPICS_MAX 16

struct cdr_verify_ids_settings {
    const struct cdr_model *model;
    const struct cdr_topics *dataset; /* its own topics, for lost records to be shown */
    const char *topics[CDR_IDS_TOPICS_MAX];
    uint32_t topic_count;
    uint32_t types;                       /* that must be there: a bit of each CDR_TYPE_* */
    const struct cdr_sink_settings *sink; /* brokers, properties, timeout */
    unsigned workers;
    uint32_t shard_index, shard_count;
    bool read_uncommitted;
    uint32_t open_wait_ms;         /* for open transactions to end */
    void (*say)(const char *text); /* that it waits for them; or NULL */
    uint32_t show;                 /* of each kind */
    const atomic_int *stop;
};

/* A message that is too much. */
struct cdr_stray {
    enum cdr_difference_kind kind; /* CDR_DIFFERENCE_DUPLICATED, _FOREIGN */
    bool has_id;
    uint64_t id;
    uint32_t topic, partition;
    int64_t offset;
};

/* Messages that cannot be read any more, or not yet. */
struct cdr_id_gap {
    uint32_t partitions; /* that have one */
    /* The first of them: it begins, or what can be read of it ends, at offset. */
    uint32_t topic, partition;
    int64_t offset;
};

struct cdr_verify_ids_result {
    struct cdr_id_gap deleted, open;
    uint64_t expected, found, matched;
    uint64_t lost, duplicated, foreign; /* foreign: with an id that no record has, or without one */
    uint64_t without_id;                /* of the foreign ones */
    struct cdr_difference **lost_shown; /* expected only; log is that of the input topic */
    uint32_t lost_shown_count;
    uint64_t *lost_ids; /* of lost_shown */
    struct cdr_stray *strays;
    uint32_t stray_count;
};

/* Blocks. *result is filled as far as it came, also after a failure; to be freed. Errors:
 * CDR_E_STATE, CDR_E_KAFKA, CDR_E_INTERRUPTED, CDR_E_NOMEM. Only where Kafka is built in. */
enum cdr_result cdr_verify_ids(const struct cdr_verify_ids_settings *settings,
                               struct cdr_verify_ids_result *result, struct cdr_error *error);
void cdr_verify_ids_free(struct cdr_verify_ids_result *result);

#endif
