/* Resume: the topic is its own checkpoint. A log's end offset, less the offset at which the dataset
 * begins in it, is the number of records that are there; the run goes on after them. */
#include "sink/kafka/internal.h"

#include <inttypes.h>

enum { GROUP_MS = 5000 };

bool cdr_kafka_resume_bases(struct cdr_kafka_client *asker, struct cdr_kafka_sink *sink,
                            int timeout_ms)
{
    bool known = false;
    rd_kafka_topic_partition_list_t *list = cdr_kafka_list_logs(sink);
    bool answered =
        cdr_kafka_ask_committed(asker, list, timeout_ms < GROUP_MS ? timeout_ms : GROUP_MS) ==
        RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        bool ours = answered && cdr_kafka_is_signed(entry, sink->setup.dataset_id, NULL);
        struct cdr_kafka_log *log = &sink->logs[cdr_kafka_log_of(sink, entry)];
        log->base = ours ? entry->offset : 0;
        log->base_known = ours;
        known |= ours;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return known;
}

void cdr_kafka_known_bases(const struct cdr_sink *base, bool *known, int64_t *begins)
{
    const struct cdr_kafka_sink *sink = (const struct cdr_kafka_sink *)base;
    for (uint32_t log = 0; log < sink->log_count; log++) {
        known[log] = sink->logs[log].base_known;
        begins[log] =
            sink->transactions.on ? sink->logs[log].begin : cdr_kafka_begin_of(&sink->logs[log]);
    }
}

enum cdr_result cdr_kafka_resume_log(struct cdr_kafka_sink *sink, uint32_t log, int64_t end,
                                     struct cdr_error *error)
{
    struct cdr_kafka_log *state = &sink->logs[log];
    if (end < state->base)
        return cdr_fail(error, CDR_E_STATE,
                        "%s[%u] ends at offset %" PRId64 ", before the offset %" PRId64
                        " at which this dataset begins in it: the topic was deleted and created "
                        "again, or lost records",
                        cdr_kafka_topic_of(sink, log), log % sink->setup.partitions, end,
                        state->base);
    state->start = (uint64_t)(end - state->base);
    atomic_store(&state->end, state->start);
    return CDR_OK;
}
