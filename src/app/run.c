/* The start of a run: choose the destination, look up schemas, open; deliver.c does the rest. */
#include "app/run.h"

#include "app/append.h"
#include "app/beside.h"
#include "app/deliver.h"
#include "app/dimensions.h"
#include "app/faults.h"
#include "app/process.h"
#include "app/run_open.h"
#include "app/say.h"
#include "app/schema_ids.h"
#include "app/steerer.h"
#include "app/stop.h"
#include "app/summary.h"
#include "app/tail.h"
#include "app/truth_files.h"
#include "base/files.h"
#if CDR_KAFKA
#include "kafka/recreate.h"
#include "sink/kafka/kafka.h"
#endif
#include "sink/spill/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 3000

/* Only where --sink auto was given is it tried out whether the brokers answer. */
static enum cdr_result try_kafka(struct cdr_run *run, const char **name, struct cdr_error *error)
{
#if CDR_KAFKA
    struct cdr_error why = {0};
    enum cdr_result probe = cdr_kafka_probe(&run->settings->sink.kafka, PROBE_TIMEOUT_MS, &why);
    if (probe == CDR_E_CONFIG)
        return cdr_fail(error, probe, "%s", why.text);
    run->fell_back = probe != CDR_OK;
    snprintf(run->reason_text, sizeof run->reason_text, "%s",
             run->fell_back ? why.text : "the configured brokers answer");
#else
    (void)error;
    run->fell_back = true;
    snprintf(run->reason_text, sizeof run->reason_text, "this cdrgen was built without Kafka");
#endif
    run->sink_reason = run->reason_text;
    *name = run->fell_back ? "file" : "kafka";
    return CDR_OK;
}

static enum cdr_result choose_sink(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *name = cdr_settings_destination(settings, CDR_COMMAND_RUN);
    const bool is_auto = strcmp(settings->sink_name, CDR_SINK_AUTO) == 0;
    enum cdr_result result = CDR_OK;
    if (strcmp(name, CDR_SINK_AUTO) == 0) {
        result = try_kafka(run, &name, error);
    } else if (is_auto && cdr_sink_is(name, CDR_SINK_FOLDER)) {
        run->sink_reason = "no brokers are configured";
    } else if (is_auto && !cdr_settings_by_flag(settings, "brokers")) {
        snprintf(run->reason_text, sizeof run->reason_text, "brokers are configured (%.200s)",
                 cdr_settings_where(settings, "brokers"));
        run->sink_reason = run->reason_text;
    }
    if (result != CDR_OK)
        return result;
    run->sink_ops = cdr_sink_find(name);
    if (run->sink_ops == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "sink: \"%s\" is not built into this cdrgen", name);
    if (cdr_run_has(run, CDR_SINK_OFFSETS) && settings->sink.kafka.brokers == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    return CDR_OK;
}

/* Files have neither keys nor headers. */
static bool has_messages(const struct cdr_run *run)
{
    return cdr_run_has(run, CDR_SINK_MESSAGES);
}

/* A schema that does not compile is not to be registered. */
static enum cdr_result check_schema(const struct cdr_run *run, uint32_t type, unsigned version,
                                    struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_encoder *encoder = NULL;
    /* With --use-latest nothing is, and the schema to compile is not here yet. */
    bool latest = settings->registry.use_latest && settings->registry.urls != NULL &&
                  !cdr_schema_is_given(settings, &run->topics.items[type]);
    if (run->topics.items[type].layouts[version].schema == NULL ||
        (version == 0 && latest && cdr_run_is_framed(run)))
        return CDR_OK;
    const struct cdr_encoder_settings encoding = cdr_topic_encoding(
        &run->topics, type, version, settings->model.tz_name, cdr_run_is_framed(run));
    enum cdr_result result = cdr_encoder_find(settings->format)->create(&encoder, &encoding, error);
    cdr_encoder_destroy(encoder);
    return result;
}

/* Where T lies with respect to the run, and whether the destination can follow. */
static enum cdr_result check_change(const struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_parameters *p = &run->model->parameters;
    const struct cdr_calendar *calendar = &run->model->calendar;
    const int64_t change_ms = run->topics.change_ms;
    if (change_ms == CDR_CHANGE_NEVER)
        return CDR_OK;
    const char *late = p->faults[CDR_FAULT_LATE] > 0     ? "late_share"
                       : p->faults[CDR_FAULT_OUTAGE] > 0 ? "outages"
                                                         : NULL;
    if (cdr_run_has(run, CDR_SINK_FOLDER) && late != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema_change_at and %s: a file has one schema, and records that come "
                        "late would go back and forth between two; leave one of them out, or write "
                        "to Kafka",
                        late);
    if (change_ms <= cdr_calendar_day_start_ms(calendar, p->start_day))
        fprintf(stderr,
                "cdrgen: warning: schema_change_at: %s is not after the run's start: records "
                "follow the next schemas from the first one on\n",
                settings->schema_change_at);
    else if (!cdr_settings_is_endless(settings) &&
             change_ms >= cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days))
        fprintf(stderr,
                "cdrgen: warning: schema_change_at: %s is after the run's last day (--days %u): no "
                "record follows the next schemas yet\n",
                settings->schema_change_at, p->days);
    return CDR_OK;
}

