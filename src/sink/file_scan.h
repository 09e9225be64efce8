/* What an earlier run left in the output folder: recognised by our own names only, and removed on
 * request.
 *
 * A part is OUT/anything/date=YYYY-MM-DD/part-PPPP-NNNNNN.EXT (or its temporary name) where EXT is
 * that of an encoder, perhaps with .gz or .zst. A manifest has our name and says inside that cdrgen
 * wrote it. Other files are never touched, nor do they matter.
 */
#ifndef CDR_SINK_FILE_SCAN_H
#define CDR_SINK_FILE_SCAN_H

#include "sink/file_folder.h"

/* CDR_E_STATE, naming the first find, where the folder holds what the run would mix with or write
 * over and overwrite is false, or a manifest.json of another program. CDR_E_CONFIG: a folder cannot
 * be read. */
enum cdr_result cdr_file_scan_check(const struct cdr_file_folder *folder, bool overwrite,
                                    struct cdr_error *error);
/* Removes what check found: manifests first, then parts, then folders of days that are empty.
 * Errors: CDR_E_IO. */
enum cdr_result cdr_file_scan_remove(const struct cdr_file_folder *folder, struct cdr_error *error);

/* Whether name is that of a part; partition is set and whether it is temporary. */
bool cdr_file_is_part(const char *name, uint32_t *partition, bool *temporary);

#endif
