/* The search for a consumer's capacity, against consumers whose capacity is known: they work in steps of 20 ms, faster and
 * slower, and commit now and then. */
#include "pipeline/capacity.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

enum { SEARCHES = 1000, SAMPLES_MAX = 20000 };

struct consumer {
    double per_s;
    double commit_s;
    double noise;       /* of its speed, in each step */
    double tired_s;     /* after so much of a trial it gets slower; 0: never */
    double tired_per_s; /* then */
    double offered_max; /* what can be offered; 0: anything */
    unsigned disturb;   /* each so many trials is disturbed; 0: none */
    uint64_t random;
};

static struct cdr_trial_sample samples[SAMPLES_MAX];

static double draw(struct consumer *consumer)
{
    consumer->random = cdr_mix(consumer->random + CDR_PURPOSE(1));
    return (double)(consumer->random >> 11) * 0x1p-53;
}

/* Samples of a trial up to a time; how far it has come is kept for a trial that goes on. */
struct course {
    double t_s, done, committed, next_commit_s, next_sample_s;
    size_t n;
};

static void go_on(struct consumer *consumer, struct course *course, double rate, double until_s,
                  double every_s)
{
    const double step_s = 0.02;
    for (; course->t_s < until_s; course->t_s += step_s) {
        const bool tired = consumer->tired_s > 0 && course->t_s > consumer->tired_s;
        const double speed = (tired ? consumer->tired_per_s : consumer->per_s) *
                             (1 + consumer->noise * (2 * draw(consumer) - 1));
        course->done = fmin(course->done + speed * step_s, rate * course->t_s);
        if (course->t_s >= course->next_commit_s) {
            course->committed = course->done;
            course->next_commit_s += consumer->commit_s;
        }
        if (course->t_s >= course->next_sample_s && course->n < SAMPLES_MAX) {
            samples[course->n++] =
                (struct cdr_trial_sample){course->t_s, course->t_s - course->committed / rate};
            course->next_sample_s += every_s;
        }
    }
}

static enum cdr_verdict try(struct consumer *consumer, const struct cdr_capacity_trial *trial,
                            double width, double *spent_s)
{
    const struct cdr_trial_rule rule = {.settle_s = fmax(1, 2 * consumer->commit_s),
                                        .commit_s = consumer->commit_s,
                                        .slope_max = width / 5,
                                        .lag_max_s = 2 * consumer->commit_s + 1};
    struct course course = {.next_commit_s = consumer->commit_s * draw(consumer)};
    enum cdr_verdict verdict = CDR_VERDICT_UNDECIDED;
    if (consumer->offered_max > 0 && trial->rate_per_s > consumer->offered_max)
        return CDR_VERDICT_NOT_OFFERED;
    if (consumer->disturb > 0 && draw(consumer) * consumer->disturb < 1)
        return CDR_VERDICT_DISTURBED;
    for (double s = trial->seconds; verdict == CDR_VERDICT_UNDECIDED; s *= 2) {
        go_on(consumer, &course, trial->rate_per_s, s, 0.1 + 0.05 * draw(consumer));
        const struct cdr_trial_fit fit = cdr_trial_fit(samples, course.n, &rule);
        verdict = cdr_trial_judge(&fit, &rule);
        if (verdict == CDR_VERDICT_UNDECIDED && 2 * s > trial->seconds_max * 1.001)
            verdict = cdr_trial_lean(&fit, &rule);
    }
    *spent_s += course.t_s;
    return verdict;
}

static struct cdr_capacity_rule normal(double guess)
{
    return (struct cdr_capacity_rule){.guess_per_s = guess,
                                      .width = 0.05,
                                      .max_per_s = INFINITY,
                                      .trial_s = {30, 60, 120},
                                      .confirm_s = 300,
                                      .confirmed = 2};
}

static struct cdr_capacity_found search(struct consumer *consumer,
                                        const struct cdr_capacity_rule *rule, unsigned *trials,
                                        double *spent_s)
{
    struct cdr_capacity state;
    struct cdr_capacity_trial trial;
    cdr_capacity_begin(&state, rule);
    *spent_s = 0;
    while (cdr_capacity_next(&state, &trial)) {
        assert_true(trial.rate_per_s > 0 && trial.rate_per_s <= rule->max_per_s);
        assert_true(trial.seconds > 0 && trial.seconds_max >= trial.seconds);
        cdr_capacity_note(&state, try(consumer, &trial, rule->width, spent_s));
    }
    *trials = state.trials;
    return cdr_capacity_found(&state);
}

