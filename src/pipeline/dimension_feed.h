/* Which rows the logs of the dimension topics hold, in their order: a function of the model.
 *
 * On the first local day of the run: a row of each cell and of each subscriber that is there. On
 * each later day, of the subscribers alone: an update where a device or SIM is another than on the
 * day before, a row where one arrives, a tombstone where one has left. All have the day's first
 * instant as their timestamp. A log is ordered by (day, number of cell or subscriber).
 *
 * The partition is Java's murmur2 of the key's text, as that of records is of their owner's MSISDN,
 * so that subscribers are where their records are.
 */
#ifndef CDR_PIPELINE_DIMENSION_FEED_H
#define CDR_PIPELINE_DIMENSION_FEED_H

#include "encode/dimension.h"

enum cdr_dimension_kind {
    CDR_DIMENSION_START = 0, /* there on the first day */
    CDR_DIMENSION_ARRIVAL,
    CDR_DIMENSION_UPDATE,
    CDR_DIMENSION_TOMBSTONE,
    CDR_DIMENSION_KINDS,
};

struct cdr_dimension_record {
    uint32_t dimension;
    uint32_t partition;
    uint32_t index; /* of the subscriber or cell */
    enum cdr_dimension_kind kind;
    int32_t day;
    int64_t time_ms;
    char key[16];
    uint32_t key_len;
};

typedef enum cdr_result cdr_dimension_visitor(void *context,
                                              const struct cdr_dimension_record *record,
                                              struct cdr_error *error);

/* Visits the records of a local day from the run's first on, until a visit fails: its result.
 * About 20 ns for a subscriber without a change. */
enum cdr_result cdr_dimension_day(const struct cdr_model *model, int32_t day,
                                  cdr_dimension_visitor *visit, void *context,
                                  struct cdr_error *error);

/* In logs, as sinks number them. */
static inline uint32_t cdr_dimension_log(const struct cdr_model *model,
                                         const struct cdr_dimension_record *record)
{
    return record->dimension * model->parameters.partitions + record->partition;
}

#endif
