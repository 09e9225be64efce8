#ifndef CDR_APP_VERSION_H
#define CDR_APP_VERSION_H

#include <stdio.h>

/* Version, data-model version, libraries and what is built in. */
void cdr_print_version(FILE *out);

#endif
