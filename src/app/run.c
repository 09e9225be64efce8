/* The course of a run: choose the destination, look up schemas, open, run, flush, close, report. */
#include "app/run_state.h"

#include "app/progress.h"
#include "app/stop.h"
#include "base/clock.h"
#if CDR_KAFKA
#include "sink/kafka.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 3000
#define DRAIN_TIMEOUT_MS 30000u
#define SLAB_BYTES (256u << 10) /* small enough to be free again soon, and full when handed over */
#define SLAB_RECORDS 4096u

static const char *const topic_names[CDR_TYPE_COUNT] = {"call", "sms", "data"};

static bool brokers_configured(const struct cdr_settings *settings)
{
    if (settings->sink.brokers != NULL)
        return true;
    for (size_t i = 0; i < settings->sink.property_count; i++)
        if (strcmp(settings->sink.properties[i].name, "bootstrap.servers") == 0 ||
            strcmp(settings->sink.properties[i].name, "metadata.broker.list") == 0)
            return true;
    return false;
}

/* auto: Kafka where brokers are configured and answer, else files. -b on the command line means
 * Kafka. */
static enum cdr_result choose_sink(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *name = settings->sink_name;
    if (strcmp(name, "auto") == 0) {
        name = "file";
#if CDR_KAFKA
        struct cdr_error why = {0};
        if (settings->brokers_by_flag && !settings->sink_by_user) {
            name = "kafka";
        } else if (!brokers_configured(settings)) {
            run->sink_reason = "no brokers are configured";
        } else {
            enum cdr_result probe = cdr_kafka_probe(&settings->sink, PROBE_TIMEOUT_MS, &why);
            if (probe == CDR_E_CONFIG)
                return cdr_fail(error, probe, "%s", why.text);
            snprintf(run->reason_text, sizeof run->reason_text, "%s",
                     probe == CDR_OK ? "the configured brokers answer" : why.text);
            run->sink_reason = run->reason_text;
            name = probe == CDR_OK ? "kafka" : "file";
        }
#else
        run->sink_reason = brokers_configured(settings) ? "this cdrgen was built without Kafka"
                                                        : "no brokers are configured";
#endif
    }
    run->sink_ops = cdr_sink_find(name);
    if (run->sink_ops == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "sink: \"%s\" is not built into this cdrgen", name);
    if (strcmp(name, "kafka") == 0 && !brokers_configured(settings))
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    return CDR_OK;
}

static bool avro_to_kafka(const struct cdr_run *run)
{
    return strcmp(run->settings->format, "avro") == 0 && strcmp(run->sink_ops->name, "file") != 0;
}

static enum cdr_result find_schema_id(struct cdr_run *run, uint32_t type, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    run->schema_ids[type] = settings->schema_ids[type];
#if CDR_KAFKA
    if (settings->registry.urls != NULL && strcmp(run->sink_ops->name, "kafka") == 0) {
        char subject[300];
        snprintf(subject, sizeof subject, "%s-value", run->topics[type]);
        return cdr_registry_schema_id(&settings->registry, subject, cdr_builtin_schema(type),
                                      &run->schema_ids[type], error);
    }
#endif
    if (strcmp(run->sink_ops->name, "kafka") != 0)
        return CDR_OK;
    if (run->schema_ids[type] == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "format: avro in Kafka needs schema ids; give --registry URL, or fixed ids "
                        "with --schema-id-call, "
                        "--schema-id-sms and --schema-id-data");
    if (!settings->quiet)
        fprintf(stderr, "cdrgen: no registry is given: %s gets the schema id %d (--schema-id-%s)\n",
                run->topics[type], run->schema_ids[type], topic_names[type]);
    return CDR_OK;
}