/* How many of so many searches hold the capacity, to 2 % for what a slope cannot tell. */
static unsigned hits(struct cdr_capacity_rule (*rule_of)(double), double guess_from,
                     double guess_to, double noise, double commit_s, unsigned *trials_max,
                     double *spent_max_s)
{
    unsigned good = 0;
    *trials_max = 0;
    *spent_max_s = 0;
    for (unsigned i = 0; i < SEARCHES; i++) {
        struct consumer consumer = {.noise = noise, .commit_s = commit_s, .random = cdr_mix(i + 1)};
        consumer.per_s = exp(log(10) + draw(&consumer) * log(1e5));
        const double guess =
            consumer.per_s * (guess_from + (guess_to - guess_from) * draw(&consumer));
        const struct cdr_capacity_rule rule = rule_of(guess);
        unsigned trials;
        double spent_s;
        const struct cdr_capacity_found found = search(&consumer, &rule, &trials, &spent_s);
        const bool holds = found.confirmed && !found.at_least &&
                           found.low <= consumer.per_s * 1.02 &&
                           found.high >= consumer.per_s * 0.98 &&
                           found.high <= found.low * (1 + rule.width) * 1.01;
        good += holds;
        *trials_max = trials > *trials_max ? trials : *trials_max;
        *spent_max_s = fmax(*spent_max_s, spent_s);
    }
    return good;
}

static void test_a_thousand_searches_find_what_is_there(void **state)
{
    (void)state;
    unsigned trials;
    double spent_s;
    unsigned good = hits(normal, 0.8, 1.1, 0.3, 0.1, &trials, &spent_s);
    print_message("%u of %d, at most %u trials and %.0f s\n", good, SEARCHES, trials, spent_s);
    assert_in_range(good, SEARCHES * 98 / 100, SEARCHES);
    assert_in_range(trials, 1, 25);
}

static void test_rare_commits_and_bad_guesses_are_borne(void **state)
{
    (void)state;
    unsigned trials;
    double spent_s;
    const unsigned good = hits(normal, 0.1, 5, 0.3, 5, &trials, &spent_s);
    print_message("%u of %d, at most %u trials and %.0f s\n", good, SEARCHES, trials, spent_s);
    assert_in_range(good, SEARCHES * 95 / 100, SEARCHES);
    assert_in_range(trials, 1, 40);
}

static struct cdr_capacity_rule quick(double guess)
{
    return (struct cdr_capacity_rule){.guess_per_s = guess,
                                      .width = 0.15,
                                      .max_per_s = INFINITY,
                                      .trial_s = {6, 6, 12},
                                      .confirm_s = 12,
                                      .confirmed = 1};
}

static void test_quick_searches_take_minutes(void **state)
{
    (void)state;
    unsigned trials;
    double spent_s;
    const unsigned good = hits(quick, 0.85, 1, 0.3, 0.1, &trials, &spent_s);
    print_message("%u of %d, at most %u trials and %.0f s\n", good, SEARCHES, trials, spent_s);
    assert_in_range(good, SEARCHES * 95 / 100, SEARCHES);
    assert_in_range((unsigned)spent_s, 1, 240);
}

/* Every short trial passes, a long one does not: what is found holds for as long as a confirmation. */
static void test_a_consumer_that_tires_is_found_out(void **state)
{
    (void)state;
    struct consumer consumer = {.per_s = 3000,
                                .commit_s = 0.1,
                                .noise = 0.2,
                                .tired_s = 130,
                                .tired_per_s = 2000,
                                .random = 7};
    const struct cdr_capacity_rule rule = normal(2700);
    unsigned trials;
    double spent_s;
    const struct cdr_capacity_found found = search(&consumer, &rule, &trials, &spent_s);
    print_message("%.0f to %.0f, %u trials\n", found.low, found.high, trials);
    assert_true(found.confirmed && found.low <= 2040 && found.high >= 1960 &&
                found.high <= found.low * 1.06);
}

