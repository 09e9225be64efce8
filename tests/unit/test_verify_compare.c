/* Comparisons of logs with known edits: the counts must be what was done. */
#include "base/hash.h"
#include "verify/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDS_MAX = 2 * CDR_COMPARE_RECENT + 10000, TEXT = 96 };

struct text_record {
    char payload[TEXT], key[16];
    char headers[16];
    int64_t event_ms;
    int nothing; /* of the source: none is there yet */
};

struct log {
    struct text_record *records;
    uint32_t n, at;
    int lazy; /* every other question is answered with "none yet" */
    int asked;
    bool more; /* may come after the last */
};

/* Record k of the log number `log`: times go up, keys come again. */
static struct text_record make_record(uint32_t log, uint32_t k)
{
    struct text_record made = {.event_ms = 1700000000000 + 37 * (int64_t)k + log};
    uint64_t random = cdr_mix(log * UINT64_C(1000003) + k);
    snprintf(made.key, sizeof made.key, "31612%07u", (unsigned)(random % 500));
    snprintf(made.payload, sizeof made.payload, "DATA;%s;;MO;%lld;%016llx;%u;LTE", made.key,
             (long long)made.event_ms, (unsigned long long)cdr_mix(random), k % 7);
    return made;
}

static struct log make_log(uint32_t number, uint32_t n)
{
    struct log log = {.records = calloc(RECORDS_MAX, sizeof *log.records), .n = n};
    assert_non_null(log.records);
    for (uint32_t k = 0; k < n; k++)
        log.records[k] = make_record(number, k);
    return log;
}

static void cut(struct log *log, uint32_t at, uint32_t n)
{
    memmove(&log->records[at], &log->records[at + n], (log->n - at - n) * sizeof *log->records);
    log->n -= n;
}

static void insert(struct log *log, uint32_t at, struct text_record record)
{
    assert_true(log->n < RECORDS_MAX);
    memmove(&log->records[at + 1], &log->records[at], (log->n - at) * sizeof *log->records);
    log->records[at] = record;
    log->n++;
}

static void swap(struct log *log, uint32_t a, uint32_t b)
{
    struct text_record kept = log->records[a];
    log->records[a] = log->records[b];
    log->records[b] = kept;
}

static struct cdr_record view(const struct text_record *record, int64_t place, bool has_keys)
{
    struct cdr_record seen = {.payload = (const uint8_t *)record->payload,
                              .payload_len = (uint32_t)strlen(record->payload),
                              .event_ms = CDR_NO_TIME,
                              .place = place};
    if (has_keys) {
        seen.key = (const uint8_t *)record->key;
        seen.key_len = (uint32_t)strlen(record->key);
        seen.event_ms = record->event_ms;
    }
    if (record->headers[0] != '\0') {
        seen.headers = (const uint8_t *)record->headers;
        seen.headers_len = (uint32_t)strlen(record->headers);
    }
    return seen;
}

static bool keys_of_run; /* what the test in hand compares with */

static enum cdr_result next(void *context, struct cdr_record *record, bool *ended,
                            struct cdr_error *error)
{
    struct log *log = context;
    (void)error;
    *ended = false;
    if (log->lazy && log->asked++ % 2 == 0)
        return CDR_E_AGAIN;
    *ended = log->at == log->n && !log->more;
    if (log->at == log->n)
        return CDR_E_AGAIN;
    *record = view(&log->records[log->at], log->at, keys_of_run);
    log->at++;
    return CDR_OK;
}

/* What a payload says of itself, as payload.h does for ours. */
static void guess(void *context, struct cdr_record *record, char key_text[16])
{
    long long ms = 0;
    char key[16];
    (void)context;
    char text[TEXT];
    snprintf(text, sizeof text, "%.*s", (int)record->payload_len, (const char *)record->payload);
    if (sscanf(text, "DATA;%12[0-9];;MO;%lld;", key, &ms) != 2)
        return;
    memcpy(key_text, key, 12);
    record->key = (const uint8_t *)key_text;
    record->key_len = 12;
    record->event_ms = ms;
}

