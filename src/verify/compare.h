/* Comparing one log: which records are lost, duplicated, moved, altered or foreign.
 *
 * Expected records are given one by one in the log's order; found ones are asked for. As long as
 * the next of both are equal, that is one memcmp a record, and nothing else but its hash in a ring
 * of the last CDR_COMPARE_RECENT (less where there are many logs).
 *
 * Where they differ, both go into windows of up to CDR_COMPARE_WINDOW records, only as long as
 * needed, and the nearest place is looked for at which they are equal again: the pair of positions
 * with the least sum. What lies before it on either side is unexpected or missing:
 *
 *   altered           key and time are those of a missing record, payload or headers are not; in
 *                     files, which have none of these, also: at least three quarters are the same
 *                     from the start and from the end on
 *   wrong key         payload and time are those of a missing record, the key is not
 *   wrong timestamp   payload and key are, the time is not
 *   wrong day         in files: it is in its place, and its file in the folder of another day
 *   reordered         one that was missing before, or comes up missing later: it is there, at
 *                     another place. A pair of neighbours that changed places counts as one, since
 *                     one of them moved; two that were apart count as two.
 *   duplicated        equal to a recent record, or to a later one: a second copy
 *   wrong partition   one that another log misses (found by cdr_compare_cross at the end)
 *   foreign           any other unexpected record
 *   lost              any other missing record
 *   unread            missing after the last that can be read, where an open transaction keeps
 *                     the rest back: not a difference, as it may be there
 *   expired           missing before the first record that is there, where the topic says that it
 *                     deleted its beginning: not a difference. Where the first ones that are there
 *                     are the same as later ones of the dataset in all that is compared, they are
 *                     those, if then nothing else is missing between
 *
 * So expected = matched + altered + wrong key + wrong timestamp + wrong day + reordered + wrong
 * partition (of those that this log misses) + lost + expired + unread, and found = matched +
 * altered + wrong key + wrong timestamp + wrong day + reordered + duplicated + wrong partition (of
 * those that are here) + foreign.
 *
 * Where windows have nothing in common, time decides: found records that are later than all
 * expected ones say that those are lost, others are unexpected. (So a stretch of foreign records
 * that is longer than a window and goes on in time is taken for a loss first, and what follows for
 * reordered.) Lost and foreign records are remembered (up to CDR_COMPARE_PENDING of each) to
 * be recognised when they come up elsewhere.
 *
 * Identity is the hash of payload, key, timestamp and the headers that were asked for (64 bits);
 * equality of neighbours is of bytes.
 *
 * Memory: 8 bytes a recent record; in trouble as much again, up to 2 × CDR_COMPARE_WINDOW
 * records and 64 bytes a remembered one. One comparison belongs to one thread at a time.
 */
#ifndef CDR_VERIFY_COMPARE_H
#define CDR_VERIFY_COMPARE_H

#include "base/result.h"
#include "verify/record.h"

#define CDR_COMPARE_WINDOW 4096u
#define CDR_COMPARE_RECENT 65536u
#define CDR_COMPARE_PENDING 65536u

enum cdr_difference_kind {
    CDR_DIFFERENCE_LOST = 0,
    CDR_DIFFERENCE_DUPLICATED,
    CDR_DIFFERENCE_REORDERED,
    CDR_DIFFERENCE_ALTERED,
    CDR_DIFFERENCE_FOREIGN,
    CDR_DIFFERENCE_WRONG_KEY,
    CDR_DIFFERENCE_WRONG_TIMESTAMP,
    CDR_DIFFERENCE_WRONG_PARTITION,
    CDR_DIFFERENCE_WRONG_DAY,
    CDR_DIFFERENCE_KINDS,
};

extern const char *const cdr_difference_name[CDR_DIFFERENCE_KINDS]; /* "wrong_key" */
extern const char *const cdr_difference_word[CDR_DIFFERENCE_KINDS]; /* "wrong key" */

