/* Trains of calls and messages, and that nobody does two things at once, in the records of a run:
 * what analysts see. Fixed seed; targets and their sources are in docs/model.md. */
#include "statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model_run.h"

enum { SUBSCRIBERS = 3000, DAYS = 14 };

static struct run run;

static int make_run(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(SUBSCRIBERS, DAYS);
    run = run_model(&p, ALL_TYPES, 1);
    return 0;
}

static int end_run(void **state)
{
    (void)state;
    free_run(&run);
    return 0;
}

static int by_owner(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->type != right->type)
        return left->type < right->type ? -1 : 1;
    if (left->owner != right->owner)
        return left->owner < right->owner ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

/* The first record of a type, when sorted by owner. */
static size_t first_of(uint8_t type)
{
    size_t i = 0;
    while (i < run.count && run.records[i].type != type)
        i++;
    return i;
}

static int from_subscriber(const struct record *r)
{
    return r->direction == CDR_DIRECTION_MT && r->party == CDR_PARTY_ONNET;
}

/* Records that begin during another of their owner's; two calls from subscribers are call
 * waiting. */
static void calls_do_not_overlap(void **state)
{
    (void)state;
    size_t overlaps = 0, waiting = 0, calls = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    const struct record *latest = NULL;
    for (size_t i = first_of(CDR_TYPE_CALL); i < run.count && run.records[i].type == CDR_TYPE_CALL;
         i++) {
        const struct record *r = &run.records[i];
        if (r->cause == CDR_CAUSE_BUSY && r->direction == CDR_DIRECTION_MT)
            continue;
        calls++;
        if (latest != NULL && latest->owner == r->owner && r->start_ms <= latest->end_ms) {
            int both = from_subscriber(latest) && from_subscriber(r);
            waiting += both;
            overlaps += !both;
        }
        if (latest == NULL || latest->owner != r->owner || r->end_ms > latest->end_ms)
            latest = r;
    }
    printf("    of %zu calls %zu begin during another, %zu are waiting\n", calls, overlaps,
           waiting);
    assert_true(calls > 100000);
    assert_int_equal(overlaps, 0);
    assert_true(waiting < calls / 500);
}

/* How many calls met a busy line, and how many of them one whose owner is in no other call. */
static size_t count_busy(size_t *without)
{
    size_t busy = 0;
    *without = 0;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    size_t first = first_of(CDR_TYPE_CALL);
    for (size_t i = first; i < run.count && run.records[i].type == CDR_TYPE_CALL; i++) {
        const struct record *r = &run.records[i];
        int caused = 0;
        if (r->cause != CDR_CAUSE_BUSY || r->direction != CDR_DIRECTION_MT)
            continue;
        for (size_t k = i; k-- > first && run.records[k].owner == r->owner;)
            caused |=
                run.records[k].cause != CDR_CAUSE_BUSY && run.records[k].end_ms >= r->start_ms;
        /* A call that met a busy line itself is a call, too. */
        for (size_t k = i; k-- > first && run.records[k].owner == r->owner;)
            caused |= run.records[k].direction == CDR_DIRECTION_MO &&
                      run.records[k].end_ms >= r->start_ms;
        busy++;
        *without += !caused;
    }
    printf("    of %zu that were busy %zu had no call\n", busy, *without);
    return busy;
}

static void who_is_busy_has_another_call(void **state)
{
    (void)state;
    size_t without;
    assert_true(count_busy(&without) > 200);
    assert_true(without <= 1); /* calls that began before the run are not in it */
}

/* The other call has to take place: its parties have their numbers. */
static void who_is_busy_has_another_call_where_subscribers_leave(void **state)
{
    (void)state;
    struct run everybody = run;
    struct cdr_parameters p = parameters_of(SUBSCRIBERS, DAYS);
    p.leave_prob = 0.02;
    p.vacant_days = 20;
    run = run_model(&p, 1u << CDR_TYPE_CALL, 1);
    size_t without;
    assert_true(count_busy(&without) > 100);
    assert_true(without <= 1);
    free_run(&run);
    run = everybody;
}

static void sessions_of_an_access_point_do_not_overlap(void **state)
{
    (void)state;
    int64_t ends[CDR_APN_COUNT] = {0};
    size_t sessions = 0;
    uint32_t owner = UINT32_MAX;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = first_of(CDR_TYPE_DATA); i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->owner != owner)
            memset(ends, 0, sizeof ends);
        owner = r->owner;
        assert_true(r->start_ms >= ends[r->apn]);
        ends[r->apn] = r->end_ms;
        sessions++;
    }
    assert_true(sessions > 400000);
}

/* ---- trains ---- */