static enum cdr_result create_envelopes(struct cdr_run *run, struct cdr_error *error)
{
    return cdr_topics_create_envelopes(&run->topics, run->settings->headers,
                                       run->settings->model.tz_name, error);
}

/* Reads and checks what the settings name; asks nobody. */
static enum cdr_result prepare_encoders(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_topics *topics = &run->topics;
    enum cdr_result result = cdr_topics_load_schemas(topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_resolve_change(topics, settings, run->model, error);
    if (result == CDR_OK)
        result = check_change(run, error);
    for (uint32_t type = 0; type < topics->n; type++)
        for (unsigned version = 0; result == CDR_OK && version < CDR_VERSIONS; version++)
            result = check_schema(run, type, version, error);
    if (result == CDR_OK && has_messages(run))
        result = cdr_topics_load_keys(topics, settings, error);
    const bool later = cdr_key_schemas_come_later(settings) && cdr_run_has(run, CDR_SINK_OFFSETS);
    if (result == CDR_OK && has_messages(run) && !(cdr_has_avro_keys(topics) && later))
        result = create_envelopes(run, error);
    if (result == CDR_OK)
        cdr_topics_warn(topics);
    return result;
}

/* Ids of all topics come before any encoder, so that a schema that is refused stops a run that did
 * nothing. */
static enum cdr_result create_encoders(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    enum cdr_result result = prepare_encoders(run, error);
    if (result == CDR_OK && cdr_run_has(run, CDR_SINK_OFFSETS))
        result = cdr_topics_find_ids(&run->topics, settings, cdr_run_is_framed(run), error);
    else
        cdr_topics_fix_ids(&run->topics, settings, cdr_run_is_framed(run));
    if (result == CDR_OK && cdr_has_avro_keys(&run->topics))
        result = create_envelopes(run, error);
    if (result == CDR_OK)
        result = cdr_topics_create_encoders(&run->topics, settings->format, settings->model.tz_name,
                                            cdr_run_is_framed(run), error);
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
    char path[4096], temporary[4096 + 60], words[CDR_REASON_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(temporary, sizeof temporary, "%s/.%s.%u-of-%u.tmp", folder, name,
             settings->shard_index, settings->shard_count);
    FILE *out = cdr_stream_temporary(temporary);
    if (out == NULL)
        return cdr_fail(error, CDR_E_IO, "%s: %s", temporary, cdr_os_reason(errno, words));
    if (cdr_stream_rename(out, write(out, model), false, temporary, path))
        return CDR_OK;
    const int reason = errno;
    return cdr_fail(error, CDR_E_IO, "%s%s: %s", cdr_os_limit(reason), path,
                    cdr_os_reason(reason, words));
}

/* Before anything is removed. */
static enum cdr_result check_tables(const struct cdr_run *run, struct cdr_error *error)
{
    char path[4096];
    struct stat status;
    for (size_t i = 0; cdr_run_has(run, CDR_SINK_FOLDER) && i < CDR_TABLES; i++) {
        snprintf(path, sizeof path, "%s/%s", run->settings->sink.out, cdr_tables[i].name);
        if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return cdr_fail(error, CDR_E_CONFIG, "%s is a folder where a file is needed", path);
    }
    return cdr_truth_files_check(run, error);
}

/* All of them; or, where the folder holds the whole dataset, those that it lacks, and those that
 * are not this dataset's. */
static enum cdr_result write_tables(const struct cdr_run *run, bool whole, struct cdr_error *error)
{
    char path[CDR_BESIDE_PATH_MAX];
    const struct cdr_beside beside = {run->settings, run->model, &run->topics};
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; cdr_run_has(run, CDR_SINK_FOLDER) && i < CDR_TABLES && result == CDR_OK;
         i++) {
        const struct cdr_table *table = &cdr_tables[i];
        bool changed = false;
        snprintf(path, sizeof path, "%s/%s", run->settings->sink.out, table->name);
        const bool there = whole && (access(path, F_OK) == 0 || errno != ENOENT);
        if (there)
            result = cdr_table_is_changed(&beside, table, path, &changed, error);
        if (result != CDR_OK || (there && !changed))
            continue;
        result = write_table(run->settings, table->name, run->model, table->write, error);
        if (result == CDR_OK && whole && !run->settings->quiet)
            cdr_say(stderr, "cdrgen: %s was %s, and is written again\n", path,
                    there ? "not this dataset's" : "missing");
    }
    return result;
}

static enum cdr_result fill_sink(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_sink_ops *ops = run->sink_ops;
    /* A summary is of a run, so then there is one, though it hands nothing over. */
    bool nothing_to_do = ops->holds_all != NULL && ops->holds_all(run->sink);
    enum cdr_result result = CDR_OK;
    if (run->steerer != NULL)
        result = run->steerer->begin(run->steerer->context, error);
    if (result == CDR_OK)
        result = write_tables(run, nothing_to_do, error);
    if (result == CDR_OK)
        result = cdr_truth_files_write(run, nothing_to_do, error);
    if (result == CDR_OK && (!nothing_to_do || run->settings->summary != NULL))
        return cdr_run_deliver(run, error);
    enum cdr_result closed =
        run->sink->ops->close(run->sink, nothing_to_do, result == CDR_OK ? error : NULL);
    run->sink = NULL;
    return result == CDR_OK ? closed : result;
}

/* A part of a file that ended early is written again from its first record. */
static enum cdr_result check_end(const struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *end = cdr_settings_end(settings);
    if (end == NULL || !settings->sink.resume || !cdr_run_has(run, CDR_SINK_FOLDER))
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "%s: a resume in a folder writes parts that ended early again from their "
                    "beginning, so it must reach at least their end; leave out resume or %s",
                    end, end);
}

