/* Answers to queries against the plainest computation of the same over all records; rows come in
 * order, window by window, for any number of workers. tests/cli/test_answers.sh asks DuckDB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "answer/answer.h"
#include "answer/column.h"
#include "answer/output.h"
#include "answer/judge.h"
#include "answer/mistake.h"
#include "model_run.h"
#include "statistics.h"

#define WINDOW_MS INT64_C(600000)

static struct run run;

static int make_run(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(400, 2);
    run = run_model(&p, ALL_TYPES, 0);
    return 0;
}

static int end_run(void **state)
{
    (void)state;
    free_run(&run);
    return 0;
}

struct rows {
    struct cdr_answer_row *items;
    size_t n, capacity;
    unsigned stop_at; /* 0: never */
};

static enum cdr_result keep(void *context, const struct cdr_answer_row *row,
                            struct cdr_error *error)
{
    struct rows *rows = context;
    if (rows->n == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
        rows->items = realloc(rows->items, rows->capacity * sizeof *rows->items);
        assert_non_null(rows->items);
    }
    rows->items[rows->n++] = *row;
    return rows->n == rows->stop_at ? cdr_fail(error, CDR_E_IO, "full") : CDR_OK;
}

static struct rows answer_of(const char *text, unsigned workers)
{
    struct cdr_query query;
    struct cdr_error error = {{0}};
    struct rows rows = {0};
    if (cdr_query_parse(&query, "test", text, strlen(text), &error) != CDR_OK)
        fail_msg("%s", error.text);
    const struct cdr_answer_settings settings = {.model = run.model,
                                                 .query = &query,
                                                 .workers = workers,
                                                 .shard_count = 1,
                                                 .row = keep,
                                                 .context = &rows};
    if (cdr_answer(&settings, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return rows;
}

#define CALLS_OF_CELLS                                                                             \
    "{\"from\": \"call\", \"where\": {\"direction\": \"MO\"}, \"window\": {\"tumble\": \"10m\"}, " \
    "\"by\": \"cell_id\", \"select\": {\"calls\": \"count\", \"seconds\": \"sum(duration_sec)\", " \
    "\"longest\": \"max(duration_sec)\", \"parties\": \"distinct(msisdn_dst)\"}}"

/* Of the records themselves, one after the other. */
static void count_plainly(struct cdr_answer_row *row)
{
    char seen[512][16];
    size_t parties = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->type != CDR_TYPE_CALL || r->direction != CDR_DIRECTION_MO ||
            r->cell_id != (uint32_t)row->by[0] || r->end_ms < row->start_ms ||
            r->end_ms >= row->end_ms)
            continue;
        row->values[0]++;
        row->values[1] += r->duration_s;
        row->values[2] = row->values[2] > r->duration_s ? row->values[2] : r->duration_s;
        size_t k = 0;
        while (k < parties && memcmp(seen[k], r->dst, 16) != 0)
            k++;
        assert_true(parties < 512);
        if (k == parties)
            memcpy(seen[parties++], r->dst, 16);
    }
    row->values[3] = (int64_t)parties;
}

static void rows_are_what_the_records_say(void **state)
{
    (void)state;
    struct rows rows = answer_of(CALLS_OF_CELLS, 1);
    int64_t calls = 0, wanted = 0;
    assert_true(rows.n > 200);
    for (size_t i = 0; i < rows.n; i++) {
        const struct cdr_answer_row *row = &rows.items[i];
        struct cdr_answer_row plain = *row;
        memset(plain.values, 0, sizeof plain.values);
        if (i % 7 == 0) {
            count_plainly(&plain);
            assert_memory_equal(plain.values, row->values, 4 * sizeof *row->values);
        }
        assert_int_equal(row->end_ms - row->start_ms, WINDOW_MS);
        if (i > 0)
            assert_true(row->start_ms > row[-1].start_ms ||
                        (row->start_ms == row[-1].start_ms && row->by[0] > row[-1].by[0]));
        calls += row->values[0];
    }
    for (size_t i = 0; i < run.count; i++)
        wanted +=
            run.records[i].type == CDR_TYPE_CALL && run.records[i].direction == CDR_DIRECTION_MO;
    assert_int_equal(calls, wanted);
    free(rows.items);
}

