/* What a run that goes on (--resume) finds in its folder: which parts stay, where each log goes on,
 * and what is removed.
 *
 * DESIGN: a resumed run's folder ends up with the same bytes as that of a run that was never
 * interrupted, so a part stays only if that run would have ended it where it ends: it has reached
 * the rotation size, or the next one is of a later day or of the next version of its schema, or the
 * dataset was complete and now gets more days. Any other, that is at most the last of each log, is
 * made again from its first record, as torn ones are.
 *
 * Parts that stay are checked:
 *   A part in the manifest must have the size and checksum that are written there. If it has not,
 *     or is missing, the folder was changed, and that is an error.
 *   Another part was finished after the manifest was written. It must have the size and checksum
 *     in the journal (journal.h), pass check.h, follow in number without a gap and in
 *     day, and have a size at which parts end. If it does not, as can happen after a loss of
 *     power, that part and those after it are made again.
 * Records are not compared with what they ought to be; the dataset id stands for that.
 *
 * Looking changes nothing. The sink removes the rest after a new manifest no longer lists it, so a
 * run that is killed at any moment of this can be resumed again.
 */
#ifndef CDR_SINK_FILE_RESUME_H
#define CDR_SINK_FILE_RESUME_H

#include "sink/file/manifest.h"
#include "sink/file/scan.h"

struct cdr_resume_request {
    const struct cdr_manifest *manifest;   /* of the run that goes on */
    const struct cdr_part_format *formats; /* one a topic */
    /* Of the second version of its schema; encoder NULL: it does not change. */
    const struct cdr_part_format *next_formats;
    int32_t first_day; /* of the run; its days are the manifest's */
    unsigned workers;  /* threads that read parts */
    /* Parts are read only where all may be there already: it is found out whether the run is
     * refused, or has nothing to do. */
    bool glance;
};

/* Zero-initialise. */
struct cdr_resume {
    bool found; /* a manifest was there; else there is nothing to go on after */
    bool whole; /* the folder holds all that the run would write, and nothing else */
    uint32_t log_count;
    struct cdr_manifest_part_list *logs; /* parts that stay; the caller may take the lists */
    struct cdr_file_finds leftovers;     /* what goes */
    uint64_t parts, records;             /* that stay */
    uint64_t listed;                     /* parts that stay and were in the manifest */
    uint64_t torn, again;    /* leftovers: never finished; finished, but to be made again */
    struct cdr_error damage; /* what is wrong with the first that is not whole, if any */
};

/* CDR_E_STATE, naming it: the folder holds another dataset, one with other settings, files of ours
 * that are none of the run's, parts but no manifest, or a listed part is not as it is listed.
 * CDR_E_CONFIG, CDR_E_IO, CDR_E_NOMEM. */
enum cdr_result cdr_resume_find(struct cdr_resume *resume, const struct cdr_resume_request *request,
                                struct cdr_error *error);
/* Removes the leftovers. Errors: CDR_E_IO. */
enum cdr_result cdr_resume_remove(const struct cdr_resume *resume,
                                  const struct cdr_file_folder *folder, struct cdr_error *error);
void cdr_resume_free(struct cdr_resume *resume);

#endif
