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

#include "engine/engine.h"
#include "pipeline/digest.h"
#include "pipeline/pace.h"
#include "sink/sink.h"

#include <stdatomic.h>

struct cdr_pipeline;

struct cdr_pipeline_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics; /* of records: one a type; borrowed */
    struct cdr_sink *sink;
    unsigned workers;
    uint32_t shard_index, shard_count;
    /* kind, speed and rate; the rest is set at the start, unless start_ns is not 0: then the
     * schedule is one that another pipeline began (cdr_pipeline_pace) and goes on. */
    struct cdr_pace pace;
    bool endless;     /* live: until stopped, or until_ms is reached */
    int64_t until_ms; /* with endless; 0: no time */
    /* Per log, the position of the first record that is handed over: those before are passed over,
     * planned and ordered but not materialised. NULL: everything from 0. */
    const uint64_t *starts;
    /* Per log, at most starts[log]: the digest begins here, so records from here to starts[log] are
     * encoded and hashed, but not handed over. NULL: digests begin where handing over does. */
    const uint64_t *digest_starts;
    const atomic_int *stop;    /* not 0: finish what is in hand */
    uint32_t drain_timeout_ms; /* how long a stopped run waits for room */
    /* Called when a local day of the run begins, by the schedule where there is one, before the
     * first of its records is handed over and after the last of the day before; by one thread,
     * while the others rest. Anything but CDR_OK ends the run with that result. NULL: not
     * wanted. */
    enum cdr_result (*day_begin)(void *context, int32_t day, struct cdr_error *error);
    void *day_context;
};

/* Readable by any thread while the run goes on. */
struct cdr_pipeline_status {
    uint64_t records; /* handed over, or hashed only */
    uint64_t bytes;
    int64_t emission_ms; /* reached */
    int64_t behind_ns; /* of the last record handed over, behind its schedule; 0 where not paced */
    int64_t behind_max_ns;
};

enum cdr_result cdr_pipeline_create(struct cdr_pipeline **pipeline,
                                    const struct cdr_pipeline_settings *settings,
                                    struct cdr_error *error);
/* Runs to the end, to the stop or to a failure. Does not flush the sink. Blocks. */
enum cdr_result cdr_pipeline_run(struct cdr_pipeline *pipeline, struct cdr_error *error);
void cdr_pipeline_status(const struct cdr_pipeline *pipeline, struct cdr_pipeline_status *status);
/* After the run: what was handed over, per log; with digest_starts, from there on. */
const struct cdr_digest *cdr_pipeline_digest(const struct cdr_pipeline *pipeline, uint32_t log);
/* After the run: one past the last record of the log that was handed over or passed over. */
uint64_t cdr_pipeline_position(const struct cdr_pipeline *pipeline, uint32_t log);
/* After the run: its schedule; start_ns is 0 where nothing was due yet. */
struct cdr_pace cdr_pipeline_pace(const struct cdr_pipeline *pipeline);
void cdr_pipeline_destroy(struct cdr_pipeline *pipeline);

#endif