static enum cdr_result create_encoders(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_encoder_ops *ops = cdr_encoder_find(settings->format);
    bool framed = avro_to_kafka(run);
    if (ops == NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "format: \"%s\" is not known; allowed are csv, avro, json",
                        settings->format);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        enum cdr_result result = framed ? find_schema_id(run, type, error) : CDR_OK;
        struct cdr_encoder_settings encoder = {
            .type = type,
            .tz_name = settings->model.tz_name,
            .framed = framed,
            .schema_id = run->schema_ids[type],
        };
        if (result == CDR_OK)
            result = ops->create(&run->encoders[type], &encoder, error);
        if (result != CDR_OK)
            return result;
    }
    return CDR_OK;
}

static enum cdr_result open_sink(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_parameters *p = &run->model->parameters;
    const struct cdr_calendar *calendar = &run->model->calendar;
    struct cdr_sink_setup setup = {
        .partitions = p->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .dataset_id = run->model->dataset_id,
        .first_day = p->start_day,
        .days = settings->live ? 0 : p->days,
        .first_event_ms = cdr_calendar_day_start_ms(calendar, p->start_day) -
                          (p->late_share > 0 ? p->late_max_s * INT64_C(1000) : 0),
        .last_event_ms =
            settings->live
                ? -1
                : cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days) - 1,
        .now_ms = cdr_wall_ms(),
        .workers = run->workers,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
    };
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        setup.topics[type] = run->topics[type];
        setup.encoders[type] = run->encoders[type];
        setup.schemas[type] =
            strcmp(settings->format, "avro") == 0 ? cdr_builtin_schema(type) : NULL;
    }
    enum cdr_result result = run->sink_ops->open(&run->sink, &settings->sink, &setup, error);
    if (result == CDR_OK && run->sink_ops->starts != NULL)
        run->sink_ops->starts(run->sink, run->starts);
    if (result == CDR_OK && run->sink_ops->note != NULL && !settings->quiet)
        for (size_t i = 0; run->sink_ops->note(run->sink, i) != NULL; i++)
            fprintf(stderr, "cdrgen: %s\n", run->sink_ops->note(run->sink, i));
#if CDR_KAFKA
    if (result == CDR_OK && strcmp(run->sink_ops->name, "kafka") == 0)
        for (size_t i = 0; i < cdr_kafka_warning_count(run->sink); i++)
            fprintf(stderr, "cdrgen: warning: %s\n", cdr_kafka_warning(run->sink, i));
#endif
    return result;
}

static enum cdr_result write_table(const struct cdr_settings *settings, const char *name,
                                   const struct cdr_model *model,
                                   int (*write)(FILE *, const struct cdr_model *),
                                   struct cdr_error *error)
{
    /* Shards write the same table into one folder at the same time: each under a temporary name of
     * its own, the same one again when a run that was killed is resumed. */
    const char *folder = settings->sink.out;
    char path[4096], temporary[4096 + 60];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(temporary, sizeof temporary, "%s/.%s.%u-of-%u.tmp", folder, name,
             settings->shard_index, settings->shard_count);
    FILE *out = fopen(temporary, "w");
    if (out == NULL)
        return cdr_fail(error, CDR_E_IO, "%s: %s", temporary, strerror(errno));
    int good = write(out, model);
    int reason = errno;
    if (fclose(out) != 0 && good) {
        good = 0;
        reason = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = 0;
        reason = errno;
    }
    if (!good) {
        unlink(temporary);
        return cdr_fail(error, CDR_E_IO, "%s: %s", path, strerror(reason));
    }
    return CDR_OK;
}

static enum cdr_result write_tables(const struct cdr_run *run, struct cdr_error *error)
{
    if (strcmp(run->sink_ops->name, "file") != 0)
        return CDR_OK;
    enum cdr_result result =
        write_table(run->settings, "cells.csv", run->model, cdr_write_cells, error);
    if (result == CDR_OK)
        result =
            write_table(run->settings, "subscribers.csv", run->model, cdr_write_subscribers, error);
    return result;
}

