#include "pipeline/steering.h"

void cdr_steering_init(struct cdr_steering *steering)
{
    *steering = (struct cdr_steering){.program = {.n = 1}};
    steering->program.stages[0].kind = CDR_STAGE_PAUSE;
    pthread_mutex_init(&steering->lock, NULL);
}

void cdr_steering_free(struct cdr_steering *steering)
{
    pthread_mutex_destroy(&steering->lock);
}

void cdr_steering_hold(struct cdr_steering *steering, double rate_per_s, double seconds)
{
    pthread_mutex_lock(&steering->lock);
    steering->rate_per_s = rate_per_s;
    steering->seconds = seconds;
    steering->cut = false;
    pthread_mutex_unlock(&steering->lock);
}

void cdr_steering_cut(struct cdr_steering *steering)
{
    pthread_mutex_lock(&steering->lock);
    steering->seconds = 0;
    steering->cut = true;
    pthread_mutex_unlock(&steering->lock);
}

void cdr_steering_end(struct cdr_steering *steering)
{
    pthread_mutex_lock(&steering->lock);
    steering->over = true;
    pthread_mutex_unlock(&steering->lock);
}

struct cdr_steering_status cdr_steering_look(struct cdr_steering *steering)
{
    pthread_mutex_lock(&steering->lock);
    const struct cdr_steering_status status = {
        .waits = steering->seconds > 0,
        .holds = steering->holds,
        .start_ns = steering->start_ns,
        .first = steering->first,
        .next = steering->next,
    };
    pthread_mutex_unlock(&steering->lock);
    return status;
}

/* A stage of no time is silence: all of its records were due before. */
static void begin_stage(struct cdr_steering *steering, double start_s, uint64_t rank, double rate,
                        double seconds)
{
    steering->program.stages[0] = (struct cdr_programme_stage){
        .kind = seconds > 0 ? CDR_STAGE_HOLD : CDR_STAGE_PAUSE,
        .from = rate,
        .to = rate,
        .duration_s = seconds,
        .start_s = start_s,
        .start_records = (double)rank,
    };
}

bool cdr_steering_step(struct cdr_steering *steering, int64_t pace_start_ns, int64_t now_ns,
                       uint64_t rank)
{
    const double now_s = (double)(now_ns - pace_start_ns) / 1e9;
    pthread_mutex_lock(&steering->lock);
    steering->next = rank;
    if (steering->seconds > 0) {
        begin_stage(steering, now_s, rank, steering->rate_per_s, steering->seconds);
        steering->seconds = 0;
        steering->stages++;
        steering->start_ns = now_ns;
        steering->first = rank;
        steering->holds = true;
    } else if (steering->cut || steering->stages == 0) {
        begin_stage(steering, now_s, rank, 0, 0);
        steering->holds = false;
    } else if (steering->holds &&
               rank >= (uint64_t)(cdr_programme_records(&steering->program) + 1e-6)) {
        steering->holds = false;
    }
    steering->cut = false;
    const bool goes_on = !steering->over;
    pthread_mutex_unlock(&steering->lock);
    return goes_on;
}