static struct cdr_compare *create(struct log *found, bool has_keys, uint64_t expired_max)
{
    struct cdr_compare_settings settings = {.has_keys = has_keys,
                                            .recent = CDR_COMPARE_RECENT,
                                            .show = 5,
                                            .expired_max = expired_max,
                                            .guess = guess,
                                            .next = next,
                                            .context = found};
    struct cdr_compare *compare;
    struct cdr_error error = {{0}};
    keys_of_run = has_keys;
    assert_int_equal(cdr_compare_create(&compare, &settings, &error), CDR_OK);
    return compare;
}

static void run(struct cdr_compare *compare, const struct log *expected)
{
    struct cdr_error error = {{0}};
    enum cdr_result result;
    for (uint32_t k = 0; k < expected->n; k++) {
        /* Expected records always have all. */
        struct cdr_record record = view(&expected->records[k], k, true);
        while ((result = cdr_compare_expect(compare, &record, &error)) == CDR_E_AGAIN)
            ;
        assert_int_equal(result, CDR_OK);
    }
    while ((result = cdr_compare_finish(compare, &error)) == CDR_E_AGAIN)
        ;
    assert_int_equal(result, CDR_OK);
}

/* The counts add up to what was expected and found. */
static void check_sums(const struct cdr_compare_counts *counts, const struct log *expected,
                       const struct log *found)
{
    const uint64_t *kinds = counts->kinds;
    uint64_t both = counts->matched + kinds[CDR_DIFFERENCE_ALTERED] +
                    kinds[CDR_DIFFERENCE_WRONG_KEY] + kinds[CDR_DIFFERENCE_WRONG_TIMESTAMP] +
                    kinds[CDR_DIFFERENCE_REORDERED];
    assert_int_equal(counts->expected, expected->n);
    assert_int_equal(counts->found, found->n);
    assert_int_equal(counts->expected,
                     both + kinds[CDR_DIFFERENCE_LOST] + counts->expired + counts->elsewhere);
    assert_int_equal(counts->found, both + kinds[CDR_DIFFERENCE_DUPLICATED] +
                                        kinds[CDR_DIFFERENCE_FOREIGN] +
                                        kinds[CDR_DIFFERENCE_WRONG_PARTITION]);
}

static void check_kinds(const struct cdr_compare_counts *counts,
                        const uint64_t wanted[CDR_DIFFERENCE_KINDS])
{
    char text[512] = "";
    size_t used = 0;
    if (memcmp(counts->kinds, wanted, sizeof counts->kinds) == 0)
        return;
    for (unsigned kind = 0; kind < CDR_DIFFERENCE_KINDS; kind++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s %llu (%llu)",
                                 cdr_difference_name[kind], (unsigned long long)counts->kinds[kind],
                                 (unsigned long long)wanted[kind]);
    fail_msg("found (and done):%s", text);
}

/* Compares and expects exactly n of a kind (and m of another). */
static void expect_two(struct log *expected, struct log *found, bool has_keys,
                       enum cdr_difference_kind kind, uint64_t n, enum cdr_difference_kind other,
                       uint64_t m)
{
    uint64_t wanted[CDR_DIFFERENCE_KINDS] = {0};
    struct cdr_compare *compare = create(found, has_keys, 0);
    run(compare, expected);
    check_sums(cdr_compare_counts(compare), expected, found);
    wanted[kind] = n;
    wanted[other] += m;
    check_kinds(cdr_compare_counts(compare), wanted);
    const struct cdr_difference *const *kept;
    assert_int_equal(cdr_compare_differences(compare, kind, &kept), n < 5 ? n : 5);
    for (size_t i = 0; i < (n < 5 ? n : 5); i++)
        assert_int_equal(kept[i]->kind, kind);
    cdr_compare_destroy(compare);
    free(expected->records);
    free(found->records);
}

static void expect_one(struct log *expected, struct log *found, enum cdr_difference_kind kind,
                       uint64_t n)
{
    expect_two(expected, found, true, kind, n, kind, 0);
}

static void test_same(void **state)
{
    (void)state;
    for (unsigned has_keys = 0; has_keys < 2; has_keys++)
        for (uint32_t n = 0; n < 5000; n = 3 * n + 1) {
            struct log expected = make_log(1, n), found = make_log(1, n);
            found.lazy = n % 2 != 0;
            expect_two(&expected, &found, has_keys != 0, CDR_DIFFERENCE_LOST, 0,
                       CDR_DIFFERENCE_LOST, 0);
        }
}

