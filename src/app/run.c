/* The start of a run: choose the destination, look up schemas, open; deliver.c does the rest. */
#include "app/run_state.h"

#include "app/dimensions.h"
#include "app/notes.h"
#include "app/progress.h"
#include "app/say.h"
#include "app/schema_ids.h"
#include "app/stop.h"
#include "base/clock.h"
#include "base/files.h"
#if CDR_KAFKA
#include "sink/kafka.h"
#endif
#include "sink/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 3000
#define SLAB_BYTES (256u << 10) /* small enough to be free again soon, and full when handed over */
#define SLAB_RECORDS 4096u

/* Only where --sink auto was given is it tried out whether the brokers answer. */
static enum cdr_result try_kafka(struct cdr_run *run, const char **name, struct cdr_error *error)
{
#if CDR_KAFKA
    struct cdr_error why = {0};
    enum cdr_result probe = cdr_kafka_probe(&run->settings->sink, PROBE_TIMEOUT_MS, &why);
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
    if (cdr_run_has(run, CDR_SINK_OFFSETS) && settings->sink.brokers == NULL)
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

#if CDR_KAFKA
/* A schema whose id is to be found: of the values or the keys of a topic. */
struct needed {
    uint32_t type;
    bool key;
    bool next; /* of the values: the one that they change to */
    char subject[CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_registry_wish *wish; /* NULL: not asked for */
};

enum { NEEDED_MAX = (CDR_VERSIONS + 1) * CDR_TYPE_COUNT };

/* The latest version instead of the schema that is built in, which stays if it has the same form:
 * it is written faster. */
static enum cdr_result take_latest(struct cdr_run *run, const struct needed *needed,
                                   struct cdr_error *error)
{
    const uint32_t type = needed->type;
    char *text = NULL, note[CDR_REGISTRY_NOTE_MAX];
    char **own = needed->key ? &run->parts.key_texts[type] : &run->schemas.texts[type];
    int32_t *id = needed->key ? &run->parts.key_ids[type] : &run->schema_ids[type];
    const char *usual = needed->key ? cdr_key_schema_default : cdr_builtin_schema(type);
    struct cdr_error why = {{0}};
    enum cdr_result result =
        cdr_registry_latest(&run->settings->registry, needed->subject, id, &text, note, &why);
    if (result == CDR_E_STATE)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%.800s; register a schema there, or leave --use-latest out", why.text);
    if (result != CDR_OK)
        return cdr_fail(error, result, "%s", why.text);
    if (note[0] != '\0')
        fprintf(stderr, "cdrgen: warning: %s\n", note);
    if ((needed->key || run->schemas.mapping == NULL) && cdr_registry_same(usual, text)) {
        free(text);
        return CDR_OK;
    }
    free(*own);
    *own = text;
    return CDR_OK;
}

/* Topics whose keys share a subject share the wish. */
static struct cdr_registry_wish *make_wish(struct cdr_registry_wish *wishes, size_t *count,
                                           const char *subject, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(wishes[i].subject, subject) == 0 && strcmp(wishes[i].schema_text, text) == 0)
            return &wishes[i];
    wishes[*count].subject = subject;
    wishes[*count].schema_text = text;
    return &wishes[(*count)++];
}

static enum cdr_result plan_wish(struct cdr_run *run, struct needed *needed,
                                 struct cdr_registry_wish *wishes, size_t *count,
                                 struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const uint32_t type = needed->type;
    const char *text = needed->key    ? run->parts.key_texts[type]
                       : needed->next ? run->schemas.next_texts[type]
                                      : cdr_schema_files_text(&run->schemas, type);
    const bool given = needed->key ? settings->key_schema != NULL
                                   : needed->next || cdr_schema_is_given(settings, type);
    enum cdr_result result = needed->key
                                 ? cdr_registry_key_subject(&settings->registry, run->topics[type],
                                                            text, needed->subject, error)
                                 : cdr_registry_subject(&settings->registry, run->topics[type],
                                                        text, needed->subject, error);
    if (result != CDR_OK)
        return result;
    if (settings->registry.use_latest && !given)
        return take_latest(run, needed, error);
    needed->wish = make_wish(wishes, count, needed->subject, text);
    return CDR_OK;
}

static enum cdr_result ask_registry(struct cdr_run *run, struct needed *needed, size_t needed_count,
                                    struct cdr_error *error)
{
    struct cdr_registry_wish wishes[NEEDED_MAX] = {{0}};
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; result == CDR_OK && i < needed_count; i++)
        result = plan_wish(run, &needed[i], wishes, &count, error);
    if (result == CDR_OK && count > 0)
        result = cdr_registry_find(&run->settings->registry, wishes, count, error);
    for (size_t i = 0; result == CDR_OK && i < needed_count; i++)
        if (needed[i].wish != NULL)
            *(needed[i].key    ? &run->parts.key_ids[needed[i].type]
              : needed[i].next ? &run->next_schema_ids[needed[i].type]
                               : &run->schema_ids[needed[i].type]) = needed[i].wish->id;
    for (size_t i = 0; result == CDR_OK && i < count; i++)
        if (wishes[i].note[0] != '\0')
            fprintf(stderr, "cdrgen: warning: %s\n", wishes[i].note);
    return result;
}

