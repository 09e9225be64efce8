/* The dimension topics of a run: their names, schemas and sink, what comes when, and what the
 * summary says of them.
 *
 * They have a separate sink with its own producer: an idempotent one even where the records go
 * in transactions. All of a day's rows are safe before the first record of the day is sent.
 */
#ifndef CDR_APP_DIMENSIONS_H
#define CDR_APP_DIMENSIONS_H

#include "app/run_state.h"
#include "base/json_writer.h"

struct cdr_dimensions;

/* run->dimensions and run->tables, where the settings ask for them and the run's sink can have them
 * (a line on standard error says where not); asks the registry. Errors: CDR_E_CONFIG, CDR_E_STATE,
 * as of the records' schemas. */
enum cdr_result cdr_dimensions_create(struct cdr_run *run, struct cdr_error *error);
/* The same for the doctor, with no ids but those that the settings fix. Errors: CDR_E_CONFIG,
 * CDR_E_NOMEM. */
enum cdr_result cdr_dimensions_create_unasked(struct cdr_run *run, struct cdr_error *error);
/* All of these do nothing where dimensions is NULL. */
void cdr_dimensions_destroy(struct cdr_dimensions *dimensions);
/* Opens the sink, or reopens it. resume: go on after what the topics hold; the first time
 * all of it is compared. Errors as of the sink; CDR_E_STATE. */
enum cdr_result cdr_dimensions_open(struct cdr_run *run, bool resume, struct cdr_error *error);
/* Once for each pipeline, before it runs. */
enum cdr_result cdr_dimensions_begin(struct cdr_dimensions *dimensions, const atomic_int *stop,
                                     uint32_t drain_timeout_ms, struct cdr_error *error);
/* The pipeline's day_begin. */
enum cdr_result cdr_dimensions_day(void *dimensions, int32_t day, struct cdr_error *error);
/* After the pipeline: what was handed over is safe and, without --force, still there with nothing
 * else (where the user may read the topics); and the topics held no more than there is, which can
 * only be said at the run's end (whole). Blocks. CDR_E_KAFKA, CDR_E_DIFFERENT. */
enum cdr_result cdr_dimensions_check(struct cdr_dimensions *dimensions, bool whole,
                                     uint32_t drain_timeout_ms, struct cdr_error *error);
/* The sink's remember_end. */
void cdr_dimensions_remember_end(struct cdr_dimensions *dimensions);
/* The sink's close. */
enum cdr_result cdr_dimensions_close(struct cdr_dimensions *dimensions, bool complete,
                                     struct cdr_error *error);

/* The set-up of their sink, for the doctor: names and sizes are those of dimensions. */
struct cdr_sink_setup cdr_dimensions_setup(const struct cdr_run *run);

/* Members of "topics" in the summary; a line each for a person. */
void cdr_dimensions_summary(const struct cdr_dimensions *dimensions, struct cdr_json *json);
void cdr_dimensions_print(const struct cdr_dimensions *dimensions, FILE *out);

#endif
