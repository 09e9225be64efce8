/* What a search for a consumer's capacity holds: shared by its command, its course, which is a
 * thread of its own while the run goes on, and its report. The command looks at it before that
 * thread begins and after it has ended. */
#ifndef CDR_APP_LOADTEST_STATE_H
#define CDR_APP_LOADTEST_STATE_H

#include "config/settings.h"
#include "kafka/lag.h"
#include "pipeline/capacity.h"
#include "pipeline/steering.h"

#include <pthread.h>
#include <stdatomic.h>

/* Of a partition of the topics that the group reads. */
struct cdr_loadtest_partition {
    int64_t base;      /* its end before the search */
    int64_t committed; /* seen last */
    int64_t first_commit_ms, last_commit_ms;
    unsigned commits; /* seen since the warm-up began, the first one included */
};

struct cdr_loadtest_trial {
    struct cdr_capacity_trial plan;
    double seconds;
    enum cdr_verdict verdict;
    bool leans; /* its time was not enough to be sure */
    struct cdr_trial_fit fit;
    double late_share;  /* of the load, at worst: not in the topics when it should have been */
    const char *reason; /* static: why it is disturbed; NULL */
};

struct cdr_loadtest {
    const struct cdr_settings *settings;
    struct cdr_steering steering;
    struct cdr_lag *lag;
    const atomic_int *stop; /* a signal */
    atomic_int over;        /* the run has ended */
    pthread_t thread;
    bool began;

    double width, sample_s, settle_s, grace_s;
    struct cdr_lag_sample sample;       /* the last one; its partitions, until the next */
    int64_t ask_ns, sample_ns, next_ns; /* when it was begun, taken; when the next one is due */
    struct cdr_loadtest_partition *partitions;
    int64_t base_end; /* of all partitions */

    double commit_s;    /* between two commits */
    double drain_per_s; /* of the backlog; 0: not known yet */
    double ceiling_per_s;
    struct cdr_capacity search;
    bool searches, finished;
    struct cdr_loadtest_trial trials[CDR_CAPACITY_TRIALS_MAX];
    size_t trial_count;
    struct cdr_trial_sample *samples; /* of the trial that runs */
    size_t sample_count, sample_capacity;

    enum cdr_result result; /* of the course */
    struct cdr_error error;
};

/* What is known of the capacity so far, with regard to what we can offer. */
struct cdr_capacity_found cdr_loadtest_found(const struct cdr_loadtest *test);

#endif