/* First versions come before next ones, so that a subject that has neither gets them in the order
 * in which they come up. */
static enum cdr_result ask_for_ids(struct cdr_run *run, struct cdr_error *error)
{
    struct needed needed[NEEDED_MAX];
    size_t count = 0;
    for (uint32_t type = 0; cdr_run_is_framed(run) && type < CDR_TYPE_COUNT; type++)
        needed[count++] = (struct needed){.type = type};
    for (uint32_t type = 0; cdr_run_is_framed(run) && type < CDR_TYPE_COUNT; type++)
        if (run->schemas.next_texts[type] != NULL)
            needed[count++] = (struct needed){.type = type, .next = true};
    for (uint32_t type = 0; run->parts.avro_keys && type < CDR_TYPE_COUNT; type++)
        needed[count++] = (struct needed){.type = type, .key = true};
    return ask_registry(run, needed, count, error);
}
#endif

static enum cdr_result say_fixed_ids(const struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    for (uint32_t type = 0; cdr_run_is_framed(run) && type < CDR_TYPE_COUNT; type++) {
        bool changes = run->schemas.next_texts[type] != NULL;
        if (run->schema_ids[type] == 0 || (changes && run->next_schema_ids[type] == 0))
            return cdr_fail(error, CDR_E_CONFIG,
                            "format: avro in Kafka needs schema ids; give --registry URL, or fixed "
                            "ids with --%sschema-id-call, --schema-id-sms and --schema-id-data",
                            run->schema_ids[type] != 0 ? "next-" : "");
        if (settings->quiet)
            continue;
        fprintf(stderr, "cdrgen: no registry is given: %s gets the schema id %d (--schema-id-%s)",
                run->topics[type], run->schema_ids[type], cdr_type_word[type]);
        if (changes)
            fprintf(stderr, ", then %d (--next-schema-id-%s)", run->next_schema_ids[type],
                    cdr_type_word[type]);
        fputc('\n', stderr);
    }
    if (!run->parts.avro_keys)
        return CDR_OK;
    if (settings->key_schema_id == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "key_format: avro in Kafka needs a schema id; give --registry URL, or a "
                        "fixed id with --schema-id-key");
    if (!settings->quiet)
        fprintf(stderr,
                "cdrgen: no registry is given: keys get the schema id %d (--schema-id-key)\n",
                settings->key_schema_id);
    return CDR_OK;
}

/* Of all types before any encoder, so that a schema that is refused stops a run that did nothing.
 */
