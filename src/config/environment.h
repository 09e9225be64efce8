/* The environment as a layer of settings: CDRGEN_DAYS=2, CDRGEN_KAFKA_SASL_PASSWORD=…
 *
 * A variable that starts with CDRGEN_, is no setting, but is close to one is an error: somebody
 * mistyped. Others are left alone, since orchestrators put variables of their own there
 * (CDRGEN_SERVICE_HOST).
 */
#ifndef CDR_CONFIG_ENVIRONMENT_H
#define CDR_CONFIG_ENVIRONMENT_H

#include "config/option.h"

/* The value of a variable, NULL where it is not there or empty. environment as environ(7). */
const char *cdr_environment_find(char *const *environment, const char *name);

enum cdr_result cdr_environment_load(struct cdr_loading *loading, char *const *environment,
                                     struct cdr_error *error);

#endif
