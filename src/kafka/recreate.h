/* Topics for repair: whether they exist, creating them, and replacing them by empty ones. Needs no
 * client. Errors: CDR_E_KAFKA, CDR_E_CONFIG; CDR_E_STATE: a right is missing, and nothing was
 * changed. */
#ifndef CDR_KAFKA_RECREATE_H
#define CDR_KAFKA_RECREATE_H

#include "kafka/settings.h"

enum cdr_result cdr_kafka_exists(const struct cdr_kafka_settings *settings, const char *name,
                                 bool *exists, struct cdr_error *error);
/* The topic is empty when it returns. */
enum cdr_result cdr_kafka_create(const struct cdr_kafka_settings *settings,
                                 const struct cdr_kafka_new_topic *topic, struct cdr_error *error);
/* Whether the user may create a topic that exists, so that recreate does not leave it deleted. */
enum cdr_result cdr_kafka_may_recreate(const struct cdr_kafka_settings *settings, const char *name,
                                       struct cdr_error *error);
/* Deletes a topic and creates it again, empty, with topic's partitions and the same replicas and
 * settings as it had; where they cannot be read, with those of topic. */
enum cdr_result cdr_kafka_recreate(const struct cdr_kafka_settings *settings,
                                   const struct cdr_kafka_new_topic *topic,
                                   struct cdr_error *error);

#endif
