#include "app/dimensions.h"

#include "app/message_parts.h"
#include "app/notes.h"
#include "app/progress.h"
#include "app/say.h"
#include "app/schema_ids.h"
#include "app/stop.h"
#include "pipeline/dimension_writer.h"
#include "verify/dimensions.h"
#if CDR_KAFKA
#include "sink/kafka.h"
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of each log, as of the records' (tail.c). */
#define TAIL_RECORDS 100u
#define TAIL_LINES 1u

struct cdr_dimensions {
    const struct cdr_run *run;
    char topics[CDR_DIMENSION_COUNT][256];
    int32_t schema_ids[CDR_DIMENSION_COUNT]; /* 0 where the format has none */
    bool avro_keys;
    int32_t key_ids[CDR_DIMENSION_COUNT]; /* 0 where keys have none */
    struct cdr_dimension_encoder *encoders[CDR_DIMENSION_COUNT];
    struct cdr_sink *sink;
    struct cdr_dimension_writer *writer;
    /* Per log of the sink, which counts as many topics as records have. */
    uint64_t *first_starts, *starts;
    struct cdr_log_progress *progress;
    bool opened; /* before */
};

static bool is_kafka(const struct cdr_run *run)
{
    return cdr_run_has(run, CDR_SINK_OFFSETS);
}

static bool is_avro(const struct cdr_run *run)
{
    return cdr_format_is(run->settings->format, CDR_FORMAT_FRAMED);
}

/* --- schemas --- */

/* What needs an id: rows and keys of both dimensions. */
struct needed {
    uint32_t d;
    bool key;
};

enum { NEEDED_MAX = 2 * CDR_DIMENSION_COUNT };

static size_t list_needed(const struct cdr_dimensions *dimensions, struct needed *needed)
{
    size_t count = 0;
    for (uint32_t d = 0; is_avro(dimensions->run) && d < CDR_DIMENSION_COUNT; d++)
        needed[count++] = (struct needed){d, false};
    for (uint32_t d = 0; dimensions->avro_keys && d < CDR_DIMENSION_COUNT; d++)
        needed[count++] = (struct needed){d, true};
    return count;
}

#if CDR_KAFKA

static const char *text_of(struct needed needed)
{
    return needed.key ? cdr_key_schema_default : cdr_dimension_schema(needed.d);
}

static int32_t *id_of(struct cdr_dimensions *dimensions, struct needed needed)
{
    return needed.key ? &dimensions->key_ids[needed.d] : &dimensions->schema_ids[needed.d];
}

static enum cdr_result subject_of(const struct cdr_dimensions *dimensions, struct needed needed,
                                  char subject[CDR_REGISTRY_SUBJECT_MAX], struct cdr_error *error)
{
    const struct cdr_registry_settings *registry = &dimensions->run->settings->registry;
    const char *topic = dimensions->topics[needed.d];
    return needed.key ? cdr_registry_key_subject(registry, topic, text_of(needed), subject, error)
                      : cdr_registry_subject(registry, topic, text_of(needed), subject, error);
}

/* Rows and keys have one form: the latest version has to be of it. */
static enum cdr_result take_latest(struct cdr_dimensions *dimensions, struct needed needed,
                                   const char *subject, struct cdr_error *error)
{
    char *text = NULL, note[CDR_REGISTRY_NOTE_MAX];
    enum cdr_result result = cdr_registry_latest(&dimensions->run->settings->registry, subject,
                                                 id_of(dimensions, needed), &text, note, error);
    if (result == CDR_OK && note[0] != '\0')
        fprintf(stderr, "cdrgen: warning: %s\n", note);
    if (result == CDR_OK && !cdr_registry_same(text_of(needed), text))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "subject %s: the latest version is not of the form that --dimensions "
                          "writes (`cdrgen schema print %s --dimensions`); leave one of "
                          "--use-latest and --dimensions out",
                          subject, needed.key ? "key" : cdr_dimension_name[needed.d]);
    free(text);
    return result == CDR_E_STATE ? CDR_E_CONFIG : result;
}

