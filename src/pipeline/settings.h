/* What a pipeline is told, and what it says while it runs. */
#ifndef CDR_PIPELINE_SETTINGS_H
#define CDR_PIPELINE_SETTINGS_H

#include "engine/engine.h"
#include "fault/counts.h"
#include "pipeline/digest.h"
#include "pipeline/pace.h"
#include "pipeline/sent.h"
#include "sink/sink.h"

#include <stdatomic.h>

struct cdr_pipeline_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics; /* of records: one a type; borrowed */
    struct cdr_sink *sink;
    unsigned workers;
    uint32_t shard_index, shard_count;
    /* What the kind needs, and limit_ns; the rest is set at the start, unless start_ns is not 0:
     * then the schedule is one that another pipeline began (cdr_pipeline_pace) and goes on. */
    struct cdr_pace pace;
    bool endless;          /* live: until stopped, or until_ms is reached */
    int64_t until_ms;      /* with endless; 0: no time */
    struct cdr_sent *sent; /* paced: what was sent, and how late, is added to it; borrowed */
    uint64_t records_max;  /* handed over at most, of all logs; 0: no limit */
    /* Per log, the position of the first record that is handed over: those before are passed over,
     * planned and ordered but not materialised. NULL: everything from 0. */
    const uint64_t *starts;
    /* Per log, at most starts[log]: the digest begins here, so records from here to starts[log] are
     * encoded and hashed, but not handed over. NULL: digests begin where handing over does. */
    const uint64_t *digest_starts;
    const atomic_int *stop;    /* not 0: finish what is in hand */
    uint32_t drain_timeout_ms; /* how long a stopped run waits for room */
    /* Called when a local day of the run begins, by the schedule where there is one, before the
     * first of its records is handed over and after the last of the day before; by one thread,
     * while the others rest. Anything but CDR_OK ends the run with that result. NULL: not
     * wanted. */
    enum cdr_result (*day_begin)(void *context, int32_t day, struct cdr_error *error);
    void *day_context;
};

/* Readable by any thread while the run goes on. */
struct cdr_pipeline_status {
    uint64_t records; /* handed over, or hashed only */
    uint64_t bytes;
    int64_t emission_ms; /* reached */
    int64_t behind_ns; /* of the last record handed over, behind its schedule; 0 where not paced */
    int64_t behind_max_ns;
};

#endif