static const uint32_t places[] = {0, 1, 31, 2500, 4998, 4999};
enum { PLACES = sizeof places / sizeof *places, N = 5000 };

static void test_each_kind_at_each_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++) {
        const uint32_t at = places[i];
        struct log expected = make_log(1, N), found = make_log(1, N);
        cut(&found, at, 1);
        expect_one(&expected, &found, CDR_DIFFERENCE_LOST, 1);

        expected = make_log(1, N), found = make_log(1, N);
        insert(&found, at, found.records[at]);
        expect_one(&expected, &found, CDR_DIFFERENCE_DUPLICATED, 1);

        expected = make_log(1, N), found = make_log(1, N);
        insert(&found, at, make_record(2, 77));
        expect_one(&expected, &found, CDR_DIFFERENCE_FOREIGN, 1);

        expected = make_log(1, N), found = make_log(1, N);
        found.records[at].payload[40] ^= 1;
        expect_one(&expected, &found, CDR_DIFFERENCE_ALTERED, 1);

        expected = make_log(1, N), found = make_log(1, N);
        found.records[at].key[9] ^= 1;
        expect_one(&expected, &found, CDR_DIFFERENCE_WRONG_KEY, 1);

        expected = make_log(1, N), found = make_log(1, N);
        found.records[at].event_ms += 100000000;
        expect_one(&expected, &found, CDR_DIFFERENCE_WRONG_TIMESTAMP, 1);

        expected = make_log(1, N), found = make_log(1, N);
        swap(&found, at < N - 1 ? at : at - 1, at < N - 1 ? at + 1 : at);
        expect_one(&expected, &found, CDR_DIFFERENCE_REORDERED, 1);
    }
}

/* Files have neither key nor time. */
/* A header that is another one alters its record; so does one that is missing. */
static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (unsigned kind = 0; kind < 3; kind++) {
            struct log expected = make_log(1, 5000), found = make_log(1, 5000);
            for (uint32_t k = 0; k < 5000; k++) {
                snprintf(expected.records[k].headers, 16, "\6LTE\4M%u", k % 2);
                memcpy(found.records[k].headers, expected.records[k].headers, 16);
            }
            if (kind > 0)
                strcpy(found.records[places[i]].headers, kind == 1 ? "\6LTE\4MX" : "\1\4M1");
            expect_one(&expected, &found, CDR_DIFFERENCE_ALTERED, kind > 0);
        }
}

static void test_without_keys(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++) {
        const uint32_t at = places[i];
        for (unsigned byte = 0; byte < 40; byte += 3) {
            struct log expected = make_log(1, N), found = make_log(1, N);
            found.records[at].payload[byte] ^= 1;
            expect_two(&expected, &found, false, CDR_DIFFERENCE_ALTERED, 1, CDR_DIFFERENCE_LOST, 0);
        }
        struct log expected = make_log(1, N), found = make_log(1, N);
        cut(&found, at, 1);
        expect_two(&expected, &found, false, CDR_DIFFERENCE_LOST, 1, CDR_DIFFERENCE_LOST, 0);
        expected = make_log(1, N), found = make_log(1, N);
        insert(&found, at, found.records[at]);
        expect_two(&expected, &found, false, CDR_DIFFERENCE_DUPLICATED, 1, CDR_DIFFERENCE_LOST, 0);
        expected = make_log(1, N), found = make_log(1, N);
        strcpy(found.records[at].payload, "nonsense");
        expect_two(&expected, &found, false, CDR_DIFFERENCE_LOST, 1, CDR_DIFFERENCE_FOREIGN, 1);
    }
}