/* Of a subscriber's calls in turn: how often the next is soon and with the same party. */
static void calls_are_tried_again_where_nobody_answered(void **state)
{
    (void)state;
    double calls[2] = {0}, again[2] = {0}, soon = 0, same = 0;
    const struct record *before = NULL;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = first_of(CDR_TYPE_CALL); i < run.count && run.records[i].type == CDR_TYPE_CALL;
         i++) {
        const struct record *r = &run.records[i];
        if (r->direction != CDR_DIRECTION_MO)
            continue;
        if (before != NULL && before->owner == r->owner) {
            int unanswered = before->cause != CDR_CAUSE_NORMAL_RELEASE &&
                             before->cause != CDR_CAUSE_ABNORMAL_RELEASE;
            int near = r->start_ms - before->start_ms < 600000;
            int known = memcmp(r->dst, before->dst, 16) == 0;
            calls[unanswered]++;
            again[unanswered] += near && known;
            soon += near;
            same += near && known;
        }
        before = r;
    }
    double answered = again[0] / calls[0], unanswered = again[1] / calls[1];
    printf("    again within ten minutes: %.4f after no answer, %.4f after an answer; next within "
           "ten minutes is the same party: %.3f\n",
           unanswered, answered, same / soon);
    assert_true(unanswered > 5 * answered);
    assert_true(same / soon > 0.5);
}

/* Mean over subscribers with 50 calls of (deviation − mean) / (deviation + mean) of the gaps. */
static void calls_come_in_bursts(void **state)
{
    (void)state;
    double sum = 0, users = 0, n = 0, mean = 0, squares = 0;
    const struct record *before = NULL;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = first_of(CDR_TYPE_CALL); i < run.count; i++) {
        const struct record *r = &run.records[i];
        int same = before != NULL && r->type == CDR_TYPE_CALL && before->owner == r->owner;
        if (r->type == CDR_TYPE_CALL && r->direction != CDR_DIRECTION_MO)
            continue;
        if (same) {
            double gap = (double)(r->start_ms - before->start_ms);
            n++;
            mean += gap;
            squares += gap * gap;
        } else {
            double deviation = n >= 49 ? sqrt(squares / n - mean / n * mean / n) : 0;
            sum += n >= 49 ? (deviation - mean / n) / (deviation + mean / n) : 0;
            users += n >= 49;
            n = mean = squares = 0;
        }
        if (r->type != CDR_TYPE_CALL)
            break;
        before = r;
    }
    printf("    B = %.3f of %.0f subscribers\n", sum / users, users);
    assert_true(users > 100);
    assert_true(sum / users > 0.17 && sum / users < 0.25);
}

static int by_pair(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    int message = (left->type == CDR_TYPE_SMS && left->leg == 0) -
                  (right->type == CDR_TYPE_SMS && right->leg == 0);
    if (message != 0)
        return -message;
    const char *first[2] = {left->src, right->src}, *second[2] = {left->dst, right->dst};
    for (int i = 0; i < 2; i++) {
        if (memcmp(first[i], second[i], 16) > 0) {
            const char *swap = first[i];
            first[i] = second[i];
            second[i] = swap;
        }
    }
    int low = memcmp(first[0], first[1], 16), high = memcmp(second[0], second[1], 16);
    if (low != 0 || high != 0)
        return low != 0 ? low : high;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static int same_pair(const struct record *a, const struct record *b)
{
    return (memcmp(a->src, b->src, 16) == 0 && memcmp(a->dst, b->dst, 16) == 0) ||
           (memcmp(a->src, b->dst, 16) == 0 && memcmp(a->dst, b->src, 16) == 0);
}

static void messages_are_answered(void **state)
{
    (void)state;
    double soon = 0, replies = 0;
    qsort(run.records, run.count, sizeof *run.records, by_pair);
    for (size_t i = 1; i < run.count; i++) {
        const struct record *before = &run.records[i - 1], *r = &run.records[i];
        if (r->type != CDR_TYPE_SMS || r->leg != 0)
            break;
        if (!same_pair(before, r) || r->start_ms - before->start_ms >= 60000)
            continue;
        soon++;
        replies += memcmp(before->src, r->src, 16) != 0;
    }
    printf("    of %.0f messages within a minute on a pair %.3f are replies\n", soon,
           replies / soon);
    assert_true(soon > 20000);
    assert_true(replies / soon > 0.58 && replies / soon < 0.68);
}

static void without_trains_calls_are_independent(void **state)
{
    (void)state;
    struct run trains = run;
    struct cdr_parameters p = parameters_of(SUBSCRIBERS, DAYS);
    p.trains = 0;
    run = run_model(&p, 1u << CDR_TYPE_CALL, 1);
    double calls = 0, soon = 0;
    const struct record *before = NULL;
    qsort(run.records, run.count, sizeof *run.records, by_owner);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->direction != CDR_DIRECTION_MO)
            continue;
        calls++;
        soon +=
            before != NULL && before->owner == r->owner && r->start_ms - before->start_ms < 600000;
        before = r;
    }
    printf("    %.4f have another within ten minutes\n", soon / calls);
    assert_true(soon / calls < 0.05);
    free_run(&run);
    run = trains;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_do_not_overlap),
        cmocka_unit_test(who_is_busy_has_another_call),
        cmocka_unit_test(who_is_busy_has_another_call_where_subscribers_leave),
        cmocka_unit_test(sessions_of_an_access_point_do_not_overlap),
        cmocka_unit_test(calls_are_tried_again_where_nobody_answered),
        cmocka_unit_test(calls_come_in_bursts),
        cmocka_unit_test(messages_are_answered),
        cmocka_unit_test(without_trains_calls_are_independent),
    };
    return cmocka_run_group_tests(tests, make_run, end_run);
}
