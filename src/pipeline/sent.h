/* What a paced run has sent: how late each record was, and what became of a programme's stages.
 *
 * A record's delay is the time from the moment at which it is due to the moment at which all that
 * was due with it is with the sink; between the first and the last of those that go together, it is
 * taken for a straight line. By one thread.
 */
#ifndef CDR_PIPELINE_SENT_H
#define CDR_PIPELINE_SENT_H

#include "base/histogram.h"
#include "pipeline/pace.h"

/* A record that was sent later than this is late. */
#define CDR_SENT_LATE_US INT64_C(100000)

struct cdr_sent {
    struct cdr_histogram delays;
    struct cdr_sent_stage {
        uint64_t records; /* sent, of those that the stage has */
        uint64_t late;
    } stages[CDR_PROGRAMME_STAGES_MAX];
};

/* False: out of memory. */
bool cdr_sent_init(struct cdr_sent *sent);
void cdr_sent_free(struct cdr_sent *sent);

/* n records that were due from first_ns to last_ns went out at done_ns. */
void cdr_sent_add(struct cdr_sent *sent, int64_t first_ns, int64_t last_ns, int64_t done_ns,
                  uint64_t n);
/* Records of ranks [rank, rank + n) did. */
void cdr_sent_add_ranks(struct cdr_sent *sent, const struct cdr_pace *pace, uint64_t rank,
                        uint64_t n, int64_t done_ns);

#endif
