/* Verify: what is in the topics, or in a folder of files, against what the function says.
 *
 * The ordinary pipeline generates the expected records, into a sink that does not write but
 * compares: record k of each log with what a source (source.h: Kafka or files) yields for it next.
 * So memory does not grow with the data, all partitions are read at once, and workers, shards and
 * starts work as in a run. Where two records differ, compare.h finds out what happened.
 *
 * Compared are payload (without Avro's five bytes of frame: schema ids differ between registries)
 * and, from Kafka, key (without its frame), timestamp, partition and the headers that the envelopes
 * have: others are not looked at, nor is the order of headers.
 *
 * One verification is run by one thread, which is joined by settings.workers − 1 others.
 */
#ifndef CDR_VERIFY_VERIFY_H
#define CDR_VERIFY_VERIFY_H

#include "pipeline/pipeline.h"
#include "verify/compare.h"
#include "verify/payload.h"
#include "verify/search.h"

struct cdr_source;

struct cdr_verify_settings {
    const struct cdr_model *model;
    const struct cdr_payloads *payloads;
    /* Of the expected records. Where they are framed, the found ones' frames are left out. */
    const struct cdr_topics *topics;
    struct cdr_source *source; /* open; see source.h */
    bool has_keys;             /* the source knows keys and timestamps */
    unsigned workers;
    uint32_t shard_index, shard_count;
    bool follow;            /* compare what comes until stopped, also after the last day */
    bool beginning;         /* the topics may end anywhere; not with follow */
    uint32_t show;          /* differences of each kind that are kept to be shown */
    const atomic_int *stop; /* not 0: end; NULL: never */
};

struct cdr_verify;

enum cdr_result cdr_verify_create(struct cdr_verify **verify,
                                  const struct cdr_verify_settings *settings,
                                  struct cdr_error *error);
/* Compares to the end. CDR_OK: it reached the end, whatever it found. CDR_E_INTERRUPTED: stopped
 * before; with follow a stop is the end. Others: the source failed. The results still hold what was
 * compared until then. */
enum cdr_result cdr_verify_run(struct cdr_verify *verify, struct cdr_error *error);
/* For progress. */
const struct cdr_pipeline *cdr_verify_pipeline(const struct cdr_verify *verify);
/* After the run. */
const struct cdr_compare_counts *cdr_verify_counts(const struct cdr_verify *verify, uint32_t log);
/* Differences that were kept, at most settings.show of each kind, in the order of kinds, then
 * logs. */
size_t cdr_verify_shown(const struct cdr_verify *verify,
                        const struct cdr_difference *const **differences);
void cdr_verify_destroy(struct cdr_verify *verify);

/* --- the tail of topics, for a run that goes on after it --- */

/* Of one log: positions [from, to) must be at the offsets from `offset` on, to - from records in a
 * row (offsets of control records between them do not count). from == to: nothing to check. */
struct cdr_verify_range {
    uint64_t from, to;
    int64_t offset; /* of the record at position from; base + from, without transactions */
    /* Something else than the log's end says that the range is this dataset's, so it may be left
     * uncompared where all of it expired. */
    bool proven;
};

#define CDR_VERIFY_BLIND_MAX 600

struct cdr_verify_tail_settings {
    const struct cdr_model *model;
    const struct cdr_topics *topics;      /* whose encoders are framed or not */
    bool ids;                             /* the header cdrgen-id comes last */
    const struct cdr_sink_settings *sink; /* brokers, properties, timeout */
    unsigned workers;
    uint32_t shard_index, shard_count;
    bool endless;                          /* a live run: the ranges may lie after the last day */
    const struct cdr_verify_range *ranges; /* per log; those of other shards are not looked at */
    bool force;                            /* take ranges that expired for proven */
    uint64_t *expired;      /* per log, or NULL: so many of its range were gone and not compared */
    char *blind;            /* room for CDR_VERIFY_BLIND_MAX bytes, or NULL; see below */
    const atomic_int *stop; /* or NULL */
};

/* Whether the topics hold exactly the function's records in the ranges: payload, key, timestamp,
 * and all headers with their order. With transactions committed records are read, without all:
 * there an offset is a position. Plans all that lies before the
 * ranges, materialises only what is in them. Blocks.
 * CDR_OK: they do. CDR_E_DIFFERENT: the text names the first difference found: topic, partition,
 * offset, position and what differs, field by field. CDR_E_KAFKA: could not be read,
 * CDR_E_INTERRUPTED: stopped. CDR_E_STATE: a topic is missing or has another number of
 * partitions; or all of a range that is not proven expired, so nothing is left to compare.
 * Records that expired are taken to have been right where later ones are there and right (how many
 * follows from offsets, so not in topics with transactions). *blind names the first range of which
 * nothing was compared and how many there are; "" where there is none. Only where Kafka is built in
 * (CDR_KAFKA). */
enum cdr_result cdr_verify_tail(const struct cdr_verify_tail_settings *settings,
                                struct cdr_error *error);
/* Whether compaction, however short, has deleted records of the dataset: compares each log's
 * beginning, up to the first record whose key came before (see repeats.h why that is enough). The
 * ranges are all that a log must hold, from 0 on; what has expired of it is left out. With
 * transactions, the first record that is left says how much that is; one that is none of the
 * dataset's is no difference. Headers are not compared. Errors: as of cdr_verify_tail. */
enum cdr_result cdr_verify_head(const struct cdr_verify_tail_settings *settings,
                                struct cdr_error *error);
/* Where the dataset begins in logs of which nobody knows it: those whose range is not empty; each
 * is read from its range's offset on. begins[log]: the offset of the dataset's first record, or one
 * of CDR_FIND_* (search.h); deep: also where that record is gone, as long as another is there, for
 * which the dataset is generated up to the latest of what is there. found[log] says more
 * (zero-initialise; or NULL). Topics may be missing. Headers are not compared. */
struct cdr_begin_found {
    bool after;    /* other records come before the first one, or there are some without it */
    bool beheaded; /* not the first record is there, but others are */
};
enum cdr_result cdr_verify_find(const struct cdr_verify_tail_settings *settings, bool deep,
                                int64_t *begins, struct cdr_begin_found *found,
                                struct cdr_error *error);
/* As cdr_verify_tail, of the records around the first one from change_ms on, in logs that go so
 * far: where encoders change. The ranges are those of the tail. In topics with transactions, all
 * that lies before the tail is read, to count it. */
enum cdr_result cdr_verify_change(const struct cdr_verify_tail_settings *settings,
                                  int64_t change_ms, struct cdr_error *error);

#endif
