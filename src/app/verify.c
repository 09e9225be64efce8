/* The course of a verification: choose the source, open it, compare, report. */
#include "app/beside.h"
#include "app/faults.h"
#include "app/process.h"
#include "app/progress.h"
#include "app/repair.h"
#include "app/report_file.h"
#include "app/say.h"
#include "app/schema_ids.h"
#include "app/stop.h"
#include "app/truth_files.h"
#include "app/verify_dimensions.h"
#include "app/verify_ids.h"
#include "app/verify_state.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Unlike a run, nothing is tried out: the answer has to be about what was asked. */
static enum cdr_result choose_source(struct cdr_verification *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *name = cdr_settings_destination(settings, CDR_COMMAND_VERIFY);
    if (cdr_sink_find(name) == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "sink: \"%s\" is not built into this cdrgen", name);
    run->from_files = cdr_sink_is(name, CDR_SINK_FOLDER);
    if (!run->from_files && !cdr_sink_is(name, CDR_SINK_OFFSETS))
        return cdr_fail(error, CDR_E_CONFIG, "sink: %s keeps nothing that could be compared", name);
    if (run->from_files && cdr_settings_where(settings, "sink") == NULL &&
        cdr_settings_where(settings, "out") == NULL && access(settings->sink.out, F_OK) != 0)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "verify: nothing says what to compare; write cdrgen verify --out FOLDER, or cdrgen "
            "verify -b HOST:PORT");
    if (!run->from_files && settings->sink.kafka.brokers == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    if (run->from_files && settings->follow)
        return cdr_fail(error, CDR_E_CONFIG, "follow: only topics can be followed, not files");
    return CDR_OK;
}

/* Avro in Kafka has frames; the ids in them do not matter but to rows of the truth, which say them.
 */
