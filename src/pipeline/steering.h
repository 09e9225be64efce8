/* A programme whose next stage is decided while it runs, by another thread.
 *
 * There is one stage at a time: a rate that holds, or silence until the next one is asked for. The
 * pipeline's thread takes what was asked for at its next look at the schedule, 5 ms later at most;
 * so the stage begins then, with the record that is next. Within a stage the schedule is an open
 * loop, as any programme's. One that is not over can be cut.
 *
 * All but cdr_steering_step may be called by any thread. The steering outlives the pipeline, and
 * more than one of them, one after the other.
 */
#ifndef CDR_PIPELINE_STEERING_H
#define CDR_PIPELINE_STEERING_H

#include "base/programme.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cdr_steering {
    struct cdr_programme program; /* the pipeline's: for its pace */
    pthread_mutex_t lock;         /* of all that follows */
    double rate_per_s, seconds;   /* asked for; seconds 0: nothing is */
    bool cut, over;
    bool holds;           /* the stage has records left */
    uint64_t stages;      /* ever begun */
    int64_t start_ns;     /* of the last stage, monotonic */
    uint64_t first, next; /* rank of its first record; of the next to be handed over */
};

struct cdr_steering_status {
    bool waits; /* a stage is asked for and has not begun */
    bool holds;
    int64_t start_ns;
    uint64_t first, next;
};

void cdr_steering_init(struct cdr_steering *steering);
void cdr_steering_free(struct cdr_steering *steering);

/* Asks for a stage, instead of what is left of the one that runs. */
void cdr_steering_hold(struct cdr_steering *steering, double rate_per_s, double seconds);
/* Silence from the next look on. */
void cdr_steering_cut(struct cdr_steering *steering);
/* The schedule ends at the next look. */
void cdr_steering_end(struct cdr_steering *steering);
struct cdr_steering_status cdr_steering_look(struct cdr_steering *steering);

/* The pipeline's look at the schedule: the program becomes that of the stage at hand. rank: of the
 * next record. False: the schedule has ended. */
bool cdr_steering_step(struct cdr_steering *steering, int64_t pace_start_ns, int64_t now_ns,
                       uint64_t rank);

#endif