/* Runs of records, below and above the windows' size. */
static void test_runs(void **state)
{
    static const uint32_t lengths[] = {2, 31, 33, 300, 4095, 4097, 20000};
    (void)state;
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const uint32_t len = lengths[i], n = 30000, at = 700;
        struct log expected = make_log(1, n), found = make_log(1, n);
        cut(&found, at, len);
        expect_one(&expected, &found, CDR_DIFFERENCE_LOST, len);

        expected = make_log(1, n), found = make_log(1, n);
        cut(&found, n - len, len);
        expect_one(&expected, &found, CDR_DIFFERENCE_LOST, len);

        expected = make_log(1, n), found = make_log(1, n);
        /* Of the same times. Longer than a window, only those of other times are told from loss. */
        for (uint32_t k = 0; k < len; k++)
            insert(&found, at + k, make_record(3, len <= 4097 ? at + k : 0));
        expect_one(&expected, &found, CDR_DIFFERENCE_FOREIGN, len);

        expected = make_log(1, n), found = make_log(1, n);
        for (uint32_t k = at; k < at + len; k++)
            found.records[k].payload[45] ^= 4;
        expect_one(&expected, &found, CDR_DIFFERENCE_ALTERED, len);

        /* A batch that was sent twice. */
        expected = make_log(1, n), found = make_log(1, n);
        struct text_record *copy = malloc(len * sizeof *copy);
        memcpy(copy, &found.records[at], len * sizeof *copy);
        memmove(&found.records[at + 2 * len], &found.records[at + len],
                (n - at - len) * sizeof *copy);
        memcpy(&found.records[at + len], copy, len * sizeof *copy);
        found.n += len;
        free(copy);
        if (len <= 4097)
            expect_one(&expected, &found, CDR_DIFFERENCE_DUPLICATED, len);
        else {
            free(expected.records);
            free(found.records);
        }
    }
}

static void test_far_swap(void **state)
{
    static const uint32_t distances[] = {2, 5, 30, 500, 5000, 20000};
    (void)state;
    for (unsigned i = 0; i < sizeof distances / sizeof *distances; i++) {
        struct log expected = make_log(1, 30000), found = make_log(1, 30000);
        swap(&found, 100, 100 + distances[i]);
        expect_one(&expected, &found, CDR_DIFFERENCE_REORDERED, 2);

        expected = make_log(1, 30000), found = make_log(1, 30000);
        struct text_record moved = found.records[100];
        cut(&found, 100, 1);
        insert(&found, 100 + distances[i], moved);
        expect_one(&expected, &found, CDR_DIFFERENCE_REORDERED, 1);

        expected = make_log(1, 30000), found = make_log(1, 30000);
        moved = found.records[100 + distances[i]];
        cut(&found, 100 + distances[i], 1);
        insert(&found, 100, moved);
        expect_one(&expected, &found, CDR_DIFFERENCE_REORDERED, 1);

        /* A second copy that comes too early. */
        expected = make_log(1, 30000), found = make_log(1, 30000);
        insert(&found, 100, found.records[100 + distances[i]]);
        expect_one(&expected, &found, CDR_DIFFERENCE_DUPLICATED, 1);
    }
}

static void test_all_different(void **state)
{
    (void)state;
    struct log expected = make_log(1, 30000), found = make_log(2, 20000);
    expect_two(&expected, &found, true, CDR_DIFFERENCE_LOST, 30000, CDR_DIFFERENCE_FOREIGN, 20000);
    expected = make_log(1, 10), found = make_log(1, 0);
    expect_one(&expected, &found, CDR_DIFFERENCE_LOST, 10);
    expected = make_log(1, 0), found = make_log(1, 10);
    expect_one(&expected, &found, CDR_DIFFERENCE_FOREIGN, 10);
}

static void test_ends_early(void **state)
{
    (void)state;
    struct log expected = make_log(1, 900), found = make_log(1, 850);
    struct cdr_compare *compare = create(&found, true, 0);
    run(compare, &expected);
    assert_int_equal(cdr_compare_counts(compare)->ends_early, 850);
    assert_int_equal(cdr_compare_counts(compare)->kinds[CDR_DIFFERENCE_LOST], 50);
    cdr_compare_destroy(compare);
    free(expected.records);
    free(found.records);
}

static void test_expired(void **state)
{
    static const uint32_t gone[] = {1, 100, 4096, 9000};
    (void)state;
    for (unsigned i = 0; i < sizeof gone / sizeof *gone; i++) {
        struct log expected = make_log(1, 10000), found = make_log(1, 10000);
        cut(&found, 0, gone[i]);
        cut(&found, 500, 1);
        struct cdr_compare *compare = create(&found, true, gone[i]);
        run(compare, &expected);
        check_sums(cdr_compare_counts(compare), &expected, &found);
        assert_int_equal(cdr_compare_counts(compare)->expired, gone[i]);
        assert_int_equal(cdr_compare_counts(compare)->kinds[CDR_DIFFERENCE_LOST], 1);
        cdr_compare_destroy(compare);
        free(expected.records);
        free(found.records);
    }
}

