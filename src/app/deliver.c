#include "app/deliver.h"

#include "app/dimensions.h"
#include "app/progress.h"
#include "app/run_open.h"
#include "app/spill_run.h"
#include "app/steerer.h"
#include "app/stop.h"
#include "app/summary.h"
#include "app/tail.h"
#include "base/clock.h"
#include "pipeline/handover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_TIMEOUT_MS 30000u
#define REOPEN_TIMEOUT_MS INT64_C(60000)
#define IN_VAIN_MAX 3u

static enum cdr_pace_kind kind_of(const struct cdr_settings *settings)
{
    if (settings->live)
        return CDR_PACE_LIVE;
    if (settings->speed > 0)
        return CDR_PACE_SPEED;
    if (settings->rate_per_s > 0)
        return settings->even ? CDR_PACE_EVEN : CDR_PACE_RATE;
    return settings->program != NULL ? CDR_PACE_PROGRAM : CDR_PACE_NONE;
}

/* Of all logs, by producers before this one. */
static uint64_t records_before(const struct cdr_run *run)
{
    uint64_t records = 0;
    for (uint32_t log = 0; log < cdr_run_logs(run); log++)
        records += run->starts[log] - run->first_starts[log];
    return records;
}

/* Reopening the sink does not move the schedule. */
static struct cdr_pace pace_of(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_pace pace = run->schedule;
    pace.kind = kind_of(settings);
    pace.speed = settings->speed;
    pace.rate_per_s = settings->rate_per_s;
    pace.program = &run->program;
    pace.limit_ns = (int64_t)(settings->for_s * 1e9);
    pace.records_before = (double)records_before(run);
    if (run->steerer != NULL) {
        pace.kind = CDR_PACE_PROGRAM;
        pace.steering = run->steerer->steering;
        pace.program = &pace.steering->program;
    }
    return pace;
}

static enum cdr_result create_pipeline(struct cdr_run *run, const atomic_int *stop,
                                       struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_pipeline_settings pipeline = {
        .model = run->model,
        .topics = &run->topics,
        .sink = run->sink,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .pace = pace_of(run),
        .endless = cdr_settings_is_endless(settings),
        .sent = &run->sent,
        .records_max = settings->records > 0 ? settings->records - records_before(run) : 0,
        .starts = run->starts,
        .digest_starts = run->first_starts,
        .stop = stop,
        .drain_timeout_ms = DRAIN_TIMEOUT_MS,
        .day_begin = run->dimensions != NULL ? cdr_dimensions_day : NULL,
        .day_context = run->dimensions,
    };
    enum cdr_result result = cdr_dimensions_begin(run->dimensions, stop, DRAIN_TIMEOUT_MS, error);
    return result == CDR_OK ? cdr_pipeline_create(&run->pipeline, &pipeline, error) : result;
}

static enum cdr_result flush_sink(struct cdr_run *run, const atomic_int *stop,
                                  struct cdr_error *error)
{
    const struct cdr_handover handover = {
        .sink = run->sink,
        .stop = stop,
        .patience_ms = DRAIN_TIMEOUT_MS,
        .interrupted = "interrupted",
    };
    enum cdr_result result = cdr_handover_flush(&handover, error);
    return result != CDR_E_INTERRUPTED
               ? result
               : cdr_fail(error, CDR_E_KAFKA,
                          "interrupted; some records were not acknowledged within %u s",
                          DRAIN_TIMEOUT_MS / 1000);
}

/* Everything that was accepted must be durable; nothing else counts as done. */
static enum cdr_result check_durable(struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t partitions = run->model->parameters.partitions;
    run->sink->ops->progress(run->sink, run->progress);
    for (uint32_t log = 0; log < cdr_run_logs(run); log++) {
        uint64_t position = cdr_pipeline_position(run->pipeline, log), start = run->starts[log],
                 handed = position > start ? position - start : 0,
                 durable = run->progress[log].durable;
        if (handed != durable)
            return cdr_fail(error, CDR_E_KAFKA,
                            "%s[%u]: %llu records were handed over but %llu are safe",
                            run->topics.items[log / partitions].name, log % partitions,
                            (unsigned long long)handed, (unsigned long long)durable);
    }
    return CDR_OK;
}

/* A topic that holds more than the whole dataset has is not one that this dataset was written to
 * alone. */
static enum cdr_result check_reached(const struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t partitions = run->model->parameters.partitions;
    for (uint32_t log = 0; log < cdr_run_logs(run); log++) {
        uint64_t position = cdr_pipeline_position(run->pipeline, log);
        if (position < run->starts[log])
            return cdr_fail(error, CDR_E_DIFFERENT,
                            "%s[%u] has %llu records where this dataset ends at %llu: it was "
                            "generated with more days, or another producer writes to it",
                            run->topics.items[log / partitions].name, log % partitions,
                            (unsigned long long)run->starts[log], (unsigned long long)position);
    }
    return CDR_OK;
}

