/* expect: the right answer of a query over the dataset's topics; without a query, their list. */
#include "answer/answer.h"
#include "answer/sql.h"
#include "app/answer_write.h"
#include "app/app.h"
#include "app/closing.h"
#include "app/lateness.h"
#include "app/process.h"
#include "app/report_file.h"
#include "app/stop.h"
#include "app/topics.h"

#include <inttypes.h>
#include <stdio.h>

struct expect {
    const struct cdr_query *query;
    struct cdr_lateness lateness;
    FILE *out;
};

/* Writes rows, and looks at those that are open. */
struct giving {
    struct cdr_answer_writer *writer;
    uint64_t open;
    int64_t until_ms; /* the greatest end of their windows */
};

static enum cdr_result give_row(void *context, const struct cdr_answer_row *row,
                                struct cdr_error *error)
{
    struct giving *giving = context;
    giving->open += row->open;
    if (row->open && row->end_ms > giving->until_ms)
        giving->until_ms = row->end_ms;
    return cdr_answer_writer_row(giving->writer, row, error);
}

static void say_open(const struct giving *giving, const struct cdr_answer_settings *answer)
{
    if (giving->open == 0)
        return;
    fprintf(stderr, "%" PRIu64 " rows are still open; they ", giving->open);
    cdr_closing_print(stderr, answer->model, giving->until_ms + answer->lateness.allowed_ms);
}

static enum cdr_result list_queries(FILE *out, struct cdr_error *error)
{
    struct cdr_query query;
    for (size_t i = 0; cdr_queries[i].name != NULL; i++) {
        enum cdr_result result = cdr_query_load(&query, cdr_queries[i].name, error);
        if (result != CDR_OK)
            return result;
        fprintf(out, "%-12s %s\n", query.name, query.about);
    }
    return cdr_report_printed(out, error);
}

static enum cdr_result give_answer(const struct expect *expect, const struct cdr_settings *settings,
                                   const struct cdr_model *model, struct cdr_error *error)
{
    struct giving giving = {.until_ms = INT64_MIN};
    const struct cdr_answer_target target = {
        .settings = settings,
        .model = model,
        .query = expect->query,
        .late = expect->lateness.on,
        .out = expect->out,
    };
    enum cdr_result result = cdr_answer_writer_create(&giving.writer, &target, error);
    const struct cdr_answer_settings wanted = {
        .model = model,
        .query = expect->query,
        .lateness = expect->lateness,
        .workers = cdr_process_workers(settings->workers),
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .row = give_row,
        .context = &giving,
        .stop = settings->to_topic != NULL ? cdr_stop_on_signals() : NULL,
    };
    if (result == CDR_OK)
        result = cdr_answer(&wanted, error);
    if (result == CDR_OK)
        result = cdr_answer_writer_finish(giving.writer, error);
    cdr_answer_writer_destroy(giving.writer);
    if (result == CDR_OK && !settings->quiet)
        say_open(&giving, &wanted);
    return result;
}

static enum cdr_result print_answer(const struct expect *expect,
                                    const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_model *model;
    enum cdr_result result = cdr_model_create(&model, &settings->model, error);
    if (result != CDR_OK)
        return result;
    result = give_answer(expect, settings, model, error);
    cdr_model_destroy(model);
    return result;
}

/* Refuses what would have no effect. */
static enum cdr_result check_settings(const struct cdr_settings *settings, struct cdr_error *error)
{
    if (settings->live)
        return cdr_fail(error, CDR_E_CONFIG,
                        "live: a run with it has no end, and so no answer; give the days that the "
                        "answer is for (--days)");
    if (settings->json && settings->answer_rows == CDR_ROW_AVRO)
        return cdr_fail(error, CDR_E_CONFIG,
                        "rows: avro is another form than --json; leave one of them out");
    if (settings->sink.resume && settings->to_topic != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "resume: an answer is published from its beginning; leave it out");
    if (settings->sql != NULL && settings->to_topic != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "to-topic: SQL is printed, not published; leave --sql out, or this");
    return CDR_OK;
}

static enum cdr_result print_sql(const struct expect *expect, const struct cdr_settings *settings,
                                 struct cdr_error *error)
{
    struct cdr_topics topics = {0};
    const char *names[CDR_TYPE_COUNT];
    enum cdr_result result = cdr_topics_name(&topics, settings, error);
    if (result == CDR_OK) {
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            names[type] = topics.items[type].name;
        const struct cdr_sql_settings wanted = {
            .dialect = settings->sql,
            .brokers = settings->sink.kafka.brokers != NULL ? settings->sink.kafka.brokers
                                                            : "localhost:9092",
            .allowed_ms = expect->lateness.on ? expect->lateness.allowed_ms : -1,
            .folder = settings->sink.out,
            .topics = names,
            .parameters = &settings->model,
        };
        result = cdr_sql_print(expect->out, expect->query, &wanted, error);
    }
    if (result == CDR_OK)
        result = cdr_report_printed(expect->out, error);
    cdr_topics_free(&topics);
    return result;
}

enum cdr_result cdr_command_expect(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_query query;
    struct expect expect = {.query = &query, .out = stdout};
    if (settings->argument_query == NULL)
        return list_queries(stdout, error);
    enum cdr_result result = check_settings(settings, error);
    if (result == CDR_OK)
        result = cdr_query_load(&query, settings->argument_query, error);
    if (result == CDR_OK)
        result = cdr_lateness_of(settings, &query, &expect.lateness, error);
    if (result != CDR_OK)
        return result;
    return settings->sql != NULL ? print_sql(&expect, settings, error)
                                 : print_answer(&expect, settings, error);
}
