#include "app/verify_ids.h"
#include "sink/kafka/open_transaction.h"

#include "base/parse.h"
#if CDR_KAFKA
#include "app/progress.h"
#include "app/report_file.h"
#include "app/say.h"
#include "app/stop.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "verify/clean.h"
#include "verify/fields.h"
#include "verify/ids.h"
#endif

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if CDR_KAFKA

struct by_id {
    const struct cdr_verification *run;
    struct cdr_verify_ids_settings settings;
    struct cdr_verify_ids_result result;
    char *names, *dead_names; /* of the topics, taken apart */
    const char *dead_letters[CDR_IDS_TOPICS_MAX];
    uint32_t dead_letter_count;
    struct cdr_clean_result clean; /* with --clean, instead of result */
    double wall_s;
    bool complete;
    struct cdr_verdict verdict;
};

/* Takes a list of topics apart; the names are in *memory. */
static enum cdr_result read_topics(const char *key, const char *text, char **memory,
                                   const char **topics, uint32_t *count, struct cdr_error *error)
{
    const char *item;
    size_t len;
    char *at = *memory = calloc(1, strlen(text) + CDR_IDS_TOPICS_MAX + 1);
    if (at == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (const char *rest = text; rest != NULL;) {
        rest = cdr_next_item(rest, &item, &len);
        if (len == 0 || *count == CDR_IDS_TOPICS_MAX)
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: \"%s\" is not one to %d names with commas between them", key, text,
                            CDR_IDS_TOPICS_MAX);
        memcpy(at, item, len);
        for (uint32_t i = 0; i < *count; i++)
            if (strcmp(topics[i], at) == 0)
                return cdr_fail(error, CDR_E_CONFIG, "%s: %s is there twice", key, at);
        topics[(*count)++] = at;
        at += len + 1;
    }
    return CDR_OK;
}

#define TYPES CDR_TYPE_WORDS(", ", " and ")

static enum cdr_result read_types(struct by_id *by_id, struct cdr_error *error)
{
    const char *item, *text = by_id->run->settings->types;
    size_t len;
    for (const char *rest = text; rest != NULL;) {
        rest = cdr_next_item(rest, &item, &len);
        unsigned type = 0;
        while (type < CDR_TYPE_COUNT &&
               (strlen(cdr_type_word[type]) != len || strncmp(cdr_type_word[type], item, len) != 0))
            type++;
        if (type == CDR_TYPE_COUNT)
            return cdr_fail(error, CDR_E_CONFIG, "types: \"%.*s\" is none of " TYPES, (int)len,
                            item);
        by_id->settings.types |= 1u << type;
    }
    return CDR_OK;
}

/* What a run writes is nobody's topic of dead letters, nor is the output. */
static enum cdr_result check_dead_letters(const struct by_id *by_id, struct cdr_error *error)
{
    const struct cdr_topics *topics = &by_id->run->topics;
    const char *truth = by_id->run->settings->truth_topic;
    for (uint32_t i = 0; i < by_id->dead_letter_count; i++) {
        const char *dead = by_id->dead_letters[i];
        const char *what =
            truth != NULL && strcmp(truth, dead) == 0 ? "the truth about faults" : NULL;
        for (uint32_t k = 0; k < topics->n; k++)
            what = strcmp(topics->items[k].name, dead) == 0 ? "the dataset's records" : what;
        for (uint32_t k = 0; k < by_id->settings.topic_count; k++)
            what = strcmp(by_id->settings.topics[k], dead) == 0 ? "the output (--topic)" : what;
        if (what != NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "dead_letters: %s is the topic of %s; name the topic that the "
                            "pipeline sends bad messages to",
                            dead, what);
    }
    return CDR_OK;
}

static enum cdr_result prepare(struct by_id *by_id, struct cdr_error *error)
{
    const struct cdr_settings *settings = by_id->run->settings;
    if (by_id->run->from_files)
        return cdr_fail(error, CDR_E_CONFIG, "by: only messages carry ids, files do not");
    if (settings->topic == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "by: id needs the topics to read: pass --topic NAME");
    if (settings->follow)
        return cdr_fail(error, CDR_E_CONFIG,
                        "follow: with --by id, only what is there is compared");
    enum cdr_result result =
        read_topics("topic", settings->topic, &by_id->names, by_id->settings.topics,
                    &by_id->settings.topic_count, error);
    if (result == CDR_OK && settings->dead_letters != NULL)
        result = read_topics("dead_letters", settings->dead_letters, &by_id->dead_names,
                             by_id->dead_letters, &by_id->dead_letter_count, error);
    if (result == CDR_OK)
        result = check_dead_letters(by_id, error);
    return result == CDR_OK ? read_types(by_id, error) : result;
}