static enum cdr_result create_encoders(struct cdr_verification *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *tz_name = settings->model.tz_name;
    struct cdr_topics *topics = &run->topics;
    enum cdr_result result = cdr_topics_load_schemas(topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_resolve_change(topics, settings, run->model, error);
    const bool framed = !run->from_files && cdr_format_is(settings->format, CDR_FORMAT_FRAMED);
    cdr_topics_fix_ids(topics, settings, framed);
    for (uint32_t type = 0; type < topics->n; type++)
        topics->items[type].compares_ids = framed &&
                                           settings->model.faults[CDR_FAULT_WRONG_SCHEMA] > 0 &&
                                           cdr_settings_where(settings, "schema_id") != NULL;
    if (result == CDR_OK)
        result = cdr_topics_create_encoders(topics, settings->format, tz_name, framed, error);
    if (result == CDR_OK && !run->from_files)
        result = cdr_topics_load_keys(topics, settings, error);
    if (result == CDR_OK && !run->from_files)
        result = cdr_topics_create_envelopes(topics, settings->headers, tz_name, error);
    return result == CDR_OK
               ? cdr_payloads_open(&run->payloads, topics, settings->model.order, error)
               : result;
}

static void say(const char *text)
{
    fprintf(stderr, "cdrgen: %s\n", text);
}

static enum cdr_result open_source(struct cdr_verification *run, const atomic_int *stop,
                                   struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_source_setup setup = {
        .model = run->model,
        .topics = &run->topics,
        .payloads = &run->payloads,
        .partitions = settings->model.partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .read_uncommitted = strcmp(settings->isolation, "read_uncommitted") == 0,
        .follow = settings->follow,
        .open_wait_ms = settings->open_wait_ms,
        .say = settings->quiet ? NULL : say,
        .more_partitions = true,
        .may_miss = settings->sink.may_miss,
        .explain_expired = true,
        .offsets = run->offsets,
        .stop = stop,
    };
#if CDR_KAFKA
    if (!run->from_files)
        return cdr_kafka_source_open(&run->source, &settings->sink, &setup, error);
#endif
    return cdr_file_source_open(&run->source, &settings->sink, &setup, &run->note, error);
}

static enum cdr_result create_verify(struct cdr_verification *run, const atomic_int *stop,
                                     struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_verify_settings verify = {
        .model = run->model,
        .topics = &run->topics,
        .payloads = &run->payloads,
        .source = run->source,
        .has_keys = !run->from_files,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .follow = settings->follow,
        .beginning = settings->beginning,
        .show = settings->show,
        .stop = stop,
    };
    return cdr_verify_create(&run->verify, &verify, error);
}

static enum cdr_result compare(struct cdr_verification *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const int64_t start_ns = cdr_monotonic_ns();
    struct cdr_progress *progress = cdr_progress_start(
        cdr_verify_pipeline(run->verify),
        settings->follow ? 0 : cdr_expected_records(run->model) / settings->shard_count,
        settings->quiet);
    enum cdr_result result = cdr_verify_run(run->verify, error);
    cdr_progress_stop(progress);
    run->wall_s = (double)(cdr_monotonic_ns() - start_ns) / 1e9;
    run->complete = result == CDR_OK;
    return result;
}

/* In words and as JSON. */
static enum cdr_result report(const struct cdr_verification *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const bool json_to_stdout = settings->report != NULL && strcmp(settings->report, "-") == 0;
    enum cdr_result result = CDR_OK;
    if (!settings->quiet && run->verify != NULL)
        cdr_print_verification(run, json_to_stdout ? stderr : stdout);
    if (settings->report != NULL)
        result = cdr_report_write(settings->report, cdr_put_report, run, error);
    return result == CDR_OK ? cdr_report_printed(stdout, error) : result;
}

/* Tables that lie beside the parts. Records are whole without them, but their readers would miss
 * them. */
static void say_missing(const struct cdr_settings *settings)
{
    char path[4096];
    for (size_t i = 0; i < CDR_TABLES; i++) {
        snprintf(path, sizeof path, "%s/%s", settings->sink.out, cdr_tables[i].name);
        if (access(path, F_OK) != 0 && errno == ENOENT)
            cdr_say(stderr, "cdrgen: warning: %s is missing; run --resume writes it\n", path);
    }
}

static enum cdr_result compare_all(struct cdr_verification *run, struct cdr_error *error)
{
    const atomic_int *stop = cdr_stop_on_signals();
    enum cdr_result result = open_source(run, stop, error);
#if CDR_KAFKA
    if (result == CDR_OK && run->settings->sink.append && !run->from_files &&
        !cdr_verification_knows_bases(run)) {
        result = cdr_verification_find_bases(run, error);
        run->source->ops->close(run->source);
        run->source = NULL;
        if (result == CDR_OK)
            result = open_source(run, stop, error);
    }
#endif
    if (result == CDR_OK)
        result = create_verify(run, stop, error);
    if (result == CDR_OK)
        (void)cdr_stop_began(NULL);
    else if (cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result != CDR_OK)
        return result;
    if (run->note != NULL && !run->settings->quiet)
        cdr_say(stderr, "cdrgen: %s: %s\n", run->settings->sink.out, run->note);
    if (run->from_files && !run->settings->quiet)
        say_missing(run->settings);
    result = compare(run, error);
    if (result == CDR_OK && run->source->ops->added != NULL)
        result = run->source->ops->added(run->source, &run->added, &run->added_count, error);
    if (result == CDR_OK)
        result = cdr_verification_dimensions(run, stop, error);
    run->complete = result == CDR_OK;
    return result;
}

/* The first that is changed, of the tables and the truth of this shard, or of all of them; "" where
 * none is. */
static enum cdr_result find_changed(const struct cdr_verification *run,
                                    char path[CDR_BESIDE_PATH_MAX], struct cdr_error *error)
{
    const struct cdr_beside beside = {run->settings, run->model, &run->topics};
    enum cdr_result result = CDR_OK;
    bool changed = false;
    for (unsigned i = 0; result == CDR_OK && !changed && i < CDR_TABLES; i++)
        result = cdr_table_is_changed(&beside, &cdr_tables[i], path, &changed, error);
    if (result == CDR_OK && !changed)
        result = cdr_truth_files_are_changed(&beside, path, &changed, error);
    if (!changed)
        path[0] = '\0';
    return result;
}

/* Where all records are the same: what lies beside the parts. */
static void judge_beside(struct cdr_verification *run)
{
    struct cdr_verdict *verdict = &run->verdict;
    char path[CDR_BESIDE_PATH_MAX];
    struct cdr_error why = {{0}};
    if (!run->from_files || verdict->code != CDR_OK)
        return;
    verdict->code = find_changed(run, path, &why);
    if (verdict->code != CDR_OK) {
        verdict->code = CDR_E_STATE;
        verdict->word = "cannot tell";
        snprintf(verdict->text, sizeof verdict->text,
                 "cannot tell: all records are the same, but not all that lies beside them could "
                 "be compared: %.700s",
                 why.text);
    } else if (path[0] != '\0') {
        verdict->code = CDR_E_DIFFERENT;
        verdict->word = "different";
        snprintf(verdict->text, sizeof verdict->text,
                 "different: all records are the same, but %.700s is not what a run of this "
                 "dataset writes; run --resume writes it again, the truth with --truth-files",
                 path);
    }
}

/* The verdict; a report that could not be written is a failure only where it hides nothing worse.
 */
static enum cdr_result verify(struct cdr_verification *run, struct cdr_error *error)
{
    struct cdr_error later = {0};
    enum cdr_result result = compare_all(run, error);
    run->verdict = cdr_verification_verdict(run, result, result != CDR_OK ? error->text : "");
    judge_beside(run);
#if CDR_KAFKA
    if (run->verdict.code == CDR_E_DIFFERENT && result == CDR_OK && !run->from_files &&
        run->offsets == NULL && !cdr_verification_knows_bases(run) &&
        cdr_verification_is_behind(run, run->verdict.text, sizeof run->verdict.text) &&
        !run->settings->sink.kafka.force) {
        run->verdict.code = CDR_E_STATE;
        run->verdict.word = "cannot tell";
    }
#endif
    enum cdr_result reported = report(run, &later);
    result = run->verdict.code;
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s", run->verdict.text);
    if (reported != CDR_OK)
        *error = later;
    return reported;
}

static enum cdr_result prepare(struct cdr_verification *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    run->workers = cdr_process_workers(settings->workers);
    enum cdr_result result = choose_source(run, error);
    if (result == CDR_OK)
        result =
            cdr_faults_fit(settings, run->from_files ? CDR_SINK_FOLDER : CDR_SINK_MESSAGES, error);
    if (result == CDR_OK)
        result = cdr_topics_name(&run->topics, settings, error);
    if (result == CDR_OK)
        result = cdr_report_check(settings->report, settings->sink.out, error);
    if (result == CDR_OK)
        result = cdr_model_create(&run->model, &settings->model, error);
    if (result == CDR_OK)
        result = create_encoders(run, error);
    return result;
}

enum cdr_result cdr_command_verify(const struct cdr_settings *settings, struct cdr_error *error)
{
    return cdr_verification_run(settings, NULL, NULL, error);
}

enum cdr_result cdr_verification_run(const struct cdr_settings *settings,
                                     cdr_verification_visitor visit, void *context,
                                     struct cdr_error *error)
{
    struct cdr_verification run = {.settings = settings};
    cdr_stop_opening("interrupted before anything was compared", CDR_EXIT_USAGE);
    enum cdr_result result = prepare(&run, error);
    const bool by_id = strcmp(settings->by, "id") == 0;
    if (result == CDR_OK)
        result = by_id ? cdr_verification_by_id(&run, error) : verify(&run, error);
    /* Whatever kept it from comparing: status 1 says that something differs. */
    if (result != CDR_OK && result != CDR_E_DIFFERENT && result != CDR_E_CONFIG)
        result = CDR_E_STATE;
    if (visit != NULL)
        visit(context, &run);
    cdr_verify_destroy(run.verify);
    cdr_verification_dimensions_free(&run);
    if (run.source != NULL)
        run.source->ops->close(run.source);
    cdr_payloads_close(&run.payloads);
    cdr_topics_free(&run.topics);
    cdr_model_destroy(run.model);
    free(run.note);
    free(run.offsets);
    free(run.behind);
    return result;
}