static enum cdr_result find_schema_ids(struct cdr_run *run, struct cdr_error *error)
{
    cdr_run_take_fixed_ids(run);
    if (!cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
#if CDR_KAFKA
    if (run->settings->registry.urls != NULL)
        return ask_for_ids(run, error);
#endif
    return say_fixed_ids(run, error);
}

/* A schema that does not compile is not to be registered. */
static enum cdr_result check_schema(const struct cdr_run *run, const struct cdr_encoder_ops *ops,
                                    struct cdr_encoder_settings settings, struct cdr_error *error)
{
    struct cdr_encoder *encoder = NULL;
    /* With --use-latest nothing is, and what is to be compiled is not here yet. */
    bool latest = run->settings->registry.use_latest && run->settings->registry.urls != NULL &&
                  !cdr_schema_is_given(run->settings, settings.type);
    if (run->schemas.texts[settings.type] != NULL && !(latest && settings.framed)) {
        enum cdr_result result = ops->create(&encoder, &settings, error);
        cdr_encoder_destroy(encoder);
        if (result != CDR_OK)
            return result;
    }
    if (run->schemas.next_texts[settings.type] == NULL)
        return CDR_OK;
    encoder = NULL;
    settings = cdr_schema_files_next(&run->schemas, run->settings, &settings, 1);
    enum cdr_result result = ops->create(&encoder, &settings, error);
    cdr_encoder_destroy(encoder);
    return result;
}

/* Where T lies with respect to the run, and whether the destination can follow. */
static enum cdr_result check_change(const struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_parameters *p = &run->model->parameters;
    const struct cdr_calendar *calendar = &run->model->calendar;
    const int64_t change_ms = run->schemas.change_ms;
    if (change_ms == CDR_CHANGE_NEVER)
        return CDR_OK;
    if (cdr_run_has(run, CDR_SINK_FOLDER) && p->late_share > 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "schema_change_at and late_share: a file has one schema, and records that "
                        "come late would go back and forth between two; leave one of them out, or "
                        "write to Kafka");
    if (change_ms <= cdr_calendar_day_start_ms(calendar, p->start_day))
        fprintf(stderr,
                "cdrgen: warning: schema_change_at: %s is not after the run's start: records "
                "follow the next schemas from the first one on\n",
                settings->schema_change_at);
    else if (!settings->live &&
             change_ms >= cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days))
        fprintf(stderr,
                "cdrgen: warning: schema_change_at: %s is after the run's last day (--days %u): no "
                "record follows the next schemas yet\n",
                settings->schema_change_at, p->days);
    return CDR_OK;
}

/* Reads and checks what the settings name; asks nobody. */
static enum cdr_result prepare_encoders(struct cdr_run *run,
                                        struct cdr_encoder_settings encoders[CDR_TYPE_COUNT],
                                        struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_encoder_ops *ops = cdr_encoder_find(settings->format);
    enum cdr_result result = cdr_schema_files_load(&run->schemas, settings, error);
    if (result == CDR_OK)
        result = cdr_schema_files_resolve(&run->schemas, settings, run->model, error);
    if (result == CDR_OK)
        result = check_change(run, error);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        encoders[type] = (struct cdr_encoder_settings){
            .type = type,
            .tz_name = settings->model.tz_name,
            .framed = cdr_run_is_framed(run),
            .schema_text = run->schemas.texts[type],
            .schema_name = settings->schemas[type],
            .mapping_text = run->schemas.mapping,
        };
        if (result == CDR_OK)
            result = check_schema(run, ops, encoders[type], error);
    }
    if (result == CDR_OK && has_messages(run))
        result = cdr_message_parts_load(&run->parts, settings, error);
    const bool later = cdr_key_schemas_come_later(settings) && cdr_run_has(run, CDR_SINK_OFFSETS);
    if (result == CDR_OK && has_messages(run) && !(run->parts.avro_keys && later))
        result = cdr_message_parts_compile(&run->parts, settings, error);
    if (result == CDR_OK)
        cdr_schema_files_warn(&run->schemas, settings, run->parts.key_texts[0]);
    return result;
}

static enum cdr_result create_encoders(struct cdr_run *run, struct cdr_error *error)
{
    struct cdr_encoder_settings encoders[CDR_TYPE_COUNT];
    enum cdr_result result = prepare_encoders(run, encoders, error);
    if (result == CDR_OK)
        result = find_schema_ids(run, error);
    if (result == CDR_OK && run->parts.avro_keys)
        result = cdr_message_parts_compile(&run->parts, run->settings, error);
    cdr_message_parts_envelopes(&run->parts, run->envelopes);
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        encoders[type].schema_id = run->schema_ids[type];
        encoders[type].schema_text = run->schemas.texts[type]; /* maybe the registry's by now */
        if (encoders[type].schema_name == NULL && run->schemas.texts[type] != NULL)
            encoders[type].schema_name = run->topics[type];
        result = cdr_schema_files_encoder(&run->schemas, run->settings, &encoders[type],
                                          run->next_schema_ids[type], &run->encoders[type], error);
    }
    return result;
}

void cdr_run_name_topics(struct cdr_run *run)
{
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        snprintf(run->topics[type], sizeof run->topics[type], "%s%s", run->settings->topic_prefix,
                 cdr_type_word[type]);
}

