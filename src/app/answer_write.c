#include "app/answer_write.h"

#include "app/report_file.h"
#include "app/stop.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "pipeline/handover.h"
#include "sink/file/container.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64000, SLAB_BYTES = 256 << 10, SLAB_ROWS = 4096, TRAILER_LEN = 1 };

/* Rows are encoded here; sinks ask an encoder for its sizes alone. */
static const struct cdr_encoder sizes = {.record_bytes_max = CDR_ROW_MAX + TRAILER_LEN,
                                         .trailer_len = TRAILER_LEN};
static const struct cdr_encoder key_sizes = {.record_bytes_max = CDR_ROW_KEY_MAX};

struct cdr_answer_writer {
    struct cdr_answer_target target;
    enum cdr_row_format format;
    /* Avro on a stream: rows that are not written yet. */
    struct cdr_container *container;
    uint8_t *block;
    size_t block_len;
    uint64_t block_rows;
    /* A topic. */
    struct cdr_topic topic;
    struct cdr_topics topics;
    struct cdr_sink *sink;
    struct cdr_handover handover;
    struct cdr_slab **slabs; /* per partition, of rows not handed over yet, or NULL */
    uint64_t *positions;
    int64_t end_ms; /* of the dataset */
};

static bool is_topic(const struct cdr_answer_writer *writer)
{
    return writer->target.settings->to_topic != NULL;
}

static enum cdr_result no_memory(struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_NOMEM, "out of memory for the answer's rows");
}

/* ---- a stream ---- */

static enum cdr_result begin_stream(struct cdr_answer_writer *writer, struct cdr_error *error)
{
    const struct cdr_answer_target *target = &writer->target;
    char text[CDR_ROW_SCHEMA_MAX];
    if (writer->format == CDR_ROW_CSV) {
        cdr_row_names(target->query, target->late, text);
        fprintf(target->out, "%s\n", text);
    }
    if (writer->format != CDR_ROW_AVRO)
        return CDR_OK;
    cdr_row_schema(target->query, target->late, text);
    writer->block = malloc(BLOCK_BYTES + CDR_ROW_MAX);
    if (writer->block == NULL)
        return no_memory(error);
    const enum cdr_result result = cdr_container_create(
        &writer->container, text, 0, CDR_COMPRESSION_NONE, target->model->dataset_id, error);
    if (result == CDR_OK)
        fwrite(writer->container->header, 1, writer->container->header_len, target->out);
    return result;
}

static void put_block(struct cdr_answer_writer *writer)
{
    uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX];
    FILE *out = writer->target.out;
    if (writer->block_rows == 0)
        return;
    const size_t len = cdr_container_block_head(head, writer->block_rows, writer->block_len);
    fwrite(head, 1, len, out);
    fwrite(writer->block, 1, writer->block_len, out);
    fwrite(writer->container->sync, 1, sizeof writer->container->sync, out);
    writer->block_rows = writer->block_len = 0;
}

static enum cdr_result print_row(struct cdr_answer_writer *writer, const struct cdr_answer_row *row,
                                 struct cdr_error *error)
{
    const struct cdr_answer_target *target = &writer->target;
    uint8_t bytes[CDR_ROW_MAX + TRAILER_LEN];
    if (writer->format == CDR_ROW_AVRO) {
        writer->block_len += cdr_row_encode(writer->format, target->query, target->late, row,
                                            writer->block + writer->block_len);
        writer->block_rows++;
        if (writer->block_len >= BLOCK_BYTES)
            put_block(writer);
    } else {
        size_t len = cdr_row_encode(writer->format, target->query, target->late, row, bytes);
        bytes[len++] = '\n';
        fwrite(bytes, 1, len, target->out);
    }
    return ferror(target->out) ? cdr_report_printed(target->out, error) : CDR_OK;
}

/* ---- a topic ---- */

static void name_topic(struct cdr_answer_writer *writer)
{
    struct cdr_topic *topic = &writer->topic;
    snprintf(topic->name, sizeof topic->name, "%s", writer->target.settings->to_topic);
    topic->table = true;
    topic->label = "answer";
    topic->encoder = (struct cdr_encoder *)&sizes;
    topic->envelope.key = &key_sizes;
    topic->envelope.key_bytes_max = CDR_ROW_KEY_MAX;
    writer->topics = (struct cdr_topics){.n = 1, .items = topic};
}

static enum cdr_result open_sink(struct cdr_answer_writer *writer, struct cdr_error *error)
{
    const struct cdr_settings *settings = writer->target.settings;
    const struct cdr_model *model = writer->target.model;
    const struct cdr_parameters *p = &model->parameters;
    const struct cdr_sink_ops *ops = cdr_sink_find("kafka");
    const int64_t first_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day);
    struct cdr_sink_settings destination = settings->sink;
    const struct cdr_sink_setup setup = {
        .topics = &writer->topics,
        .partitions = p->partitions,
        .shard_count = 1,
        .dataset_id = model->dataset_id,
        .first_day = p->start_day,
        .days = p->days,
        .first_event_ms = first_ms - p->late_max_s * INT64_C(1000),
        .last_event_ms = writer->end_ms,
        .now_ms = cdr_wall_ms(),
        .workers = 1,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_ROWS,
        .stop = cdr_stop_on_signals(),
    };
    if (ops == NULL || settings->sink.kafka.brokers == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "to-topic %s: %s", settings->to_topic,
                        ops == NULL ? "this build has no Kafka"
                                    : "no brokers are given; pass -b HOST:PORT");
    destination.resume = destination.transactions = destination.id_header = false;
    destination.fault_header = false;
    destination.spill = NULL;
    cdr_stop_opening("interrupted; nothing was written", 1);
    const enum cdr_result result = ops->open(&writer->sink, &destination, &setup, error);
    if (result != CDR_OK)
        return result;
    writer->handover = (struct cdr_handover){
        .sink = writer->sink,
        .stop = cdr_stop_on_signals(),
        .interrupted = "interrupted; the topic holds a part of the answer",
    };
    return cdr_stop_began(error);
}