static void workers_change_nothing(void **state)
{
    (void)state;
    struct rows one = answer_of(CALLS_OF_CELLS, 1);
    for (unsigned workers = 2; workers <= 6; workers += 2) {
        struct rows many = answer_of(CALLS_OF_CELLS, workers);
        assert_int_equal(one.n, many.n);
        assert_memory_equal(one.items, many.items, one.n * sizeof *one.items);
        free(many.items);
    }
    free(one.items);
}

#define BREAKS                                                                                     \
    "{\"from\": [\"call\", \"sms\"], \"window\": {\"session\": \"7m\"}, \"by\": \"cell_id\", "     \
    "\"select\": {\"n\": \"count\", \"seconds\": \"sum(duration_sec)\", \"owners\": "              \
    "\"distinct(imsi)\"}}"
#define GAP_MS INT64_C(420000)

static bool is_in(const struct cdr_answer_row *row, const struct record *r)
{
    return (r->type == CDR_TYPE_CALL || r->type == CDR_TYPE_SMS) &&
           r->cell_id == (uint32_t)row->by[0] && r->end_ms >= row->start_ms - GAP_MS &&
           r->end_ms <= row->end_ms;
}

/* A session's first record is at its start, its last one the gap before its end, and there is none
 * within the gap around it. */
static void sessions_have_all_records_around_them(void **state)
{
    (void)state;
    struct rows rows = answer_of(BREAKS, 1);
    int64_t all = 0, wanted = 0;
    assert_true(rows.n > 200);
    for (size_t i = 0; i < rows.n; i++) {
        const struct cdr_answer_row *row = &rows.items[i];
        int64_t n = 0, seconds = 0, first_ms = INT64_MAX, last_ms = 0;
        all += row->values[0];
        assert_true(i == 0 || row->end_ms >= row[-1].end_ms);
        for (size_t k = 0; k < run.count && i % 7 == 0; k++) {
            const struct record *r = &run.records[k];
            if (!is_in(row, r))
                continue;
            n++;
            seconds += r->duration_s;
            first_ms = r->end_ms < first_ms ? r->end_ms : first_ms;
            last_ms = r->end_ms > last_ms ? r->end_ms : last_ms;
        }
        if (i % 7 != 0)
            continue;
        assert_int_equal(row->values[0], n);
        assert_int_equal(row->values[1], seconds);
        assert_int_equal(row->start_ms, first_ms);
        assert_int_equal(row->end_ms, last_ms + GAP_MS);
    }
    for (size_t i = 0; i < run.count; i++)
        wanted += run.records[i].type == CDR_TYPE_CALL || run.records[i].type == CDR_TYPE_SMS;
    assert_int_equal(all, wanted);
    free(rows.items);
}

static void sessions_do_not_depend_on_workers(void **state)
{
    (void)state;
    struct rows one = answer_of(BREAKS, 1);
    for (unsigned workers = 2; workers <= 6; workers += 2) {
        struct rows many = answer_of(BREAKS, workers);
        assert_int_equal(one.n, many.n);
        assert_memory_equal(one.items, many.items, one.n * sizeof *one.items);
        free(many.items);
    }
    free(one.items);
}

static void ties_with_the_last_of_the_top_are_there(void **state)
{
    (void)state;
    struct rows rows = answer_of(
        "{\"from\": \"sms\", \"window\": {\"tumble\": \"1h\"}, \"by\": \"cell_id\", \"select\": "
        "{\"n\": \"count\"}, \"top\": {\"rows\": 3, \"of\": \"n\"}}",
        2);
    size_t tied = 0;
    for (size_t i = 0; i < rows.n; i++) {
        const struct cdr_answer_row *row = &rows.items[i];
        const bool first = i == 0 || row[-1].start_ms != row->start_ms;
        assert_true(row->rank >= 1 && row->rank <= 3);
        if (first)
            assert_int_equal(row->rank, 1);
        else
            assert_true((row->values[0] == row[-1].values[0] && row->rank == row[-1].rank) ||
                        (row->values[0] < row[-1].values[0] && row->rank > row[-1].rank));
        tied += !first && row->rank == row[-1].rank;
    }
    assert_true(tied > 10);
    free(rows.items);
}

