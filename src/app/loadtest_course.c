#include "app/loadtest_course.h"

#include "app/loadtest_report.h"
#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if CDR_KAFKA

#define NS 1e9
#define TRIES 5u
#define WARM_UP_PER_S 50.0
#define WARM_UP_MAX_S 30.0
#define COMMITS 4u
#define BURST_PER_S 2e6
#define BURST_FIRST 1000.0
#define BURST_MAX 5e6
#define STUCK_S 30.0
#define LATE_SHARE_MAX 0.01

/* --- samples --- */

static bool must_leave(const struct cdr_loadtest *test)
{
    return atomic_load(test->stop) != 0 || atomic_load(&test->over) != 0 || test->result != CDR_OK;
}

static void note_commits(struct cdr_loadtest *test)
{
    for (size_t i = 0; i < test->sample.n; i++) {
        struct cdr_loadtest_partition *mine = &test->partitions[i];
        const int64_t committed = test->sample.partitions[i].committed;
        if (committed <= mine->committed)
            continue;
        mine->committed = committed;
        mine->last_commit_ms = test->sample.wall_ms;
        if (mine->commits++ == 0)
            mine->first_commit_ms = test->sample.wall_ms;
    }
}

/* Waits for the time of the next sample and takes it. False: the course is over. A cluster that
 * does not answer for a moment is asked again. */
static bool sample(struct cdr_loadtest *test)
{
    while (!must_leave(test) && cdr_monotonic_ns() < test->next_ns) {
        const int64_t wait_ns = test->next_ns - cdr_monotonic_ns();
        cdr_sleep_ns(wait_ns < 50000000 ? wait_ns : 50000000);
    }
    enum cdr_result result = CDR_E_KAFKA;
    test->ask_ns = cdr_monotonic_ns();
    for (unsigned i = 0; i < TRIES && result == CDR_E_KAFKA && !must_leave(test); i++)
        result = cdr_lag_take(test->lag, &test->sample, &test->error);
    if (must_leave(test))
        return false;
    test->sample_ns = cdr_monotonic_ns();
    test->next_ns = test->sample_ns + (int64_t)(test->sample_s * NS);
    test->result = result;
    if (result == CDR_OK)
        note_commits(test);
    return result == CDR_OK;
}

/* Records that the group has still to read, also of partitions for which it has committed nothing.
 * */
static uint64_t unread(const struct cdr_loadtest *test)
{
    uint64_t records = test->sample.records;
    for (size_t i = 0; i < test->sample.n; i++) {
        const struct cdr_lag_partition *partition = &test->sample.partitions[i];
        if (partition->committed < 0 && partition->end > test->partitions[i].base)
            records += (uint64_t)(partition->end - test->partitions[i].base);
    }
    return records;
}

/* Whether all that was handed over is in the topics. */
static bool has_arrived(struct cdr_loadtest *test)
{
    const struct cdr_steering_status status = cdr_steering_look(&test->steering);
    return !status.waits && !status.holds &&
           test->sample.end - test->base_end >= (int64_t)status.next;
}

static bool fail_stuck(struct cdr_loadtest *test, double seconds)
{
    const char *group = test->settings->consumer_group;
    if (test->sample.members == 0)
        test->result =
            cdr_fail(&test->error, CDR_E_ENDED, "group %s has no members any more", group);
    else
        test->result =
            cdr_fail(&test->error, CDR_E_ENDED,
                     "group %s has committed nothing for %.0f s, and has %llu records to "
                     "read: does it read all topics, and commit what it has read?",
                     group, seconds, (unsigned long long)unread(test));
    return false;
}

