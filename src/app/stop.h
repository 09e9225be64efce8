/* SIGINT and SIGTERM: the first asks the run to finish what it has in hand, a second one ends the
 * process at once. */
#ifndef CDR_APP_STOP_H
#define CDR_APP_STOP_H

#include <stdatomic.h>

/* Installs the handlers; the flag is 0 until a signal came, then its number. */
const atomic_int *cdr_stop_on_signals(void);

#endif