static enum cdr_result prepare(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    run->workers = cdr_process_workers(settings->workers);
    cdr_make_token(run->token);
    if (settings->shard_count > settings->model.partitions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "shard: %u shards need at least as many partitions; there are %u",
                        settings->shard_count, settings->model.partitions);
    enum cdr_result result = cdr_check_summary(settings, error);
    if (result == CDR_OK)
        result = cdr_topics_name(&run->topics, settings, error);
    if (result == CDR_OK)
        result = cdr_model_create(&run->model, &settings->model, error);
    if (result == CDR_OK)
        result = choose_sink(run, error);
    if (result == CDR_OK)
        result = cdr_faults_fit_run(settings, run->sink_ops->traits, error);
    if (result == CDR_OK)
        result = check_end(run, error);
    if (result == CDR_OK && settings->program != NULL)
        result = cdr_programme_parse(settings->program, &run->program, error);
    if (result == CDR_OK) {
        run->progress = calloc(cdr_run_logs(run), sizeof *run->progress);
        run->starts = calloc(cdr_run_logs(run), sizeof *run->starts);
        run->first_starts = calloc(cdr_run_logs(run), sizeof *run->first_starts);
        run->aborted = calloc(cdr_run_logs(run), sizeof *run->aborted);
        run->bases = calloc(cdr_run_logs(run), sizeof *run->bases);
    }
    if (result == CDR_OK &&
        (!cdr_sent_init(&run->sent) || run->progress == NULL || run->starts == NULL ||
         run->first_starts == NULL || run->aborted == NULL || run->bases == NULL))
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    /* Found out now, not when the brokers are away. */
    if (result == CDR_OK && settings->sink.spill != NULL && cdr_run_has(run, CDR_SINK_OFFSETS))
        result = cdr_spill_check(settings->sink.spill, error);
    return result;
}

