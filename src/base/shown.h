/* Text from outside (brokers, registries, file names, schemas), made fit for a terminal.
 *
 * A control character there can move the cursor, clear the screen or hide a line. cdr_shown writes
 * C0 and C1 control characters, DEL, bytes that are no UTF-8 and the marks that turn the direction
 * of text as escapes (\n, \t, \x1b, \u202e), and leaves the rest of UTF-8 as it is. Every message
 * of a struct cdr_error is shown this way.
 */
#ifndef CDR_BASE_SHOWN_H
#define CDR_BASE_SHOWN_H

#include <stddef.h>

/* Writes text to shown, terminated, cut before the first character that does not fit.
 * shown_max > 0. Linear. */
void cdr_shown(char *shown, size_t shown_max, const char *text);

#endif
