/* The search for the highest load that a consumer sustains: which trial is next, by the verdicts of
 * those before (after the multiple loss ratio search, RFC 9971).
 *
 *   grow     from a first guess, × 1.5 while it passes and ÷ 2 while it fails
 *   narrow   between the highest rate that passed and the lowest that did not, at their geometric
 *            mean, until they differ by the width; trials are longer where they differ by less
 *   confirm  the highest rate that passed, once more and for longer. Where it fails, it is an upper
 *            bound, and what is left below is searched by trials as long as this one
 *
 * A load that was not offered says nothing of the consumer: it is tried up to three times, and then
 * bars the way, as a bound of ours and not of the consumer. A trial that was disturbed is repeated.
 *
 * Pure and without allocation; a search has at most CDR_CAPACITY_TRIALS_MAX trials.
 */
#ifndef CDR_PIPELINE_CAPACITY_H
#define CDR_PIPELINE_CAPACITY_H

#include "pipeline/trial.h"

enum { CDR_CAPACITY_TRIALS_MAX = 80, CDR_CAPACITY_DISTURBED_MAX = 5 };

struct cdr_capacity_rule {
    double guess_per_s;
    double width;       /* 0.05: bounds that differ by 5 % are close enough */
    double max_per_s;   /* nothing above is tried; INFINITY: no such rate */
    double trial_s[3];  /* of trials, the least time: bounds far from each other, nearer, near */
    double confirm_s;   /* of a confirmation */
    unsigned confirmed; /* how many of them there must be */
};

enum cdr_capacity_phase {
    CDR_CAPACITY_GROW = 0,
    CDR_CAPACITY_NARROW,
    CDR_CAPACITY_CONFIRM,
    CDR_CAPACITY_PHASES
};
extern const char *const cdr_capacity_phase_names[CDR_CAPACITY_PHASES];

struct cdr_capacity_trial {
    enum cdr_capacity_phase phase;
    double rate_per_s;
    double seconds;     /* at least */
    double seconds_max; /* a trial that is undecided goes on up to then */
};

struct cdr_capacity {
    struct cdr_capacity_rule rule;
    double passed[CDR_CAPACITY_TRIALS_MAX];
    unsigned passed_count, trials, confirmations, disturbed, not_offered;
    double failed, barred; /* the lowest; INFINITY: none */
    bool thorough;         /* a confirmation has failed */
    struct cdr_capacity_trial now;
};

/* Rates in records a second. */
struct cdr_capacity_found {
    double low;    /* the highest that passed; 0: none */
    double high;   /* the lowest that failed; INFINITY: none */
    bool at_least; /* nothing above low failed: the consumer may sustain more */
    bool confirmed;
    bool barred; /* a rate above low was not offered */
};

void cdr_capacity_begin(struct cdr_capacity *search, const struct cdr_capacity_rule *rule);
/* False: the search is over. */
bool cdr_capacity_next(struct cdr_capacity *search, struct cdr_capacity_trial *trial);
/* The verdict of the trial that was next; not UNDECIDED. */
void cdr_capacity_note(struct cdr_capacity *search, enum cdr_verdict verdict);
/* What is known so far. */
struct cdr_capacity_found cdr_capacity_found(const struct cdr_capacity *search);

#endif
