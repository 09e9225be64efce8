/* cdrgen verify --by id: which of the dataset's records some topics hold, by the header cdrgen-id.
 */
#ifndef CDR_APP_VERIFY_IDS_H
#define CDR_APP_VERIFY_IDS_H

#include "app/verify_state.h"

/* The model and the encoders are there. Results and errors as cdr_command_verify. */
enum cdr_result cdr_verification_by_id(struct cdr_verification *run, struct cdr_error *error);

#endif