/* Until the group has read everything. Records that a transaction ends with may stay for ever. */
static bool wait_for_silence(struct cdr_loadtest *test)
{
    const double still_s = fmax(3, 3 * test->commit_s), stuck_s = STUCK_S + 10 * test->commit_s;
    int64_t committed = -1, since_ns = cdr_monotonic_ns();
    while (sample(test)) {
        const uint64_t left = unread(test);
        const bool arrived = has_arrived(test);
        if (test->sample.committed != committed || !arrived) {
            committed = test->sample.committed;
            since_ns = test->sample_ns;
        }
        const double still = (double)(test->sample_ns - since_ns) / NS;
        const bool stable = strcmp(test->sample.state, "Stable") == 0;
        cdr_loadtest_say_sample(test, 0);
        if (arrived && stable && (left == 0 || (left <= 2 * test->sample.n && still > still_s)))
            return true;
        if (still > stuck_s)
            return fail_stuck(test, still);
    }
    return false;
}

/* When the stage that was asked for has begun; false: the course is over. */
static bool wait_for_begin(struct cdr_loadtest *test, struct cdr_steering_status *status)
{
    do {
        *status = cdr_steering_look(&test->steering);
        if (must_leave(test))
            return false;
        if (status->waits)
            cdr_sleep_ns(2000000);
    } while (status->waits);
    return true;
}

/* --- warm-up --- */

/* Of the partition with the most records, which has no lack of them. */
static double commit_interval(const struct cdr_loadtest *test, unsigned *commits)
{
    size_t busiest = 0;
    for (size_t i = 1; i < test->sample.n; i++)
        if (test->sample.partitions[i].end - test->partitions[i].base >
            test->sample.partitions[busiest].end - test->partitions[busiest].base)
            busiest = i;
    const struct cdr_loadtest_partition *partition = &test->partitions[busiest];
    *commits = partition->commits;
    return partition->commits < 2
               ? 0
               : (double)(partition->last_commit_ms - partition->first_commit_ms) / 1e3 /
                     (partition->commits - 1);
}

static bool warm_up(struct cdr_loadtest *test)
{
    const double least_s = test->settings->quick ? 2 : 10, max_rate = test->settings->max_rate,
                 rate = max_rate > 0 ? fmin(WARM_UP_PER_S, max_rate) : WARM_UP_PER_S;
    struct cdr_steering_status status;
    unsigned commits = 0;
    cdr_steering_hold(&test->steering, rate, WARM_UP_MAX_S + 60);
    if (!wait_for_begin(test, &status))
        return false;
    for (double t_s = 0; commits < COMMITS || t_s < least_s;) {
        if (!sample(test))
            return false;
        t_s = (double)(test->sample_ns - status.start_ns) / NS;
        test->commit_s = fmax(commit_interval(test, &commits), test->sample_s);
        cdr_loadtest_say_sample(test, rate);
        if (t_s > WARM_UP_MAX_S && commits == 0)
            return fail_stuck(test, t_s);
        if (t_s > WARM_UP_MAX_S + 30)
            break;
    }
    cdr_steering_cut(&test->steering);
    if (!wait_for_silence(test))
        return false;
    cdr_loadtest_say_warm_up(test);
    return true;
}

/* --- backlog --- */

struct burst {
    double records, write_s, drain_s;
    double per_s; /* read, while there was enough of it */
};

/* One burst, from its first record until everything is read. */
static bool burst(struct cdr_loadtest *test, double rate, struct burst *burst)
{
    struct cdr_steering_status status;
    cdr_steering_hold(&test->steering, rate, burst->records / rate);
    if (!wait_for_begin(test, &status))
        return false;
    const int64_t before = test->sample.committed;
    int64_t first_ns = 0, first = 0, last_ns = 0, last = 0, moved_ns = status.start_ns;
    for (bool all = false; !all;) {
        if (!sample(test))
            return false;
        cdr_loadtest_say_sample(test, rate);
        const double t_s = (double)(test->sample_ns - status.start_ns) / NS;
        if (burst->write_s == 0 && has_arrived(test))
            burst->write_s = t_s;
        const int64_t read = test->sample.committed;
        if (read > last && read > before) {
            moved_ns = test->sample_ns;
            if (first_ns == 0) {
                first_ns = test->sample_ns;
                first = read;
            }
            last_ns = test->sample_ns;
            last = read;
        }
        burst->drain_s = t_s;
        all = burst->write_s > 0 && unread(test) <= 2 * test->sample.n;
        if ((double)(test->sample_ns - moved_ns) / NS > STUCK_S + 10 * test->commit_s)
            return fail_stuck(test, STUCK_S);
    }
    burst->per_s = burst->records / burst->drain_s;
    if ((double)(last - first) > 0.5 * burst->records)
        burst->per_s = (double)(last - first) / ((double)(last_ns - first_ns) / NS);
    return true;
}

