/* judge: whether what a job put out is the answer of a query over the dataset, and if not, why. */
#include "answer/column.h"
#include "answer/evidence.h"
#include "answer/judge.h"
#include "answer/mistake.h"
#include "app/app.h"
#include "app/closing.h"
#include "app/lateness.h"
#include "app/process.h"
#include "app/report_file.h"
#include "app/rows_schemas.h"
#include "app/topics.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "encode/change.h"
#include "kafka/whole.h"
#include "sink/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct judging {
    const struct cdr_settings *settings;
    struct cdr_query query;
    struct cdr_model *model;
    struct cdr_output found;
    struct cdr_answer_settings answer;
    struct cdr_verdict_counts counts;
    struct cdr_mistake mistake;
    bool explained;
    uint32_t shown[CDR_ROW_FAULTS];
    struct cdr_evidence *evidence; /* of the rows that are shown */
    uint32_t evidence_count;
    struct cdr_topics topics; /* their names */
    struct cdr_rows_schemas schemas;
};

static enum cdr_result read_file(struct judging *judging, struct cdr_error *error)
{
    const struct cdr_settings *settings = judging->settings;
    const char *path = settings->judge_in;
    const bool standard = path == NULL || strcmp(path, "-") == 0;
    char reason[CDR_REASON_MAX];
    if (!cdr_output_is_of_lines((enum cdr_output_form)settings->judge_as))
        return cdr_fail(error, CDR_E_CONFIG,
                        "as: %s is a form of messages; give their topic with --from-topic",
                        cdr_output_forms[settings->judge_as].name);
    FILE *file = standard ? stdin : fopen(path, "r");
    if (file == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "in: cannot read %s: %s", path,
                        cdr_os_reason(errno, reason));
    const enum cdr_result result = cdr_output_read(
        &judging->found, &judging->query, judging->model, file, standard ? "standard input" : path,
        (enum cdr_output_form)settings->judge_as, (enum cdr_fold)settings->judge_fold, error);
    if (!standard)
        fclose(file);
    return result;
}

#if CDR_KAFKA
static enum cdr_result take_message(void *context, const struct cdr_kafka_record *record,
                                    struct cdr_error *error)
{
    struct judging *judging = context;
    const struct cdr_settings *settings = judging->settings;
    char place[320];
    snprintf(place, sizeof place, "%.250s[%zu], offset %" PRId64, settings->judge_topic,
             record->range, record->offset);
    const struct cdr_output_message message = {.place = place,
                                               .key = record->key,
                                               .value = record->value,
                                               .key_len = record->key_len,
                                               .value_len = record->value_len};
    return cdr_output_take(&judging->found, &judging->query, judging->model, &message,
                           (enum cdr_output_form)settings->judge_as,
                           (enum cdr_fold)settings->judge_fold, &judging->schemas.found, error);
}

static enum cdr_result read_topic(struct judging *judging, struct cdr_error *error)
{
    const struct cdr_settings *settings = judging->settings;
    struct cdr_kafka_whole whole;
    if (settings->sink.kafka.brokers == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "from-topic: no brokers are given (--brokers)");
    if (settings->judge_in != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "in and from-topic: the rows come from one of them");
    if (!cdr_output_is_of_messages((enum cdr_output_form)settings->judge_as))
        return cdr_fail(error, CDR_E_CONFIG,
                        "from-topic: messages are json, avro or an engine's; say so with --as");
    enum cdr_result result = cdr_rows_schemas_load(&judging->schemas, settings, error);
    if (result == CDR_OK)
        result = cdr_kafka_read_topic(&settings->sink.kafka, settings->judge_topic,
                                      settings->open_wait_ms, take_message, judging, &whole, error);
    if (result == CDR_OK && whole.open > 0)
        return cdr_fail(error, CDR_E_STATE,
                        "cannot tell: %u partitions of %s have an open transaction; what lies "
                        "behind it cannot be read yet",
                        whole.open, settings->judge_topic);
    if (result == CDR_OK && whole.deleted > 0)
        return cdr_fail(error, CDR_E_STATE,
                        "cannot tell: the beginning of %u partitions of %s was deleted",
                        whole.deleted, settings->judge_topic);
    return result;
}
#else
static enum cdr_result read_topic(struct judging *judging, struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_CONFIG, "from-topic %s: this build has no Kafka",
                    judging->settings->judge_topic);
}
#endif