/* Of a dry run, which asks no registry. */
static enum cdr_result check_fixed_ids(struct cdr_run *run, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    if (run->settings->registry.urls != NULL)
        return CDR_OK;
    cdr_topics_fix_ids(&run->topics, run->settings, cdr_run_is_framed(run));
    if (cdr_settings_has_rows(run->settings) && has_messages(run))
        result = cdr_dimensions_create_unasked(run, error);
    return result == CDR_OK ? cdr_run_check_schema_ids(run, error) : result;
}

/* Encoders of records and of rows, with their schemas' ids. */
static enum cdr_result create_all_encoders(struct cdr_run *run, struct cdr_error *error)
{
    enum cdr_result result = create_encoders(run, error);
    if (result == CDR_OK)
        result = cdr_dimensions_create(run, error);
    return result == CDR_OK ? cdr_run_check_schema_ids(run, error) : result;
}

static void leave_out(const struct cdr_run *run, const struct cdr_topics *topics)
{
    for (uint32_t i = 0; i < topics->n; i++)
        for (size_t name = 0; name < run->left_out_count; name++)
            topics->items[i].left_out |= strcmp(topics->items[i].name, run->left_out[name]) == 0;
}

/* From the encoders to a destination that is open and looked through. */
static enum cdr_result open_all(struct cdr_run *run, struct cdr_error *error)
{
    const bool rehearses = run->settings->sink.rehearsal != CDR_REHEARSAL_NONE;
    enum cdr_result result = create_all_encoders(run, error);
    leave_out(run, &run->topics);
    leave_out(run, &run->tables);
    if (result == CDR_OK)
        result = cdr_stop_check(error);
#if CDR_KAFKA
    if (result == CDR_OK)
        result = cdr_run_warn_appended(run, error);
#endif
    if (result == CDR_OK)
        result = check_tables(run, error);
    if (result == CDR_OK)
        result = cdr_run_open_sink(run, false, error);
    if (result == CDR_OK)
        memcpy(run->first_starts, run->starts, cdr_run_logs(run) * sizeof *run->starts);
#if CDR_KAFKA
    if (result == CDR_OK)
        result = cdr_run_check_tail(run, error);
#endif
    if (result == CDR_OK && run->sink_ops->remember_begin != NULL && !rehearses)
        run->sink_ops->remember_begin(run->sink);
    /* Whatever a signal did to what was under way, it is the cause. */
    if (result == CDR_OK)
        result = rehearses ? cdr_stop_check(error) : cdr_stop_began(error);
    else if (result != CDR_E_INTERRUPTED && cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result != CDR_OK && run->sink != NULL) {
        run->sink->ops->close(run->sink, false, NULL);
        run->sink = NULL;
    }
    /* Whatever kept the run from beginning (a broker that is away, say), nothing was written. */
    return result == CDR_E_KAFKA || result == CDR_E_IO ? CDR_E_STATE : result;
}

/* What auto chose, and why; to be quiet is no reason to leave out that it is another place than the
 * one that was configured. */
static void say_destination(const struct cdr_run *run)
{
    const bool files = cdr_run_has(run, CDR_SINK_FOLDER);
    const char *out = run->settings->sink.out;
    if (!files && !cdr_run_has(run, CDR_SINK_OFFSETS) && cdr_settings_by_flag(run->settings, "out"))
        cdr_say(stderr, "cdrgen: warning: out: %s is not used: nothing goes to files (--sink %s)\n",
                out, run->sink_ops->name);
    if (run->fell_back)
        cdr_say(stderr, "cdrgen: warning: writing files to %s instead of to Kafka, because %s\n",
                out, run->sink_reason);
    else if (run->sink_reason != NULL && !run->settings->quiet)
        cdr_say(stderr, "cdrgen: writing %s%s, because %s\n", files ? "files to " : "to Kafka",
                files ? out : "", run->sink_reason);
    char backlog[160];
    if (!run->settings->quiet && cdr_backlog_text(run, backlog, sizeof backlog))
        fprintf(stderr, "cdrgen: live: %s, then real time; --start today leaves earlier days out\n",
                backlog);
}