/* Keys of both topics may share a subject: then they share the wish. */
static enum cdr_result ask_registry(struct cdr_dimensions *dimensions, struct cdr_error *error)
{
    const struct cdr_registry_settings *registry = &dimensions->run->settings->registry;
    char subjects[NEEDED_MAX][CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_registry_wish wishes[NEEDED_MAX] = {{0}};
    struct needed needed[NEEDED_MAX];
    size_t of[NEEDED_MAX], n = list_needed(dimensions, needed), count = 0;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < n; i++) {
        result = subject_of(dimensions, needed[i], subjects[count], error);
        if (result == CDR_OK && registry->use_latest)
            result = take_latest(dimensions, needed[i], subjects[count], error);
        of[i] = 0;
        while (of[i] < count && strcmp(subjects[of[i]], subjects[count]) != 0)
            of[i]++;
        if (of[i] < count)
            continue;
        wishes[count].subject = subjects[count];
        wishes[count++].schema_text = text_of(needed[i]);
    }
    if (result != CDR_OK || registry->use_latest)
        return result;
    result = cdr_registry_find(registry, wishes, count, error);
    for (size_t i = 0; result == CDR_OK && i < n; i++)
        *id_of(dimensions, needed[i]) = wishes[of[i]].id;
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        if (wishes[i].note[0] != '\0')
            fprintf(stderr, "cdrgen: warning: %s\n", wishes[i].note);
    return result;
}

#endif

/* say: name them to the user. */
static enum cdr_result take_fixed_ids(struct cdr_dimensions *dimensions, bool say,
                                      struct cdr_error *error)
{
    const struct cdr_settings *settings = dimensions->run->settings;
    struct needed needed[NEEDED_MAX];
    const size_t n = list_needed(dimensions, needed);
    for (size_t i = 0; i < n; i++) {
        const uint32_t d = needed[i].d;
        const int32_t id =
            needed[i].key ? settings->key_schema_id : settings->dimension_schema_ids[d];
        const char *name = needed[i].key ? "key" : cdr_dimension_name[d];
        if (id == 0 && is_kafka(dimensions->run))
            return cdr_fail(error, CDR_E_CONFIG,
                            "dimensions: avro in Kafka needs schema ids; give --registry URL, or a "
                            "fixed one with --schema-id-%s",
                            name);
        (needed[i].key ? dimensions->key_ids : dimensions->schema_ids)[d] = id;
        if (say && !needed[i].key && is_kafka(dimensions->run) && !settings->quiet)
            fprintf(stderr,
                    "cdrgen: no registry is given: %s gets the schema id %d (--schema-id-%s)\n",
                    dimensions->topics[d], id, name);
    }
    return CDR_OK;
}

void cdr_dimensions_list_schemas(const struct cdr_dimensions *dimensions, bool fixed,
                                 struct cdr_schema_uses *uses)
{
    static const char *const options[CDR_DIMENSION_COUNT] = {
        [CDR_DIMENSION_SUBSCRIBER] = "--schema-id-subscriber",
        [CDR_DIMENSION_CELL] = "--schema-id-cell",
    };
    for (uint32_t d = 0; dimensions != NULL && d < CDR_DIMENSION_COUNT; d++) {
        cdr_schema_uses_add(uses, dimensions->schema_ids[d], cdr_dimension_schema(d), "the values",
                            dimensions->topics[d], fixed ? options[d] : NULL);
        cdr_schema_uses_add(uses, dimensions->key_ids[d], cdr_key_schema_default, "the keys",
                            dimensions->topics[d], fixed ? "--schema-id-key" : NULL);
    }
}

static enum cdr_result find_schema_ids(struct cdr_dimensions *dimensions, struct cdr_error *error)
{
#if CDR_KAFKA
    if (is_kafka(dimensions->run) && dimensions->run->settings->registry.urls != NULL) {
        struct needed needed[NEEDED_MAX];
        return list_needed(dimensions, needed) > 0 ? ask_registry(dimensions, error) : CDR_OK;
    }
#endif
    return take_fixed_ids(dimensions, true, error);
}

/* --- life --- */