/* ---- findings ---- */

static void print_key(const struct judging *judging, int64_t start_ms, const int64_t *by)
{
    char text[CDR_COLUMN_TEXT_MAX];
    if (judging->query.window != CDR_WINDOW_NONE)
        printf(" window %" PRId64, start_ms);
    for (uint32_t i = 0; i < judging->query.by_count; i++) {
        cdr_column_text(judging->query.by[i], by[i], text);
        printf("%s %s %s", i == 0 && judging->query.window == CDR_WINDOW_NONE ? "" : ",",
               judging->query.by[i]->name, text);
    }
    putchar(':');
}

static void print_values(const struct judging *judging, const int64_t *values)
{
    for (uint32_t i = 0; i < judging->query.select_count; i++)
        if (judging->found.has[i] && values[i] == CDR_ABSENT)
            printf(" %s none", judging->query.select[i].name);
        else if (judging->found.has[i])
            printf(" %s %" PRId64, judging->query.select[i].name, values[i]);
}

static void note_finding(void *context, enum cdr_row_fault fault,
                         const struct cdr_answer_row *expected, const int64_t *found)
{
    struct judging *judging = context;
    if (judging->shown[fault]++ < judging->settings->show)
        cdr_evidence_note(&judging->evidence[judging->evidence_count++], &judging->query, fault,
                          expected, found);
}

/* "cdr.call[3] offset 12 id 0123456789abcdef": the offset in a log that holds nothing else. */
static void print_witness(const struct judging *judging, const struct cdr_witness *witness)
{
    const uint32_t partitions = judging->model->parameters.partitions;
    printf("%s[%u] offset %" PRIu64 " id %016" PRIx64,
           judging->topics.items[witness->log / partitions].name, witness->log % partitions,
           witness->position, witness->id);
}

static void print_records(const struct judging *judging, const struct cdr_evidence *evidence)
{
    const struct cdr_witness *one = evidence->lost_count > 0 ? &evidence->lost : &evidence->doubled;
    const uint64_t others =
        (evidence->lost_count > 0 ? evidence->lost_count : evidence->doubled_count) - 1;
    if (evidence->lost_count + evidence->doubled_count > 0) {
        printf("    as if this record was %s: ",
               evidence->lost_count > 0 ? "lost" : "counted twice");
        print_witness(judging, one);
        if (others > 0)
            printf(", or one of %" PRIu64 " others like it", others);
        putchar('\n');
        return;
    }
    for (uint32_t i = 0; i < evidence->witness_count && i < CDR_WITNESSES_MAX; i++) {
        fputs("    its records: ", stdout);
        print_witness(judging, &evidence->witnesses[i]);
        putchar('\n');
    }
    if (evidence->witness_count > CDR_WITNESSES_MAX)
        printf("    and %" PRIu64 " more\n", evidence->witness_count - CDR_WITNESSES_MAX);
}

static void print_finding(const struct judging *judging, const struct cdr_evidence *evidence)
{
    printf("  %s:", cdr_row_fault_word[evidence->fault]);
    print_key(judging, evidence->start_ms, evidence->by);
    if (evidence->has_expected) {
        fputs(" expected", stdout);
        print_values(judging, evidence->expected.values);
    }
    if (evidence->has_found) {
        fputs(evidence->has_expected ? ", found" : " found", stdout);
        print_values(judging, evidence->found);
    }
    putchar('\n');
    print_records(judging, evidence);
}

static void put_values(struct cdr_json *json, const struct judging *judging, const char *key,
                       const int64_t *values)
{
    cdr_json_object_inline(json, key);
    for (uint32_t i = 0; i < judging->query.select_count; i++)
        if (judging->found.has[i] && values[i] == CDR_ABSENT)
            cdr_json_null(json, judging->query.select[i].name);
        else if (judging->found.has[i])
            cdr_json_i64(json, judging->query.select[i].name, values[i]);
    cdr_json_object_end(json);
}

