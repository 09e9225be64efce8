/* `cdrgen doctor`: a run's settings against the cluster and the registry that it would go to. */
#include "app/dimensions.h"
#include "app/schema_ids.h"

#include "base/findings.h"
#include "base/json_writer.h"
#if CDR_KAFKA
#include "sink/kafka/doctor.h"
#include "sink/kafka/kafka.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if CDR_KAFKA

static const char *const level_names[CDR_FINDING_LEVELS] = {"ok", "warn", "fail"};

static enum cdr_result create_encoders(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    const char *tz_name = settings->model.tz_name;
    struct cdr_topics *topics = &run->topics;
    enum cdr_result result = cdr_topics_load_schemas(topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_resolve_change(topics, settings, run->model, error);
    if (result == CDR_OK)
        result =
            cdr_topics_create_encoders(topics, settings->format, tz_name,
                                       cdr_format_is(settings->format, CDR_FORMAT_FRAMED), error);
    if (result == CDR_OK)
        result = cdr_topics_load_keys(topics, settings, error);
    if (result == CDR_OK && !(cdr_has_avro_keys(topics) && cdr_key_schemas_come_later(settings)))
        result = cdr_topics_create_envelopes(topics, settings->headers, tz_name, error);
    return result;
}

/* What a run would write by: the latest version, if it is another than the one that is built in. */
static void examine_latest(const struct cdr_settings *settings,
                           const struct cdr_schema_request *request, const char *subject,
                           struct cdr_findings *findings)
{
    const struct cdr_topic *topic = request->topic;
    const bool key = request->part == CDR_PART_KEYS;
    const struct cdr_layout *layout = key ? &topic->key_layout : &topic->layouts[0];
    char *text = NULL, note[CDR_REGISTRY_NOTE_MAX], named[280];
    int32_t id = 0;
    struct cdr_error why = {{0}};
    snprintf(named, sizeof named, "subject %.260s", subject);
    enum cdr_result result =
        cdr_registry_latest(&settings->registry, subject, &id, &text, note, &why);
    if (result == CDR_OK && (key || !cdr_registry_same(topic->builtin_schema, text)))
        result =
            cdr_schema_compiles(settings, request->type, key, text, subject, layout->mapping, &why);
    if (result != CDR_OK)
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, why.text);
    else if (note[0] != '\0')
        cdr_findings_add_sentence(findings, CDR_FINDING_WARN, named, note);
    else
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL,
                         "the latest version can be written, id %d", (int)id);
    free(text);
}

static void examine_schema(const struct cdr_settings *settings,
                           const struct cdr_schema_request *request, struct cdr_findings *findings)
{
    const struct cdr_registry_settings *registry = &settings->registry;
    char subject[CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_error why = {{0}};
    if (cdr_request_subject(request, registry, subject, &why) != CDR_OK)
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, request->topic->name, why.text);
    else if (registry->use_latest && !request->topic->table &&
             !cdr_request_is_given(request, settings))
        examine_latest(settings, request, subject, findings);
    else
        cdr_registry_examine(registry, subject, cdr_request_text(request),
                             request->part == CDR_PART_NEXT, findings);
}

static void examine_schemas(const struct cdr_settings *settings, const struct cdr_topics *topics,
                            struct cdr_findings *findings)
{
    struct cdr_schema_request requests[CDR_SCHEMA_REQUESTS_MAX];
    const bool values = cdr_format_is(settings->format, CDR_FORMAT_FRAMED);
    const size_t n = cdr_schema_requests(topics, values, requests);
    for (size_t i = 0; i < n; i++)
        examine_schema(settings, &requests[i], findings);
}

static void advise(void *context, const char *file, const char *line)
{
    char subject[280];
    snprintf(subject, sizeof subject, "schema %.260s", file);
    cdr_findings_add(context, CDR_FINDING_WARN, subject, NULL, "%s", line);
}

static void examine_registry(const struct cdr_run *run, struct cdr_findings *findings)
{
    const struct cdr_settings *settings = run->settings;
    if (!cdr_format_is(settings->format, CDR_FORMAT_FRAMED) && !cdr_has_avro_keys(&run->topics))
        return;
    if (settings->registry.urls == NULL) {
        struct cdr_error why = {{0}};
        cdr_findings_add(findings, CDR_FINDING_WARN, "schema registry", "pass --registry URL",
                         "none is given: records get fixed schema ids, which readers must know");
        if (cdr_run_check_schema_ids(run, &why) != CDR_OK)
            cdr_findings_add(findings, CDR_FINDING_FAIL, "schema ids", NULL, "%s", why.text);
        return;
    }
    examine_schemas(settings, &run->topics, findings);
    for (uint32_t i = 0; i < run->tables.n; i++) {
        const struct cdr_topics one = {.n = 1, .items = &run->tables.items[i]};
        examine_schemas(settings, &one, findings);
    }
}

