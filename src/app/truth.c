/* truth: what is wrong on purpose with which entry of which log. Nothing is read: the rows are
 * computed as a run computes its records. */
#include "app/app.h"
#include "app/faults.h"
#include "app/report_file.h"
#include "app/schema_ids.h"
#include "app/topics.h"
#include "app/truth_write.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "pipeline/truth.h"

#include <stdlib.h>
#include <string.h>

struct truth {
    const struct cdr_settings *settings;
    struct cdr_model *model;
    struct cdr_topics topics;
    bool *wanted; /* per log */
};

/* ---- which rows are wanted ---- */

/* A topic by its name, or by the part of it that follows the prefix. */
static bool is_named(const struct cdr_topic *topic, const char *item, size_t len)
{
    return (strlen(topic->name) == len && memcmp(topic->name, item, len) == 0) ||
           (strlen(topic->label) == len && memcmp(topic->label, item, len) == 0);
}

static enum cdr_result choose_topics(const struct truth *truth, bool *chosen,
                                     struct cdr_error *error)
{
    const char *item;
    size_t len;
    for (const char *rest = truth->settings->topic; rest != NULL;) {
        char name[80], quoted[72];
        bool known = false;
        rest = cdr_next_item(rest, &item, &len);
        for (uint32_t type = 0; type < truth->topics.n; type++) {
            const bool named = is_named(&truth->topics.items[type], item, len);
            chosen[type] |= named;
            known |= named;
        }
        if (known)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(len < 79 ? len : 79), item);
        struct cdr_suggestion suggestion = {.given = name};
        for (uint32_t type = 0; type < truth->topics.n; type++)
            cdr_suggest(&suggestion, truth->topics.items[type].name);
        return cdr_fail(error, CDR_E_CONFIG,
                        "topic: no records go to a topic %s%s%s%s: there are %s, %s and %s",
                        cdr_quote(name, quoted), suggestion.best != NULL ? " (did you mean " : "",
                        suggestion.best != NULL ? suggestion.best : "",
                        suggestion.best != NULL ? "?)" : "", truth->topics.items[0].name,
                        truth->topics.items[1].name, truth->topics.items[2].name);
    }
    return CDR_OK;
}

static enum cdr_result choose_partitions(const struct truth *truth, bool *chosen,
                                         struct cdr_error *error)
{
    const uint32_t partitions = truth->settings->model.partitions;
    const char *item;
    size_t len;
    for (const char *rest = truth->settings->partition; rest != NULL;) {
        char text[80], quoted[72];
        uint64_t partition = 0;
        rest = cdr_next_item(rest, &item, &len);
        snprintf(text, sizeof text, "%.*s", (int)(len < 79 ? len : 79), item);
        if (cdr_parse_u64(text, &partition, error) != CDR_OK || partition >= partitions)
            return cdr_fail(error, CDR_E_CONFIG,
                            "--partition: %s is none of the topics' partitions, 0 to %u",
                            cdr_quote(text, quoted), partitions - 1);
        chosen[partition] = true;
    }
    return CDR_OK;
}

static enum cdr_result choose(struct truth *truth, struct cdr_error *error)
{
    const struct cdr_settings *settings = truth->settings;
    const uint32_t partitions = settings->model.partitions, logs = truth->topics.n * partitions;
    bool *chosen = calloc(truth->topics.n + partitions, sizeof *chosen);
    truth->wanted = calloc(logs, sizeof *truth->wanted);
    enum cdr_result result = chosen != NULL && truth->wanted != NULL
                                 ? CDR_OK
                                 : cdr_fail(error, CDR_E_NOMEM, "out of memory");
    if (result == CDR_OK)
        result = choose_topics(truth, chosen, error);
    if (result == CDR_OK)
        result = choose_partitions(truth, chosen + truth->topics.n, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++)
        truth->wanted[log] =
            (settings->topic == NULL || chosen[log / partitions]) &&
            (settings->partition == NULL || chosen[truth->topics.n + log % partitions]);
    free(chosen);
    return result;
}

/* ---- course ---- */

static enum cdr_result prepare(struct truth *truth, struct cdr_error *error)
{
    const struct cdr_settings *settings = truth->settings;
    const char *name = cdr_settings_destination(settings, CDR_COMMAND_RUN);
    const struct cdr_sink_ops *sink = cdr_sink_find(name);
    const unsigned traits = sink != NULL ? sink->traits : CDR_SINK_MESSAGES;
    const bool framed =
        cdr_format_is(settings->format, CDR_FORMAT_FRAMED) && (traits & CDR_SINK_MESSAGES) != 0;
    enum cdr_result result = cdr_faults_fit(settings, traits, error);
    if (result == CDR_OK && settings->json && cdr_settings_by_flag(settings, "truth_format") &&
        strcmp(settings->truth_format, cdr_truth_format_name[CDR_TRUTH_JSON]) != 0)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "truth_format: %s is another format than --json; leave one of them out",
                          settings->truth_format);
    if (result == CDR_OK)
        result = cdr_topics_name(&truth->topics, settings, error);
    if (result == CDR_OK)
        result = choose(truth, error);
    if (result == CDR_OK)
        result = cdr_model_create(&truth->model, &settings->model, error);
    if (result == CDR_OK)
        result = cdr_topics_load_schemas(&truth->topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_resolve_change(&truth->topics, settings, truth->model, error);
    if (result == CDR_OK)
        cdr_topics_fix_ids(&truth->topics, settings, framed);
    if (result == CDR_OK)
        result = cdr_topics_create_encoders(&truth->topics, settings->format,
                                            settings->model.tz_name, framed, error);
    return result;
}

static enum cdr_result print_all(struct truth *truth, struct cdr_error *error)
{
    const struct cdr_settings *settings = truth->settings;
    struct cdr_truth_writer writer;
    const struct cdr_truth_settings rows = {
        .model = truth->model,
        .topics = &truth->topics,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .wanted = truth->wanted,
        .visit = cdr_truth_writer_row,
        .context = &writer,
    };
    enum cdr_result result = cdr_truth_writer_start(&writer, stdout, cdr_truth_format_of(settings),
                                                    truth->model->dataset_id, error);
    if (result == CDR_OK)
        result = cdr_truth_visit(&rows, error);
    if (result == CDR_OK || result == CDR_E_IO) {
        (void)cdr_truth_writer_finish(&writer);
        result = cdr_report_printed(stdout, error);
    }
    cdr_truth_writer_free(&writer);
    return result;
}

enum cdr_result cdr_command_truth(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct truth truth = {.settings = settings};
    enum cdr_result result = prepare(&truth, error);
    if (result == CDR_OK)
        result = print_all(&truth, error);
    free(truth.wanted);
    cdr_topics_free(&truth.topics);
    cdr_model_destroy(truth.model);
    return result;
}
