/* Small text files, read as a whole. */
#ifndef CDR_CONFIG_TEXT_FILE_H
#define CDR_CONFIG_TEXT_FILE_H

#include "base/result.h"

#include <stddef.h>

/* What a path of "-" stands for. */
#define CDR_STANDARD_INPUT "/dev/stdin"

/* Reads a file of at most len_max bytes without NUL bytes; *text is terminated and to be freed by
 * the caller. A pipe is fine (base/files.h). Errors: CDR_E_CONFIG, naming the path and the
 * reason. */
enum cdr_result cdr_text_file_read(const char *path, size_t len_max, char **text, size_t *len,
                                   struct cdr_error *error);

#endif
