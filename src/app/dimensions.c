#include "app/dimensions.h"

#include "app/notes.h"
#include "app/progress.h"
#include "app/say.h"
#include "app/schema_ids.h"
#include "app/stop.h"
#include "pipeline/dimension_writer.h"
#include "pipeline/handover.h"
#include "verify/dimensions.h"
#if CDR_KAFKA
#include "app/append.h"
#include "sink/kafka/kafka.h"
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct cdr_dimensions {
    const struct cdr_run *run;
    const struct cdr_topics *topics; /* the run's tables */
    struct cdr_sink *sink;
    struct cdr_dimension_writer *writer;
    /* Per log. */
    uint64_t *first_starts, *starts;
    int64_t *begins; /* offsets of the first rows, once it was opened */
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

/* --- life --- */

/* ask: for schema ids, and name those that are fixed to the user. */
static enum cdr_result prepare_topics(struct cdr_run *run, bool ask, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_topics *tables = &run->tables;
    enum cdr_result result = cdr_dimension_topics(
        tables, settings->dimensions ? settings->topic_prefix : NULL, settings->truth_topic,
        cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED), error);
    if (result != CDR_OK)
        return result;
    if (ask && is_kafka(run)) {
        result = cdr_topics_find_ids(tables, settings, is_avro(run), error);
    } else if (ask || settings->registry.urls == NULL) {
        cdr_topics_fix_ids(tables, settings, is_avro(run));
        if (is_kafka(run))
            result = cdr_topics_check_fixed_ids(tables, is_avro(run), false, error);
    }
    return result == CDR_OK ? cdr_dimension_topics_encode(tables, settings->format, error) : result;
}