static enum cdr_result fill(struct cdr_dimensions *dimensions, bool ask, struct cdr_error *error)
{
    const struct cdr_run *run = dimensions->run;
    const size_t logs = (size_t)CDR_TYPE_COUNT * run->settings->model.partitions;
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++)
        snprintf(dimensions->topics[d], sizeof dimensions->topics[d], "%s%s",
                 run->settings->topic_prefix, cdr_dimension_name[d]);
    dimensions->avro_keys = cdr_format_is(run->settings->key_format, CDR_FORMAT_FRAMED);
    dimensions->first_starts = calloc(logs, sizeof *dimensions->first_starts);
    dimensions->starts = calloc(logs, sizeof *dimensions->starts);
    dimensions->progress = calloc(logs, sizeof *dimensions->progress);
    enum cdr_result result = CDR_OK;
    if (dimensions->first_starts == NULL || dimensions->starts == NULL ||
        dimensions->progress == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    if (result == CDR_OK && ask)
        result = find_schema_ids(dimensions, error);
    else if (result == CDR_OK && run->settings->registry.urls == NULL)
        result = take_fixed_ids(dimensions, false, error);
    for (uint32_t d = 0; result == CDR_OK && d < CDR_DIMENSION_COUNT; d++)
        result = cdr_dimension_encoder_create(&dimensions->encoders[d], d, run->settings->format,
                                              is_avro(run), dimensions->schema_ids[d], error);
    return result;
}

static enum cdr_result create(struct cdr_run *run, bool ask, struct cdr_error *error)
{
    run->dimensions = calloc(1, sizeof *run->dimensions);
    if (run->dimensions == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    run->dimensions->run = run;
    return fill(run->dimensions, ask, error);
}

enum cdr_result cdr_dimensions_create(struct cdr_run *run, struct cdr_error *error)
{
    if (!run->settings->dimensions)
        return CDR_OK;
    if (!cdr_run_has(run, CDR_SINK_MESSAGES)) {
        if (!run->settings->quiet)
            cdr_say(stderr,
                    "cdrgen: dimensions: the changes go to topics only; in %s, subscribers.csv and "
                    "cells.csv hold the first day's state\n",
                    run->settings->sink.out);
        return CDR_OK;
    }
    return create(run, true, error);
}

enum cdr_result cdr_dimensions_create_unasked(struct cdr_run *run, struct cdr_error *error)
{
    return create(run, false, error);
}

void cdr_dimensions_destroy(struct cdr_dimensions *dimensions)
{
    if (dimensions == NULL)
        return;
    cdr_dimensions_close(dimensions, false, NULL);
    cdr_dimension_writer_destroy(dimensions->writer);
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++)
        cdr_dimension_encoder_destroy(dimensions->encoders[d]);
    free(dimensions->first_starts);
    free(dimensions->starts);
    free(dimensions->progress);
    free(dimensions);
}

/* --- opening --- */

struct cdr_sink_setup cdr_dimensions_setup(const struct cdr_run *run)
{
    const struct cdr_dimensions *dimensions = run->dimensions;
    const struct cdr_calendar *calendar = &run->model->calendar;
    const struct cdr_parameters *p = &run->model->parameters;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        const bool used = type < CDR_DIMENSION_COUNT;
        setup.topics[type] = used ? dimensions->topics[type] : NULL;
        setup.encoders[type] = used ? cdr_dimension_sizes(dimensions->encoders[type]) : NULL;
        setup.schemas[type] = used && is_avro(run) ? cdr_dimension_schema(type) : NULL;
        setup.envelopes[type] = (struct cdr_envelope){0};
        if (used && dimensions->avro_keys) {
            setup.envelopes[type].key = &cdr_dimension_key_sizes;
            setup.envelopes[type].key_bytes_max = CDR_DIMENSION_WIRE_KEY_MAX;
        }
    }
    setup.first_event_ms = cdr_calendar_day_start_ms(calendar, p->start_day);
    if (setup.last_event_ms >= 0)
        setup.last_event_ms =
            cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days - 1);
    setup.workers = 1;
    setup.ids = false;
    setup.compacted = true;
    return setup;
}

