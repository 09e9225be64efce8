/* Writes the dimension topics' records into a sink, a local day at a time.
 *
 * The sink is separate: it numbers topics and logs by dimension (encode/dimension.h), not by record
 * type. cdr_dimension_write_day returns when all of the day's records are safe, so that the caller
 * then sends the records of that day's events after the rows that they join with.
 *
 * As with the records, a log need not begin at its first record: those below starts are passed
 * over, those from digest_starts on are hashed all the same.
 *
 * One thread at a time.
 */
#ifndef CDR_PIPELINE_DIMENSION_WRITER_H
#define CDR_PIPELINE_DIMENSION_WRITER_H

#include "pipeline/digest.h"
#include "pipeline/dimension_feed.h"
#include "sink/sink.h"

#include <stdatomic.h>

struct cdr_dimension_writer_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics;  /* of rows; borrowed */
    const struct cdr_topics *records; /* with encoders, for the truth; borrowed */
    struct cdr_sink *sink;            /* of these */
    uint32_t shard_index, shard_count;
    const uint64_t *starts, *digest_starts; /* per log */
    const atomic_int *stop;                 /* not 0: wait no longer than drain_timeout_ms */
    uint32_t drain_timeout_ms;
};

struct cdr_dimension_writer;

/* Errors: CDR_E_NOMEM. */
enum cdr_result cdr_dimension_writer_create(struct cdr_dimension_writer **writer,
                                            const struct cdr_dimension_writer_settings *settings,
                                            struct cdr_error *error);
void cdr_dimension_writer_destroy(struct cdr_dimension_writer *writer);

/* Days in order, from the run's first on. Errors: the sink's; CDR_E_INTERRUPTED where the sink took
 * no more after a stop. */
enum cdr_result cdr_dimension_write_day(struct cdr_dimension_writer *writer, int32_t day,
                                        struct cdr_error *error);

/* From digest_starts on. */
const struct cdr_digest *cdr_dimension_digest(const struct cdr_dimension_writer *writer,
                                              uint32_t log);
uint64_t cdr_dimension_count(const struct cdr_dimension_writer *writer, uint32_t log,
                             enum cdr_dimension_kind kind);
/* One past the last record that was handed over or passed over. */
uint64_t cdr_dimension_position(const struct cdr_dimension_writer *writer, uint32_t log);

#endif
