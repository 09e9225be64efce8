/* The truth beside the files of a run: OUT/truth/truth.csv, or .json, or .avro; of a shard
 * truth-shard-INDEX-of-COUNT.csv. A file is whole or not there. */
#ifndef CDR_APP_TRUTH_FILES_H
#define CDR_APP_TRUTH_FILES_H

#include "app/beside.h"
#include "app/run_state.h"
#include "fault/truth_row.h"

/* Before anything is removed: whether the run can have them; and where it has none, whether an
 * earlier one's would stay, which are of other days or of another dataset. CDR_E_CONFIG. */
enum cdr_result cdr_truth_files_check(const struct cdr_run *run, struct cdr_error *error);
/* Writes the run's, where the settings ask for it; removes what an earlier dataset left, where this
 * one takes its place. whole: the folder holds all records, and only what is missing or is not the
 * run's truth is written again. Blocks as long as planning the run on one CPU takes. Errors:
 * CDR_E_IO, CDR_E_NOMEM, CDR_E_INTERRUPTED. */
enum cdr_result cdr_truth_files_write(const struct cdr_run *run, bool whole,
                                      struct cdr_error *error);
/* Whether the truth of this shard is there in the format, and is another one than it must be; path
 * is its name. Errors as above. */
enum cdr_result cdr_truth_file_is_changed(const struct cdr_beside *of, enum cdr_truth_format format,
                                          char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                          struct cdr_error *error);
/* The same of all formats, and of what shards have written, where of is the whole dataset: the
 * first that is changed. */
enum cdr_result cdr_truth_files_are_changed(const struct cdr_beside *of,
                                            char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                            struct cdr_error *error);

#endif