/* Records of the whole run, 0 where nobody knows. */
static double expected(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    double records = cdr_settings_is_endless(settings)
                         ? INFINITY
                         : cdr_expected_records(run->model) / settings->shard_count;
    if (settings->records > 0)
        records = fmin(records, (double)settings->records);
    if (settings->program != NULL)
        records = fmin(records, cdr_programme_records(&run->program));
    return isinf(records) ? 0 : records;
}

/* What was handed over is safe, and the topics hold it. */
static enum cdr_result prove(struct cdr_run *run, const atomic_int *stop, bool whole,
                             struct cdr_error *error)
{
    enum cdr_result result = flush_sink(run, stop, error);
    if (result == CDR_OK)
        result = check_durable(run, error);
    else
        run->sink->ops->progress(run->sink, run->progress);
#if CDR_KAFKA
    if (result == CDR_OK)
        result = cdr_run_check_heads(run, error);
#endif
    if (result == CDR_OK)
        result = cdr_dimensions_check(run->dimensions, whole, DRAIN_TIMEOUT_MS, error);
    return result;
}

/* A run whose days have an end is complete there; others are wherever they end. */
static enum cdr_result generate(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const atomic_int *stop = cdr_stop_on_signals();
    const bool endless = cdr_settings_is_endless(settings);
    enum cdr_result result = create_pipeline(run, stop, error);
    if (result != CDR_OK)
        return result;
    int64_t start_ns = cdr_monotonic_ns();
    double cpu_before_s = cdr_cpu_s();
    struct cdr_progress *progress =
        cdr_progress_start(run->pipeline, expected(run), settings->quiet);
    result = cdr_pipeline_run(run->pipeline, error);
    run->schedule = cdr_pipeline_pace(run->pipeline);
    if (result == CDR_OK)
        result = check_reached(run, error);
    cdr_progress_stop(progress);
    const bool interrupted = result == CDR_E_INTERRUPTED && atomic_load(stop) != 0;
    const bool early = interrupted || result == CDR_E_REACHED, ended = result == CDR_OK || early;
    struct cdr_error later = {0};
    if (!ended)
        run->sink->ops->progress(run->sink, run->progress);
    const enum cdr_result proved = ended ? prove(run, stop, !early && !endless, &later) : result;
    run->complete = proved == CDR_OK && (!early || endless);
    run->wall_s += (double)(cdr_monotonic_ns() - start_ns) / 1e9;
    run->cpu_s += cdr_cpu_s() - cpu_before_s;
    if (ended && proved != CDR_OK) {
        *error = later;
        return proved;
    }
    if (interrupted && !endless)
        return cdr_fail(
            error, CDR_E_INTERRUPTED,
            "interrupted before the end; every record that was handed over is safe, each log "
            "holds a valid beginning%s",
            run->sink_ops->starts != NULL ? "; go on with --resume" : "");
    return early ? CDR_OK : result;
}

static enum cdr_result report(struct cdr_run *run, struct cdr_error *error)
{
    if (!run->settings->quiet && run->pipeline != NULL)
        cdr_print_closing(run);
    if (run->spilled)
        cdr_print_spilled(run);
    if (run->settings->summary != NULL && run->pipeline != NULL)
        return cdr_write_summary(run, error);
    return CDR_OK;
}

static bool made_progress(const struct cdr_run *run)
{
    for (uint32_t log = 0; log < cdr_run_logs(run); log++)
        if (run->progress[log].durable > 0)
            return true;
    return false;
}

/* As long as the run has patience with records that are not acknowledged, and never short. */
static int64_t reopen_ns(const struct cdr_run *run)
{
    const struct cdr_sink *sink = run->sink;
    const int64_t own_ms = sink->ops->patience_ms != NULL ? sink->ops->patience_ms(sink) : 0;
    const int64_t patience_ms = own_ms > REOPEN_TIMEOUT_MS ? own_ms : REOPEN_TIMEOUT_MS;
    return patience_ms * INT64_C(1000000);
}

/* safe: how many records of each log were durable before. */
static enum cdr_result open_again(struct cdr_run *run, const uint64_t *safe,
                                  struct cdr_error *error)
{
    enum cdr_result result = cdr_run_open_sink(run, true, error);
#if CDR_KAFKA
    if (result == CDR_OK)
        result = cdr_run_check_arrived(run, safe, error);
#else
    (void)safe;
#endif
    if (result != CDR_OK && run->sink != NULL) {
        run->sink->ops->close(run->sink, false, NULL);
        run->sink = NULL;
    }
    return result;
}