static void who_takes_the_rows_may_end_it(void **state)
{
    (void)state;
    struct cdr_query query;
    struct cdr_error error = {{0}};
    struct rows rows = {.stop_at = 5};
    assert_int_equal(cdr_query_load(&query, "usage", &error), CDR_OK);
    const struct cdr_answer_settings settings = {.model = run.model,
                                                 .query = &query,
                                                 .workers = 3,
                                                 .shard_count = 1,
                                                 .row = keep,
                                                 .context = &rows};
    assert_int_equal(cdr_answer(&settings, &error), CDR_E_IO);
    assert_int_equal(rows.n, 5);
    free(rows.items);
}

/* ---- judging ---- */

#define BY_CELL                                                                                    \
    "{\"from\": \"call\", \"window\": {\"tumble\": \"1h\"}, \"by\": \"cell_id\", \"select\": "     \
    "{\"calls\": \"count\", \"seconds\": \"sum(duration_sec)\"}}"

static struct cdr_query parsed(const char *text)
{
    struct cdr_query query;
    struct cdr_error error = {{0}};
    if (cdr_query_parse(&query, "test", text, strlen(text), &error) != CDR_OK)
        fail_msg("%s", error.text);
    return query;
}

static enum cdr_result read_text(struct cdr_output *found, const struct cdr_query *query,
                                 const char *text, size_t len, enum cdr_output_form form,
                                 struct cdr_error *error)
{
    FILE *file = fmemopen((void *)text, len, "r");
    assert_non_null(file);
    const enum cdr_result result =
        cdr_output_read(found, query, run.model, file, "text", form, CDR_FOLD_APPEND, error);
    fclose(file);
    return result;
}

static void rows_are_read_by_the_names_of_their_columns(void **state)
{
    (void)state;
    struct cdr_query query = parsed(BY_CELL);
    static const char *const texts[] = {
        "window_start,cell_id,calls,seconds\n1735689600000,10001,3,90\n",
        ("other;\"Seconds\";\"Cell-Id\";windowEnd;calls\r\n\"a "
         "\"\"b\"\";c\";90;10001;1735693200000;3\r\n"),
        "calls\tseconds\tcell_id\tstart\n3.0\t90\t10001\t2025-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cdr_output found;
        struct cdr_error error = {{0}};
        const int64_t wanted[] = {INT64_C(1735689600000), 10001, 3, 90, 0, 0};
        if (read_text(&found, &query, texts[i], strlen(texts[i]), CDR_OUTPUT_CSV, &error) != CDR_OK)
            fail_msg("%zu: %s", i, error.text);
        assert_int_equal(found.rows, 1);
        assert_memory_equal(found.groups.rows, wanted, sizeof wanted);
        cdr_output_free(&found);
    }
}

static void wrong_rows_are_one_message(void **state)
{
    (void)state;
    struct cdr_query query = parsed(BY_CELL);
    static const char *const texts[] = {
        "window_start,cell_id,calls\n1,2\n",
        "window_start,cell_id,calls\n1,2,3,4\n",
        "window_start,cell_id,calls\n\"1,2,3\n",
        "window_start,cell_id,calls\n1,2,99999999999999999999\n",
        "window_start,cell_id,calls\nnow,2,3\n",
        "window_start,cell_id,calls\n+1h,2,3\n",
        "window_start,cell_id,calls\n1,,3\n",
        "cell_id\n",
        ",,,,,,,,,,,,,,,,,,,,,,,\n",
        "\"\n",
        "window_start,cell_id,calls\n1,2,3\0,\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cdr_output found;
        struct cdr_error error = {{0}};
        const size_t len = strlen(texts[i]) + (i + 1 == sizeof texts / sizeof *texts ? 3 : 0);
        assert_int_equal(read_text(&found, &query, texts[i], len, CDR_OUTPUT_CSV, &error),
                         CDR_E_CONFIG);
        assert_non_null(strstr(error.text, "text, line "));
        cdr_output_free(&found);
    }
}