/* ---- with --clean: a table of kinds ---- */

static const char *fates_name(uint32_t kind)
{
    return kind == CDR_FATES_GOOD ? "good" : cdr_fault_name[kind];
}

static bool fates_right(const struct by_id *by_id, uint32_t kind)
{
    return cdr_fates_are_right(&by_id->clean.fates[kind], kind, by_id->dead_letter_count > 0);
}

static void print_table(FILE *out, const struct by_id *by_id)
{
    const struct cdr_clean_result *clean = &by_id->clean;
    fprintf(out, "%s: %" PRIu64 " messages in the output, %" PRIu64 " dead letters; dataset %s\n",
            by_id->verdict.word, clean->found, clean->dead_letters, by_id->run->model->dataset_id);
    fprintf(out, "  %-16s %12s %12s %13s %12s %12s\n", "kind", "entries", "passed", "dead-lettered",
            "lost", "duplicated");
    for (uint32_t kind = CDR_FATES; kind-- > 0;) {
        const struct cdr_fates *fates = &clean->fates[kind];
        if (fates->entries > 0)
            fprintf(out,
                    "  %-16s %12" PRIu64 " %12" PRIu64 " %13" PRIu64 " %12" PRIu64 " %12" PRIu64
                    "%s\n",
                    fates_name(kind), fates->entries, fates->passed, fates->dead_lettered,
                    fates->lost, fates->duplicated, fates_right(by_id, kind) ? "" : "  wrong");
    }
    if (clean->foreign > 0)
        fprintf(out, "  %" PRIu64 " foreign messages, %" PRIu64 " of them without an id\n",
                clean->foreign, clean->without_id);
}

static void put_table(struct cdr_json *json, const void *context)
{
    const struct by_id *by_id = context;
    const struct cdr_clean_result *clean = &by_id->clean;
    cdr_json_object(json, NULL);
    cdr_json_text(json, "dataset_id", by_id->run->model->dataset_id);
    cdr_json_text(json, "by", "id");
    cdr_json_bool(json, "clean", true);
    cdr_json_text(json, "result", by_id->verdict.word);
    cdr_json_bool(json, "complete", by_id->complete);
    cdr_json_text(json, "reason", by_id->verdict.text[0] != '\0' ? by_id->verdict.text : NULL);
    cdr_json_u64(json, "found", clean->found);
    cdr_json_u64(json, "dead_letters", clean->dead_letters);
    cdr_json_u64(json, "foreign", clean->foreign);
    cdr_json_u64(json, "without_id", clean->without_id);
    cdr_json_object(json, "kinds");
    for (uint32_t kind = CDR_FATES; kind-- > 0;) {
        const struct cdr_fates *fates = &clean->fates[kind];
        if (fates->entries == 0)
            continue;
        cdr_json_object_inline(json, fates_name(kind));
        cdr_json_u64(json, "entries", fates->entries);
        cdr_json_u64(json, "passed", fates->passed);
        cdr_json_u64(json, "dead_lettered", fates->dead_lettered);
        cdr_json_u64(json, "lost", fates->lost);
        cdr_json_u64(json, "duplicated", fates->duplicated);
        cdr_json_bool(json, "right", fates_right(by_id, kind));
        cdr_json_object_end(json);
    }
    cdr_json_object_end(json);
    cdr_json_object_end(json);
}

/* ---- for a person ---- */

static void counts_text(const struct cdr_verify_ids_result *result, char *text, size_t size)
{
    struct cdr_compare_counts counts = {.kinds = {[CDR_DIFFERENCE_LOST] = result->lost,
                                                  [CDR_DIFFERENCE_DUPLICATED] = result->duplicated,
                                                  [CDR_DIFFERENCE_FOREIGN] = result->foreign}};
    cdr_counts_text(&counts, text, size);
}