/* Ever larger bursts until one keeps the group busy for long enough to see how fast it is, or
 * until it is no slower than we are. */
static bool read_backlog(struct cdr_loadtest *test)
{
    const double max_rate = test->settings->max_rate, rate = max_rate > 0 ? max_rate : BURST_PER_S,
                 enough_s = (test->settings->quick ? 1.5 : 5) + 3 * test->commit_s,
                 most = fmin(BURST_MAX, rate * enough_s);
    double records = fmin(BURST_FIRST, most);
    for (;;) {
        struct burst one = {.records = ceil(records)};
        if (!burst(test, rate, &one) || !wait_for_silence(test))
            return false;
        test->drain_per_s = fmax(one.per_s, 1);
        if (max_rate == 0)
            test->ceiling_per_s = fmax(test->ceiling_per_s, one.records / one.write_s);
        if (one.drain_s >= enough_s || records >= most)
            break;
        records = fmin(records * fmax(2, fmin(8, 1.5 * enough_s / one.drain_s)), most);
    }
    cdr_loadtest_say_backlog(test);
    return true;
}

/* --- trials --- */

/* What was due a while ago and has not arrived, as a share of the trial. */
static double late_share(const struct cdr_loadtest *test, const struct cdr_capacity_trial *plan,
                         double t_s, int64_t arrived)
{
    const double grace_s = fmin(test->grace_s, plan->seconds / 4),
                 due = plan->rate_per_s * (t_s - grace_s);
    return due > (double)arrived
               ? (due - (double)arrived) / (plan->rate_per_s * fmax(t_s, plan->seconds))
               : 0;
}

static bool keep_sample(struct cdr_loadtest *test, double t_s)
{
    if (test->sample_count == test->sample_capacity) {
        const size_t capacity = test->sample_capacity > 0 ? 2 * test->sample_capacity : 1024;
        struct cdr_trial_sample *more = realloc(test->samples, capacity * sizeof *more);
        if (more == NULL) {
            test->result = cdr_fail(&test->error, CDR_E_NOMEM, "out of memory for samples");
            return false;
        }
        test->samples = more;
        test->sample_capacity = capacity;
    }
    test->samples[test->sample_count++] =
        (struct cdr_trial_sample){.t_s = t_s, .lag_s = test->sample.seconds};
    return true;
}

static struct cdr_trial_rule rule_of(const struct cdr_loadtest *test)
{
    const double max_lag_s = test->settings->max_lag_s;
    return (struct cdr_trial_rule){
        .settle_s = fmax(test->settle_s, 2 * test->commit_s),
        .commit_s = test->commit_s,
        .slope_max = test->width / 5,
        .lag_max_s = max_lag_s > 0 ? max_lag_s : 2 * test->commit_s + 1,
    };
}