static void json_rows_are_read(void **state)
{
    (void)state;
    struct cdr_query query = parsed(BY_CELL);
    static const char good[] =
        "{\"window\": {\"start\": 1735689600000, \"end\": 1735693200000}, \"cellId\": \"10001\", "
        "\"calls\": 3, \"seconds\": 90.0, \"more\": [1]}\n\n";
    static const char *const bad[] = {"[]\n", "{\n", "{}\n",
                                      "{\"window_start\": [], \"cell_id\": 1}\n",
                                      "{\"window_start\": 1, \"cell_id\": {}, \"calls\": 1}\n"};
    struct cdr_output found;
    struct cdr_error error = {{0}};
    assert_int_equal(read_text(&found, &query, good, sizeof good - 1, CDR_OUTPUT_JSON, &error),
                     CDR_OK);
    const int64_t wanted[] = {INT64_C(1735689600000), 10001, 3, 90, 0, 0};
    assert_memory_equal(found.groups.rows, wanted, sizeof wanted);
    cdr_output_free(&found);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(&found, &query, bad[i], strlen(bad[i]), CDR_OUTPUT_JSON, &error),
                         CDR_E_CONFIG);
        cdr_output_free(&found);
    }
}

/* Reads a row as it is and with a member more that is none of a plain row: so the library reads it.
 * Returns whether it is a row. */
static bool reads_as_the_library_does(const struct cdr_query *query, const char *row)
{
    struct cdr_output found[2];
    struct cdr_error errors[2] = {{{0}}, {{0}}};
    enum cdr_result results[2];
    char more[512];
    const size_t len = strlen(row);
    snprintf(more, sizeof more, "%.*s, \"x\": [1]}", (int)len - 1, row);
    results[0] = read_text(&found[0], query, row, len, CDR_OUTPUT_JSON, &errors[0]);
    results[1] = read_text(&found[1], query, more, strlen(more), CDR_OUTPUT_JSON, &errors[1]);
    if (results[0] != results[1])
        fail_msg("%s: %s, and with a member more: %s", row, errors[0].text, errors[1].text);
    if (strstr(errors[0].text, "JSON") == NULL && strstr(errors[1].text, "JSON") == NULL)
        assert_string_equal(errors[0].text, errors[1].text);
    if (results[0] == CDR_OK) {
        assert_int_equal(found[0].groups.n, found[1].groups.n);
        assert_memory_equal(found[0].groups.rows, found[1].groups.rows,
                            found[0].groups.n * found[0].groups.width * sizeof(int64_t));
    }
    cdr_output_free(&found[0]);
    cdr_output_free(&found[1]);
    return results[0] == CDR_OK;
}

static void plain_rows_are_read_as_the_library_reads_them(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"window_start\": 1735689600000, \"cell_id\": \"10001\", \"calls\": 3, \"seconds\": -90}",
        "{\"a\":true,\"b\":false,\"c\":null,\"start\":\"2025-01-01T00:00:00Z\",\"CELL-ID\":0,"
        "\"calls\":1}",
    };
    static const char other[] = "{}[]\":,.-+eE0123456789 \\tfn\t\x7f\xc3\xa9/u";
    struct cdr_query query = parsed(BY_CELL);
    char changed[256];
    uint32_t read = 0, tried = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t len = strlen(rows[i]);
        assert_true(reads_as_the_library_does(&query, rows[i]));
        for (uint64_t seed = 0; seed < 20000; seed++) {
            const uint64_t random = cdr_mix(seed * 2 + i);
            memcpy(changed, rows[i], len + 1);
            for (uint32_t edit = 0; edit <= random % 3; edit++)
                changed[1 + (random >> (8 + 12 * edit)) % (len - 2)] =
                    other[(random >> (40 + 6 * edit)) % (sizeof other - 1)];
            read += reads_as_the_library_does(&query, changed);
            tried++;
        }
    }
    assert_true(read > tried / 100 && read < tried);
}

