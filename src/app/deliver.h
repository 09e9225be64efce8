/* The course of a run once its destination is open: generate, flush, check, close, report; and go
 * on with a new producer where the old one cannot. */
#ifndef CDR_APP_DELIVER_H
#define CDR_APP_DELIVER_H

#include "app/run_state.h"

/* Everything from the open sink to the report; closes the sink. */
enum cdr_result cdr_run_deliver(struct cdr_run *run, struct cdr_error *error);

#endif