static enum cdr_result create_pipeline(struct cdr_run *run, const atomic_int *stop,
                                       struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_pipeline_settings pipeline = {
        .model = run->model,
        .sink = run->sink,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .pace = {.kind = settings->live             ? CDR_PACE_LIVE
                         : settings->speed > 0      ? CDR_PACE_SPEED
                         : settings->rate_per_s > 0 ? CDR_PACE_RATE
                                                    : CDR_PACE_NONE,
                 .speed = settings->speed,
                 .rate_per_s = settings->rate_per_s},
        .endless = settings->live,
        .starts = run->starts,
        .stop = stop,
        .drain_timeout_ms = DRAIN_TIMEOUT_MS,
    };
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        pipeline.encoders[type] = run->encoders[type];
    return cdr_pipeline_create(&run->pipeline, &pipeline, error);
}

static enum cdr_result flush_sink(struct cdr_run *run, const atomic_int *stop,
                                  struct cdr_error *error)
{
    enum cdr_result result;
    int64_t give_up_ns = 0;
    while ((result = run->sink->ops->flush(run->sink, 200, error)) == CDR_E_AGAIN) {
        if (atomic_load(stop) == 0)
            continue;
        if (give_up_ns == 0)
            give_up_ns = cdr_monotonic_ns() + DRAIN_TIMEOUT_MS * INT64_C(1000000);
        if (cdr_monotonic_ns() > give_up_ns)
            return cdr_fail(error, CDR_E_KAFKA,
                            "interrupted; some records were not acknowledged within %u s",
                            DRAIN_TIMEOUT_MS / 1000);
    }
    return result;
}

/* Everything that was accepted must be durable; nothing else counts as done. */
static enum cdr_result check_durable(struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t partitions = run->model->parameters.partitions;
    run->sink->ops->progress(run->sink, run->progress);
    for (uint32_t log = 0; log < CDR_TYPE_COUNT * partitions; log++) {
        uint64_t handed = cdr_pipeline_digest(run->pipeline, log)->records,
                 durable = run->progress[log].durable;
        if (handed != durable)
            return cdr_fail(error, CDR_E_KAFKA,
                            "%s [%u]: %llu records were handed over but %llu are safe",
                            run->topics[log / partitions], log % partitions,
                            (unsigned long long)handed, (unsigned long long)durable);
    }
    return CDR_OK;
}

static enum cdr_result generate(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const atomic_int *stop = cdr_stop_on_signals();
    enum cdr_result result = create_pipeline(run, stop, error);
    if (result != CDR_OK)
        return result;
    int64_t start_ns = cdr_monotonic_ns();
    double cpu_before_s = cdr_cpu_s();
    struct cdr_progress *progress = cdr_progress_start(
        run->pipeline,
        settings->live ? 0 : cdr_expected_records(run->model) / settings->shard_count,
        settings->quiet);
    result = cdr_pipeline_run(run->pipeline, error);
    cdr_progress_stop(progress);
    const bool interrupted = result == CDR_E_INTERRUPTED && atomic_load(stop) != 0;
    struct cdr_error later = {0};
    enum cdr_result flushed =
        result == CDR_OK || interrupted ? flush_sink(run, stop, &later) : result;
    if (flushed == CDR_OK)
        flushed = check_durable(run, &later);
    else
        run->sink->ops->progress(run->sink, run->progress);
    run->complete = flushed == CDR_OK && (result == CDR_OK || (interrupted && settings->live));
    run->wall_s = (double)(cdr_monotonic_ns() - start_ns) / 1e9;
    run->cpu_s = cdr_cpu_s() - cpu_before_s;
    if (interrupted && flushed == CDR_OK && settings->live)
        return CDR_OK;
    if (interrupted && flushed == CDR_OK)
        return cdr_fail(
            error, CDR_E_INTERRUPTED,
            "interrupted before the end; every record that was handed over is safe, each log "
            "holds the beginning of what it was to hold%s",
            run->sink_ops->starts != NULL ? "; go on with --resume" : "");
    if ((result == CDR_OK || interrupted) && flushed != CDR_OK) {
        *error = later;
        return flushed;
    }
    return result;
}

