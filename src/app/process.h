/* What the program asks of the system before it does anything. */
#ifndef CDR_APP_PROCESS_H
#define CDR_APP_PROCESS_H

#include "base/result.h"

#include <stdbool.h>

/* A limit on the size of files (`ulimit -f`) and a reader that goes away (`| head`) become errors
 * of write instead of ending the process. Opens those of the three standard
 * streams that are closed, so that standard output fails and messages go nowhere. Raises the limit
 * of the stack (`ulimit -s`) where it is smaller than we need (CDR_STACK_BYTES), for this thread
 * and for those of libraries. */
void cdr_process_prepare(void);

/* Threads to work with: those that were wanted, or, for 0, one per CPU. */
unsigned cdr_process_workers(unsigned wanted);

/* Calls work on a stack that is large enough: this thread's; or, where its limit could not be
 * raised, that of a new thread. CDR_E_NOMEM: which cannot be started; else what work returns. */
enum cdr_result cdr_process_call(enum cdr_result (*work)(void *context), void *context,
                                 struct cdr_error *error);

#endif