static enum cdr_result fill(struct cdr_dimensions *dimensions, struct cdr_run *run, bool ask,
                            struct cdr_error *error)
{
    const size_t logs = (size_t)CDR_DIMENSION_TOPICS_MAX * run->settings->model.partitions;
    dimensions->run = run;
    dimensions->topics = &run->tables;
    dimensions->first_starts = calloc(logs, sizeof *dimensions->first_starts);
    dimensions->starts = calloc(logs, sizeof *dimensions->starts);
    dimensions->begins = calloc(logs, sizeof *dimensions->begins);
    dimensions->progress = calloc(logs, sizeof *dimensions->progress);
    if (dimensions->first_starts == NULL || dimensions->starts == NULL ||
        dimensions->begins == NULL || dimensions->progress == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    return prepare_topics(run, ask, error);
}

static enum cdr_result create(struct cdr_run *run, bool ask, struct cdr_error *error)
{
    run->dimensions = calloc(1, sizeof *run->dimensions);
    if (run->dimensions == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    return fill(run->dimensions, run, ask, error);
}

enum cdr_result cdr_dimensions_create(struct cdr_run *run, struct cdr_error *error)
{
    if (!cdr_settings_has_rows(run->settings))
        return CDR_OK;
    if (cdr_run_has(run, CDR_SINK_LINES))
        return cdr_fail(error, CDR_E_CONFIG,
                        "dimensions: only records go to standard output; leave it out, or pass -b "
                        "HOST:PORT");
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
    free(dimensions->first_starts);
    free(dimensions->starts);
    free(dimensions->begins);
    free(dimensions->progress);
    free(dimensions);
}

/* --- opening --- */

struct cdr_sink_setup cdr_dimensions_setup(const struct cdr_run *run)
{
    const struct cdr_calendar *calendar = &run->model->calendar;
    const struct cdr_parameters *p = &run->model->parameters;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    setup.topics = &run->tables;
    setup.fault_bytes = 0;
    setup.fault_ahead_ms = 0;
    setup.first_event_ms = cdr_calendar_day_start_ms(calendar, p->start_day);
    if (setup.last_event_ms >= 0)
        setup.last_event_ms =
            cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days - 1);
    setup.workers = 1;
    setup.ids = false;
    return setup;
}

#if CDR_KAFKA

static void count(const struct cdr_dimension_report *report, uint32_t logs,
                  struct cdr_dimension_counts *total)
{
    for (uint32_t log = 0; log < logs; log++) {
        total->lost += report->counts[log].lost;
        total->wrong_key += report->counts[log].wrong_key;
        total->wrong_timestamp += report->counts[log].wrong_timestamp;
        total->altered += report->counts[log].altered;
        total->foreign += report->counts[log].foreign;
    }
}

static struct cdr_dimension_check_settings check_settings(const struct cdr_dimensions *dimensions,
                                                          const atomic_int *stop)
{
    const struct cdr_run *run = dimensions->run;
    return (struct cdr_dimension_check_settings){
        .model = run->model,
        .topics = dimensions->topics,
        .records = &run->topics,
        .sink = &run->settings->sink,
        .shard_index = run->settings->shard_index,
        .shard_count = run->settings->shard_count,
        .spares_lost = run->settings->sink.kafka.force,
        .days = cdr_settings_is_endless(run->settings) ? CDR_DAYS_MAX : run->model->parameters.days,
        .show = 1,
        .stop = stop,
    };
}

/* A cdr_begin_finder (sink.h) of the tables' logs. */
static enum cdr_result find_begins(void *context, const bool *wanted, bool known, int64_t *begins,
                                   struct cdr_error *error)
{
    const struct cdr_dimensions *dimensions = context;
    const struct cdr_dimension_check_settings settings =
        check_settings(dimensions, cdr_stop_on_signals());
    enum cdr_result result = cdr_dimension_find(&settings, wanted, begins, error);
    return result == CDR_OK ? cdr_run_judge_begins(dimensions->run, dimensions->topics, wanted,
                                                   known, begins, error)
                            : result;
}

/* Compares ends[log] rows of each log, and what follows them; with rows, there may be fewer, and
 * rows[log] becomes their number. All rows are compared: tables are short, and datasets that differ
 * little differ in few rows. line is that of the first difference. */
static enum cdr_result compare(const struct cdr_dimensions *dimensions, const uint64_t *ends,
                               uint64_t *rows, const atomic_int *stop,
                               struct cdr_dimension_counts *total,
                               char line[CDR_DIMENSION_LINE_MAX], struct cdr_error *error)
{
    const struct cdr_run *run = dimensions->run;
    const uint32_t logs = run->tables.n * run->model->parameters.partitions;
    struct cdr_dimension_range *ranges = calloc(logs, sizeof *ranges);
    struct cdr_dimension_report *report = calloc(1, sizeof *report);
    *total = (struct cdr_dimension_counts){0};
    if (ranges == NULL || report == NULL) {
        free(ranges);
        free(report);
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    }
    for (uint32_t log = 0; log < logs; log++)
        ranges[log] =
            (struct cdr_dimension_range){.to = ends[log], .offset = dimensions->begins[log]};
    struct cdr_dimension_check_settings settings = check_settings(dimensions, stop);
    settings.ranges = ranges;
    settings.may_end = rows != NULL;
    enum cdr_result result = cdr_dimension_check(&settings, report, error);
    if (result == CDR_OK)
        count(report, logs, total);
    for (uint32_t log = 0; log < logs && result == CDR_OK && rows != NULL; log++)
        rows[log] = report->counts[log].rows;
    memcpy(line, report->line[0], CDR_DIMENSION_LINE_MAX);
    free(report->counts);
    free(report);
    free(ranges);
    return result;
}

/* How many rows are there is seen by reading them: by their offsets, what other producers have
 * aborted would be rows, too. */
static enum cdr_result find_beginning(struct cdr_dimensions *dimensions, struct cdr_error *error)
{
    const char *dataset = dimensions->run->model->dataset_id;
    struct cdr_dimension_counts total;
    char line[CDR_DIMENSION_LINE_MAX];
    enum cdr_result result = compare(dimensions, dimensions->starts, dimensions->starts,
                                     cdr_stop_on_signals(), &total, line, error);
    if (result == CDR_OK)
        cdr_kafka_set_starts(dimensions->sink, dimensions->starts);
    if (result != CDR_OK || !cdr_dimension_differs(&total))
        return result;
    const uint64_t lost = total.lost;
    total.lost = 0;
    if (cdr_dimension_differs(&total))
        return cdr_fail(error, CDR_E_STATE,
                        "resume: the topics do not hold the beginning of dataset %s: %.700s%s",
                        dataset, line,
                        total.foreign > 0 ? "; it was generated with more days, or another "
                                            "producer writes to it"
                                          : "");
    return cdr_fail(error, CDR_E_STATE,
                    "resume: rows of the beginning of dataset %s are missing, %" PRIu64
                    " in all: %.600s; "
                    "'cdrgen repair' with the same flags deletes and refills such topics, and "
                    "--force goes on without them",
                    dataset, lost, line);
}

/* What a report says of a row is true at that time only: the records of a run may come for hours
 * after the rows. With --force the run goes on with whatever the topics do to them. */
static enum cdr_result check_end(struct cdr_dimensions *dimensions, uint32_t drain_timeout_ms,
                                 struct cdr_error *error)
{
    const uint32_t logs = dimensions->topics->n * dimensions->run->model->parameters.partitions;
    struct cdr_dimension_counts total;
    struct cdr_error why = {0};
    char line[CDR_DIMENSION_LINE_MAX];
    const struct cdr_handover handover = {
        .sink = dimensions->sink,
        .stop = cdr_stop_on_signals(),
        .patience_ms = drain_timeout_ms,
        .interrupted = "interrupted before the brokers said whether the tables are still there",
    };
    if (dimensions->run->settings->sink.kafka.force)
        return CDR_OK;
    enum cdr_result result = cdr_handover_flush(&handover, error);
    if (result != CDR_OK)
        return result;
    uint64_t *ends = calloc(logs, sizeof *ends);
    if (ends == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; log < logs; log++)
        ends[log] = dimensions->starts[log] + dimensions->progress[log].durable;
    /* A run that was interrupted looks all the same. */
    result = compare(dimensions, ends, NULL, NULL, &total, line, &why);
    free(ends);
    if (result == CDR_OK && cdr_dimension_differs(&total))
        return cdr_fail(error, CDR_E_DIFFERENT,
                        "every row was acknowledged, and the tables are no longer as they were "
                        "written: %.700s",
                        line);
    if (result == CDR_E_KAFKA)
        return cdr_fail(error, result,
                        "every row was acknowledged, but nothing says whether all of them are "
                        "still there: %.600s; `verify` tells",
                        why.text);
    if (result == CDR_OK || result == CDR_E_STATE) /* without the right to read, it goes on */
        return CDR_OK;
    *error = why;
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
    destination.begins = dimensions->opened ? dimensions->begins : NULL;
#if CDR_KAFKA
    const struct cdr_begin_finder finder = {find_begins, dimensions};
    destination.finder = &finder;
#endif
    enum cdr_result result = run->sink_ops->open(&dimensions->sink, &destination, &setup, error);
    if (result != CDR_OK)
        return result;
    if (run->sink_ops->bases != NULL)
        run->sink_ops->bases(dimensions->sink, dimensions->begins);
    if (run->sink_ops->starts != NULL)
        run->sink_ops->starts(dimensions->sink, dimensions->starts);
    const bool rehearses = destination.rehearsal != CDR_REHEARSAL_NONE;
    if (!rehearses)
        cdr_say_notes(dimensions->sink, run->settings->quiet);
#if CDR_KAFKA
    if (is_kafka(run) && destination.resume)
        result = find_beginning(dimensions, error);
    if (result == CDR_E_STATE && dimensions->opened)
        result = CDR_E_DIFFERENT;
#endif
    if (result == CDR_OK && !dimensions->opened && run->sink_ops->remember_begin != NULL &&
        !rehearses)
        run->sink_ops->remember_begin(dimensions->sink);
    if (!dimensions->opened)
        memcpy(dimensions->first_starts, dimensions->starts,
               dimensions->topics->n * run->model->parameters.partitions *
                   sizeof *dimensions->starts);
    dimensions->opened = true;
    return result;
}

void cdr_dimensions_remember_end(struct cdr_dimensions *dimensions)
{
    if (dimensions != NULL && dimensions->sink != NULL &&
        dimensions->sink->ops->remember_end != NULL)
        dimensions->sink->ops->remember_end(dimensions->sink);
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
        .topics = dimensions->topics,
        .records = &run->topics,
        .sink = dimensions->sink,
        .shard_index = run->settings->shard_index,
        .shard_count = run->settings->shard_count,
        .starts = dimensions->starts,
        .digest_starts = dimensions->first_starts,
        .stop = stop,
        .drain_timeout_ms = drain_timeout_ms,
    };
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
                                     uint32_t drain_timeout_ms, struct cdr_error *error)
{
    if (dimensions == NULL)
        return CDR_OK;
    const uint32_t partitions = dimensions->run->model->parameters.partitions;
    dimensions->sink->ops->progress(dimensions->sink, dimensions->progress);
    for (uint32_t log = 0; log < dimensions->topics->n * partitions; log++) {
        const char *topic = dimensions->topics->items[log / partitions].name;
        const uint64_t position = cdr_dimension_position(dimensions->writer, log),
                       start = dimensions->starts[log],
                       handed = position > start ? position - start : 0;
        if (handed != dimensions->progress[log].durable)
            return cdr_fail(error, CDR_E_KAFKA,
                            "%s[%u]: %" PRIu64 " rows were handed over but %" PRIu64 " are safe",
                            topic, log % partitions, handed, dimensions->progress[log].durable);
        if (whole && position < start)
            return cdr_fail(error, CDR_E_DIFFERENT,
                            "%s[%u] has %" PRIu64 " rows where this dataset ends at %" PRIu64
                            ": it was generated with more days, or another producer writes to it",
                            topic, log % partitions, start, position);
    }
#if CDR_KAFKA
    if (is_kafka(dimensions->run))
        return check_end(dimensions, drain_timeout_ms, error);
#else
    (void)drain_timeout_ms;
#endif
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
    for (uint32_t d = 0; d < dimensions->topics->n; d++) {
        struct total total = total_of(dimensions, d);
        cdr_json_object(json, dimensions->topics->items[d].name);
        static const char *const types[] = {"SUBSCRIBER", "CELL", "TRUTH"};
        const uint32_t rows = dimensions->topics->items[d].rows;
        cdr_json_text(json, "type", types[rows]);
        cdr_json_u64(json, "records", total.digest.records);
        cdr_json_u64(json, "bytes", total.digest.bytes);
        if (rows != CDR_DIMENSION_TRUTH) {
            cdr_json_u64(json, "updates", total.kinds[CDR_DIMENSION_UPDATE]);
            cdr_json_u64(json, "arrivals", total.kinds[CDR_DIMENSION_ARRIVAL]);
            cdr_json_u64(json, "tombstones", total.kinds[CDR_DIMENSION_TOMBSTONE]);
        }
        put_digest(json, &total.digest);
        if (dimensions->topics->items[d].schema_ids[0] != 0)
            cdr_json_i64(json, "schema_id", dimensions->topics->items[d].schema_ids[0]);
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
    for (uint32_t d = 0; d < dimensions->topics->n; d++) {
        struct total total = total_of(dimensions, d);
        char records[32], bytes[32];
        fprintf(out, "  %-16s %14s rows     %17s bytes  digest %016" PRIx64,
                dimensions->topics->items[d].name, cdr_with_commas(total.digest.records, records),
                cdr_with_commas(total.digest.bytes, bytes), total.digest.ordered);
        if (dimensions->topics->items[d].rows == CDR_DIMENSION_SUBSCRIBER)
            fprintf(out, "; %" PRIu64 " updates, %" PRIu64 " arrivals, %" PRIu64 " tombstones",
                    total.kinds[CDR_DIMENSION_UPDATE], total.kinds[CDR_DIMENSION_ARRIVAL],
                    total.kinds[CDR_DIMENSION_TOMBSTONE]);
        fputc('\n', out);
    }
}