/* Records that are the same in all that is compared, as messages without the subscriber can be, lie
 * on both sides of where a log was trimmed: one of them was lost. Not so where more are missing than
 * were trimmed, or where the first one that is there is another. */
static void test_trimmed_between_same_records(void **state)
{
    static const struct {
        uint32_t same, gone, most, expired,
            lost; /* of the log's 10th record and so many after it */
    } cases[] = {{2, 11, 11, 11, 0}, {2, 11, 9000, 11, 0}, {4, 12, 12, 12, 0}, {4, 13, 13, 13, 0},
                 {2, 11, 10, 10, 1}, {2, 12, 12, 12, 0},   {1, 11, 11, 11, 0}};
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t n = 1000; n >= cases[i].gone + 1; n = n == 1000 ? cases[i].gone + 1 : 0) {
            struct log expected = make_log(1, n), found = make_log(1, n);
            for (uint32_t k = 1; k < cases[i].same && 10 + k < n; k++)
                expected.records[10 + k] = found.records[10 + k] = expected.records[10];
            cut(&found, 0, cases[i].gone);
            struct cdr_compare *compare = create(&found, true, cases[i].most);
            run(compare, &expected);
            const struct cdr_compare_counts *counts = cdr_compare_counts(compare);
            check_sums(counts, &expected, &found);
            assert_int_equal(counts->expired, cases[i].expired);
            assert_int_equal(counts->kinds[CDR_DIFFERENCE_LOST], cases[i].lost);
            assert_true(counts->ends_early == UINT64_MAX || cases[i].lost > 0);
            cdr_compare_destroy(compare);
            free(expected.records);
            free(found.records);
        }
}

/* A log written twice: each record among the last CDR_COMPARE_RECENT before it is known again, and none
 * beyond. */
static void test_written_twice(void **state)
{
    (void)state;
    const uint32_t sizes[] = {33589, CDR_COMPARE_RECENT, CDR_COMPARE_RECENT + 5000};
    for (unsigned i = 0; i < 3; i++) {
        struct log expected = make_log(1, sizes[i]), found = make_log(1, sizes[i]);
        const uint32_t before = sizes[i] > CDR_COMPARE_RECENT ? sizes[i] - CDR_COMPARE_RECENT : 0;
        memcpy(&found.records[sizes[i]], expected.records, sizes[i] * sizeof *found.records);
        found.n *= 2;
        expect_two(&expected, &found, true, CDR_DIFFERENCE_DUPLICATED, sizes[i] - before,
                   CDR_DIFFERENCE_FOREIGN, before);
    }
}

/* Second copies far behind, one by one. */
static void test_copies_far_behind(void **state)
{
    (void)state;
    const uint32_t distances[] = {30000, 59000};
    for (unsigned i = 0; i < 2; i++) {
        struct log expected = make_log(1, 62000), found = make_log(1, 62000);
        for (uint32_t k = 0; k < 1000; k++)
            insert(&found, distances[i] + 2 * k, expected.records[k]);
        expect_one(&expected, &found, CDR_DIFFERENCE_DUPLICATED, 1000);
    }
}

static void test_cross(void **state)
{
    (void)state;
    struct log expected[2] = {make_log(1, N), make_log(2, N)};
    struct log found[2] = {make_log(1, N), make_log(2, N)};
    struct text_record moved = found[0].records[1234];
    cut(&found[0], 1234, 1);
    insert(&found[1], 20, moved);
    insert(&found[1], 30, make_record(3, 9));
    struct cdr_compare *compares[3] = {create(&found[0], true, 0), NULL,
                                       create(&found[1], true, 0)};
    struct cdr_error error = {{0}};
    run(compares[0], &expected[0]);
    run(compares[2], &expected[1]);
    assert_int_equal(cdr_compare_cross(compares, 3, &error), CDR_OK);
    const struct cdr_compare_counts *home = cdr_compare_counts(compares[0]),
                                    *here = cdr_compare_counts(compares[2]);
    check_kinds(home, (const uint64_t[CDR_DIFFERENCE_KINDS]){0});
    assert_int_equal(home->elsewhere, 1);
    uint64_t wanted[CDR_DIFFERENCE_KINDS] = {0};
    wanted[CDR_DIFFERENCE_WRONG_PARTITION] = wanted[CDR_DIFFERENCE_FOREIGN] = 1;
    check_kinds(here, wanted);
    check_sums(home, &expected[0], &found[0]);
    check_sums(here, &expected[1], &found[1]);
    for (unsigned i = 0; i < 2; i++) {
        cdr_compare_destroy(compares[2 * i]);
        free(expected[i].records);
        free(found[i].records);
    }
}