/* Where the load cannot be offered, or must not be, the consumer's capacity is not known. */
static void test_a_limit_of_ours_is_no_capacity(void **state)
{
    (void)state;
    struct consumer consumer = {
        .per_s = 1e6, .commit_s = 0.1, .noise = 0.2, .offered_max = 5000, .random = 9};
    struct cdr_capacity_rule rule = normal(4000);
    unsigned trials;
    double spent_s;
    struct cdr_capacity_found found = search(&consumer, &rule, &trials, &spent_s);
    assert_true(found.at_least && found.barred && isinf(found.high) && found.confirmed);
    assert_true(found.low <= 5000 && found.low >= 4000);
    consumer.offered_max = 0;
    rule.max_per_s = 9000;
    found = search(&consumer, &rule, &trials, &spent_s);
    assert_true(found.at_least && !found.barred && found.low == 9000 && found.confirmed);
}

static void test_what_is_disturbed_is_repeated(void **state)
{
    (void)state;
    struct consumer consumer = {
        .per_s = 2000, .commit_s = 0.1, .noise = 0.2, .disturb = 3, .random = 11};
    const struct cdr_capacity_rule rule = normal(1800);
    unsigned trials;
    double spent_s;
    struct cdr_capacity_found found = search(&consumer, &rule, &trials, &spent_s);
    assert_true(found.confirmed && found.low <= 2040 && found.high >= 1960);
    consumer.disturb = 1;
    found = search(&consumer, &rule, &trials, &spent_s);
    assert_true(found.low == 0 && isinf(found.high));
    assert_int_equal(trials, CDR_CAPACITY_DISTURBED_MAX);
}

static void test_a_consumer_that_does_nothing_ends_the_search(void **state)
{
    (void)state;
    struct consumer consumer = {.per_s = 1e-9, .commit_s = 0.1, .random = 13};
    const struct cdr_capacity_rule rule = normal(1000);
    unsigned trials;
    double spent_s;
    const struct cdr_capacity_found found = search(&consumer, &rule, &trials, &spent_s);
    assert_true(found.low == 0 && !found.at_least && !found.confirmed && found.high < 1);
}

/* By hand: 0.05 s/s from 5 s on, six stretches, no noise. */
static void test_a_line_is_its_slope(void **state)
{
    (void)state;
    struct cdr_trial_rule rule = {.settle_s = 5, .commit_s = 5, .slope_max = 0.01, .lag_max_s = 1};
    size_t n = 0;
    for (; n <= 70; n++)
        samples[n] = (struct cdr_trial_sample){0.5 * (double)n, 0.5 + 0.025 * (double)n};
    struct cdr_trial_fit fit = cdr_trial_fit(samples, n, &rule);
    assert_int_equal(fit.stretches, 6);
    assert_true(fabs(fit.slope - 0.05) < 1e-9 && fit.slope_half_width < 1e-6);
    assert_true(fabs(fit.lag_max_s - 2.25) < 1e-9);
    samples[0].lag_s = 99; /* before it settles: what was left of the silence */
    assert_true(fabs(cdr_trial_fit(samples, n, &rule).lag_max_s - 2.25) < 1e-9);
    assert_int_equal(cdr_trial_judge(&fit, &rule), CDR_VERDICT_FAIL);
    rule.slope_max = 0.06;
    assert_int_equal(cdr_trial_judge(&fit, &rule),
                     CDR_VERDICT_FAIL); /* the lag is 2.1 s at the end */
    rule.lag_max_s = 3;
    assert_int_equal(cdr_trial_judge(&fit, &rule), CDR_VERDICT_PASS);
    rule.commit_s = 20;
    fit = cdr_trial_fit(samples, n, &rule);
    assert_int_equal(fit.stretches, 0);
    assert_int_equal(cdr_trial_judge(&fit, &rule), CDR_VERDICT_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_its_slope),
        cmocka_unit_test(test_a_thousand_searches_find_what_is_there),
        cmocka_unit_test(test_rare_commits_and_bad_guesses_are_borne),
        cmocka_unit_test(test_quick_searches_take_minutes),
        cmocka_unit_test(test_a_consumer_that_tires_is_found_out),
        cmocka_unit_test(test_a_limit_of_ours_is_no_capacity),
        cmocka_unit_test(test_what_is_disturbed_is_repeated),
        cmocka_unit_test(test_a_consumer_that_does_nothing_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