static enum cdr_result report(struct cdr_run *run, struct cdr_error *error)
{
    if (!run->settings->quiet && run->pipeline != NULL)
        cdr_print_closing(run);
    if (run->settings->summary != NULL && run->pipeline != NULL)
        return cdr_write_summary(run, error);
    return CDR_OK;
}

static enum cdr_result fill_sink(struct cdr_run *run, struct cdr_error *error)
{
    struct cdr_error later = {0};
    const struct cdr_sink_ops *ops = run->sink_ops;
    /* A summary has digests, and those are of what the function gives. */
    bool nothing_to_do = ops->holds_all != NULL && ops->holds_all(run->sink);
    run->complete = nothing_to_do;
    enum cdr_result result = nothing_to_do ? CDR_OK : write_tables(run, error);
    if (result == CDR_OK && (!nothing_to_do || run->settings->summary != NULL))
        result = generate(run, error);
    enum cdr_result closed = run->sink->ops->close(run->sink, run->complete, &later);
    run->sink = NULL;
    if (result == CDR_OK && closed != CDR_OK) {
        run->complete = false;
        *error = later;
        result = closed;
    }
    enum cdr_result reported = report(run, &later);
    if (result == CDR_OK && reported != CDR_OK) {
        *error = later;
        result = reported;
    }
    return result;
}

static unsigned choose_workers(const struct cdr_settings *settings)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return settings->workers != 0 ? settings->workers : processors > 0 ? (unsigned)processors : 1;
}

static enum cdr_result prepare(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        snprintf(run->topics[type], sizeof run->topics[type], "%s%s", settings->topic_prefix,
                 topic_names[type]);
    run->workers = choose_workers(settings);
    if (settings->shard_count > settings->model.partitions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "shard: %u shards need at least as many partitions; there are %u",
                        settings->shard_count, settings->model.partitions);
    enum cdr_result result = cdr_check_summary(settings, error);
    if (result == CDR_OK)
        result = cdr_model_create(&run->model, &settings->model, error);
    if (result == CDR_OK)
        result = choose_sink(run, error);
    if (result == CDR_OK)
        run->progress = calloc(CDR_TYPE_COUNT * settings->model.partitions, sizeof *run->progress);
    if (result == CDR_OK)
        run->starts = calloc(CDR_TYPE_COUNT * settings->model.partitions, sizeof *run->starts);
    if (result == CDR_OK && (run->progress == NULL || run->starts == NULL))
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    return result;
}

/* What auto chose, and why. */
static void say_destination(const struct cdr_run *run)
{
    bool files = strcmp(run->sink_ops->name, "file") == 0;
    if (!files && run->settings->out_by_user)
        fprintf(stderr, "cdrgen: warning: out: %s is not used: nothing goes to files (--sink %s)\n",
                run->settings->sink.out, run->sink_ops->name);
    if (run->sink_reason != NULL && !run->settings->quiet)
        fprintf(stderr, "cdrgen: writing %s%s, because %s\n", files ? "files to " : "to Kafka",
                files ? run->settings->sink.out : "", run->sink_reason);
}

enum cdr_result cdr_command_run(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings};
    enum cdr_result result = prepare(&run, error);
    if (result == CDR_OK && settings->dry_run) {
        cdr_print_plan(&run);
    } else if (result == CDR_OK) {
        result = create_encoders(&run, error);
        if (result == CDR_OK)
            result = open_sink(&run, error);
        /* Whatever kept the run from beginning (a broker that is away, say), nothing was
         * written. */
        if (result == CDR_E_KAFKA || result == CDR_E_IO)
            result = CDR_E_STATE;
        if (result == CDR_OK)
            say_destination(&run);
        if (result == CDR_OK)
            result = fill_sink(&run, error);
    }
    cdr_pipeline_destroy(run.pipeline);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_encoder_destroy(run.encoders[type]);
    cdr_model_destroy(run.model);
    free(run.progress);
    free(run.starts);
    return result;
}