/* Puts rows of an answer into a table of found ones. */
static void put_found(struct cdr_output *found, const struct cdr_query *query,
                      const struct rows *rows)
{
    bool is_new;
    *found = (struct cdr_output){.query = query, .rows = rows->n};
    cdr_groups_init(&found->groups, 1 + query->by_count, 3 + query->by_count + query->select_count);
    for (size_t i = 0; i < rows->n; i++) {
        const int64_t key[] = {rows->items[i].start_ms, rows->items[i].by[0]};
        int64_t *row = cdr_groups_at(&found->groups, key, &is_new);
        memcpy(row + 2, rows->items[i].values, query->select_count * sizeof *row);
    }
    for (uint32_t k = 0; k < query->select_count; k++)
        found->has[k] = true;
}

static void a_job_with_another_time_is_wrong_and_told_why(void **state)
{
    (void)state;
    struct cdr_query query = parsed(BY_CELL), other = query;
    struct cdr_error error = {{0}};
    struct rows rows = {0};
    other.by_start = true;
    struct cdr_answer_settings settings = {.model = run.model,
                                           .query = &other,
                                           .workers = 2,
                                           .shard_count = 1,
                                           .row = keep,
                                           .context = &rows};
    struct cdr_output found;
    struct cdr_verdict_counts counts;
    const struct cdr_judge_settings judging = {.answer = &settings, .found = &found};
    struct cdr_mistake mistake;
    bool explained;
    assert_int_equal(cdr_answer(&settings, &error), CDR_OK);
    put_found(&found, &query, &rows);
    assert_int_equal(cdr_judge(&judging, &counts, &error), CDR_OK);
    assert_int_equal(cdr_verdict_faults(&counts), 0);
    settings.query = &query;
    assert_int_equal(cdr_judge(&judging, &counts, &error), CDR_OK);
    const uint64_t faults = cdr_verdict_faults(&counts);
    assert_true(faults > 20);
    assert_int_equal(cdr_mistake_find(&judging, &counts, &explained, &mistake, &error), CDR_OK);
    assert_true(explained);
    assert_string_equal(mistake.words, "the start of a record was taken for its time");
    assert_int_equal(mistake.faults, 0);
    cdr_output_free(&found);
    free(rows.items);
}

static void texts_of_digits_keep_their_zeros(void **state)
{
    (void)state;
    const struct cdr_field_source *source = cdr_source_find("msisdn_dst", CDR_TYPE_CALL);
    static const char *const texts[] = {"0", "10", "010", "112", "316000000000000"};
    char shown[CDR_COLUMN_TEXT_MAX];
    int64_t value, before = -1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(cdr_column_parse(source, texts[i], &value, NULL), CDR_OK);
        cdr_column_text(source, value, shown);
        assert_string_equal(shown, texts[i]);
        assert_true(value > before);
        before = value;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_the_records_say),
        cmocka_unit_test(workers_change_nothing),
        cmocka_unit_test(sessions_have_all_records_around_them),
        cmocka_unit_test(sessions_do_not_depend_on_workers),
        cmocka_unit_test(ties_with_the_last_of_the_top_are_there),
        cmocka_unit_test(who_takes_the_rows_may_end_it),
        cmocka_unit_test(rows_are_read_by_the_names_of_their_columns),
        cmocka_unit_test(wrong_rows_are_one_message),
        cmocka_unit_test(json_rows_are_read),
        cmocka_unit_test(plain_rows_are_read_as_the_library_reads_them),
        cmocka_unit_test(a_job_with_another_time_is_wrong_and_told_why),
        cmocka_unit_test(texts_of_digits_keep_their_zeros),
    };
    return cmocka_run_group_tests(tests, make_run, end_run);
}
