#include "verify/verify.h"

#include "base/clock.h"
#include "sink/direct.h"
#include "verify/payload.h"
#include "verify/source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5 }; /* for records of a log that has none yet */
#define CLOSING_NS INT64_C(2000000000)
#define SLAB_BYTES (256u << 10)
#define SLAB_RECORDS 4096u
/* Hashes of recent records: of all logs together, and the most and least of one. */
#define RECENT_TOTAL (UINT32_C(1) << 21)
#define RECENT_MIN 1024u

/* What a log's comparison needs to ask for its records. */
struct log_reader {
    struct cdr_verify *verify;
    uint32_t log;
    bool closed; /* with follow, after the stop: nothing is there that was not compared */
};

struct cdr_verify {
    struct cdr_direct_sink sink; /* that the pipeline writes to */
    struct cdr_verify_settings settings;
    uint32_t log_count, partitions;
    struct cdr_compare **compares; /* NULL: of another shard */
    struct log_reader *readers;
    struct cdr_pipeline *pipeline;
    atomic_uint over;      /* with beginning: compares that are */
    atomic_uint closed;    /* readers that are */
    atomic_llong close_ns; /* with follow: when closing ends; 0: it was not stopped yet */
    uint32_t compare_count;
    const struct cdr_difference **shown;
    size_t shown_count;
};

/* ---- the sink ---- */

static bool is_stopped(const struct cdr_verify *verify)
{
    return verify->settings.stop != NULL && atomic_load(verify->settings.stop) != 0;
}

/* A worker may wait for a record of one log while others hold what was not looked at yet. So a
 * comparison that follows goes on after the stop, without waiting, until nothing more is there, or
 * for a while. */
static enum cdr_result begin_closing(struct cdr_verify *verify, bool *closes,
                                     struct cdr_error *error)
{
    *closes = verify->settings.follow && is_stopped(verify);
    if (!*closes)
        return CDR_OK;
    const int64_t now_ns = cdr_monotonic_ns();
    long long unset = 0;
    atomic_compare_exchange_strong(&verify->close_ns, &unset, now_ns + CLOSING_NS);
    return atomic_load(&verify->closed) < verify->compare_count &&
                   now_ns < atomic_load(&verify->close_ns)
               ? CDR_OK
               : cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
}

static void close_log(struct cdr_verify *verify, uint32_t log)
{
    verify->readers[log].closed = true;
    atomic_fetch_add(&verify->closed, 1);
}

static enum cdr_result verify_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                    uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker;
    struct cdr_verify *verify = (struct cdr_verify *)sink;
    const struct cdr_topic *topic = &verify->settings.topics->items[slab->log / verify->partitions];
    struct cdr_compare *compare = verify->compares[slab->log];
    const bool was_over = cdr_compare_is_over(compare);
    bool closes = false;
    enum cdr_result result = begin_closing(verify, &closes, error);
    if (result != CDR_OK)
        return result;
    const bool *closed = &verify->readers[slab->log].closed;
    for (; *taken < end && !cdr_compare_is_over(compare) && !*closed; ++*taken) {
        const struct cdr_record expected = cdr_slab_message(slab, *taken, topic);
        result = cdr_compare_expect(compare, &expected, error);
        if (closes && (result == CDR_E_AGAIN || cdr_compare_is_starved(compare)))
            close_log(verify, slab->log);
        else if (result != CDR_OK)
            return result;
    }
    *taken = end;
    if (!was_over && cdr_compare_is_over(compare) &&
        atomic_fetch_add(&verify->over, 1) + 1 == verify->compare_count)
        return cdr_fail(error, CDR_E_REACHED, "all logs are over");
    return CDR_OK;
}

static enum cdr_result verify_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error)
{
    (void)timeout_ms; /* a caller that had to wait has waited in write */
    struct cdr_source *source = ((struct cdr_verify *)sink)->settings.source;
    return source->ops->poll(source, error);
}

static const struct cdr_sink_ops verify_sink_ops = {
    .name = "verify",
    .description = "compares",
    .take_slab = cdr_direct_take_slab,
    .write = verify_write,
    .give_slab = cdr_direct_give_slab,
    .poll = verify_poll,
};

/* ---- what a comparison asks for ---- */

static enum cdr_result read_next(void *context, struct cdr_record *record, bool *ended,
                                 struct cdr_error *error)
{
    const struct log_reader *reader = context;
    struct cdr_source *source = reader->verify->settings.source;
    return source->ops->next(source, reader->log, WAIT_MS, record, ended, error);
}

static void guess(void *context, struct cdr_record *record, char key_text[16])
{
    const struct log_reader *reader = context;
    const struct cdr_verify *verify = reader->verify;
    cdr_payload_guess(verify->settings.payloads, reader->log / verify->partitions, record,
                      key_text);
}

/* ---- life ---- */

static int64_t last_day_end_ms(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    return cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days);
}

static enum cdr_result create_compares(struct cdr_verify *verify, struct cdr_error *error)
{
    const struct cdr_verify_settings *settings = &verify->settings;
    uint32_t recent = CDR_COMPARE_RECENT;
    while (recent > RECENT_MIN && (uint64_t)recent * verify->log_count > RECENT_TOTAL)
        recent /= 2;
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < verify->log_count; log++) {
        if (log % verify->partitions % settings->shard_count != settings->shard_index)
            continue;
        struct cdr_source_extent extent = settings->source->ops->extent(settings->source, log);
        verify->readers[log] = (struct log_reader){.verify = verify, .log = log};
        struct cdr_compare_settings compare = {
            .log = log,
            .has_keys = settings->has_keys,
            .recent = recent,
            .show = settings->show,
            .expired_max = extent.first > extent.base ? (uint64_t)(extent.first - extent.base) : 0,
            .beginning = settings->beginning,
            .open_end = extent.open && !settings->follow,
            .horizon_ms = settings->follow ? INT64_MAX : last_day_end_ms(settings->model),
            .guess = guess,
            .next = read_next,
            .context = &verify->readers[log],
        };
        result = cdr_compare_create(&verify->compares[log], &compare, error);
        verify->compare_count++;
    }
    return result;
}

