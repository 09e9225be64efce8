/* Settings that exclude each other because one of them would have no effect: the rows' columns
 * only and needs, and the few pairs that these cannot express.
 *
 * A destination or setting that was asked for is never replaced or ignored without a word. What
 * counts as asked for depends on where it was given, since a config file or an environment may
 * serve several runs:
 *   - a flag is for this run: if it cannot have an effect, that is an error;
 *   - in the environment, a setting that lacks the one that it needs is an error, but one of
 *     another destination is for the runs that go there;
 *   - settings of Kafka from wherever are an error in a run that would write files only because
 *     nothing says where else to.
 */
#ifndef CDR_CONFIG_RULES_H
#define CDR_CONFIG_RULES_H

#include "config/option.h"

/* `config` prints whatever it is given: nothing is refused to it. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_rules_check(const struct cdr_settings *settings, enum cdr_command command,
                                struct cdr_error *error);

#endif