static void print_lost(FILE *out, const struct by_id *by_id, uint32_t i)
{
    const uint32_t partitions = by_id->run->settings->model.partitions;
    const struct cdr_difference *lost = by_id->result.lost_shown[i];
    const uint32_t type = lost->log / partitions;
    struct cdr_fields fields;
    char key[64];
    cdr_bytes_text(key, sizeof key, lost->expected.key, lost->expected.key_len);
    cdr_fields_decode(&fields, &by_id->run->payloads, type, &lost->expected);
    fprintf(out, "  lost: id %016" PRIx64 ", record %" PRId64 " of %s[%u], key %s\n     ",
            by_id->result.lost_ids[i], lost->expected.place, by_id->run->topics.items[type].name,
            lost->log % partitions, key);
    for (uint32_t f = 0; f < fields.n; f++)
        if (fields.items[f].value[0] != '\0')
            cdr_say(out, " %s=%s", fields.items[f].name, fields.items[f].value);
    fputc('\n', out);
}

static void print_words(FILE *out, const struct by_id *by_id)
{
    const struct cdr_verify_ids_result *result = &by_id->result;
    char expected[32], found[32], rate[32], text[256];
    counts_text(result, text, sizeof text);
    fprintf(out, "%s: %s records looked for by id, %s found in %.2f s (%s/s); dataset %s\n  %s\n",
            by_id->verdict.word, cdr_with_commas(result->expected, expected),
            cdr_with_commas(result->found, found), by_id->wall_s,
            cdr_with_commas(
                by_id->wall_s > 0 ? (uint64_t)((double)result->found / by_id->wall_s) : 0, rate),
            by_id->run->model->dataset_id, text);
    if (result->without_id > 0)
        fprintf(out, "  %s of the foreign ones have no header " CDR_ID_HEADER "\n",
                cdr_with_commas(result->without_id, expected));
    for (uint32_t i = 0; i < result->lost_shown_count; i++)
        print_lost(out, by_id, i);
    for (uint32_t i = 0; i < result->stray_count; i++) {
        const struct cdr_stray *stray = &result->strays[i];
        snprintf(text, sizeof text, "no id");
        if (stray->has_id)
            snprintf(text, sizeof text, "id %016" PRIx64, stray->id);
        fprintf(out, "  %s: %s, %s[%u] at offset %" PRId64 "\n", cdr_difference_word[stray->kind],
                text, by_id->settings.topics[stray->topic], stray->partition, stray->offset);
    }
}

/* ---- JSON ---- */

static void put_id(struct cdr_json *json, uint64_t id)
{
    char text[CDR_ID_TEXT_LEN + 1] = "";
    cdr_id_text(id, text);
    cdr_json_text(json, "id", text);
}

static void put_lost(struct cdr_json *json, const struct by_id *by_id, uint32_t i)
{
    const uint32_t partitions = by_id->run->settings->model.partitions;
    const struct cdr_difference *lost = by_id->result.lost_shown[i];
    const uint32_t type = lost->log / partitions;
    struct cdr_fields fields;
    cdr_json_object(json, NULL);
    cdr_json_text(json, "kind", "lost");
    put_id(json, by_id->result.lost_ids[i]);
    cdr_json_text(json, "topic", by_id->run->topics.items[type].name);
    cdr_json_u64(json, "partition", lost->log % partitions);
    cdr_json_i64(json, "position", lost->expected.place);
    cdr_json_i64(json, "timestamp", lost->expected.event_ms);
    cdr_fields_decode(&fields, &by_id->run->payloads, type, &lost->expected);
    cdr_json_object(json, "fields");
    for (uint32_t f = 0; f < fields.n; f++)
        cdr_json_text(json, fields.items[f].name, fields.items[f].value);
    cdr_json_object_end(json);
    cdr_json_object_end(json);
}