/* Following: stopped in the middle, nothing that may still come is called lost. */
static void test_stop(void **state)
{
    (void)state;
    struct log expected = make_log(1, 2000), found = make_log(1, 1000);
    struct cdr_error error = {{0}};
    cut(&found, 500, 1);
    struct cdr_compare *compare = create(&found, true, 0);
    for (uint32_t k = 0; k < 510; k++) {
        struct cdr_record record = view(&expected.records[k], k, true);
        assert_int_equal(cdr_compare_expect(compare, &record, &error), CDR_OK);
    }
    assert_int_equal(cdr_compare_stop(compare, false, &error), CDR_OK);
    uint64_t wanted[CDR_DIFFERENCE_KINDS] = {0};
    wanted[CDR_DIFFERENCE_LOST] = 1;
    check_kinds(cdr_compare_counts(compare), wanted);
    assert_int_equal(cdr_compare_counts(compare)->expected, 510);
    assert_int_equal(cdr_compare_counts(compare)->found, 509);
    cdr_compare_destroy(compare);
    free(expected.records);
    free(found.records);
}

/* Following: what is there, and none of what comes next, is foreign, a copy or altered. */
static void test_stop_judges_found(void **state)
{
    (void)state;
    struct log expected = make_log(1, 2000), found = make_log(1, 1000);
    struct cdr_error error = {{0}};
    found.records[999].payload[30] = '!';
    insert(&found, 1000, expected.records[500]);
    insert(&found, 1001, make_record(2, 1));
    struct cdr_compare *compare = create(&found, true, 0);
    found.more = true;
    for (uint32_t k = 0; k < 1100; k++) {
        struct cdr_record record = view(&expected.records[k], k, true);
        assert_int_equal(cdr_compare_expect(compare, &record, &error), CDR_OK);
    }
    assert_int_equal(cdr_compare_stop(compare, true, &error), CDR_OK);
    uint64_t wanted[CDR_DIFFERENCE_KINDS] = {0};
    wanted[CDR_DIFFERENCE_ALTERED] = wanted[CDR_DIFFERENCE_DUPLICATED] = 1;
    wanted[CDR_DIFFERENCE_FOREIGN] = 1;
    check_kinds(cdr_compare_counts(compare), wanted);
    assert_int_equal(cdr_compare_counts(compare)->expected, 1000);
    assert_int_equal(cdr_compare_counts(compare)->found, 1002);
    cdr_compare_destroy(compare);
    free(expected.records);
    free(found.records);
}

/* ---- random edits against the truth ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct text_record *)a)->payload,
                  ((const struct text_record *)b)->payload);
}

/* Nothing here has threads: ThreadSanitizer, which makes it twenty times slower, finds nothing more. */
#ifdef __SANITIZE_THREAD__
#define SHORTER 10
#else
#define SHORTER 1
#endif

/* Far apart, edits cannot touch each other: the counts must be exactly those of what was done. */
static void edit_apart(uint64_t seed)
{
    struct log expected = make_log(1, 20000), found = make_log(1, 20000);
    uint64_t wanted[CDR_DIFFERENCE_KINDS] = {0};
    const uint32_t step = 60 + (uint32_t)(cdr_mix(seed) % 400);
    for (uint32_t at = found.n - 20; at > step; at -= step) {
        uint64_t random = cdr_mix(seed * 31 + at);
        enum cdr_difference_kind kind = random % CDR_DIFFERENCE_WRONG_PARTITION;
        wanted[kind]++;
        switch (kind) {
        case CDR_DIFFERENCE_LOST:
            cut(&found, at, 1);
            break;
        case CDR_DIFFERENCE_DUPLICATED:
            insert(&found, at, found.records[at - random / 16 % 40]);
            break;
        case CDR_DIFFERENCE_REORDERED:
            swap(&found, at, at + 1);
            break;
        case CDR_DIFFERENCE_ALTERED:
            found.records[at].payload[random / 16 % 40] ^= 1;
            break;
        case CDR_DIFFERENCE_FOREIGN:
            insert(&found, at, make_record(9, at));
            break;
        case CDR_DIFFERENCE_WRONG_KEY:
            found.records[at].key[random / 16 % 12] ^= 1;
            break;
        default:
            found.records[at].event_ms += (int64_t)(random / 16 % 1000) - 2000;
        }
    }
    struct cdr_compare *compare = create(&found, true, 0);
    found.lazy = seed % 3 == 0;
    run(compare, &expected);
    check_sums(cdr_compare_counts(compare), &expected, &found);
    check_kinds(cdr_compare_counts(compare), wanted);
    cdr_compare_destroy(compare);
    free(expected.records);
    free(found.records);
}

