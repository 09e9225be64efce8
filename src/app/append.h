/* Before an --append: is this dataset in the topics already? Kafka forgets where it begins there
 * (offsets.retention.minutes), so its first records are looked for. */
#ifndef CDR_APP_APPEND_H
#define CDR_APP_APPEND_H

#include "app/run_state.h"

/* With --append into Kafka: is the dataset there already, though Kafka may have forgotten where it
 * begins? Then a run with --resume goes on with it (found_bases), and any other says that it writes
 * it once more. CDR_E_STATE: it cannot tell. */
enum cdr_result cdr_run_find_appended(struct cdr_run *run, struct cdr_error *error);

#endif