static void put_report(struct cdr_json *json, const void *context)
{
    const struct by_id *by_id = context;
    const struct cdr_verify_ids_result *result = &by_id->result;
    cdr_json_object(json, NULL);
    cdr_json_text(json, "dataset_id", by_id->run->model->dataset_id);
    cdr_json_text(json, "by", "id");
    cdr_json_text(json, "result", by_id->verdict.word);
    cdr_json_bool(json, "complete", by_id->complete);
    cdr_json_text(json, "reason", by_id->verdict.text[0] != '\0' ? by_id->verdict.text : NULL);
    cdr_json_u64(json, "expected", result->expected);
    cdr_json_u64(json, "compared", by_id->complete ? result->expected : 0);
    cdr_json_u64(json, "found", result->found);
    cdr_json_u64(json, "matched", result->matched);
    cdr_json_u64(json, "lost", result->lost);
    cdr_json_u64(json, "duplicated", result->duplicated);
    cdr_json_u64(json, "foreign", result->foreign);
    cdr_json_u64(json, "without_id", result->without_id);
    cdr_json_fixed(json, "wall_s", by_id->wall_s, 3);
    cdr_json_u64(json, "peak_rss_bytes", cdr_peak_rss_bytes());
    cdr_json_array(json, "differences");
    for (uint32_t i = 0; i < result->lost_shown_count; i++)
        put_lost(json, by_id, i);
    for (uint32_t i = 0; i < result->stray_count; i++) {
        const struct cdr_stray *stray = &result->strays[i];
        cdr_json_object(json, NULL);
        cdr_json_text(json, "kind", cdr_difference_name[stray->kind]);
        if (stray->has_id)
            put_id(json, stray->id);
        else
            cdr_json_null(json, "id");
        cdr_json_text(json, "topic", by_id->settings.topics[stray->topic]);
        cdr_json_u64(json, "partition", stray->partition);
        cdr_json_i64(json, "offset", stray->offset);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

/* ---- course ---- */

static void say(const char *text)
{
    fprintf(stderr, "cdrgen: %s\n", text);
}

static enum cdr_result compare(struct by_id *by_id, struct cdr_error *error)
{
    const struct cdr_verification *run = by_id->run;
    const struct cdr_settings *settings = run->settings;
    const int64_t start_ns = cdr_monotonic_ns();
    by_id->settings.model = run->model;
    by_id->settings.dataset = &run->topics;
    by_id->settings.sink = &settings->sink;
    by_id->settings.workers = run->workers;
    by_id->settings.shard_index = settings->shard_index;
    by_id->settings.shard_count = settings->shard_count;
    by_id->settings.read_uncommitted = strcmp(settings->isolation, "read_uncommitted") == 0;
    by_id->settings.open_wait_ms = settings->open_wait_ms;
    by_id->settings.say = settings->quiet ? NULL : say;
    by_id->settings.show = settings->show;
    by_id->settings.stop = cdr_stop_on_signals();
    (void)cdr_stop_began(NULL);
    const struct cdr_clean_settings clean = {&by_id->settings, by_id->dead_letters,
                                             by_id->dead_letter_count};
    enum cdr_result result = settings->clean
                                 ? cdr_verify_clean(&clean, &by_id->clean, error)
                                 : cdr_verify_ids(&by_id->settings, &by_id->result, error);
    by_id->wall_s = (double)(cdr_monotonic_ns() - start_ns) / 1e9;
    by_id->complete = result == CDR_OK;
    return result;
}

static struct cdr_verdict verdict_of(enum cdr_result code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct cdr_verdict verdict_of(enum cdr_result code, const char *format, ...)
{
    struct cdr_verdict verdict = {.code = code,
                                  .word = code == CDR_OK            ? "same"
                                          : code == CDR_E_DIFFERENT ? "different"
                                                                    : "cannot tell"};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict.text, sizeof verdict.text, format, arguments);
    va_end(arguments);
    return verdict;
}

/* Only what was compared can be the same, and only what can have been seen can be lost. */
static struct cdr_verdict judge(const struct by_id *by_id, enum cdr_result result,
                                const char *cause)
{
    const struct cdr_verify_ids_result *found = &by_id->result;
    const struct cdr_id_gap *open = &found->open, *deleted = &found->deleted;
    const char *const *topics = by_id->settings.topics;
    char text[256];
    counts_text(found, text, sizeof text);
    if (result != CDR_OK) /* what is missing may only be unread: nothing can be said */
        return verdict_of(result == CDR_E_CONFIG ? result : CDR_E_STATE, "%.1000s", cause);
    if (found->found > 0 && found->without_id == found->found)
        return verdict_of(CDR_E_STATE,
                          "cannot tell: none of the %" PRIu64
                          " messages has a header " CDR_ID_HEADER
                          " with an id: was --id-header given to the run, and does the pipeline "
                          "copy the header?",
                          found->found);
    if (found->duplicated > 0 || found->foreign > 0 ||
        (found->lost > 0 && open->partitions == 0 && deleted->partitions == 0))
        return verdict_of(CDR_E_DIFFERENT, "different: %s", text);
    if (open->partitions > 0)
        return verdict_of(CDR_E_STATE,
                          "cannot tell: %.250s[%u] has an open transaction, which begins at offset "
                          "%" PRId64 " and did not end within %u s (--transaction-wait); %" PRIu64
                          " records were not found so far; " CDR_OPEN_TRANSACTION_ADVICE,
                          topics[open->topic], open->partition, open->offset,
                          (by_id->settings.open_wait_ms + 999) / 1000, found->lost,
                          topics[open->topic], open->partition, open->offset);
    if (found->lost > 0)
        return verdict_of(CDR_E_STATE,
                          "cannot tell: %" PRIu64
                          " records were not found, and may be among those that %.250s[%u]%s "
                          "deleted before its first offset, %" PRId64,
                          found->lost, topics[deleted->topic], deleted->partition,
                          deleted->partitions > 1 ? " and other partitions" : "", deleted->offset);
    return verdict_of(CDR_OK, "%s", "");
}

/* Of a cleaner: the kinds that came out wrong are named. */
static struct cdr_verdict judge_cleaner(const struct by_id *by_id, enum cdr_result result,
                                        const char *cause)
{
    const struct cdr_clean_result *clean = &by_id->clean;
    const uint64_t messages = clean->found + clean->dead_letters;
    char text[600] = "";
    size_t at = 0;
    if (result != CDR_OK)
        return verdict_of(result == CDR_E_CONFIG ? result : CDR_E_STATE, "%.1000s", cause);
    if (messages > 0 && clean->without_id == messages)
        return verdict_of(CDR_E_STATE,
                          "cannot tell: none of the messages has a header " CDR_ID_HEADER
                          " with an id: was --id-header given to the run, and does the pipeline "
                          "copy the header?");
    if (clean->open.partitions > 0 || clean->deleted.partitions > 0)
        return verdict_of(
            CDR_E_STATE, "cannot tell: the topics do not show all of their messages: %s",
            clean->open.partitions > 0 ? "a transaction is open" : "their first ones were deleted");
    for (uint32_t kind = CDR_FATES; kind-- > 0 && at + 160 < sizeof text;) {
        const struct cdr_fates *fates = &clean->fates[kind];
        if (fates->entries > 0 && !fates_right(by_id, kind))
            at += (size_t)snprintf(text + at, sizeof text - at,
                                   "%s%s: %" PRIu64 " passed, %" PRIu64 " dead-lettered, %" PRIu64
                                   " lost, %" PRIu64 " duplicated",
                                   at > 0 ? "; " : "", fates_name(kind), fates->passed,
                                   fates->dead_lettered, fates->lost, fates->duplicated);
    }
    if (clean->foreign > 0)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRIu64 " foreign",
                               at > 0 ? "; " : "", clean->foreign);
    return at > 0 ? verdict_of(CDR_E_DIFFERENT, "different: %s", text)
                  : verdict_of(CDR_OK, "%s", "");
}

static enum cdr_result conclude(struct by_id *by_id, enum cdr_result result,
                                struct cdr_error *error)
{
    const struct cdr_settings *settings = by_id->run->settings;
    const bool json_to_stdout = settings->report != NULL && strcmp(settings->report, "-") == 0;
    enum cdr_result reported = CDR_OK;
    struct cdr_error later = {{0}};
    by_id->verdict = (settings->clean ? judge_cleaner : judge)(by_id, result, error->text);
    if (!settings->quiet && by_id->complete)
        (settings->clean ? print_table : print_words)(json_to_stdout ? stderr : stdout, by_id);
    if (settings->report != NULL)
        reported = cdr_report_write(settings->report, settings->clean ? put_table : put_report,
                                    by_id, &later);
    if (reported == CDR_OK)
        reported = cdr_report_printed(stdout, &later);
    if (by_id->verdict.code != CDR_OK)
        return cdr_fail(error, by_id->verdict.code, "%s", by_id->verdict.text);
    if (reported != CDR_OK)
        *error = later;
    return reported;
}

enum cdr_result cdr_verification_by_id(struct cdr_verification *run, struct cdr_error *error)
{
    struct by_id *by_id = calloc(1, sizeof *by_id);
    if (by_id == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    by_id->run = run;
    enum cdr_result result = prepare(by_id, error);
    if (result == CDR_OK)
        result = conclude(by_id, compare(by_id, error), error);
    cdr_verify_ids_free(&by_id->result);
    free(by_id->names);
    free(by_id->dead_names);
    free(by_id);
    return result;
}

#else

enum cdr_result cdr_verification_by_id(struct cdr_verification *run, struct cdr_error *error)
{
    (void)run;
    return cdr_fail(error, CDR_E_CONFIG, "by: this cdrgen was built without Kafka");
}

#endif
