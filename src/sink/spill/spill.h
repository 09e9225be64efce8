/* The spill sink: where a run goes on when the brokers stay away. It writes each log, from its
 * first record that was not acknowledged, into separate files (file.h). cdr_spill_read_open
 * and the functions after it read them back for publishing.
 *
 * It is not in the table of sinks: it opens where another sink stopped, and the caller says where
 * that was.
 *
 * "Durable" is what flush or close has synced. A write that fails (a full disk) removes what it
 * wrote of its batch, so the files hold whole records only.
 *
 * Threads: as sink.h says. A file of each log is open at once; the limit of open files is raised
 * where that is needed and possible.
 */
#ifndef CDR_SINK_SPILL_SPILL_H
#define CDR_SINK_SPILL_SPILL_H

#include "sink/spill/manifest.h"

struct cdr_spill_settings {
    const char *dir;        /* made where it is missing */
    uint64_t segment_bytes; /* a file ends at the first batch that passes this */
    const uint64_t *firsts; /* per log, position of the first record that will come */
    const int64_t *bases;   /* per log, offset of position 0 in its topic */
    bool transactions;      /* the records before were committed in transactions */
    /* Puts members that make the dataset again, for the manifest. */
    void (*put_settings)(struct cdr_json *json, const void *settings);
    const void *settings;
};

/* CDR_E_STATE: dir holds a spill, or is in use; CDR_E_CONFIG, CDR_E_IO: it cannot be written. */
enum cdr_result cdr_spill_open(struct cdr_sink **sink, const struct cdr_spill_settings *settings,
                               const struct cdr_sink_setup *setup, struct cdr_error *error);

/* --- reading back, by one thread --- */

struct cdr_spill;

/* Takes the folder for this process and reads all of it, so that nothing of a damaged spill is
 * published; the manifest then has the records and bytes that are there. Of a spill
 * whose run died, what follows the last whole batch of a log is left out (torn_bytes of it), and
 * closed stays false. CDR_E_STATE: records are missing or altered, or another process uses it;
 * CDR_E_CONFIG: there is no spill; CDR_E_IO; CDR_E_NOMEM. */
enum cdr_result cdr_spill_read_open(struct cdr_spill **spill, const char *dir,
                                    struct cdr_error *error);
const struct cdr_spill_manifest *cdr_spill_manifest_of(const struct cdr_spill *spill);
uint64_t cdr_spill_torn_bytes(const struct cdr_spill *spill);

/* The next record that fill gives of this log: first <= position <= first + records. */
void cdr_spill_seek(struct cdr_spill *spill, uint32_t log, uint64_t position);
/* Fills an empty slab with the log's next records, as many as fit; none at the log's end. Sets n,
 * log, position, ends, event_ms, keys, key_lens, bytes. CDR_E_IO, CDR_E_NOMEM, CDR_E_STATE. */
enum cdr_result cdr_spill_fill(struct cdr_spill *spill, uint32_t log, struct cdr_slab *slab,
                               struct cdr_error *error);

/* Notes in spill.json that all of it was published. CDR_E_IO. */
enum cdr_result cdr_spill_set_published(struct cdr_spill *spill, struct cdr_error *error);
/* Removes the files of the spill, and the folder if it is empty then. CDR_E_IO. */
enum cdr_result cdr_spill_remove(struct cdr_spill *spill, struct cdr_error *error);
void cdr_spill_read_close(struct cdr_spill *spill);

#endif
