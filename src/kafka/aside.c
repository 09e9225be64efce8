#include "kafka/aside.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* librdkafka's own time-outs come first; and nobody waits longer than a clock counts. */
enum { MARGIN_MS = 3000 };
static const int64_t PATIENCE_MAX_MS = INT64_C(1000) * 3600 * 24 * 365;

/* Of the thread that works and of the one that waits. */
struct aside {
    void (*work)(void *context);
    void (*release)(void *context);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended, left; /* the later of the two frees this */
};

static void free_aside(struct aside *aside)
{
    pthread_cond_destroy(&aside->changed);
    pthread_mutex_destroy(&aside->lock);
    free(aside);
}

static void *run(void *opaque)
{
    struct aside *aside = opaque;
    aside->work(aside->context);
    pthread_mutex_lock(&aside->lock);
    aside->ended = true;
    const bool left = aside->left;
    pthread_cond_signal(&aside->changed);
    pthread_mutex_unlock(&aside->lock);
    if (left) {
        aside->release(aside->context);
        free_aside(aside);
    }
    return NULL;
}

/* True: it has ended. */
static bool wait_for_end(struct aside *aside, int64_t patience_ms)
{
    struct timespec until;
    if (patience_ms > PATIENCE_MAX_MS)
        patience_ms = PATIENCE_MAX_MS;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(patience_ms / 1000);
    until.tv_nsec += (long)(patience_ms % 1000) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&aside->lock);
    while (!aside->ended &&
           pthread_cond_timedwait(&aside->changed, &aside->lock, &until) != ETIMEDOUT)
        ;
    const bool ended = aside->ended;
    aside->left = !ended;
    pthread_mutex_unlock(&aside->lock);
    return ended;
}

bool cdr_kafka_aside(void (*work)(void *context), void (*release)(void *context), void *context,
                     int64_t patience_ms)
{
    pthread_t thread;
    pthread_condattr_t monotonic;
    struct aside *aside = calloc(1, sizeof *aside);
    if (aside == NULL) {
        work(context);
        return true;
    }
    *aside = (struct aside){.work = work, .release = release, .context = context};
    pthread_mutex_init(&aside->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&aside->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    bool ended = true;
    if (pthread_create(&thread, NULL, run, aside) != 0) {
        work(context);
    } else if (wait_for_end(aside, patience_ms)) {
        pthread_join(thread, NULL);
    } else {
        pthread_detach(thread);
        ended = false;
    }
    if (ended)
        free_aside(aside);
    return ended;
}

struct sending {
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_consumer_group_metadata_t *group;
    int timeout_ms;
    rd_kafka_error_t *error;
};

static void send_offsets(void *context)
{
    struct sending *sending = context;
    sending->error = rd_kafka_send_offsets_to_transaction(sending->rk, sending->list,
                                                          sending->group, sending->timeout_ms);
}

static void free_sending(void *context)
{
    struct sending *sending = context;
    rd_kafka_consumer_group_metadata_destroy(sending->group);
    rd_kafka_topic_partition_list_destroy(sending->list);
    if (sending->error != NULL)
        rd_kafka_error_destroy(sending->error);
    free(sending);
}

static rd_kafka_error_t *unanswered(const char *group)
{
    return rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT,
                              "the coordinator of the group %s does not answer", group);
}

rd_kafka_error_t *cdr_kafka_send_offsets(struct cdr_kafka_client *producer,
                                         const rd_kafka_topic_partition_list_t *list,
                                         const char *group, int timeout_ms, int64_t give_up_ms)
{
    if (producer->stuck)
        return unanswered(group);
    struct sending *sending = calloc(1, sizeof *sending);
    if (sending == NULL)
        return rd_kafka_error_new(RD_KAFKA_RESP_ERR__FAIL, "no memory to commit positions");
    *sending = (struct sending){.rk = producer->rk,
                                .list = rd_kafka_topic_partition_list_copy(list),
                                .group = rd_kafka_consumer_group_metadata_new(group),
                                .timeout_ms = timeout_ms};
    const int64_t left_ms = give_up_ms - cdr_kafka_clock_ms();
    const int64_t patience_ms = (left_ms > timeout_ms ? left_ms : timeout_ms) + MARGIN_MS;
    producer->stuck = !cdr_kafka_aside(send_offsets, free_sending, sending, patience_ms);
    if (producer->stuck) {
        rd_kafka_set_log_level(producer->rk, 0); /* whom it would tell goes */
        return unanswered(group);
    }
    rd_kafka_error_t *error = sending->error;
    sending->error = NULL;
    free_sending(sending);
    return error;
}