static void put_witness(struct cdr_json *json, const struct judging *judging, const char *key,
                        const struct cdr_witness *witness)
{
    const uint32_t partitions = judging->model->parameters.partitions;
    char id[CDR_ID_TEXT_LEN + 1] = {0};
    cdr_id_text(witness->id, id);
    cdr_json_object_inline(json, key);
    cdr_json_text(json, "topic", judging->topics.items[witness->log / partitions].name);
    cdr_json_u64(json, "partition", witness->log % partitions);
    cdr_json_u64(json, "offset", witness->position);
    cdr_json_text(json, "id", id);
    cdr_json_i64(json, "time", witness->time_ms);
    cdr_json_object_end(json);
}

static void put_finding(struct cdr_json *json, const struct judging *judging,
                        const struct cdr_evidence *evidence)
{
    char text[CDR_COLUMN_TEXT_MAX];
    cdr_json_object(json, NULL);
    cdr_json_text(json, "finding", cdr_row_fault_word[evidence->fault]);
    cdr_json_i64(json, "window_start", evidence->start_ms);
    for (uint32_t i = 0; i < judging->query.by_count; i++) {
        cdr_column_text(judging->query.by[i], evidence->by[i], text);
        cdr_json_text(json, judging->query.by[i]->name, text);
    }
    if (evidence->has_expected)
        put_values(json, judging, "expected", evidence->expected.values);
    if (evidence->has_found)
        put_values(json, judging, "found", evidence->found);
    cdr_json_u64(json, "record_count", evidence->witness_count);
    cdr_json_array(json, "records");
    for (uint32_t i = 0; i < evidence->witness_count && i < CDR_WITNESSES_MAX; i++)
        put_witness(json, judging, NULL, &evidence->witnesses[i]);
    cdr_json_array_end(json);
    if (evidence->lost_count > 0)
        put_witness(json, judging, "lost", &evidence->lost);
    if (evidence->doubled_count > 0)
        put_witness(json, judging, "counted_twice", &evidence->doubled);
    cdr_json_object_end(json);
}

/* ---- the verdict ---- */

/* Not one row is of a window and key of the answer, and no mistake says why. */
static bool is_strange(const struct judging *judging)
{
    return judging->found.rows > 0 && judging->counts.expected > 0 && judging->counts.met == 0 &&
           !judging->explained;
}

static const char *word(const struct judging *judging)
{
    if (judging->found.rows == 0 || is_strange(judging))
        return "cannot tell";
    return cdr_verdict_faults(&judging->counts) == 0 && judging->found.duplicated == 0 ? "right"
                                                                                       : "wrong";
}

static int64_t open_until_ms(const struct judging *judging)
{
    return judging->counts.open_until_ms + judging->answer.lateness.allowed_ms;
}

static void print_open(const struct judging *judging)
{
    if (judging->found.rows == 0 || judging->counts.open == 0 ||
        judging->query.window == CDR_WINDOW_NONE)
        return;
    fputs("  the open ones ", stdout);
    cdr_closing_print(stdout, judging->model, open_until_ms(judging));
}

/* What else it may be: other settings than the run's, or late records. */
static void print_unexplained(const struct judging *judging)
{
    if (strcmp(word(judging), "wrong") != 0)
        return;
    printf("  no known mistake explains that; it was judged by dataset %s, which must be the run's",
           judging->model->dataset_id);
    if (!judging->answer.lateness.on && judging->model->parameters.faults[CDR_FAULT_LATE] > 0)
        fputs(", and as if no late record may be left out (--late)", stdout);
    putchar('\n');
}

