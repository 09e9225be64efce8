#include "pipeline/sent.h"

bool cdr_sent_init(struct cdr_sent *sent)
{
    *sent = (struct cdr_sent){0};
    return cdr_histogram_init(&sent->delays);
}

void cdr_sent_free(struct cdr_sent *sent)
{
    cdr_histogram_free(&sent->delays);
}

/* Rounded up, since a delay that is there is not 0. */
static int64_t delay_us(int64_t due_ns, int64_t done_ns)
{
    return done_ns <= due_ns ? 0 : (done_ns - due_ns + 999) / 1000;
}

void cdr_sent_add(struct cdr_sent *sent, int64_t first_ns, int64_t last_ns, int64_t done_ns,
                  uint64_t n)
{
    cdr_histogram_add_line(&sent->delays, delay_us(first_ns, done_ns), delay_us(last_ns, done_ns),
                           n);
}

/* How many of n in a straight line from one delay to a shorter one are late. */
static uint64_t late_of(int64_t longest_us, int64_t shortest_us, uint64_t n)
{
    if (shortest_us > CDR_SENT_LATE_US)
        return n;
    if (longest_us <= CDR_SENT_LATE_US)
        return 0;
    return (uint64_t)((double)n * (double)(longest_us - CDR_SENT_LATE_US) /
                      (double)(longest_us - shortest_us));
}

/* The ranks below this one are of the stage or of one before. */
static uint64_t end_of_stage(const struct cdr_programme *program, size_t stage)
{
    return stage + 1 == program->n ? UINT64_MAX
                                   : (uint64_t)(program->stages[stage + 1].start_records + 1e-6);
}

void cdr_sent_add_ranks(struct cdr_sent *sent, const struct cdr_pace *pace, uint64_t rank,
                        uint64_t n, int64_t done_ns)
{
    for (size_t stage = 0; n > 0; stage++) {
        uint64_t part = n;
        if (pace->kind == CDR_PACE_PROGRAM) {
            const uint64_t end = end_of_stage(pace->program, stage);
            if (end <= rank)
                continue;
            part = end - rank < n ? end - rank : n;
        }
        const int64_t first_ns = cdr_pace_rank_ns(pace, rank),
                      last_ns = cdr_pace_rank_ns(pace, rank + part - 1);
        cdr_sent_add(sent, first_ns, last_ns, done_ns, part);
        sent->stages[stage].records += part;
        sent->stages[stage].late +=
            late_of(delay_us(first_ns, done_ns), delay_us(last_ns, done_ns), part);
        rank += part;
        n -= part;
    }
}
