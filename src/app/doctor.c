/* `cdrgen doctor`: a run's settings against the cluster and the registry that it would go to. */
#include "app/dimensions.h"
#include "app/schema_ids.h"

#include "base/json_writer.h"
#include "base/findings.h"
#if CDR_KAFKA
#include "sink/kafka.h"
#include "sink/kafka_doctor.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if CDR_KAFKA

static const char *const level_names[CDR_FINDING_LEVELS] = {"ok", "warn", "fail"};

static enum cdr_result create_encoders(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    enum cdr_result result = cdr_schema_files_load(&run->schemas, settings, error);
    if (result == CDR_OK)
        result = cdr_schema_files_resolve(&run->schemas, settings, run->model, error);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT && result == CDR_OK; type++) {
        struct cdr_encoder_settings encoder = {
            .type = type,
            .tz_name = settings->model.tz_name,
            .framed = cdr_format_is(settings->format, CDR_FORMAT_FRAMED),
            .schema_id = 1, /* of any number, frames are as long */
            .schema_text = run->schemas.texts[type],
            .schema_name = settings->schemas[type],
            .mapping_text = run->schemas.mapping,
        };
        result = cdr_schema_files_encoder(&run->schemas, settings, &encoder, 1,
                                          &run->encoders[type], error);
    }
    if (result == CDR_OK)
        result = cdr_message_parts_load(&run->parts, settings, error);
    if (result == CDR_OK && !(run->parts.avro_keys && cdr_key_schemas_come_later(settings)))
        result = cdr_message_parts_compile(&run->parts, settings, error);
    cdr_message_parts_envelopes(&run->parts, run->envelopes);
    return result;
}

/* What a run would write by: the latest version, if it is another than the one that is built in. */
static void examine_latest(const struct cdr_run *run, uint32_t type, bool key, const char *subject,
                           struct cdr_findings *findings)
{
    const struct cdr_settings *settings = run->settings;
    char *text = NULL, note[CDR_REGISTRY_NOTE_MAX], named[280];
    int32_t id = 0;
    struct cdr_error why = {{0}};
    snprintf(named, sizeof named, "subject %.260s", subject);
    enum cdr_result result =
        cdr_registry_latest(&settings->registry, subject, &id, &text, note, &why);
    if (result == CDR_OK && key)
        result = cdr_key_schema_compiles(settings, type, text, subject, run->parts.mapping, &why);
    else if (result == CDR_OK && !cdr_registry_same(cdr_builtin_schema(type), text))
        result = cdr_schema_compiles(settings, type, text, subject, run->schemas.mapping, &why);
    if (result != CDR_OK)
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, named, why.text);
    else if (note[0] != '\0')
        cdr_findings_add_sentence(findings, CDR_FINDING_WARN, named, note);
    else
        cdr_findings_add(findings, CDR_FINDING_OK, named, NULL,
                         "the latest version can be written, id %d", (int)id);
    free(text);
}

/* next: of the values, the schema that the type's records are to change to. */
static void examine_subject(const struct cdr_run *run, uint32_t type, bool key, bool next,
                            struct cdr_findings *findings)
{
    const struct cdr_settings *settings = run->settings;
    const char *text = key    ? run->parts.key_texts[type]
                       : next ? run->schemas.next_texts[type]
                              : cdr_schema_files_text(&run->schemas, type);
    const bool given =
        key ? settings->key_schema != NULL : next || cdr_schema_is_given(settings, type);
    char subject[CDR_REGISTRY_SUBJECT_MAX];
    struct cdr_error why = {{0}};
    enum cdr_result result =
        key ? cdr_registry_key_subject(&settings->registry, run->topics[type], text, subject, &why)
            : cdr_registry_subject(&settings->registry, run->topics[type], text, subject, &why);
    if (result != CDR_OK)
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, run->topics[type], why.text);
    else if (settings->registry.use_latest && !given)
        examine_latest(run, type, key, subject, findings);
    else
        cdr_registry_examine(&settings->registry, subject, text, next, findings);
}