static void print_verdict(const struct judging *judging)
{
    const struct cdr_verdict_counts *counts = &judging->counts;
    printf("%s: %s of %" PRIu64 " rows: %" PRIu64 " right, %" PRIu64 " wrong, %" PRIu64
           " missing, %" PRIu64 " unexpected, %" PRIu64 " duplicated; %" PRIu64 " still open\n",
           word(judging), judging->query.name, counts->expected, counts->right, counts->wrong,
           counts->missing, counts->unexpected, judging->found.duplicated, counts->open);
    for (uint32_t i = 0; i < judging->query.select_count; i++)
        if (!judging->found.has[i] && judging->found.rows > 0)
            printf("  %s is not there, so it is not compared\n", judging->query.select[i].name);
    print_open(judging);
    if (counts->more > 0 || counts->less > 0)
        printf("  %s of the wrong rows is %" PRIu64 " too many and %" PRIu64 " too few in sum\n",
               judging->query.select[0].name, counts->more, counts->less);
    if (judging->answer.lateness.on)
        printf("  of %" PRIu64 " late records that may be left out, %" PRIu64
               " rows lack some; %" PRIu64 " rows have all but those\n",
               counts->late, counts->bounded, counts->exact);
    if (!judging->explained) {
        print_unexplained(judging);
        return;
    }
    const uint64_t all = judging->mistake.without_them;
    printf("  why: %s; this explains %" PRIu64 " of %" PRIu64 " rows\n", judging->mistake.words,
           all - judging->mistake.faults, all);
}

static void put_verdict(struct cdr_json *json, const struct judging *judging)
{
    const struct cdr_verdict_counts *counts = &judging->counts;
    cdr_json_text(json, "result", word(judging));
    cdr_json_text(json, "query", judging->query.name);
    cdr_json_text(json, "dataset_id", judging->model->dataset_id);
    cdr_json_u64(json, "expected", counts->expected);
    cdr_json_u64(json, "rows", judging->found.rows);
    cdr_json_u64(json, "right", counts->right);
    cdr_json_u64(json, "wrong", counts->wrong);
    cdr_json_u64(json, "missing", counts->missing);
    cdr_json_u64(json, "unexpected", counts->unexpected);
    cdr_json_u64(json, "duplicated", judging->found.duplicated);
    cdr_json_u64(json, "open", counts->open);
    if (counts->open > 0) {
        cdr_json_i64(json, "open_until", open_until_ms(judging));
        cdr_json_u64(json, "days_that_close",
                     cdr_closing_days(judging->model, open_until_ms(judging)));
    }
    if (judging->answer.lateness.on) {
        cdr_json_u64(json, "late_records", counts->late);
        cdr_json_u64(json, "rows_without_some", counts->bounded);
        cdr_json_u64(json, "rows_without_all", counts->exact);
    }
    cdr_json_text(json, "why", judging->explained ? judging->mistake.words : NULL);
    cdr_json_text(json, "mistake", judging->explained ? judging->mistake.name : NULL);
    cdr_json_u64(json, "explained",
                 judging->explained ? judging->mistake.without_them - judging->mistake.faults : 0);
}

static enum cdr_result compare(struct judging *judging, struct cdr_error *error)
{
    const struct cdr_judge_settings settings = {
        .answer = &judging->answer,
        .found = &judging->found,
        .change_ms = judging->topics.change_ms == CDR_CHANGE_NEVER ? 0 : judging->topics.change_ms,
        .transactions = judging->settings->sink.transactions,
        .find = note_finding,
        .context = judging,
    };
    enum cdr_result result = cdr_judge(&settings, &judging->counts, error);
    const uint64_t faults = cdr_verdict_faults(&judging->counts);
    if (judging->found.rows == 0)
        judging->evidence_count = 0;
    if (result == CDR_OK)
        result = cdr_evidence_gather(&settings, judging->evidence, judging->evidence_count, error);
    if (result == CDR_OK && faults > 0 && judging->found.rows > 0)
        result = cdr_mistake_find(&settings, &judging->counts, &judging->explained,
                                  &judging->mistake, error);
    return result;
}