#if CDR_KAFKA

/* Nothing is left of the rows that a log's end tells of. Compaction keeps a log's last row. */
static enum cdr_result pass_blind(const struct cdr_dimensions *dimensions, uint32_t log,
                                  struct cdr_error *error)
{
    const struct cdr_run *run = dimensions->run;
    const uint32_t partitions = run->model->parameters.partitions;
    if (run->settings->sink.force)
        return CDR_OK;
    return cdr_fail(error, CDR_E_STATE,
                    "resume: %s[%u] ends where %" PRIu64
                    " rows of this dataset would end, but none of the last ones is left to compare "
                    "(they expired or were deleted); --force goes on after them",
                    dimensions->topics[log / partitions], log % partitions,
                    dimensions->starts[log]);
}

/* The last records that are there must be the function's; compaction may have left few. */
static enum cdr_result check_tail(struct cdr_dimensions *dimensions, struct cdr_error *error)
{
    const struct cdr_run *run = dimensions->run;
    const uint32_t logs = CDR_DIMENSION_COUNT * run->model->parameters.partitions;
    struct cdr_dimension_range *ranges = calloc(logs, sizeof *ranges);
    int64_t *bases =
        calloc((size_t)CDR_TYPE_COUNT * run->model->parameters.partitions, sizeof *bases);
    struct cdr_dimension_report *report = calloc(1, sizeof *report);
    if (ranges == NULL || bases == NULL || report == NULL) {
        free(ranges);
        free(bases);
        free(report);
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    }
    dimensions->sink->ops->bases(dimensions->sink, bases);
    for (uint32_t log = 0; log < logs; log++) {
        uint64_t end = dimensions->starts[log];
        ranges[log].to = end;
        ranges[log].from = end > TAIL_RECORDS ? end - TAIL_RECORDS : 0;
        ranges[log].offset = bases[log] + (int64_t)ranges[log].from;
    }
    struct cdr_dimension_check_settings settings = {
        .model = run->model,
        .avro_keys = dimensions->avro_keys,
        .sink = &run->settings->sink,
        .shard_index = run->settings->shard_index,
        .shard_count = run->settings->shard_count,
        .ranges = ranges,
        .days = run->settings->live ? CDR_DAYS_MAX : run->model->parameters.days,
        .show = TAIL_LINES,
        .stop = cdr_stop_on_signals(),
    };
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++) {
        settings.encoders[d] = dimensions->encoders[d];
        settings.topics[d] = dimensions->topics[d];
    }
    enum cdr_result result = cdr_dimension_check(&settings, report, error);
    for (uint32_t log = 0; result == CDR_OK && report->lines == 0 && log < logs; log++)
        if (report->counts[log].expected > 0 && report->counts[log].found == 0)
            result = pass_blind(dimensions, log, error);
    if (result == CDR_OK && report->lines > 0)
        result = cdr_fail(error, CDR_E_STATE,
                          "resume: the topics do not hold the beginning of dataset %s: %s",
                          run->model->dataset_id, report->line[0]);
    free(report->counts);
    free(report);
    free(bases);
    free(ranges);
    return result;
}

#endif

enum cdr_result cdr_dimensions_open(struct cdr_run *run, bool resume, struct cdr_error *error)
{
    struct cdr_dimensions *dimensions = run->dimensions;
    if (dimensions == NULL)
        return CDR_OK;
    cdr_dimensions_close(dimensions, false, NULL);
    struct cdr_sink_setup setup = cdr_dimensions_setup(run);
    struct cdr_sink_settings destination = run->settings->sink;
    destination.resume |= resume;
    destination.transactions = false;
    enum cdr_result result = run->sink_ops->open(&dimensions->sink, &destination, &setup, error);
    if (result != CDR_OK)
        return result;
    if (run->sink_ops->starts != NULL)
        run->sink_ops->starts(dimensions->sink, dimensions->starts);
    cdr_say_notes(dimensions->sink, run->settings->quiet);
#if CDR_KAFKA
    if (!dimensions->opened && is_kafka(run) && destination.resume)
        result = check_tail(dimensions, error);
#endif
    if (result == CDR_OK && !dimensions->opened && run->sink_ops->remember_begin != NULL)
        run->sink_ops->remember_begin(dimensions->sink);
    if (!dimensions->opened)
        memcpy(dimensions->first_starts, dimensions->starts,
               CDR_TYPE_COUNT * run->model->parameters.partitions * sizeof *dimensions->starts);
    dimensions->opened = true;
    return result;
}

