/* Config files: one JSON object whose members are settings. */
#ifndef CDR_CONFIG_CONFIG_FILE_H
#define CDR_CONFIG_CONFIG_FILE_H

#include "config/option.h"

/* Sets everything that the file holds. Unknown and repeated keys, wrong types and values are errors
 * that name file, line and key. */
enum cdr_result cdr_config_file_load(struct cdr_loading *loading, const char *path,
                                     struct cdr_error *error);
/* The same of a text of n bytes that is there already; name stands for it in errors. */
enum cdr_result cdr_config_text_load(struct cdr_loading *loading, const char *name,
                                     const char *text, size_t n, struct cdr_error *error);

#endif
