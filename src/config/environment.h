/* The environment as a layer of settings: CDRGEN_DAYS=2, CDRGEN_KAFKA_SASL_PASSWORD=…
 *
 * A variable that starts with CDRGEN_ and is no setting is an error: a setting that was asked for
 * would have no effect. Left alone are what orchestrators and scripts put there:
 *   - what Kubernetes sets beside a service whose name begins with cdrgen: CDRGEN_SERVICE_HOST,
 *     CDRGEN_PORT, CDRGEN_METRICS_PORT_9090_TCP, and the like;
 *   - CDRGEN_TEST_…, CDRGEN_CACHE and where the program is or comes from: CDRGEN_BIN, BINARY, EXE,
 *     HOME, DIR, ROOT, PATH, SRC, SOURCE, BUILD, VERSION, IMAGE, CI, also as the first of several
 *     words (CDRGEN_BUILD_DIR);
 *   - empty ones, which count as not given.
 */
#ifndef CDR_CONFIG_ENVIRONMENT_H
#define CDR_CONFIG_ENVIRONMENT_H

#include "config/option.h"

/* The value of a variable, NULL where it is not there or empty. environment as environ(7). */
const char *cdr_environment_find(char *const *environment, const char *name);

enum cdr_result cdr_environment_load(struct cdr_loading *loading, char *const *environment,
                                     struct cdr_error *error);

#endif