static void release(struct cdr_run *run)
{
    cdr_sent_free(&run->sent);
    cdr_pipeline_destroy(run->pipeline);
    cdr_dimensions_destroy(run->dimensions);
    cdr_topics_free(&run->topics);
    cdr_topics_free(&run->tables);
    cdr_model_destroy(run->model);
    free(run->progress);
    free(run->starts);
    free(run->first_starts);
    free(run->aborted);
    free(run->bases);
    free(run->begins);
    free(run->floors);
    free(run->doubted);
}

#if CDR_KAFKA
enum cdr_result cdr_run_rehearse(const struct cdr_settings *settings, const char *const *topics,
                                 size_t count, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings, .left_out = topics, .left_out_count = count};
    enum cdr_result result = prepare(&run, error);
    if (result == CDR_OK)
        result = open_all(&run, error);
    if (run.sink != NULL)
        run.sink->ops->close(run.sink, false, NULL);
    release(&run);
    return result;
}

enum { TOPICS_MAX = CDR_TYPE_COUNT + CDR_DIMENSION_COUNT, NAME_SIZE = 300 };

/* A resume that creates topics compares what the others hold once they are open, and all of them
 * are open at once. So that one that is refused leaves no empty topic, it is rehearsed first. */
static enum cdr_result look_before_creating(const struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    char names[TOPICS_MAX][NAME_SIZE];
    const char *missing[TOPICS_MAX];
    size_t count = 0;
    const size_t all = settings->dimensions ? TOPICS_MAX : CDR_TYPE_COUNT;
    if (!settings->sink.resume || !settings->sink.create_topics ||
        !cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
    for (size_t i = 0; i < all; i++) {
        bool exists = true;
        struct cdr_error ignored = {0};
        snprintf(names[i], sizeof names[i], "%s%s", settings->topic_prefix, cdr_topic_labels[i]);
        if (cdr_kafka_exists(&settings->sink.kafka, names[i], &exists, &ignored) != CDR_OK)
            return CDR_OK; /* the run that opens says so */
        if (!exists)
            missing[count++] = names[i];
    }
    if (count == 0 || count == all)
        return CDR_OK;
    struct cdr_settings rehearsal = *settings;
    rehearsal.quiet = true;
    /* A transaction that a run of this dataset left open ends only when its owner is shut out. */
    rehearsal.sink.rehearsal =
        settings->sink.transactions ? CDR_REHEARSAL_WHOLE : CDR_REHEARSAL_QUESTIONS;
    return cdr_run_rehearse(&rehearsal, missing, count, error);
}
#endif

enum cdr_result cdr_run_steered(const struct cdr_settings *settings,
                                const struct cdr_steerer *steerer, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings, .steerer = steerer};
    cdr_stop_opening("interrupted before the run began to write; run the same command again",
                     CDR_EXIT_FAILED);
    enum cdr_result result = prepare(&run, error);
    if (cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result == CDR_OK && settings->dry_run) {
        result = prepare_encoders(&run, error);
        if (result == CDR_OK)
            result = check_fixed_ids(&run, error);
        if (result == CDR_OK)
            cdr_print_plan(&run);
    } else if (result == CDR_OK) {
#if CDR_KAFKA
        result = look_before_creating(&run, error);
        if (result == CDR_OK)
#endif
            result = open_all(&run, error);
        if (result == CDR_OK)
            say_destination(&run);
        if (result == CDR_OK)
            result = fill_sink(&run, error);
    }
    release(&run);
    return result;
}

enum cdr_result cdr_command_run(const struct cdr_settings *settings, struct cdr_error *error)
{
    return cdr_run_steered(settings, NULL, error);
}
