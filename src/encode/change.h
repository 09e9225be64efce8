/* A change of schema in the course of time: an encoder of two versions. A record whose event time
 * lies before the change is written by the first, any other by the second; so which one is a matter
 * of the record alone, not of when, where and after what it is written.
 *
 * To all others it is an encoder like any, of the format of both: records are as long at most as
 * the longest of either, and frames and trailers are the same. A caller that must tell the versions
 * apart (files, which begin with a header or schema of one of them) asks below; for an encoder
 * without a change the answers are those of a change that never comes.
 *
 * A block whose records are of one version costs a look at its times more than without a change;
 * others are cut into runs of one version, which are copied.
 */
#ifndef CDR_ENCODE_CHANGE_H
#define CDR_ENCODE_CHANGE_H

#include "encode/encoder.h"

#define CDR_VERSIONS 2u
#define CDR_CHANGE_NEVER INT64_MAX

/* Takes both over, also where it fails. They are of the same format, frame and trailer. Errors:
 * CDR_E_NOMEM. */
enum cdr_result cdr_change_create(struct cdr_encoder **created, struct cdr_encoder *before,
                                  struct cdr_encoder *from_then_on, int64_t change_ms,
                                  struct cdr_error *error);

/* Event time of the first instant of version 1; CDR_CHANGE_NEVER where there is no change. */
int64_t cdr_change_ms(const struct cdr_encoder *encoder);
/* The encoder of a version; without a change the encoder itself for 0, NULL for 1. */
const struct cdr_encoder *cdr_change_version(const struct cdr_encoder *encoder, unsigned version);

/* How many of the n records from event_ms on are of the first one's version; n > 0. */
static inline uint32_t cdr_change_run(const int64_t *event_ms, uint32_t n, int64_t change_ms)
{
    uint32_t run = 1;
    while (run < n && (event_ms[run] >= change_ms) == (event_ms[0] >= change_ms))
        run++;
    return run;
}

#endif
