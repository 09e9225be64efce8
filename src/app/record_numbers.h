/* Which records of their logs chosen ones are. */
#ifndef CDR_APP_RECORD_NUMBERS_H
#define CDR_APP_RECORD_NUMBERS_H

#include "app/found.h"
#include "model/model.h"

/* Sets the numbers of the first count records of a sorted list. A log is counted from its
 * beginning, so everybody's records are planned up to the last of these. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_found_number(struct cdr_found_list *list, size_t count,
                                 const struct cdr_model *model, struct cdr_error *error);

#endif