struct cdr_sink_setup cdr_run_sink_setup(const struct cdr_run *run)
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
        .token = run->token,
        .ids = settings->sink.id_header && cdr_run_has(run, CDR_SINK_OFFSETS),
    };
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        setup.topics[type] = run->topics[type];
        setup.encoders[type] = run->encoders[type];
        setup.envelopes[type] = run->envelopes[type];
        setup.schemas[type] = cdr_format_is(settings->format, CDR_FORMAT_CONTAINER)
                                  ? cdr_schema_files_text(&run->schemas, type)
                                  : NULL;
        setup.next_schemas[type] = run->schemas.next_texts[type];
        setup.layouts[0][type] =
            (struct cdr_layout){run->schemas.texts[type], run->schemas.mapping};
        if (run->schemas.next_texts[type] != NULL)
            setup.layouts[1][type] =
                (struct cdr_layout){run->schemas.next_texts[type],
                                    cdr_schema_files_next_mapping(&run->schemas, settings)};
    }
    return setup;
}

enum cdr_result cdr_run_open_sink(struct cdr_run *run, bool resume, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    struct cdr_sink_settings destination = settings->sink;
    destination.resume |= resume;
    destination.bases = run->found_bases;
    setup.stop = cdr_stop_on_signals();
    destination.reopened = resume;
    destination.committed = run->committed;
    enum cdr_result result = run->sink_ops->open(&run->sink, &destination, &setup, error);
    if (result == CDR_OK && run->sink_ops->starts != NULL)
        run->sink_ops->starts(run->sink, run->starts);
    if (result == CDR_OK && run->sink_ops->bases != NULL)
        run->sink_ops->bases(run->sink, run->bases);
    if (result == CDR_OK && run->found_bases != NULL)
        memcpy(run->found_bases, run->bases, cdr_run_logs(run) * sizeof *run->bases);
    if (result == CDR_OK)
        cdr_say_notes(run->sink, settings->quiet);
    if (result == CDR_OK)
        result = cdr_dimensions_open(run, resume, error);
    if (result != CDR_OK && run->sink != NULL) {
        run->sink->ops->close(run->sink, false, NULL);
        run->sink = NULL;
    }
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
        return cdr_fail(error, CDR_E_IO, "%s%s: %s", cdr_os_limit(reason), path,
                        cdr_os_reason(reason, words));
    }
    return CDR_OK;
}

static const struct table {
    const char *name;
    int (*write)(FILE *, const struct cdr_model *);
} tables[] = {{"cells.csv", cdr_write_cells}, {"subscribers.csv", cdr_write_subscribers}};
enum { TABLES = sizeof tables / sizeof tables[0] };

/* Before anything is removed. */
static enum cdr_result check_tables(const struct cdr_run *run, struct cdr_error *error)
{
    char path[4096];
    struct stat status;
    for (size_t i = 0; cdr_run_has(run, CDR_SINK_FOLDER) && i < TABLES; i++) {
        snprintf(path, sizeof path, "%s/%s", run->settings->sink.out, tables[i].name);
        if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return cdr_fail(error, CDR_E_CONFIG, "%s is a folder where a file is needed", path);
    }
    return CDR_OK;
}

/* All of them; or, where the folder holds the whole dataset, those that it lacks. */
static enum cdr_result write_tables(const struct cdr_run *run, bool missing_only,
                                    struct cdr_error *error)
{
    char path[4096];
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; cdr_run_has(run, CDR_SINK_FOLDER) && i < TABLES && result == CDR_OK; i++) {
        snprintf(path, sizeof path, "%s/%s", run->settings->sink.out, tables[i].name);
        if (missing_only && (access(path, F_OK) == 0 || errno != ENOENT))
            continue;
        result = write_table(run->settings, tables[i].name, run->model, tables[i].write, error);
        if (result == CDR_OK && missing_only && !run->settings->quiet)
            cdr_say(stderr, "cdrgen: %s was missing, and is written again\n", path);
    }
    return result;
}

static enum cdr_result fill_sink(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_sink_ops *ops = run->sink_ops;
    /* A summary is of a run, so then there is one, though it hands nothing over. */
    bool nothing_to_do = ops->holds_all != NULL && ops->holds_all(run->sink);
    enum cdr_result result = write_tables(run, nothing_to_do, error);
    if (result == CDR_OK && (!nothing_to_do || run->settings->summary != NULL))
        return cdr_run_deliver(run, error);
    enum cdr_result closed =
        run->sink->ops->close(run->sink, nothing_to_do, result == CDR_OK ? error : NULL);
    run->sink = NULL;
    return result == CDR_OK ? closed : result;
}