static enum cdr_result examine(struct cdr_run *run, struct cdr_findings *findings,
                               struct cdr_error *error)
{
    run->sink_ops = &cdr_kafka_sink_ops;
    enum cdr_result result = cdr_topics_name(&run->topics, run->settings, error);
    if (result == CDR_OK)
        result = cdr_model_create(&run->model, &run->settings->model, error);
    if (result == CDR_OK)
        result = create_encoders(run, error);
    if (result != CDR_OK)
        return result;
    if (run->settings->registry.urls == NULL)
        cdr_topics_fix_ids(&run->topics, run->settings,
                           cdr_format_is(run->settings->format, CDR_FORMAT_FRAMED));
    run->workers = 1;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run), tables = setup;
    if (cdr_settings_has_rows(run->settings))
        result = cdr_dimensions_create_unasked(run, error);
    if (result == CDR_OK && cdr_settings_has_rows(run->settings))
        tables = cdr_dimensions_setup(run);
    if (result == CDR_OK)
        result = cdr_kafka_examine(&run->settings->sink, &setup,
                                   cdr_settings_has_rows(run->settings) ? &tables : NULL, findings,
                                   error);
    /* Brokers that do not answer are one of the findings. */
    const bool looked = result == CDR_OK || result == CDR_E_KAFKA;
    if (looked)
        cdr_topics_advise(&run->topics, advise, findings);
    if (looked)
        examine_registry(run, findings);
    return result;
}

static void print_lines(FILE *out, const struct cdr_findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct cdr_finding *finding = &findings->items[i];
        fprintf(out, "%-4s  %s: %s%s%s\n", level_names[finding->level], finding->subject,
                finding->what, finding->mend[0] != '\0' ? "; " : "", finding->mend);
    }
}

static enum cdr_result print_json(FILE *out, const struct cdr_findings *findings,
                                  struct cdr_error *error)
{
    struct cdr_json json;
    cdr_json_start(&json, out);
    cdr_json_object(&json, NULL);
    for (enum cdr_finding_level level = 0; level < CDR_FINDING_LEVELS; level++)
        cdr_json_u64(&json, level_names[level], cdr_findings_count(findings, level));
    cdr_json_array(&json, "findings");
    for (size_t i = 0; i < findings->n; i++) {
        const struct cdr_finding *finding = &findings->items[i];
        cdr_json_object(&json, NULL);
        cdr_json_text(&json, "level", level_names[finding->level]);
        cdr_json_text(&json, "subject", finding->subject);
        cdr_json_text(&json, "what", finding->what);
        cdr_json_text(&json, "fix", finding->mend[0] != '\0' ? finding->mend : NULL);
        cdr_json_object_end(&json);
    }
    cdr_json_array_end(&json);
    cdr_json_object_end(&json);
    if (!cdr_json_finish(&json))
        return cdr_fail(error, CDR_E_IO, "standard output: %s", strerror(errno));
    return CDR_OK;
}

enum cdr_result cdr_command_doctor(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_run run = {.settings = settings};
    struct cdr_findings findings = {0};
    struct cdr_error unprinted = {{0}};
    enum cdr_result result = examine(&run, &findings, error);
    if (result == CDR_E_KAFKA) /* could not look, as against has found */
        result = CDR_E_STATE;
    const bool looked = result == CDR_OK || (result == CDR_E_STATE && findings.n > 0);
    if (looked && settings->json && print_json(stdout, &findings, &unprinted) != CDR_OK)
        result = cdr_fail(error, CDR_E_IO, "%s", unprinted.text);
    else if (looked && !settings->json)
        print_lines(stdout, &findings);
    size_t failures = cdr_findings_count(&findings, CDR_FINDING_FAIL);
    if (result == CDR_OK && failures > 0)
        result = cdr_fail(error, CDR_E_DIFFERENT, "a run would fail: %zu problem%s to fix",
                          failures, failures == 1 ? "" : "s");
    cdr_dimensions_destroy(run.dimensions);
    cdr_topics_free(&run.topics);
    cdr_topics_free(&run.tables);
    cdr_model_destroy(run.model);
    cdr_findings_free(&findings);
    return result;
}

#else

enum cdr_result cdr_command_doctor(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "doctor: this cdrgen was built without Kafka");
}

#endif