static enum cdr_result begin_topic(struct cdr_answer_writer *writer, struct cdr_error *error)
{
    const struct cdr_model *model = writer->target.model;
    const struct cdr_parameters *p = &model->parameters;
    if (writer->format == CDR_ROW_AVRO)
        return cdr_fail(error, CDR_E_CONFIG,
                        "rows: avro goes to standard output only; a topic takes csv or json");
    writer->slabs = calloc(p->partitions, sizeof(*writer->slabs));
    writer->positions = calloc(p->partitions, sizeof *writer->positions);
    if (writer->slabs == NULL || writer->positions == NULL)
        return no_memory(error);
    writer->end_ms =
        cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days) - 1;
    name_topic(writer);
    return open_sink(writer, error);
}

static enum cdr_result hand_over(struct cdr_answer_writer *writer, uint32_t partition,
                                 struct cdr_error *error)
{
    struct cdr_slab *slab = writer->slabs[partition];
    uint32_t taken = 0;
    const enum cdr_result result = cdr_handover_write(&writer->handover, 0, slab, &taken, error);
    writer->positions[partition] += taken;
    writer->sink->ops->give_slab(writer->sink, 0, slab);
    writer->slabs[partition] = NULL;
    return result;
}

static enum cdr_result send_row(struct cdr_answer_writer *writer, const struct cdr_answer_row *row,
                                struct cdr_error *error)
{
    const struct cdr_answer_target *target = &writer->target;
    char key[CDR_ROW_KEY_MAX];
    const size_t key_len = cdr_row_key(target->query, row, key);
    const uint32_t partition = (cdr_murmur2((const uint8_t *)key, (uint32_t)key_len) & INT32_MAX) %
                               target->model->parameters.partitions;
    struct cdr_slab **at = &writer->slabs[partition];
    if (*at == NULL) {
        const enum cdr_result result = cdr_handover_take(&writer->handover, 0, at, NULL, error);
        if (result != CDR_OK)
            return result;
        (*at)->log = partition;
        (*at)->position = writer->positions[partition];
        (*at)->day = target->model->parameters.start_day;
    }
    struct cdr_slab *slab = *at;
    const uint32_t used = slab->n == 0 ? 0 : slab->ends[slab->n - 1];
    const uint32_t keys = cdr_column_start(&slab->wire_keys, slab->n);
    size_t len =
        cdr_row_encode(writer->format, target->query, target->late, row, slab->bytes + used);
    slab->bytes[used + len++] = '\n';
    memcpy(slab->wire_keys.bytes + keys, key, key_len);
    slab->wire_keys.ends[slab->n] = keys + (uint32_t)key_len;
    slab->ends[slab->n] = used + (uint32_t)len;
    slab->event_ms[slab->n] = row->end_ms > 0 ? row->end_ms : writer->end_ms;
    slab->key_lens[slab->n] = 0;
    slab->n++;
    const bool full = slab->n == slab->records_max ||
                      slab->bytes_max - used - len < sizes.record_bytes_max ||
                      slab->wire_keys.bytes_max - keys - key_len < CDR_ROW_KEY_MAX;
    return full ? hand_over(writer, partition, error) : CDR_OK;
}

static enum cdr_result end_topic(struct cdr_answer_writer *writer, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; i < writer->target.model->parameters.partitions && result == CDR_OK; i++)
        if (writer->slabs[i] != NULL)
            result = hand_over(writer, i, error);
    if (result == CDR_OK)
        result = cdr_handover_flush(&writer->handover, error);
    struct cdr_sink *sink = writer->sink;
    if (result != CDR_OK)
        return result;
    writer->sink = NULL;
    return sink->ops->close(sink, true, error);
}

static void leave_topic(struct cdr_answer_writer *writer)
{
    if (writer->sink == NULL)
        return;
    for (uint32_t i = 0; i < writer->target.model->parameters.partitions; i++)
        if (writer->slabs[i] != NULL)
            writer->sink->ops->give_slab(writer->sink, 0, writer->slabs[i]);
    writer->sink->ops->close(writer->sink, false, NULL);
}

/* ---- the whole ---- */

enum cdr_result cdr_answer_writer_create(struct cdr_answer_writer **created,
                                         const struct cdr_answer_target *target,
                                         struct cdr_error *error)
{
    struct cdr_answer_writer *writer = calloc(1, sizeof *writer);
    *created = writer;
    if (writer == NULL)
        return no_memory(error);
    writer->target = *target;
    writer->format =
        target->settings->json ? CDR_ROW_JSON : (enum cdr_row_format)target->settings->answer_rows;
    return is_topic(writer) ? begin_topic(writer, error) : begin_stream(writer, error);
}

enum cdr_result cdr_answer_writer_row(void *context, const struct cdr_answer_row *row,
                                      struct cdr_error *error)
{
    struct cdr_answer_writer *writer = context;
    return is_topic(writer) ? send_row(writer, row, error) : print_row(writer, row, error);
}

enum cdr_result cdr_answer_writer_finish(struct cdr_answer_writer *writer, struct cdr_error *error)
{
    if (is_topic(writer))
        return end_topic(writer, error);
    put_block(writer);
    return cdr_report_printed(writer->target.out, error);
}

void cdr_answer_writer_destroy(struct cdr_answer_writer *writer)
{
    if (writer == NULL)
        return;
    leave_topic(writer);
    cdr_container_destroy(writer->container);
    free(writer->block);
    free(writer->slabs);
    free(writer->positions);
    free(writer);
}
