/* What the two files of the pipeline share: pipeline.c delivers as fast as it can, paced.c by the
 * schedule. Inside of this folder only.
 */
#ifndef CDR_PIPELINE_INTERNAL_H
#define CDR_PIPELINE_INTERNAL_H

#include "base/failure.h"
#include "fault/expand.h"
#include "pipeline/handover.h"
#include "pipeline/merge.h"
#include "pipeline/numbering.h"
#include "pipeline/settings.h"

#include <stdatomic.h>

struct cdr_log_state {
    _Alignas(64) atomic_ullong turn; /* sequence of the slice whose records come next */
    atomic_bool passing; /* position has not reached start: nobody encodes before its turn */
    /* By the worker that has the turn: */
    uint64_t position; /* of the log's next record */
    uint64_t start;    /* position of the first that is handed over */
    uint64_t digest_start;
    struct cdr_digest digest;
    /* paced */
    const struct cdr_slot *slots; /* of the keys */
    int64_t held_until_ms;        /* by an outage; 0: they are emitted as they say */
    struct cdr_key *keys;
    uint32_t n, capacity, next;
    uint32_t due; /* by rank: the keys before this one are due */
    struct cdr_slab *slab;
    uint32_t taken; /* of the slab's records, by the sink */
    struct cdr_numbering numbering;
};

struct cdr_worker_state {
    _Alignas(64) struct cdr_block block;
    struct cdr_hashes hashes; /* of the slab in hand */
    /* where records have faults on purpose */
    struct cdr_fault_entries entries; /* of the task in hand */
    int64_t held_until_ms;            /* by an outage: the task's records; 0: they were not */
    uint8_t *scratch;
};

struct cdr_pipeline {
    struct cdr_pipeline_settings settings;
    struct cdr_handover handover;
    struct cdr_engine *engine;
    uint32_t logs;
    struct cdr_log_state *log_states;
    struct cdr_worker_state *workers;
    unsigned details[CDR_TYPE_COUNT];      /* that encoders read of the type's blocks */
    struct cdr_fault_counts *fault_counts; /* of each log; NULL where there are no faults */
    bool scheduled;         /* paced: the current slot and all that follow go by the schedule */
    bool begun;             /* paced: the schedule has begun */
    int32_t day;            /* that day_begin was told last */
    struct cdr_merge merge; /* by rank: of the slice in hand */
    atomic_ullong claimed;  /* of records_max, by slabs */
    atomic_ullong records, bytes;
    atomic_llong emission_ms, behind_ns, behind_max_ns;
    struct cdr_failure failure;
};

static inline int cdr_pipeline_stopped(const struct cdr_pipeline *pipeline)
{
    return pipeline->settings.stop != NULL &&
           atomic_load_explicit(pipeline->settings.stop, memory_order_relaxed) != 0;
}

static inline const struct cdr_faults *cdr_pipeline_faults_of(const struct cdr_pipeline *pipeline)
{
    return &pipeline->settings.model->faults;
}

/* --- pipeline.c --- */

/* Hands over the slab from *taken on and counts what was taken. hashes[i] are those of record i. */
enum cdr_result cdr_pipeline_hand_over(struct cdr_pipeline *pipeline, unsigned worker,
                                       struct cdr_log_state *log, const struct cdr_encoder *encoder,
                                       struct cdr_slab *slab, const uint64_t *hashes,
                                       uint32_t *taken, struct cdr_error *error);
/* Materialises and encodes n ≤ CDR_BLOCK_RECORDS keys after what the slab holds. */
void cdr_pipeline_encode(struct cdr_pipeline *pipeline, unsigned worker,
                         const struct cdr_log_state *log, const struct cdr_slot *slots,
                         uint32_t type, const struct cdr_key *keys, uint32_t n,
                         struct cdr_slab *slab);
/* How many of the records of a type, of wanted keys, surely fit. */
uint32_t cdr_pipeline_room(const struct cdr_pipeline *pipeline, const struct cdr_slab *slab,
                           uint32_t type, const struct cdr_encoder *encoder,
                           const struct cdr_key *keys, uint32_t wanted);
/* With the log's turn: how many of the n keys at its position are not to be handed over; *passed
 * of them, that is. */
enum cdr_result cdr_pipeline_pass_over(struct cdr_pipeline *pipeline, unsigned worker,
                                       struct cdr_log_state *log, uint32_t type,
                                       const struct cdr_slot *slots, const struct cdr_key *keys,
                                       uint32_t n, uint32_t *passed, struct cdr_error *error);
/* Whether records of the log hold their number in it, which is known when it is its turn. */
bool cdr_pipeline_is_numbered(const struct cdr_pipeline *pipeline, uint32_t type);
/* With the log's turn, the numbers of a task's keys follow those of the tasks before. */
void cdr_pipeline_begin_numbering(struct cdr_pipeline *pipeline, unsigned worker,
                                  struct cdr_log_state *log, const struct cdr_key *keys,
                                  uint32_t n);
/* From a log's keys to its entries, which are what all that follows sees. */
enum cdr_result cdr_pipeline_expand(struct cdr_pipeline *pipeline, unsigned worker,
                                    struct cdr_task *task, struct cdr_error *error);
/* Counts what the entries in the worker's hand do not say: of the log's task that begins at a
 * position, what lies in the digest. */
void cdr_pipeline_count_notes(struct cdr_pipeline *pipeline, unsigned worker, uint32_t log_number,
                              uint64_t position);
/* The engine's tasks, unpaced. */
enum cdr_result cdr_pipeline_run_task(void *state, unsigned worker, const struct cdr_task *task,
                                      struct cdr_error *error);
enum cdr_result cdr_pipeline_run_faulty(void *state, unsigned worker, const struct cdr_task *task,
                                        struct cdr_error *error);

/* --- paced.c --- */

/* The engine's tasks and slices, paced. */
bool cdr_pipeline_slot_is_past(void *state, const struct cdr_slot *slot);
enum cdr_result cdr_pipeline_keep_task(void *state, unsigned worker, const struct cdr_task *task,
                                       struct cdr_error *error);
enum cdr_result cdr_pipeline_keep_faulty(void *state, unsigned worker, const struct cdr_task *task,
                                         struct cdr_error *error);
enum cdr_result cdr_pipeline_end_slice(void *state, const struct cdr_slot *slots, uint32_t slice,
                                       uint32_t slice_count, struct cdr_error *error);
/* Until the schedule reaches emission_ms, which the last record of the day before may be long
 * before. A rate knows no such time, nor does a schedule that is still to begin. */
enum cdr_result cdr_pipeline_wait_until_due(struct cdr_pipeline *pipeline, int64_t emission_ms,
                                            struct cdr_error *error);

#endif
