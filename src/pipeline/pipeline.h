/* Pipeline: the engine's tasks through an encoder into a sink; here, and only here, cdrgen waits:
 * for room in the sink, for a log's turn, for the schedule.
 *
 * Unpaced, the worker that ran a task encodes it at once and hands it over when it is the log's
 * turn, so that logs stay in order whichever worker runs what. Paced, tasks of a slice are kept as
 * keys; when a slice is planned, one thread encodes and hands over what is due, every few
 * milliseconds.
 *
 * A log need not begin at its first record: since it is a function, a run that goes on where
 * another ended passes over what is there. The schedule of a paced run then begins with the first
 * slice that has something left to hand over, unless it goes on with the schedule of another.
 */
#ifndef CDR_PIPELINE_PIPELINE_H
#define CDR_PIPELINE_PIPELINE_H

#include "pipeline/settings.h"

struct cdr_pipeline;

enum cdr_result cdr_pipeline_create(struct cdr_pipeline **pipeline,
                                    const struct cdr_pipeline_settings *settings,
                                    struct cdr_error *error);
/* Runs to the end, to the stop or to a failure; CDR_E_REACHED where records_max or the schedule's
 * end came first. Does not flush the sink. Blocks. */
enum cdr_result cdr_pipeline_run(struct cdr_pipeline *pipeline, struct cdr_error *error);
void cdr_pipeline_status(const struct cdr_pipeline *pipeline, struct cdr_pipeline_status *status);
/* After the run: what was handed over, per log; with digest_starts, from there on. */
const struct cdr_digest *cdr_pipeline_digest(const struct cdr_pipeline *pipeline, uint32_t log);
/* After the run: what was wrong on purpose with the records that the digest is of; NULL: nothing is
 * meant to be. */
const struct cdr_fault_counts *cdr_pipeline_faults(const struct cdr_pipeline *pipeline,
                                                   uint32_t log);
/* After the run: one past the last record of the log that was handed over or passed over. */
uint64_t cdr_pipeline_position(const struct cdr_pipeline *pipeline, uint32_t log);
/* After the run: its schedule; start_ns is 0 where nothing was due yet. */
struct cdr_pace cdr_pipeline_pace(const struct cdr_pipeline *pipeline);
void cdr_pipeline_destroy(struct cdr_pipeline *pipeline);

#endif