/* A new producer that goes on after what the topics hold. The brokers may just be electing: for a
 * while, that they don't answer is no reason to give up. Whatever is found to be wrong, records may
 * have been written. */
static enum cdr_result reopen(struct cdr_run *run, struct cdr_error *error)
{
    const atomic_int *stop = cdr_stop_on_signals();
    const int64_t give_up_ns = cdr_monotonic_ns() + reopen_ns(run);
    cdr_pipeline_destroy(run->pipeline);
    run->pipeline = NULL;
    run->committed |= made_progress(run);
    uint64_t *safe = calloc(cdr_run_logs(run), sizeof *safe);
    if (safe == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", cdr_run_logs(run));
    for (uint32_t log = 0; log < cdr_run_logs(run); log++) {
        run->aborted[log] += run->progress[log].aborted;
        safe[log] = run->starts[log] + run->progress[log].durable;
    }
    enum cdr_result result = run->sink->ops->close(run->sink, false, error);
    run->sink = NULL;
    if (result != CDR_E_DIFFERENT && result != CDR_E_ENDED)
        do
            result = open_again(run, safe, error);
        while ((result == CDR_E_KAFKA || result == CDR_E_PRODUCER) && atomic_load(stop) == 0 &&
               cdr_monotonic_ns() < give_up_ns);
    free(safe);
    return result == CDR_E_STATE || result == CDR_E_CONFIG ? CDR_E_ENDED : result;
}

/* Generates; and where the producer fails in a way that ends with it, goes on with a new one, until
 * several in a row got no further. */
static enum cdr_result generate_on(struct cdr_run *run, struct cdr_error *error)
{
    unsigned in_vain = 0;
    enum cdr_result result = generate(run, error);
    while (result == CDR_E_PRODUCER && in_vain < IN_VAIN_MAX) {
        const struct cdr_error why = *error;
        result = reopen(run, error);
        /* What a new producer finds to be wrong is the cause, and why says less. */
        if (result != CDR_E_DIFFERENT && result != CDR_E_ENDED)
            fprintf(stderr, "cdrgen: warning: %s; going on with a new producer\n", why.text);
        if (result != CDR_OK)
            return result;
        run->producers++;
        result = generate(run, error);
        in_vain = made_progress(run) ? 0 : in_vain + 1;
    }
    return result;
}

/* With --spill, brokers that stay away don't end the run: it goes on in files. */
static enum cdr_result generate_all(struct cdr_run *run, struct cdr_error *error)
{
    enum cdr_result result = generate_on(run, error);
    if (!cdr_run_may_spill(run, result) || atomic_load(cdr_stop_on_signals()) != 0)
        return result;
    result = cdr_run_spill(run, error);
    return result == CDR_OK ? generate(run, error) : result;
}

/* Logs that are spoiled stay so, whatever is written after that. */
static void point_to_repair(const struct cdr_run *run, struct cdr_error *error)
{
    const size_t len = strlen(error->text);
    if (cdr_run_has(run, CDR_SINK_OFFSETS))
        snprintf(error->text + len, sizeof error->text - len,
                 "; 'cdrgen repair' with the same flags deletes and refills such topics");
}

/* The checks after the first look at the ends take their time, and another producer may have
 * written meanwhile: the last thing that a run into Kafka does is to look once more. */
static enum cdr_result remember_end(struct cdr_run *run, enum cdr_result result,
                                    struct cdr_error *error)
{
    if ((result != CDR_OK && result != CDR_E_INTERRUPTED) || run->sink == NULL || run->spilled)
        return result;
    if (run->sink->ops->remember_end != NULL) {
        run->sink->ops->remember_end(run->sink);
        cdr_dimensions_remember_end(run->dimensions);
    }
    if (result != CDR_OK || !cdr_run_has(run, CDR_SINK_OFFSETS))
        return result;
    result = flush_sink(run, cdr_stop_on_signals(), error);
    run->complete &= result == CDR_OK;
    return result;
}

enum cdr_result cdr_run_deliver(struct cdr_run *run, struct cdr_error *error)
{
    struct cdr_error later = {0};
    enum cdr_result result = generate_all(run, error);
    result = remember_end(run, result, error);
    if (result == CDR_E_DIFFERENT)
        point_to_repair(run, error);
    if (run->sink != NULL) {
        enum cdr_result closed = run->sink->ops->close(run->sink, run->complete, &later);
        run->sink = NULL;
        if (closed == CDR_OK)
            closed = cdr_dimensions_close(run->dimensions, run->complete, &later);
        if (result == CDR_OK && closed != CDR_OK) {
            run->complete = false;
            *error = later;
            result = closed;
        }
    }
    enum cdr_result reported = report(run, &later);
    if (result == CDR_OK && reported != CDR_OK) {
        *error = later;
        result = reported;
    }
    return result;
}
