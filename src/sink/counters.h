/* Per-log counts of what a sink has taken and of what is safe.
 *
 * A log's accepted records and bytes are only ever counted by the one thread that writes the log at
 * the moment, so these are plain adds; durable records may be counted by any thread. Readers may
 * come at any time; accepted is never seen below durable.
 */
#ifndef CDR_SINK_COUNTERS_H
#define CDR_SINK_COUNTERS_H

#include "sink/sink.h"

struct cdr_counters;

/* For logs 0 … logs − 1, all zero. NULL where memory is exhausted. */
struct cdr_counters *cdr_counters_create(uint32_t logs);
void cdr_counters_destroy(struct cdr_counters *counters);

/* Only by the thread that writes the log. */
void cdr_counters_accept(struct cdr_counters *counters, uint32_t log, uint64_t records,
                         uint64_t bytes);
void cdr_counters_make_durable(struct cdr_counters *counters, uint32_t log, uint64_t records);
/* progress[log] for all logs. */
void cdr_counters_read(const struct cdr_counters *counters, struct cdr_log_progress *progress);

/* Payload bytes, without frames and trailers, of records [from, to) of a slab that encoder filled.
 */
uint64_t cdr_payload_bytes(const struct cdr_encoder *encoder, const struct cdr_slab *slab,
                           uint32_t from, uint32_t to);

#endif