static enum cdr_result report(const struct judging *judging, struct cdr_error *error)
{
    struct cdr_json json;
    if (!judging->settings->json) {
        for (uint32_t i = 0; i < judging->evidence_count; i++)
            print_finding(judging, &judging->evidence[i]);
        print_verdict(judging);
        return cdr_report_printed(stdout, error);
    }
    cdr_json_start(&json, stdout);
    cdr_json_object(&json, NULL);
    put_verdict(&json, judging);
    cdr_json_array(&json, "findings");
    for (uint32_t i = 0; i < judging->evidence_count; i++)
        put_finding(&json, judging, &judging->evidence[i]);
    cdr_json_array_end(&json);
    cdr_json_object_end(&json);
    return cdr_json_finish(&json) ? CDR_OK : cdr_report_printed(stdout, error);
}

/* Rows without any column of the query's would all be right. */
static enum cdr_result check_columns(const struct judging *judging, struct cdr_error *error)
{
    bool some = judging->found.rows == 0;
    for (uint32_t i = 0; i < judging->query.select_count; i++)
        some |= judging->found.has[i];
    return some ? CDR_OK
                : cdr_fail(error, CDR_E_STATE,
                           "cannot tell: no row has a column of the query's, such as %s",
                           judging->query.select[0].name);
}

static enum cdr_result judge(struct judging *judging, struct cdr_error *error)
{
    const struct cdr_settings *settings = judging->settings;
    struct cdr_lateness lateness;
    enum cdr_result result =
        settings->live ? cdr_fail(error, CDR_E_CONFIG,
                                  "live: a run with it has no end, and so no answer; give the days "
                                  "that the answer is for (--days)")
                       : cdr_query_load(&judging->query, settings->argument_query, error);
    if (result == CDR_OK)
        result = cdr_lateness_of(settings, &judging->query, &lateness, error);
    if (result == CDR_OK && lateness.on && judging->query.window == CDR_WINDOW_SESSION)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "late: query %s has session windows, which fall apart without some of "
                          "their records; they are judged without --late",
                          judging->query.name);
    if (result == CDR_OK)
        result = cdr_model_create(&judging->model, &settings->model, error);
    if (result == CDR_OK)
        result = cdr_topics_name(&judging->topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_resolve_change(&judging->topics, settings, judging->model, error);
    if (result == CDR_OK)
        result =
            settings->judge_topic != NULL ? read_topic(judging, error) : read_file(judging, error);
    if (result == CDR_OK)
        result = check_columns(judging, error);
    if (result != CDR_OK)
        return result;
    judging->evidence =
        calloc(CDR_ROW_FAULTS * (size_t)settings->show + 1, sizeof *judging->evidence);
    if (judging->evidence == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the rows that are shown");
    judging->answer = (struct cdr_answer_settings){
        .model = judging->model,
        .query = &judging->query,
        .lateness = lateness,
        .workers = cdr_process_workers(settings->workers),
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
    };
    result = compare(judging, error);
    if (result == CDR_OK)
        result = report(judging, error);
    if (result != CDR_OK)
        return result;
    if (judging->found.rows == 0)
        return cdr_fail(error, CDR_E_STATE, "cannot tell: the output has no rows");
    if (is_strange(judging))
        return cdr_fail(error, CDR_E_STATE,
                        "cannot tell: no row is of a window and key of the answer; is it of this "
                        "dataset (--seed, --subs, --start, --days, ...) and query?");
    return cdr_verdict_faults(&judging->counts) == 0 && judging->found.duplicated == 0
               ? CDR_OK
               : cdr_fail(error, CDR_E_DIFFERENT, "wrong: the output is not the answer");
}

enum cdr_result cdr_command_judge(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct judging judging = {.settings = settings};
    const enum cdr_result result = judge(&judging, error);
    cdr_output_free(&judging.found);
    cdr_rows_schemas_free(&judging.schemas);
    cdr_topics_free(&judging.topics);
    cdr_model_destroy(judging.model);
    free(judging.evidence);
    /* Status 1 is the verdict that rows are wrong, so what fails before it is another one's. */
    return result == CDR_OK || result == CDR_E_DIFFERENT || result == CDR_E_CONFIG ? result
                                                                                   : CDR_E_STATE;
}
