/* Secrets: read from files, never shown, overwritten when freed. */
#ifndef CDR_CONFIG_SECRET_H
#define CDR_CONFIG_SECRET_H

#include "base/redact.h"
#include "base/result.h"

#include <stddef.h>

/* The content of a file (at most 64 KiB, no NUL byte, not empty) without line ends after it, to be
 * freed with cdr_secret_free. Errors: CDR_E_CONFIG, naming the path and never the content. */
enum cdr_result cdr_secret_read(const char *path, char **secret, struct cdr_error *error);

/* Overwrites bytes in a way that is not optimised away. */
void cdr_secret_wipe(char *bytes, size_t len);
/* Overwrites and frees a text; NULL is fine. */
void cdr_secret_free(char *secret);

#endif
