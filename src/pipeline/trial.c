#include "pipeline/trial.h"

#include <math.h>

enum { STRETCHES_MIN = 4, STRETCHES_MAX = 10 };

const char *const cdr_verdict_names[CDR_VERDICT_COUNT] = {
    [CDR_VERDICT_PASS] = "pass",           [CDR_VERDICT_FAIL] = "fail",
    [CDR_VERDICT_UNDECIDED] = "undecided", [CDR_VERDICT_NOT_OFFERED] = "not offered",
    [CDR_VERDICT_DISTURBED] = "disturbed",
};

/* Quantiles of Student's t at 97.5 %, by degrees of freedom: those of n stretches are n − 2. */
static const double student[STRETCHES_MAX - 1] = {0,     12.706, 4.303, 3.182, 2.776,
                                                  2.571, 2.447,  2.365, 2.306};

struct stretch {
    double t_s, lag_s;
    size_t n;
};

static size_t fill(struct stretch *stretches, size_t count, const struct cdr_trial_sample *samples,
                   size_t n, double from_s, double to_s)
{
    size_t filled = 0;
    for (size_t i = 0; i < n; i++) {
        if (samples[i].t_s < from_s)
            continue;
        size_t at = (size_t)((samples[i].t_s - from_s) / (to_s - from_s) * (double)count);
        struct stretch *stretch = &stretches[at < count ? at : count - 1];
        stretch->t_s += samples[i].t_s;
        stretch->lag_s += samples[i].lag_s;
        stretch->n++;
    }
    for (size_t i = 0; i < count; i++)
        if (stretches[i].n > 0)
            stretches[filled++] = (struct stretch){stretches[i].t_s / (double)stretches[i].n,
                                                   stretches[i].lag_s / (double)stretches[i].n, 1};
    return filled;
}

static void fit_line(const struct stretch *stretches, size_t n, struct cdr_trial_fit *fit)
{
    double t = 0, lag = 0, tt = 0, tl = 0, ll = 0;
    for (size_t i = 0; i < n; i++) {
        t += stretches[i].t_s / (double)n;
        lag += stretches[i].lag_s / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const double dt = stretches[i].t_s - t, dl = stretches[i].lag_s - lag;
        tt += dt * dt;
        tl += dt * dl;
        ll += dl * dl;
    }
    fit->slope = tl / tt;
    const double left = ll - fit->slope * tl;
    fit->slope_half_width = student[n - 2] * sqrt((left > 0 ? left : 0) / (double)(n - 2) / tt);
}

struct cdr_trial_fit cdr_trial_fit(const struct cdr_trial_sample *samples, size_t n,
                                   const struct cdr_trial_rule *rule)
{
    struct cdr_trial_fit fit = {0};
    struct stretch stretches[STRETCHES_MAX] = {0};
    const double end_s = n > 0 ? samples[n - 1].t_s : 0, span_s = end_s - rule->settle_s;
    for (size_t i = 0; i < n; i++)
        if (samples[i].t_s >= rule->settle_s)
            fit.lag_max_s = fmax(fit.lag_max_s, samples[i].lag_s);
    if (span_s <= 0 || span_s < STRETCHES_MIN * rule->commit_s)
        return fit;
    size_t count = (size_t)fmin(span_s / fmax(rule->commit_s, 1e-3), STRETCHES_MAX);
    count = fill(stretches, count, samples, n, rule->settle_s, end_s);
    if (count < STRETCHES_MIN)
        return fit;
    fit.stretches = (unsigned)count;
    fit.lag_end_s = stretches[count - 1].lag_s;
    fit_line(stretches, count, &fit);
    return fit;
}

enum cdr_verdict cdr_trial_judge(const struct cdr_trial_fit *fit, const struct cdr_trial_rule *rule)
{
    if (fit->stretches == 0)
        return CDR_VERDICT_UNDECIDED;
    if (fit->slope - fit->slope_half_width > rule->slope_max)
        return CDR_VERDICT_FAIL;
    if (fit->slope + fit->slope_half_width >= rule->slope_max)
        return CDR_VERDICT_UNDECIDED;
    return fit->lag_end_s <= rule->lag_max_s ? CDR_VERDICT_PASS : CDR_VERDICT_FAIL;
}

enum cdr_verdict cdr_trial_lean(const struct cdr_trial_fit *fit, const struct cdr_trial_rule *rule)
{
    return fit->stretches > 0 && fit->slope < rule->slope_max && fit->lag_end_s <= rule->lag_max_s
               ? CDR_VERDICT_PASS
               : CDR_VERDICT_FAIL;
}

bool cdr_trial_is_hopeless(const struct cdr_trial_fit *fit, const struct cdr_trial_rule *rule)
{
    return fit->stretches >= STRETCHES_MIN + 2 && fit->lag_end_s > 2 * rule->lag_max_s &&
           fit->slope - fit->slope_half_width > 5 * rule->slope_max;
}