struct cdr_compare_counts {
    uint64_t expected, found, matched, expired, unread;
    uint64_t kinds[CDR_DIFFERENCE_KINDS]; /* wrong partition: of found records, where they are */
    uint64_t elsewhere;                   /* expected here, found in another partition */
    /* Position of the first of the records that are lost at the log's end; UINT64_MAX: none. */
    uint64_t ends_early;
    /* Of the foreign records those from horizon_ms on, and the latest time of them. */
    uint64_t later;
    int64_t latest_ms;
};

/* Expected records that were held against what was found, be they there or not. */
static inline uint64_t cdr_compared(const struct cdr_compare_counts *counts)
{
    return counts->expected - counts->expired - counts->unread;
}

/* A difference to be shown. Owns its bytes. */
struct cdr_difference {
    enum cdr_difference_kind kind;
    uint32_t log;
    bool has_expected, has_found;
    uint32_t home; /* wrong partition: the log that misses it */
    struct cdr_record expected, found;
};

struct cdr_compare;

struct cdr_compare_settings {
    uint32_t log;
    bool has_keys;   /* found records have keys and timestamps */
    uint32_t recent; /* size of the ring of recent records, a power of two of at least 64 */
    uint32_t show;   /* differences of each kind that are kept */
    /* At most so many records are missing at the log's start because they expired. */
    uint64_t expired_max;
    bool beginning;     /* what is missing at the end is still to come, and not looked at */
    bool open_end;      /* what is missing at the end may be in a transaction that is open */
    int64_t horizon_ms; /* the dataset has no records from this time on; INT64_MAX: no end */
    /* Where !has_keys: sets key and event_ms from the payload, as well as it can; key_text is room
     * for the key. */
    void (*guess)(void *context, struct cdr_record *record, char key_text[16]);
    /* The next found record: CDR_OK and *record (its memory lasts until the next call), or
     * CDR_E_AGAIN with *ended false: none there yet, true: the log is over. */
    enum cdr_result (*next)(void *context, struct cdr_record *record, bool *ended,
                            struct cdr_error *error);
    void *context;
};

enum cdr_result cdr_compare_create(struct cdr_compare **compare,
                                   const struct cdr_compare_settings *settings,
                                   struct cdr_error *error);
void cdr_compare_destroy(struct cdr_compare *compare);

/* Takes one expected record. CDR_E_AGAIN: not taken, no found record is there yet. Errors: next's,
 * CDR_E_NOMEM. */
enum cdr_result cdr_compare_expect(struct cdr_compare *compare, const struct cdr_record *expected,
                                   struct cdr_error *error);
/* No more expected records: what is found after them is judged. CDR_E_AGAIN: more is to come, call
 * again. */
enum cdr_result cdr_compare_finish(struct cdr_compare *compare, struct cdr_error *error);
/* Instead of finish, where the comparison stops in the middle: what is in the windows is judged as
 * far as it can be, and what is left on one side only is neither lost nor foreign. judges_found:
 * found records that are left are judged, since they are none of those that come next; expected
 * ones that are left may still come. */
enum cdr_result cdr_compare_stop(struct cdr_compare *compare, bool judges_found,
                                 struct cdr_error *error);
/* With beginning: the found records' end was reached, and all of them are judged. */
bool cdr_compare_is_over(const struct cdr_compare *compare);
/* Expected records wait, and no found one is there. */
bool cdr_compare_is_starved(const struct cdr_compare *compare);
/* After all are finished: foreign records of one that another misses. */
enum cdr_result cdr_compare_cross(struct cdr_compare *const *compares, uint32_t n,
                                  struct cdr_error *error);

const struct cdr_compare_counts *cdr_compare_counts(const struct cdr_compare *compare);
/* Kept differences of a kind, in the order in which they came up; at most show. */
size_t cdr_compare_differences(const struct cdr_compare *compare, enum cdr_difference_kind kind,
                               const struct cdr_difference *const **differences);

#endif
