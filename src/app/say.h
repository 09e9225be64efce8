/* Lines for a person in which there is text from outside: paths, subjects, what a record holds. */
#ifndef CDR_APP_SAY_H
#define CDR_APP_SAY_H

#include <stdio.h>

/* As fprintf, with all but a newline at the end fit for a terminal (base/shown.h). Texts of more
 * than 8 KB are cut. */
void cdr_say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
