/* Which rows the logs of the dimension topics hold, in their order: a function of the model.
 *
 * On the first local day of the run: a row of each cell and of each subscriber that is there. On
 * each later day, of the subscribers alone: an update where a device or SIM is another than on the
 * day before, a row where one arrives, a tombstone where one has left. All have the day's first
 * instant as their timestamp. A log is ordered by (day, number of cell or subscriber).
 *
 * The partition is Java's murmur2 of the key's text, as that of records is of their owner's MSISDN,
 * so that subscribers are where their records are.
 *
 * The truth's rows (pipeline/truth.h) come after those of the tables: of all faults of the day's
 * records. They have the record's partition, the day's first instant, and the record's id as their
 * key.
 */
#ifndef CDR_PIPELINE_DIMENSION_FEED_H
#define CDR_PIPELINE_DIMENSION_FEED_H

#include "encode/dimension.h"
#include "pipeline/truth.h"

enum { CDR_DIMENSION_KEY_MAX = 16 };

enum cdr_dimension_kind {
    CDR_DIMENSION_START = 0, /* there on the first day */
    CDR_DIMENSION_ARRIVAL,
    CDR_DIMENSION_UPDATE,
    CDR_DIMENSION_TOMBSTONE,
    CDR_DIMENSION_FAULT, /* a row of the truth */
    CDR_DIMENSION_KINDS,
};

struct cdr_dimension_record {
    uint32_t dimension; /* number of the topic among those of rows */
    uint32_t partition;
    uint32_t index; /* of the subscriber or cell */
    enum cdr_dimension_kind kind;
    int32_t day;
    int64_t time_ms;
    char key[CDR_DIMENSION_KEY_MAX + 1]; /* ended by NUL */
    uint32_t key_len;
    const struct cdr_truth_row *row; /* of a fault, during the visit */
};

typedef enum cdr_result cdr_dimension_visitor(void *context,
                                              const struct cdr_dimension_record *record,
                                              struct cdr_error *error);

/* Visits the rows of the tables of a local day from the run's first on, until a visit fails: its
 * result. About 20 ns for a subscriber without a change. */
enum cdr_result cdr_dimension_day(const struct cdr_model *model, int32_t day,
                                  cdr_dimension_visitor *visit, void *context,
                                  struct cdr_error *error);

struct cdr_dimension_feed_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics;  /* of rows: which there are */
    const struct cdr_topics *records; /* with encoders, for the truth; NULL: without its rows */
    uint32_t shard_index, shard_count;
    cdr_dimension_visitor *visit; /* maybe in another thread, while the caller waits */
    void *context;
};

/* The rows of all topics of rows, a day at a time. */
struct cdr_dimension_feed;

/* To be destroyed also after an error. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_dimension_feed_create(struct cdr_dimension_feed **feed,
                                          const struct cdr_dimension_feed_settings *settings,
                                          struct cdr_error *error);
/* Days in order, from the run's first on. */
enum cdr_result cdr_dimension_feed_day(struct cdr_dimension_feed *feed, int32_t day,
                                       struct cdr_error *error);
void cdr_dimension_feed_destroy(struct cdr_dimension_feed *feed);

/* Frame, payload and trailer of a visited row to bytes; returns their length. topic: its own. */
size_t cdr_dimension_record_encode(const struct cdr_topic *topic, const struct cdr_model *model,
                                   const struct cdr_dimension_record *record,
                                   uint8_t bytes[CDR_DIMENSION_BYTES_MAX]);

/* Of a subscriber: what compaction may leave one row of. */
static inline bool cdr_dimension_is_subscriber(const struct cdr_dimension_record *record)
{
    return record->dimension == CDR_DIMENSION_SUBSCRIBER && record->kind != CDR_DIMENSION_FAULT;
}

/* In logs, as sinks number them. */
static inline uint32_t cdr_dimension_log(const struct cdr_model *model,
                                         const struct cdr_dimension_record *record)
{
    return record->dimension * model->parameters.partitions + record->partition;
}

#endif
