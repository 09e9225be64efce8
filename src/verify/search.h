/* Whether logs hold any record of a dataset, and at which offset its first one is or was, where
 * nobody knows it any more.
 *
 * In two passes over the dataset and one over the logs:
 *   1. cdr_search_expect_first, of the first record that the dataset has for each log;
 *   2. cdr_search_read: up to that record. On the way, and to the end of a log that does not hold
 *      it, records are kept by their hashes: all of them, or an even sample of those of a long log,
 *      and its last ones, which no compaction deletes;
 *   3. cdr_search_expect, of the dataset's records: one that was kept, at offset o and with
 *      position k, says that the first one was at o - k. (Where transactions wrote it, further on
 *      than there, since they put control records between.) Of one that was written in messages of
 *      another form, only the times are the same, of some records in a row.
 *
 * Each log is of one thread at a time. Memory: 32 bytes for each record that is kept, at most
 * 128 MB or 32 kB for each log. */
#ifndef CDR_VERIFY_SEARCH_H
#define CDR_VERIFY_SEARCH_H

#include "verify/source.h"

struct cdr_search;

enum cdr_result cdr_search_create(struct cdr_search **search, uint32_t logs,
                                  struct cdr_error *error);
void cdr_search_destroy(struct cdr_search *search);

void cdr_search_expect_first(struct cdr_search *search, uint32_t log,
                             const struct cdr_record *record);
bool cdr_search_has_first(const struct cdr_search *search, uint32_t log);
/* Reads the logs of which a first record is expected, each from its own of setup->offsets, or all
 * of them from their beginnings (NULL). setup->stop may be NULL: CDR_E_INTERRUPTED. Errors: the
 * source's, CDR_E_NOMEM. */
enum cdr_result cdr_search_read(struct cdr_search *search, const struct cdr_sink_settings *sink,
                                const struct cdr_source_setup *setup, struct cdr_error *error);
/* Other records lie before the first one, or there are some without it. */
bool cdr_search_is_after(const struct cdr_search *search, uint32_t log);

/* The third pass is of use: the log holds records, and not the first one. */
bool cdr_search_needs_more(const struct cdr_search *search, uint32_t log);
/* True: the log needs no more. */
bool cdr_search_expect(struct cdr_search *search, uint32_t log, uint64_t position,
                       const struct cdr_record *record);
/* The latest time of a record that was kept, of all logs. */
int64_t cdr_search_latest_ms(const struct cdr_search *search);

/* An offset, or one of: */
enum {
    CDR_FIND_NOTHING = -1, /* not looked for; or the dataset has no record for this log */
    CDR_FIND_ABSENT = -2,  /* the log holds none of the dataset's */
    CDR_FIND_EXPIRED = -3, /* none is found, and the log's beginning was deleted */
    CDR_FIND_UNSURE = -4,  /* none is found, and not all of the log could be looked at */
    CDR_FIND_ALIKE = -5,   /* none is found, but others with the times of the dataset's in a row */
};
/* The log holds records of the dataset, and not the first one. */
bool cdr_search_is_beheaded(const struct cdr_search *search, uint32_t log);
int64_t cdr_search_result(const struct cdr_search *search, uint32_t log);

#endif