static void test_random_edits_apart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60 / SHORTER; seed++)
        edit_apart(seed);
}

/* Sizes of the multisets expected − found and found − expected, by sorting. */
static void multiset_truth(const struct log *expected, const struct log *found, uint64_t *missing,
                           uint64_t *surplus)
{
    struct text_record *left = malloc(expected->n * sizeof *left + 1),
                       *right = malloc(found->n * sizeof *right + 1);
    memcpy(left, expected->records, expected->n * sizeof *left);
    memcpy(right, found->records, found->n * sizeof *right);
    qsort(left, expected->n, sizeof *left, by_text);
    qsort(right, found->n, sizeof *right, by_text);
    *missing = *surplus = 0;
    for (uint32_t i = 0, j = 0; i < expected->n || j < found->n;) {
        int order = i == expected->n ? 1 : j == found->n ? -1 : by_text(&left[i], &right[j]);
        *missing += order < 0;
        *surplus += order > 0;
        i += order <= 0;
        j += order >= 0;
    }
    free(left);
    free(right);
}

/* Close together, names may be debatable (which of two that changed places moved); what is missing
 * and what is too much are not. */
static void edit_closely(uint64_t seed)
{
    struct log expected = make_log(1, 3000), found = make_log(1, 3000);
    const uint32_t edits = 1 + (uint32_t)(cdr_mix(seed) % 400);
    for (uint32_t i = 0; i < edits; i++) {
        uint64_t random = cdr_mix(seed * 7919 + i);
        uint32_t at = (uint32_t)(random >> 8) % (found.n - 1);
        switch (random % 4) {
        case 0:
            cut(&found, at, 1);
            break;
        case 1:
            insert(&found, at, found.records[(uint32_t)(random >> 40) % found.n]);
            break;
        case 2:
            swap(&found, at, (uint32_t)(random >> 40) % found.n);
            break;
        default:
            insert(&found, at, make_record(9, i));
        }
    }
    uint64_t missing, surplus;
    multiset_truth(&expected, &found, &missing, &surplus);
    struct cdr_compare *compare = create(&found, true, 0);
    found.lazy = seed % 2 == 0;
    run(compare, &expected);
    const struct cdr_compare_counts *counts = cdr_compare_counts(compare);
    check_sums(counts, &expected, &found);
    if (counts->kinds[CDR_DIFFERENCE_LOST] != missing ||
        counts->kinds[CDR_DIFFERENCE_DUPLICATED] + counts->kinds[CDR_DIFFERENCE_FOREIGN] != surplus)
        fail_msg(
            "seed %llu: lost %llu of %llu, too many %llu + %llu of %llu", (unsigned long long)seed,
            (unsigned long long)counts->kinds[CDR_DIFFERENCE_LOST], (unsigned long long)missing,
            (unsigned long long)counts->kinds[CDR_DIFFERENCE_DUPLICATED],
            (unsigned long long)counts->kinds[CDR_DIFFERENCE_FOREIGN], (unsigned long long)surplus);
    cdr_compare_destroy(compare);
    free(expected.records);
    free(found.records);
}

static void test_random_edits_close(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200 / SHORTER; seed++)
        edit_closely(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_each_kind_at_each_place),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_without_keys),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_far_swap),
        cmocka_unit_test(test_all_different),
        cmocka_unit_test(test_ends_early),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_trimmed_between_same_records),
        cmocka_unit_test(test_written_twice),
        cmocka_unit_test(test_copies_far_behind),
        cmocka_unit_test(test_cross),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_judges_found),
        cmocka_unit_test(test_random_edits_apart),
        cmocka_unit_test(test_random_edits_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
