/* One trial of a load: does a consumer keep up with it, by how far it is behind in time?
 *
 * A consumer that reads a share x less than what comes falls back by x seconds a second. What it
 * has committed makes a sawtooth of that; so the samples after a time to settle are cut into
 * stretches of equal length, as long as the time between two commits or longer, and the slope is
 * that of a straight line through the stretches' means, with an interval of 95 % (Student's t).
 *
 * Pure, without allocation, linear in the number of samples.
 */
#ifndef CDR_PIPELINE_TRIAL_H
#define CDR_PIPELINE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

enum cdr_verdict {
    CDR_VERDICT_PASS = 0,
    CDR_VERDICT_FAIL,
    CDR_VERDICT_UNDECIDED,
    CDR_VERDICT_NOT_OFFERED, /* not in time: nothing is known of the consumer */
    CDR_VERDICT_DISTURBED,   /* the group was rebalanced, or the brokers did not answer */
    CDR_VERDICT_COUNT,
};
extern const char *const cdr_verdict_names[CDR_VERDICT_COUNT];

struct cdr_trial_sample {
    double t_s;   /* since the load began */
    double lag_s; /* how far the consumer is behind */
};

struct cdr_trial_rule {
    double settle_s;  /* what comes before is left out */
    double commit_s;  /* between two commits */
    double slope_max; /* seconds a second */
    double lag_max_s; /* at the end: the mean of the last stretch */
};

struct cdr_trial_fit {
    unsigned stretches;             /* 0: too few samples for a slope */
    double slope, slope_half_width; /* seconds a second; the interval's half */
    double lag_end_s, lag_max_s; /* of what is not left out; the latter also where stretches is 0 */
};

struct cdr_trial_fit cdr_trial_fit(const struct cdr_trial_sample *samples, size_t n,
                                   const struct cdr_trial_rule *rule);
/* PASS: the slope is below the limit, and so is the lag. FAIL: the slope is above it, or the lag is
 * although the slope is not. UNDECIDED: the interval holds the limit. */
enum cdr_verdict cdr_trial_judge(const struct cdr_trial_fit *fit,
                                 const struct cdr_trial_rule *rule);
/* What an interval that still holds the limit after all the time there was comes to: PASS or FAIL
 * by the slope itself, and by the lag. */
enum cdr_verdict cdr_trial_lean(const struct cdr_trial_fit *fit, const struct cdr_trial_rule *rule);
/* A slope so far above the limit, and so much lag, that no more time is needed. */
bool cdr_trial_is_hopeless(const struct cdr_trial_fit *fit, const struct cdr_trial_rule *rule);

#endif