static enum cdr_result create_pipeline(struct cdr_verify *verify, struct cdr_error *error)
{
    const struct cdr_verify_settings *settings = &verify->settings;
    struct cdr_pipeline_settings pipeline = {
        .model = settings->model,
        .topics = settings->topics,
        .sink = &verify->sink.base,
        .workers = settings->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .endless = settings->follow,
        .stop = settings->follow ? NULL : settings->stop,
    };
    return cdr_pipeline_create(&verify->pipeline, &pipeline, error);
}

enum cdr_result cdr_verify_create(struct cdr_verify **made,
                                  const struct cdr_verify_settings *settings,
                                  struct cdr_error *error)
{
    *made = NULL;
    struct cdr_verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the comparison");
    verify->settings = *settings;
    verify->partitions = settings->model->parameters.partitions;
    verify->log_count = settings->topics->n * verify->partitions;
    verify->compares = calloc(verify->log_count, sizeof *verify->compares);
    verify->readers = calloc(verify->log_count, sizeof *verify->readers);
    struct cdr_sink_setup setup = {
        .topics = settings->topics,
        .partitions = verify->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .workers = settings->workers,
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .fault_bytes = settings->model->faults.grows_max,
    };
    enum cdr_result result =
        verify->compares != NULL && verify->readers != NULL
            ? cdr_direct_open(&verify->sink, &verify_sink_ops, &setup, error)
            : cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", verify->log_count);
    if (result == CDR_OK)
        result = create_compares(verify, error);
    if (result == CDR_OK)
        result = create_pipeline(verify, error);
    if (result != CDR_OK) {
        cdr_verify_destroy(verify);
        return result;
    }
    *made = verify;
    return CDR_OK;
}

void cdr_verify_destroy(struct cdr_verify *verify)
{
    if (verify == NULL)
        return;
    cdr_pipeline_destroy(verify->pipeline);
    for (uint32_t log = 0; verify->compares != NULL && log < verify->log_count; log++)
        cdr_compare_destroy(verify->compares[log]);
    cdr_direct_free(&verify->sink);
    free(verify->compares);
    free(verify->readers);
    free(verify->shown);
    free(verify);
}

/* ---- run ---- */

/* What the topics hold after the last expected record. */
static enum cdr_result finish(struct cdr_verify *verify, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < verify->log_count; log++) {
        if (verify->compares[log] == NULL)
            continue;
        while ((result = cdr_compare_finish(verify->compares[log], error)) == CDR_E_AGAIN) {
            result = verify_poll(&verify->sink.base, 0, error);
            if (result == CDR_OK && is_stopped(verify))
                result = cdr_fail(error, CDR_E_INTERRUPTED, "interrupted");
            if (result != CDR_OK)
                break;
        }
    }
    return result;
}

static enum cdr_result stop_all(struct cdr_verify *verify, bool judges_found,
                                struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < verify->log_count; log++)
        if (verify->compares[log] != NULL)
            result = cdr_compare_stop(verify->compares[log], judges_found, error);
    return result;
}

static enum cdr_result collect(struct cdr_verify *verify, struct cdr_error *error)
{
    const uint32_t show = verify->settings.show;
    verify->shown = calloc((size_t)CDR_DIFFERENCE_KINDS * show + 1, sizeof(void *));
    if (verify->shown == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the differences to show");
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++) {
        uint32_t of_kind = 0;
        for (uint32_t log = 0; log < verify->log_count; log++) {
            const struct cdr_difference *const *kept = NULL;
            size_t n = verify->compares[log] != NULL
                           ? cdr_compare_differences(verify->compares[log], kind, &kept)
                           : 0;
            for (size_t i = 0; i < n && of_kind < show; i++, of_kind++)
                verify->shown[verify->shown_count++] = kept[i];
        }
    }
    return CDR_OK;
}

enum cdr_result cdr_verify_run(struct cdr_verify *verify, struct cdr_error *error)
{
    struct cdr_error later = {0};
    enum cdr_result result = cdr_pipeline_run(verify->pipeline, error);
    if (result == CDR_E_REACHED)
        result = CDR_OK;
    if (result == CDR_OK)
        result = finish(verify, error);
    const bool followed =
        result == CDR_E_INTERRUPTED && verify->settings.follow && is_stopped(verify);
    enum cdr_result stopped = result != CDR_OK ? stop_all(verify, followed, &later) : CDR_OK;
    if (stopped == CDR_OK)
        stopped = cdr_compare_cross(verify->compares, verify->log_count, &later);
    if (stopped == CDR_OK)
        stopped = collect(verify, &later);
    if (followed)
        result = CDR_OK;
    if (result == CDR_OK && stopped != CDR_OK) {
        result = stopped;
        *error = later;
    }
    return result;
}

const struct cdr_pipeline *cdr_verify_pipeline(const struct cdr_verify *verify)
{
    return verify->pipeline;
}

const struct cdr_compare_counts *cdr_verify_counts(const struct cdr_verify *verify, uint32_t log)
{
    return verify->compares[log] != NULL ? cdr_compare_counts(verify->compares[log]) : NULL;
}

size_t cdr_verify_shown(const struct cdr_verify *verify,
                        const struct cdr_difference *const **differences)
{
    *differences = verify->shown;
    return verify->shown_count;
}