static void examine_dimension_subject(const struct cdr_run *run, uint32_t d, bool key,
                                      struct cdr_findings *findings)
{
    const struct cdr_registry_settings *registry = &run->settings->registry;
    const char *text = key ? cdr_key_schema_default : cdr_dimension_schema(d);
    char subject[CDR_REGISTRY_SUBJECT_MAX], topic[270];
    struct cdr_error why = {{0}};
    snprintf(topic, sizeof topic, "%s%s", run->settings->topic_prefix, cdr_dimension_name[d]);
    enum cdr_result result = key ? cdr_registry_key_subject(registry, topic, text, subject, &why)
                                 : cdr_registry_subject(registry, topic, text, subject, &why);
    if (result != CDR_OK)
        cdr_findings_add_sentence(findings, CDR_FINDING_FAIL, topic, why.text);
    else
        cdr_registry_examine(registry, subject, text, false, findings);
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
    const bool values = cdr_format_is(settings->format, CDR_FORMAT_FRAMED);
    if (!values && !run->parts.avro_keys)
        return;
    if (settings->registry.urls == NULL) {
        struct cdr_error why = {{0}};
        cdr_findings_add(findings, CDR_FINDING_WARN, "schema registry", "pass --registry URL",
                         "none is given: records get fixed schema ids, which readers must know");
        if (cdr_run_check_schema_ids(run, &why) != CDR_OK)
            cdr_findings_add(findings, CDR_FINDING_FAIL, "schema ids", NULL, "%s", why.text);
        return;
    }
    for (uint32_t type = 0; values && type < CDR_TYPE_COUNT; type++)
        examine_subject(run, type, false, false, findings);
    for (uint32_t type = 0; values && type < CDR_TYPE_COUNT; type++)
        if (run->schemas.next_texts[type] != NULL)
            examine_subject(run, type, false, true, findings);
    for (uint32_t type = 0; run->parts.avro_keys && type < CDR_TYPE_COUNT; type++)
        examine_subject(run, type, true, false, findings);
    for (uint32_t d = 0; settings->dimensions && d < CDR_DIMENSION_COUNT; d++) {
        if (values)
            examine_dimension_subject(run, d, false, findings);
        if (run->parts.avro_keys)
            examine_dimension_subject(run, d, true, findings);
    }
}

static enum cdr_result examine(struct cdr_run *run, struct cdr_findings *findings,
                               struct cdr_error *error)
{
    run->sink_ops = &cdr_kafka_sink_ops;
    cdr_run_name_topics(run);
    enum cdr_result result = cdr_model_create(&run->model, &run->settings->model, error);
    if (result == CDR_OK)
        result = create_encoders(run, error);
    if (result != CDR_OK)
        return result;
    if (run->settings->registry.urls == NULL)
        cdr_run_take_fixed_ids(run);
    run->workers = 1;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run), tables = setup;
    if (run->settings->dimensions)
        result = cdr_dimensions_create_unasked(run, error);
    if (result == CDR_OK && run->settings->dimensions)
        tables = cdr_dimensions_setup(run);
    if (result == CDR_OK)
        result = cdr_kafka_examine(&run->settings->sink, &setup,
                                   run->settings->dimensions ? &tables : NULL, findings, error);
    /* Brokers that do not answer are one of the findings. */
    const bool looked = result == CDR_OK || result == CDR_E_KAFKA;
    if (looked)
        cdr_schema_files_advise(&run->schemas, run->settings, run->parts.key_texts[0], advise,
                                findings);
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
        result = cdr_fail(error, CDR_E_DIFFERENT, "a run would fail: %zu thing%s to mend", failures,
                          failures == 1 ? "" : "s");
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_encoder_destroy(run.encoders[type]);
    cdr_dimensions_destroy(run.dimensions);
    cdr_schema_files_free(&run.schemas);
    cdr_message_parts_free(&run.parts);
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
