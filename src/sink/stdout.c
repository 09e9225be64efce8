/* The sink of standard output: records as lines, for a pipe. A log's records come in their order;
 * those of different logs come as workers have them, never within one another's lines. There is no
 * header line, since records of all types are mixed. */
#include "sink/direct.h"
#include "sink/sink_table.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stdout_sink {
    struct cdr_direct_sink direct;
    struct cdr_sink_setup setup;
    pthread_mutex_t lock; /* of the stream and what follows */
    int failed;           /* errno of the first write that failed, else 0 */
};

static void stdout_free(struct stdout_sink *sink)
{
    cdr_direct_free(&sink->direct);
    pthread_mutex_destroy(&sink->lock);
    free(sink);
}

static enum cdr_result check_format(const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    const struct cdr_encoder_ops *ops = setup->topics->items[0].encoder->ops;
    if ((ops->traits & CDR_FORMAT_BINARY) == 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "format: %s has no lines for standard output; pass --format json or csv, or "
                    "--sink file",
                    ops->name);
}

static enum cdr_result stdout_open(struct cdr_sink **sink, const struct cdr_sink_settings *settings,
                                   const struct cdr_sink_setup *setup, struct cdr_error *error)
{
    if (settings->resume)
        return cdr_fail(error, CDR_E_CONFIG,
                        "resume: standard output keeps nothing of an earlier run; leave it out");
    enum cdr_result result = check_format(setup, error);
    if (result != CDR_OK)
        return result;
    struct stdout_sink *out = calloc(1, sizeof *out);
    if (out == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the sink of standard output");
    out->setup = *setup;
    pthread_mutex_init(&out->lock, NULL);
    result = cdr_direct_open(&out->direct, &cdr_stdout_sink_ops, setup, error);
    if (result != CDR_OK) {
        stdout_free(out);
        return result;
    }
    *sink = &out->direct.base;
    return CDR_OK;
}

/* 0, or the errno of what went wrong. Waits for a reader that is slower. */
static int put_bytes(const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, n);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = STDOUT_FILENO, .events = POLLOUT};
            poll(&wait, 1, 1000);
        } else if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        }
    }
    return 0;
}

static enum cdr_result failure(int reason, struct cdr_error *error)
{
    return reason == 0 ? CDR_OK
                       : cdr_fail(error, CDR_E_IO, "standard output: %s", strerror(reason));
}

static enum cdr_result stdout_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                    uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct stdout_sink *out = (struct stdout_sink *)sink;
    const struct cdr_encoder *encoder = cdr_sink_topic(&out->setup, slab->log)->encoder;
    const uint32_t records = end - *taken;
    const uint32_t start = *taken > 0 ? slab->ends[*taken - 1] : 0;
    (void)worker;
    if (records == 0)
        return CDR_OK;
    pthread_mutex_lock(&out->lock);
    if (out->failed == 0)
        out->failed = put_bytes(slab->bytes + start, slab->ends[end - 1] - start);
    const int reason = out->failed;
    pthread_mutex_unlock(&out->lock);
    if (reason != 0)
        return failure(reason, error);
    cdr_counters_accept(out->direct.counters, slab->log, records,
                        cdr_payload_bytes(encoder, slab, *taken, end));
    cdr_counters_make_durable(out->direct.counters, slab->log, records);
    *taken = end;
    return CDR_OK;
}

static enum cdr_result stdout_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    struct stdout_sink *out = (struct stdout_sink *)sink;
    (void)timeout_ms;
    pthread_mutex_lock(&out->lock);
    const int reason = out->failed;
    pthread_mutex_unlock(&out->lock);
    return failure(reason, error);
}

static enum cdr_result stdout_close(struct cdr_sink *sink, bool complete, struct cdr_error *error)
{
    struct stdout_sink *out = (struct stdout_sink *)sink;
    const int reason = complete ? out->failed : 0;
    stdout_free(out);
    return failure(reason, error);
}

const struct cdr_sink_ops cdr_stdout_sink_ops = {
    .name = "stdout",
    .traits = CDR_SINK_LINES,
    .description = "lines of JSON or CSV, for a pipe",
    .open = stdout_open,
    .take_slab = cdr_direct_take_slab,
    .write = stdout_write,
    .give_slab = cdr_direct_give_slab,
    .poll = stdout_poll,
    .flush = stdout_poll,
    .progress = cdr_direct_progress,
    .close = stdout_close,
};
