#include "pipeline/dimension_writer.h"

#include "pipeline/handover.h"
#include "sink/counters.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct log_state {
    uint64_t position, start, digest_start;
    struct cdr_digest digest;
    uint64_t kinds[CDR_DIMENSION_KINDS];
    struct cdr_slab *slab; /* of records not handed over yet */
};

struct cdr_dimension_writer {
    struct cdr_dimension_writer_settings settings;
    uint32_t logs;
    struct log_state *log_states;
    struct cdr_handover handover;
    struct cdr_hashes hashes;
    struct cdr_dimension_feed *feed;
};

static cdr_dimension_visitor take_record;

enum cdr_result cdr_dimension_writer_create(struct cdr_dimension_writer **created,
                                            const struct cdr_dimension_writer_settings *settings,
                                            struct cdr_error *error)
{
    struct cdr_dimension_writer *writer = calloc(1, sizeof *writer);
    *created = writer;
    if (writer == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the dimension topics");
    writer->settings = *settings;
    writer->handover = (struct cdr_handover){
        .sink = settings->sink,
        .stop = settings->stop,
        .patience_ms = settings->drain_timeout_ms,
        .interrupted =
            "interrupted while the destination took no more rows of the dimension topics",
    };
    writer->logs = settings->topics->n * settings->model->parameters.partitions;
    writer->log_states = calloc(writer->logs, sizeof *writer->log_states);
    if (writer->log_states == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", writer->logs);
    for (uint32_t log = 0; log < writer->logs; log++) {
        writer->log_states[log].start = settings->starts[log];
        writer->log_states[log].digest_start = settings->digest_starts[log];
    }
    const struct cdr_dimension_feed_settings feed = {
        .model = settings->model,
        .topics = settings->topics,
        .records = settings->records,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .visit = take_record,
        .context = writer,
    };
    return cdr_dimension_feed_create(&writer->feed, &feed, error);
}

void cdr_dimension_writer_destroy(struct cdr_dimension_writer *writer)
{
    if (writer == NULL)
        return;
    cdr_dimension_feed_destroy(writer->feed);
    free(writer->log_states);
    free(writer->hashes.of);
    free(writer);
}

static enum cdr_result take_slab(struct cdr_dimension_writer *writer, uint32_t log,
                                 struct cdr_error *error)
{
    struct log_state *state = &writer->log_states[log];
    enum cdr_result result =
        cdr_handover_take(&writer->handover, 0, &state->slab, &writer->hashes, error);
    if (result != CDR_OK)
        return result;
    state->slab->log = log;
    state->slab->position = state->position;
    return CDR_OK;
}

static const struct cdr_encoder *sizes_of(const struct cdr_dimension_writer *writer, uint32_t log)
{
    const uint32_t partitions = writer->settings.model->parameters.partitions;
    return writer->settings.topics->items[log / partitions].encoder;
}

/* Hands the log's slab over, counts what the sink took, and gives the slab back. */
static enum cdr_result hand_over(struct cdr_dimension_writer *writer, uint32_t log,
                                 struct cdr_error *error)
{
    struct cdr_sink *sink = writer->settings.sink;
    struct log_state *state = &writer->log_states[log];
    struct cdr_slab *slab = state->slab;
    const struct cdr_encoder *sizes = sizes_of(writer, log);
    uint32_t taken = 0;
    cdr_hash_records(slab, 0, sizes->frame_len, sizes->trailer_len, writer->hashes.of);
    enum cdr_result result = cdr_handover_write(&writer->handover, 0, slab, &taken, error);
    struct cdr_digest more =
        cdr_digest_of(writer->hashes.of, taken, cdr_payload_bytes(sizes, slab, 0, taken));
    cdr_digest_join(&state->digest, &more);
    state->position += taken;
    sink->ops->give_slab(sink, 0, slab);
    state->slab = NULL;
    return result;
}

/* What is there already: counted in the digest where that begins before it. */
static void pass_over(const struct cdr_dimension_writer *writer,
                      const struct cdr_dimension_record *record, const struct cdr_encoder *sizes,
                      struct log_state *state)
{
    uint8_t bytes[CDR_DIMENSION_BYTES_MAX];
    const struct cdr_topic *topic = &writer->settings.topics->items[record->dimension];
    if (state->position >= state->digest_start) {
        size_t len = cdr_dimension_record_encode(topic, writer->settings.model, record, bytes) -
                     sizes->frame_len - sizes->trailer_len;
        uint64_t hash = cdr_hash_record(bytes + sizes->frame_len, len, (const uint8_t *)record->key,
                                        record->key_len, record->time_ms);
        struct cdr_digest more = cdr_digest_of(&hash, 1, len);
        cdr_digest_join(&state->digest, &more);
    }
    state->position++;
}

/* The column has as much room a record as the records have. */
static void put_wire_key(const struct cdr_encoder *key, const struct cdr_dimension_record *record,
                         struct cdr_slab *slab)
{
    struct cdr_slab_column *column = &slab->wire_keys;
    const uint32_t used = cdr_column_start(column, slab->n);
    assert(column->bytes_max - used >= CDR_DIMENSION_WIRE_KEY_MAX);
    column->ends[slab->n] =
        used + cdr_dimension_wire_key(key, record->key, record->key_len, column->bytes + used);
}

static enum cdr_result append(struct cdr_dimension_writer *writer, uint32_t log,
                              const struct cdr_dimension_record *record,
                              const struct cdr_encoder *sizes, struct cdr_error *error)
{
    struct log_state *state = &writer->log_states[log];
    enum cdr_result result = state->slab != NULL ? CDR_OK : take_slab(writer, log, error);
    if (result != CDR_OK)
        return result;
    struct cdr_slab *slab = state->slab;
    const uint32_t used = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    const struct cdr_topic *topic = &writer->settings.topics->items[record->dimension];
    const uint32_t len = (uint32_t)cdr_dimension_record_encode(topic, writer->settings.model,
                                                               record, slab->bytes + used);
    slab->ends[slab->n] = used + len;
    slab->event_ms[slab->n] = record->time_ms;
    memcpy(slab->keys[slab->n], record->key, sizeof slab->keys[slab->n]);
    slab->key_lens[slab->n] = (uint8_t)record->key_len;
    const struct cdr_encoder *key = topic->key;
    if (key != NULL)
        put_wire_key(key, record, slab);
    slab->day = record->day;
    slab->n++;
    return slab->n < slab->records_max && slab->bytes_max - used - len >= sizes->record_bytes_max
               ? CDR_OK
               : hand_over(writer, log, error);
}

static enum cdr_result take_record(void *context, const struct cdr_dimension_record *record,
                                   struct cdr_error *error)
{
    struct cdr_dimension_writer *writer = context;
    const struct cdr_dimension_writer_settings *settings = &writer->settings;
    const uint32_t log = cdr_dimension_log(settings->model, record);
    struct log_state *state = &writer->log_states[log];
    if (record->partition % settings->shard_count != settings->shard_index)
        return CDR_OK;
    const struct cdr_encoder *sizes = sizes_of(writer, log);
    const uint64_t position = state->position + (state->slab != NULL ? state->slab->n : 0);
    if (position >= state->digest_start)
        state->kinds[record->kind]++;
    if (position >= state->start)
        return append(writer, log, record, sizes, error);
    pass_over(writer, record, sizes, state);
    return CDR_OK;
}

enum cdr_result cdr_dimension_write_day(struct cdr_dimension_writer *writer, int32_t day,
                                        struct cdr_error *error)
{
    struct cdr_sink *sink = writer->settings.sink;
    enum cdr_result result = cdr_dimension_feed_day(writer->feed, day, error);
    for (uint32_t log = 0; log < writer->logs; log++) {
        struct cdr_slab **slab = &writer->log_states[log].slab;
        if (*slab != NULL && result == CDR_OK)
            result = hand_over(writer, log, error);
        if (*slab != NULL)
            sink->ops->give_slab(sink, 0, *slab);
        *slab = NULL;
    }
    return result == CDR_OK ? cdr_handover_flush(&writer->handover, error) : result;
}

const struct cdr_digest *cdr_dimension_digest(const struct cdr_dimension_writer *writer,
                                              uint32_t log)
{
    return &writer->log_states[log].digest;
}

uint64_t cdr_dimension_count(const struct cdr_dimension_writer *writer, uint32_t log,
                             enum cdr_dimension_kind kind)
{
    return writer->log_states[log].kinds[kind];
}

uint64_t cdr_dimension_position(const struct cdr_dimension_writer *writer, uint32_t log)
{
    return writer->log_states[log].position;
}
