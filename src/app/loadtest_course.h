/* The course of a search for a consumer's capacity, in a thread beside the run:
 *
 *   warm-up   a low rate, until it is known how often the group commits
 *   backlog   as much as the brokers take, then silence: how fast the group reads it is the first
 *             guess, and how fast it was written is what we can offer
 *   trials    as pipeline/capacity.h decides: each is a rate that holds, after a silence in which
 *             the group read everything
 *
 * A trial is judged at its least time, and while it is undecided at twice, four times … that; what
 * is undecided at the end is decided by the slope itself. One that is hopeless is cut.
 *
 * A trial is not valid if more than 1 % of its load was not in the topics 2 s after it was due
 * (with transactions: and two of their times later; in short trials a quarter of their time), or
 * if the group changed.
 */
#ifndef CDR_APP_LOADTEST_COURSE_H
#define CDR_APP_LOADTEST_COURSE_H

#include "app/loadtest_state.h"

/* Until the search is over, a signal came or the run has ended. Ends the schedule. */
void cdr_loadtest_course(struct cdr_loadtest *test);

#endif