enum cdr_result cdr_dimensions_close(struct cdr_dimensions *dimensions, bool complete,
                                     struct cdr_error *error)
{
    if (dimensions == NULL || dimensions->sink == NULL)
        return CDR_OK;
    struct cdr_sink *sink = dimensions->sink;
    dimensions->sink = NULL;
    return sink->ops->close(sink, complete, error);
}

/* --- running --- */

enum cdr_result cdr_dimensions_begin(struct cdr_dimensions *dimensions, const atomic_int *stop,
                                     uint32_t drain_timeout_ms, struct cdr_error *error)
{
    if (dimensions == NULL)
        return CDR_OK;
    const struct cdr_run *run = dimensions->run;
    struct cdr_dimension_writer_settings settings = {
        .model = run->model,
        .key_ids = dimensions->avro_keys ? dimensions->key_ids : NULL,
        .sink = dimensions->sink,
        .shard_index = run->settings->shard_index,
        .shard_count = run->settings->shard_count,
        .starts = dimensions->starts,
        .digest_starts = dimensions->first_starts,
        .stop = stop,
        .drain_timeout_ms = drain_timeout_ms,
    };
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++)
        settings.encoders[d] = dimensions->encoders[d];
    cdr_dimension_writer_destroy(dimensions->writer);
    dimensions->writer = NULL;
    return cdr_dimension_writer_create(&dimensions->writer, &settings, error);
}

enum cdr_result cdr_dimensions_day(void *context, int32_t day, struct cdr_error *error)
{
    struct cdr_dimensions *dimensions = context;
    return cdr_dimension_write_day(dimensions->writer, day, error);
}

enum cdr_result cdr_dimensions_check(struct cdr_dimensions *dimensions, bool whole,
                                     struct cdr_error *error)
{
    if (dimensions == NULL)
        return CDR_OK;
    const uint32_t partitions = dimensions->run->model->parameters.partitions;
    dimensions->sink->ops->progress(dimensions->sink, dimensions->progress);
    for (uint32_t log = 0; log < CDR_DIMENSION_COUNT * partitions; log++) {
        const char *topic = dimensions->topics[log / partitions];
        const uint64_t position = cdr_dimension_position(dimensions->writer, log),
                       start = dimensions->starts[log],
                       handed = position > start ? position - start : 0;
        if (handed != dimensions->progress[log].durable)
            return cdr_fail(error, CDR_E_KAFKA,
                            "%s[%u]: %" PRIu64 " rows were handed over but %" PRIu64 " are safe",
                            topic, log % partitions, handed, dimensions->progress[log].durable);
        if (whole && position < start)
            return cdr_fail(error, CDR_E_DIFFERENT,
                            "%s[%u] holds %" PRIu64 " rows of this dataset's place, and the "
                            "dataset has %" PRIu64 ": it ran for more days before, or somebody "
                            "else writes there",
                            topic, log % partitions, start, position);
    }
    return CDR_OK;
}

/* --- report --- */

struct total {
    struct cdr_digest digest;
    uint64_t kinds[CDR_DIMENSION_KINDS];
};

static bool is_mine(const struct cdr_dimensions *dimensions, uint32_t partition)
{
    const struct cdr_settings *settings = dimensions->run->settings;
    return partition % settings->shard_count == settings->shard_index;
}

