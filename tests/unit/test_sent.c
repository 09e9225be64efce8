/* What a paced run has sent: stages by rank, late records; and the order of ranks over logs. */
#include "pipeline/merge.h"
#include "pipeline/sent.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static void test_records_count_for_the_stage_that_has_them(void **state)
{
    (void)state;
    struct cdr_programme program;
    struct cdr_sent sent;
    assert_int_equal(cdr_programme_parse("hold 100 1s; pause 1s; hold 50 1s", &program, NULL),
                     CDR_OK);
    const struct cdr_pace pace = {.kind = CDR_PACE_PROGRAM, .program = &program, .start_ns = S};
    assert_true(cdr_sent_init(&sent));
    /* In pieces that end anywhere: at 3.5 s all were due, the last one half a second ago. */
    for (uint64_t rank = 0; rank < 150;) {
        uint64_t n = 1 + cdr_mix(rank) % 40;
        n = rank + n > 150 ? 150 - rank : n;
        cdr_sent_add_ranks(&sent, &pace, rank, n, 4 * S + S / 2);
        rank += n;
    }
    assert_int_equal(sent.stages[0].records, 100);
    assert_int_equal(sent.stages[1].records, 0);
    assert_int_equal(sent.stages[2].records, 50);
    assert_int_equal(sent.stages[0].late, 100);
    assert_int_equal(sent.stages[2].late, 50);
    assert_int_equal(sent.delays.n, 150);
    assert_in_range(sent.delays.max_us, 3499000, 3501000);
    cdr_sent_free(&sent);
}

static void test_what_is_in_time_is_not_late(void **state)
{
    (void)state;
    struct cdr_sent sent;
    const struct cdr_pace pace = {.kind = CDR_PACE_EVEN, .rate_per_s = 1000, .start_ns = S};
    assert_true(cdr_sent_init(&sent));
    cdr_sent_add_ranks(&sent, &pace, 0, 50, S + S / 20);
    assert_int_equal(sent.stages[0].late, 0);
    /* The first half of these is more than a tenth of a second old. */
    cdr_sent_add_ranks(&sent, &pace, 50, 101, S + S / 5);
    assert_in_range(sent.stages[0].late, 49, 51);
    assert_int_equal(sent.stages[0].records, 151);
    cdr_sent_free(&sent);
}

/* Logs by the times of their records, a later one's time never before an earlier one's. */
static void test_logs_are_merged_by_time_then_log(void **state)
{
    (void)state;
    enum { LOGS = 37, N = 200 };
    static uint32_t ms[LOGS][N], next[LOGS];
    struct cdr_merge merge;
    assert_true(cdr_merge_init(&merge, LOGS));
    for (uint32_t l = 0; l < LOGS; l++) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < N; i++) {
            at += (uint32_t)(cdr_mix(l * N + i) % 3);
            /* Now and then one that is out of order counts as its predecessor. */
            ms[l][i] = cdr_mix(i * LOGS + l) % 9 == 0 && at > 2 ? at - 2 : at;
        }
        cdr_merge_push(&merge, ms[l][0], l);
    }
    uint32_t last_ms = 0, last_log = 0, taken = 0;
    while (merge.n > 0) {
        const uint32_t log = cdr_merge_log(&merge), at = cdr_merge_ms(&merge);
        assert_true(at > last_ms || (at == last_ms && (log >= last_log || taken == 0)) ||
                    ms[log][next[log]] < at);
        assert_true(at >= ms[log][next[log]]);
        last_ms = at;
        last_log = log;
        taken++;
        if (++next[log] < N)
            cdr_merge_advance(&merge, ms[log][next[log]]);
        else
            cdr_merge_pop(&merge);
    }
    assert_int_equal(taken, LOGS * N);
    cdr_merge_free(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_count_for_the_stage_that_has_them),
        cmocka_unit_test(test_what_is_in_time_is_not_late),
        cmocka_unit_test(test_logs_are_merged_by_time_then_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
