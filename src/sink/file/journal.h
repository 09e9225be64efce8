/* The journal of a folder: which parts a run has finished since it wrote its manifest, with their
 * checksums. A run that is killed leaves it, and a resume keeps no part that is not as its line
 * says: one that was moved, copied or replaced since then is made again.
 *
 *     OUT/.cdrgen.parts   (of a shard: .cdrgen-shard-I-of-N.parts)
 *
 * A line a part, in the order in which they were finished: topic's number, partition, number, day,
 * bytes of the file, checksum. The last line of a part counts. A line that is not ours, as the last
 * one may be after a loss of power, is ignored: a part without a line is made again, so a failure
 * to write the journal does not fail a run.
 *
 * Adding: any thread. */
#ifndef CDR_SINK_FILE_JOURNAL_H
#define CDR_SINK_FILE_JOURNAL_H

#include "sink/file/folder.h"
#include "sink/file/part.h"
#include "sink/file/scan.h"

struct cdr_file_journal {
    int fd; /* −1: none is open, and nothing is added */
};

/* Begins an empty one in place of what is there: the manifest lists what stays. */
void cdr_file_journal_begin(struct cdr_file_journal *journal, const struct cdr_file_folder *folder);
void cdr_file_journal_add(const struct cdr_file_journal *journal, const struct cdr_file_find *find,
                          const struct cdr_part_result *file);
void cdr_file_journal_close(struct cdr_file_journal *journal);
/* Once the manifest lists all of it, or nothing is left. */
void cdr_file_journal_remove(const struct cdr_file_folder *folder);

/* What it says of finds, which are in the order of cdr_file_compare_finds: files[i] is that of
 * find i, with 0 bytes where it says nothing. Errors: CDR_E_STATE; there need not be a journal. */
enum cdr_result cdr_file_journal_read(const struct cdr_file_folder *folder,
                                      const struct cdr_file_finds *finds,
                                      struct cdr_part_result *files, struct cdr_error *error);

#endif