/* Whether the trial is over by what was seen up to now. */
static bool is_over(struct cdr_loadtest *test, struct cdr_loadtest_trial *trial, double *judge_s,
                    uint64_t membership)
{
    const struct cdr_trial_rule rule = rule_of(test);
    if (test->sample.membership != membership || strcmp(test->sample.state, "Stable") != 0) {
        trial->verdict = CDR_VERDICT_DISTURBED;
        trial->reason = "the group was rebalanced";
        return true;
    }
    trial->fit = cdr_trial_fit(test->samples, test->sample_count, &rule);
    if (trial->late_share > LATE_SHARE_MAX) {
        trial->verdict = CDR_VERDICT_NOT_OFFERED;
        return true;
    }
    if (cdr_trial_is_hopeless(&trial->fit, &rule)) {
        trial->verdict = CDR_VERDICT_FAIL;
        return true;
    }
    if (trial->seconds < *judge_s)
        return false;
    trial->verdict = cdr_trial_judge(&trial->fit, &rule);
    *judge_s *= 2;
    trial->leans =
        trial->verdict == CDR_VERDICT_UNDECIDED && *judge_s > trial->plan.seconds_max * 1.01;
    if (trial->leans)
        trial->verdict = cdr_trial_lean(&trial->fit, &rule);
    return trial->verdict != CDR_VERDICT_UNDECIDED;
}

/* A stretch is a commit interval or longer, so a trial of a group that commits seldom is longer. */
static void stretch_trial(const struct cdr_loadtest *test, struct cdr_capacity_trial *plan)
{
    const struct cdr_trial_rule rule = rule_of(test);
    const double least_s = rule.settle_s + 5 * test->commit_s;
    plan->seconds = fmax(plan->seconds, least_s);
    plan->seconds_max = fmax(plan->seconds_max, 2 * least_s);
}

static bool run_trial(struct cdr_loadtest *test, struct cdr_loadtest_trial *trial)
{
    const double rate = trial->plan.rate_per_s;
    struct cdr_steering_status status;
    stretch_trial(test, &trial->plan);
    const int64_t end_before = test->sample.end;
    const uint64_t membership = test->sample.membership;
    double judge_s = trial->plan.seconds;
    test->sample_count = 0;
    cdr_steering_hold(&test->steering, rate, trial->plan.seconds_max + 60);
    if (!wait_for_begin(test, &status))
        return false;
    do {
        if (!sample(test))
            return false;
        trial->seconds = (double)(test->sample_ns - status.start_ns) / NS;
        cdr_loadtest_say_sample(test, rate);
        if (!keep_sample(test, trial->seconds))
            return false;
        const double asked_s = (double)(test->ask_ns - status.start_ns) / NS,
                     late = late_share(test, &trial->plan, asked_s, test->sample.end - end_before);
        trial->late_share = fmax(trial->late_share, late);
    } while (!is_over(test, trial, &judge_s, membership));
    cdr_steering_cut(&test->steering);
    return true;
}

static void begin_search(struct cdr_loadtest *test)
{
    const struct cdr_settings *settings = test->settings;
    const double max_rate = settings->max_rate > 0 ? settings->max_rate : INFINITY;
    struct cdr_capacity_rule rule = {
        .guess_per_s = fmin(0.9 * test->drain_per_s, max_rate),
        .width = test->width,
        .max_per_s = max_rate,
        .trial_s = {30, 60, 120},
        .confirm_s = 300,
        .confirmed = 2,
    };
    if (settings->quick) {
        rule.trial_s[0] = rule.trial_s[1] = 6;
        rule.trial_s[2] = rule.confirm_s = 12;
        rule.confirmed = 1;
    }
    cdr_capacity_begin(&test->search, &rule);
    test->searches = true;
}

static void search(struct cdr_loadtest *test)
{
    struct cdr_capacity_trial plan;
    begin_search(test);
    while (cdr_capacity_next(&test->search, &plan)) {
        struct cdr_loadtest_trial *trial = &test->trials[test->trial_count];
        *trial = (struct cdr_loadtest_trial){.plan = plan};
        if (!run_trial(test, trial))
            return;
        cdr_capacity_note(&test->search, trial->verdict);
        test->trial_count++;
        cdr_loadtest_say_trial(test, trial);
        if (!wait_for_silence(test))
            return;
    }
    test->finished = true;
}

void cdr_loadtest_course(struct cdr_loadtest *test)
{
    if (warm_up(test) && read_backlog(test))
        search(test);
    cdr_steering_end(&test->steering);
}

#endif