static unsigned choose_workers(const struct cdr_settings *settings)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return settings->workers != 0 ? settings->workers : processors > 0 ? (unsigned)processors : 1;
}

static enum cdr_result prepare(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    cdr_run_name_topics(run);
    run->workers = choose_workers(settings);
    cdr_make_token(run->token);
    if (settings->shard_count > settings->model.partitions)
        return cdr_fail(error, CDR_E_CONFIG,
                        "shard: %u shards need at least as many partitions; there are %u",
                        settings->shard_count, settings->model.partitions);
    enum cdr_result result = cdr_check_summary(settings, error);
    if (result == CDR_OK)
        result = cdr_model_create(&run->model, &settings->model, error);
    if (result == CDR_OK)
        result = choose_sink(run, error);
    if (result == CDR_OK) {
        run->progress = calloc(cdr_run_logs(run), sizeof *run->progress);
        run->starts = calloc(cdr_run_logs(run), sizeof *run->starts);
        run->first_starts = calloc(cdr_run_logs(run), sizeof *run->first_starts);
        run->aborted = calloc(cdr_run_logs(run), sizeof *run->aborted);
        run->bases = calloc(cdr_run_logs(run), sizeof *run->bases);
    }
    if (result == CDR_OK &&
        (run->progress == NULL || run->starts == NULL || run->first_starts == NULL ||
         run->aborted == NULL || run->bases == NULL))
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
    cdr_run_take_fixed_ids(run);
    if (run->settings->dimensions && has_messages(run))
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

/* From the encoders to a destination that is open and looked through. */
static enum cdr_result open_all(struct cdr_run *run, struct cdr_error *error)
{
    enum cdr_result result = create_all_encoders(run, error);
    if (result == CDR_OK)
        result = cdr_stop_check(error);
#if CDR_KAFKA
    if (result == CDR_OK)
        result = cdr_run_find_appended(run, error);
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
    if (result == CDR_OK && run->sink_ops->remember_begin != NULL)
        run->sink_ops->remember_begin(run->sink);
    /* Whatever a signal did to what was under way, it is the cause. */
    if (result == CDR_OK)
        result = cdr_stop_began(error);
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
    cdr_pipeline_destroy(run->pipeline);
    cdr_dimensions_destroy(run->dimensions);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_encoder_destroy(run->encoders[type]);
    cdr_model_destroy(run->model);
    cdr_schema_files_free(&run->schemas);
    cdr_message_parts_free(&run->parts);
    free(run->progress);
    free(run->starts);
    free(run->first_starts);
    free(run->aborted);
    free(run->bases);
    free(run->found_bases);
}

#if CDR_KAFKA
enum cdr_result cdr_run_rehearse(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings};
    enum cdr_result result = prepare(&run, error);
    if (result == CDR_OK)
        result = create_all_encoders(&run, error);
    if (result == CDR_OK) {
        const struct cdr_sink_setup setup = cdr_run_sink_setup(&run);
        result = cdr_kafka_judge(&settings->sink, &setup, error);
    }
    if (result == CDR_OK && run.dimensions != NULL) {
        const struct cdr_sink_setup setup = cdr_dimensions_setup(&run);
        result = cdr_kafka_judge(&settings->sink, &setup, error);
    }
    release(&run);
    return result;
}
#endif

enum cdr_result cdr_command_run(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings};
    cdr_stop_opening("interrupted before the run began to write; run the same command again",
                     CDR_EXIT_FAILED);
    enum cdr_result result = prepare(&run, error);
    if (cdr_stop_check(error) != CDR_OK)
        result = CDR_E_INTERRUPTED;
    if (result == CDR_OK && settings->dry_run) {
        struct cdr_encoder_settings encoders[CDR_TYPE_COUNT];
        result = prepare_encoders(&run, encoders, error);
        if (result == CDR_OK)
            result = check_fixed_ids(&run, error);
        if (result == CDR_OK)
            cdr_print_plan(&run);
    } else if (result == CDR_OK) {
        result = open_all(&run, error);
        if (result == CDR_OK)
            say_destination(&run);
        if (result == CDR_OK)
            result = fill_sink(&run, error);
    }
    release(&run);
    return result;
}
