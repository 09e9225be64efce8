/* Repair: topics that are not the dataset's logs are deleted, created again and filled. */
#ifndef CDR_APP_REPAIR_H
#define CDR_APP_REPAIR_H

#include "app/verify_state.h"

/* Compares as cdr_command_verify does, and calls visit, where it is not NULL, with what was found
 * before that goes. Results as of cdr_command_verify. */
typedef void (*cdr_verification_visitor)(void *context, const struct cdr_verification *run);
enum cdr_result cdr_verification_run(const struct cdr_settings *settings,
                                     cdr_verification_visitor visit, void *context,
                                     struct cdr_error *error);

#endif
