/* SIGINT, SIGTERM and SIGHUP: the first asks the command to finish what it has in hand, a second
 * one ends the process at once, with status 128 plus its number.
 *
 * A command that opens its destination waits in libraries that know no flag (a connection, a
 * request, a name lookup). While it opens, an end can spoil nothing: if it has not noticed the
 * signal within CDR_STOP_WAIT_S, the process ends with the words and the status that
 * cdr_stop_opening was given. */
#ifndef CDR_APP_STOP_H
#define CDR_APP_STOP_H

#include "base/result.h"

#include <stdatomic.h>

#define CDR_STOP_WAIT_S 1

/* Installs the handlers; the flag is 0 until a signal came, then its number. */
const atomic_int *cdr_stop_on_signals(void);

/* From now on the command opens what it needs. words: what an interruption leaves, static memory.
 * Where a command is part of another that is opening, the words of the other stand. */
void cdr_stop_opening(const char *words, int exit_status);
/* CDR_E_INTERRUPTED and the words, if a signal came; between the steps of opening. */
enum cdr_result cdr_stop_check(struct cdr_error *error);
/* The opening is over: as cdr_stop_check; from here on the command looks at the flag itself. */
enum cdr_result cdr_stop_began(struct cdr_error *error);

#endif
