#include "pipeline/capacity.h"

#include <assert.h>
#include <math.h>

#define GROWTH 1.5
#define LEAST_PER_S 0.5
#define NOT_OFFERED_MAX 3
#define ROUNDING 1.001 /* of rates that differ by the width exactly */

const char *const cdr_capacity_phase_names[CDR_CAPACITY_PHASES] = {
    [CDR_CAPACITY_GROW] = "grow",
    [CDR_CAPACITY_NARROW] = "narrow",
    [CDR_CAPACITY_CONFIRM] = "confirm",
};

void cdr_capacity_begin(struct cdr_capacity *search, const struct cdr_capacity_rule *rule)
{
    *search = (struct cdr_capacity){.rule = *rule, .failed = INFINITY, .barred = INFINITY};
}

static double bound_of(const struct cdr_capacity *search)
{
    return fmin(search->failed, search->barred);
}

/* The highest rate that passed, below whatever did not. */
static double low_of(const struct cdr_capacity *search)
{
    double low = 0;
    for (unsigned i = 0; i < search->passed_count; i++)
        if (search->passed[i] < bound_of(search))
            low = fmax(low, search->passed[i]);
    return low;
}

static bool is_wide(const struct cdr_capacity *search, double low)
{
    /* How far we ourselves can go is not worth many trials. */
    const double enough = search->barred < search->failed ? GROWTH : 1 + search->rule.width;
    return bound_of(search) > low * enough * ROUNDING;
}

static void set_seconds(const struct cdr_capacity *search, struct cdr_capacity_trial *trial,
                        double low)
{
    const struct cdr_capacity_rule *rule = &search->rule;
    const double ratio = low > 0 ? bound_of(search) / low : INFINITY;
    const bool narrow = trial->phase == CDR_CAPACITY_NARROW;
    trial->seconds = rule->trial_s[!narrow || ratio > 1.25 ? 0 : ratio > 1.1 ? 1 : 2];
    trial->seconds_max = rule->trial_s[2];
    if (trial->phase == CDR_CAPACITY_CONFIRM || search->thorough) {
        trial->seconds = rule->confirm_s;
        trial->seconds_max = fmax(2 * rule->confirm_s, rule->trial_s[2]);
    }
}

bool cdr_capacity_next(struct cdr_capacity *search, struct cdr_capacity_trial *trial)
{
    const struct cdr_capacity_rule *rule = &search->rule;
    const double low = low_of(search), bound = bound_of(search);
    struct cdr_capacity_trial next = {.phase = CDR_CAPACITY_GROW};
    if (search->trials == CDR_CAPACITY_TRIALS_MAX ||
        search->disturbed == CDR_CAPACITY_DISTURBED_MAX)
        return false;
    if (low == 0) {
        next.rate_per_s = fmin(isinf(bound) ? rule->guess_per_s : bound / 2, rule->max_per_s);
        if (next.rate_per_s < LEAST_PER_S)
            return false;
    } else if (isinf(bound) && low < rule->max_per_s / ROUNDING) {
        next.rate_per_s = fmin(low * GROWTH, rule->max_per_s);
    } else if (!isinf(bound) && is_wide(search, low)) {
        next.phase = CDR_CAPACITY_NARROW;
        next.rate_per_s = sqrt(low * bound);
    } else if (search->confirmations < rule->confirmed) {
        next.phase = CDR_CAPACITY_CONFIRM;
        next.rate_per_s = low;
    } else {
        return false;
    }
    set_seconds(search, &next, low);
    search->now = *trial = next;
    return true;
}

static void note_pass(struct cdr_capacity *search, double rate)
{
    const bool long_enough = search->now.seconds >= search->rule.confirm_s;
    if (search->now.phase == CDR_CAPACITY_CONFIRM) {
        search->confirmations++;
        return;
    }
    search->passed[search->passed_count++] = rate;
    search->confirmations = long_enough ? 1 : 0;
}

void cdr_capacity_note(struct cdr_capacity *search, enum cdr_verdict verdict)
{
    const double rate = search->now.rate_per_s;
    assert(verdict != CDR_VERDICT_UNDECIDED);
    search->trials++;
    search->disturbed = verdict == CDR_VERDICT_DISTURBED ? search->disturbed + 1 : 0;
    if (verdict == CDR_VERDICT_NOT_OFFERED) {
        if (++search->not_offered == NOT_OFFERED_MAX)
            search->barred = fmin(search->barred, rate);
    }
    if (verdict == CDR_VERDICT_PASS)
        note_pass(search, rate);
    if (verdict == CDR_VERDICT_FAIL) {
        search->failed = fmin(search->failed, rate);
        search->thorough |= search->now.phase == CDR_CAPACITY_CONFIRM;
        if (search->now.phase == CDR_CAPACITY_CONFIRM)
            search->confirmations = 0;
    }
    if (verdict != CDR_VERDICT_NOT_OFFERED || search->barred == rate)
        search->not_offered = 0;
}

struct cdr_capacity_found cdr_capacity_found(const struct cdr_capacity *search)
{
    const double low = low_of(search);
    return (struct cdr_capacity_found){
        .low = low,
        .high = search->failed,
        .at_least = low > 0 && isinf(search->failed),
        .confirmed = low > 0 && search->confirmations >= search->rule.confirmed,
        .barred = !isinf(search->barred),
    };
}