static struct total total_of(const struct cdr_dimensions *dimensions, uint32_t d)
{
    const uint32_t partitions = dimensions->run->model->parameters.partitions;
    struct total total = {{0}, {0}};
    for (uint32_t p = 0; p < partitions; p++) {
        if (!is_mine(dimensions, p))
            continue;
        const uint32_t log = d * partitions + p;
        const struct cdr_digest *digest = cdr_dimension_digest(dimensions->writer, log);
        total.digest.records += digest->records;
        total.digest.bytes += digest->bytes;
        total.digest.sum += digest->sum;
        total.digest.ordered += cdr_digest_topic_term(p, digest);
        for (unsigned kind = 0; kind < CDR_DIMENSION_KINDS; kind++)
            total.kinds[kind] += cdr_dimension_count(dimensions->writer, log, kind);
    }
    return total;
}

static void put_digest(struct cdr_json *json, const struct cdr_digest *digest)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, digest->ordered);
    cdr_json_text(json, "digest", text);
    snprintf(text, sizeof text, "%016" PRIx64, digest->sum);
    cdr_json_text(json, "sum", text);
}

static void put_partition(const struct cdr_dimensions *dimensions, uint32_t log, uint32_t p,
                          struct cdr_json *json)
{
    const struct cdr_digest *digest = cdr_dimension_digest(dimensions->writer, log);
    cdr_json_object_inline(json, NULL);
    cdr_json_u64(json, "partition", p);
    if (dimensions->run->settings->sink.resume)
        cdr_json_u64(json, "first_record", dimensions->first_starts[log]);
    cdr_json_u64(json, "records", digest->records);
    cdr_json_u64(json, "bytes", digest->bytes);
    cdr_json_u64(json, "durable",
                 dimensions->starts[log] - dimensions->first_starts[log] +
                     dimensions->progress[log].durable);
    put_digest(json, digest);
    cdr_json_object_end(json);
}

void cdr_dimensions_summary(const struct cdr_dimensions *dimensions, struct cdr_json *json)
{
    if (dimensions == NULL || dimensions->writer == NULL)
        return;
    const uint32_t partitions = dimensions->run->model->parameters.partitions;
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++) {
        struct total total = total_of(dimensions, d);
        cdr_json_object(json, dimensions->topics[d]);
        cdr_json_text(json, "type", d == CDR_DIMENSION_SUBSCRIBER ? "SUBSCRIBER" : "CELL");
        cdr_json_u64(json, "records", total.digest.records);
        cdr_json_u64(json, "bytes", total.digest.bytes);
        cdr_json_u64(json, "updates", total.kinds[CDR_DIMENSION_UPDATE]);
        cdr_json_u64(json, "arrivals", total.kinds[CDR_DIMENSION_ARRIVAL]);
        cdr_json_u64(json, "tombstones", total.kinds[CDR_DIMENSION_TOMBSTONE]);
        put_digest(json, &total.digest);
        if (dimensions->schema_ids[d] != 0)
            cdr_json_i64(json, "schema_id", dimensions->schema_ids[d]);
        cdr_json_array(json, "partitions");
        for (uint32_t p = 0; p < partitions; p++)
            if (is_mine(dimensions, p))
                put_partition(dimensions, d * partitions + p, p, json);
        cdr_json_array_end(json);
        cdr_json_object_end(json);
    }
}

void cdr_dimensions_print(const struct cdr_dimensions *dimensions, FILE *out)
{
    if (dimensions == NULL || dimensions->writer == NULL)
        return;
    for (uint32_t d = 0; d < CDR_DIMENSION_COUNT; d++) {
        struct total total = total_of(dimensions, d);
        char records[32], bytes[32];
        fprintf(out, "  %-16s %14s rows     %17s bytes  digest %016" PRIx64, dimensions->topics[d],
                cdr_with_commas(total.digest.records, records),
                cdr_with_commas(total.digest.bytes, bytes), total.digest.ordered);
        if (d == CDR_DIMENSION_SUBSCRIBER)
            fprintf(out, "; %" PRIu64 " updates, %" PRIu64 " arrivals, %" PRIu64 " tombstones",
                    total.kinds[CDR_DIMENSION_UPDATE], total.kinds[CDR_DIMENSION_ARRIVAL],
                    total.kinds[CDR_DIMENSION_TOMBSTONE]);
        fputc('\n', out);
    }
}
