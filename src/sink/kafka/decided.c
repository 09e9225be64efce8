/* No record of an open transaction counts as there: the brokers may abort it yet. A run without
 * transactions goes by end offsets, so these must be last stable offsets, too. What is decided then
 * can be judged by reading: a commit or an abort leaves a control record behind, which takes an
 * offset, so that the records after it are not at the offsets that they have without transactions.
 *
 * Transactions of this dataset end when a run with --transactions takes over (takeover.c).
 * Those of another producer may end at any moment and are waited for. */
#include "sink/kafka/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHECK_MS = 200, SAY_MS = 1000 };

/* The first log whose stable end lies before its end; log_count: there is none. */
static uint32_t find_open(const struct cdr_kafka_sink *sink, const int64_t *ends,
                          const int64_t *stable)
{
    uint32_t log = 0;
    while (log < sink->log_count && (!cdr_kafka_mine(&sink->setup, log % sink->setup.partitions) ||
                                     stable[log] >= ends[log]))
        log++;
    return log;
}

static enum cdr_result refuse(const struct cdr_kafka_sink *sink, uint32_t log, int64_t offset,
                              bool ours, struct cdr_error *error)
{
    const char *topic = cdr_kafka_topic_of(sink, log);
    const uint32_t partition = log % sink->setup.partitions;
    if (ours)
        return cdr_fail(error, CDR_E_STATE,
                        "%s[%u] has an open transaction of a run of this dataset, from offset "
                        "%" PRId64 " on: dataset %s was written with --transactions: resume it "
                        "with --resume --transactions, which ends it and goes on from there",
                        topic, partition, offset, sink->setup.dataset_id);
    return cdr_fail(error, CDR_E_STATE,
                    "%s[%u] has an open transaction, from offset %" PRId64
                    " on, and nobody can tell whether its records will stay: if a run of this "
                    "dataset left it, resume it with --resume --transactions, which ends it; else "
                    "end that producer, or wait until the brokers end its transaction (after its "
                    "transaction.timeout.ms), then run again; nothing was written",
                    topic, partition, offset);
}

static void say(const struct cdr_kafka_sink *sink, uint32_t log, int timeout_ms)
{
    char text[400];
    if (sink->properties.say == NULL)
        return;
    snprintf(
        text, sizeof text, "%.250s[%u] has an open transaction: waiting up to %d s for its end",
        cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, (timeout_ms + 999) / 1000);
    sink->properties.say(text);
}

static enum cdr_result wait_for_end(struct cdr_kafka_client *reader,
                                    const struct cdr_kafka_sink *sink, int64_t *ends,
                                    int64_t *stable, int timeout_ms, struct cdr_error *error)
{
    const int64_t begun_ms = cdr_kafka_clock_ms();
    const atomic_int *stop = sink->setup.stop;
    bool asked = false, ours = false, said = false;
    for (;;) {
        enum cdr_result result = cdr_kafka_end_offsets(reader, sink, stable, timeout_ms, error);
        const uint32_t log = result == CDR_OK ? find_open(sink, ends, stable) : sink->log_count;
        /* The control record of what ended meanwhile lies after the end that was asked for. */
        for (uint32_t i = 0; result == CDR_OK && asked && i < sink->log_count; i++)
            ends[i] = stable[i] > ends[i] ? stable[i] : ends[i];
        if (log == sink->log_count)
            return result;
        const int64_t waited_ms = cdr_kafka_clock_ms() - begun_ms;
        if (!asked)
            ours = cdr_kafka_has_transactions(&sink->base);
        asked = true;
        if (ours || waited_ms >= timeout_ms)
            return refuse(sink, log, stable[log], ours, error);
        if (stop != NULL && atomic_load(stop) != 0)
            return cdr_fail(error, CDR_E_INTERRUPTED,
                            "interrupted while waiting for an open transaction to end; nothing "
                            "was written");
        if (!said && waited_ms >= SAY_MS) {
            say(sink, log, timeout_ms);
            said = true;
        }
        usleep(CHECK_MS * 1000);
    }
}

enum cdr_result cdr_kafka_open_stable(struct cdr_kafka_client *client,
                                      const struct cdr_kafka_sink *sink, struct cdr_error *error)
{
    const struct cdr_kafka_role role = {.property = "isolation.level", .value = "read_committed"};
    return cdr_kafka_client_open(client, RD_KAFKA_CONSUMER, &sink->properties, &role, error);
}

enum cdr_result cdr_kafka_check_decided(const struct cdr_kafka_sink *sink, int64_t *ends,
                                        int timeout_ms, struct cdr_error *error)
{
    struct cdr_kafka_client reader = {0};
    bool any = false;
    for (uint32_t log = 0; log < sink->log_count; log++)
        any |= ends[log] > 0;
    if (!any)
        return CDR_OK;
    int64_t *stable = calloc(sink->log_count, sizeof *stable);
    if (stable == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the offsets of %u logs",
                        sink->log_count);
    enum cdr_result result = cdr_kafka_open_stable(&reader, sink, error);
    if (result == CDR_OK)
        result = wait_for_end(&reader, sink, ends, stable, timeout_ms, error);
    cdr_kafka_client_close(&reader);
    free(stable);
    return result;
}
