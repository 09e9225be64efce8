/* librdkafka's properties: the defaults of this program (properties.c, with the reasons), then
 * settings.brokers, then the user's in their order; the last one of a name counts. Unknown names
 * and bad values are CDR_E_CONFIG.
 *
 * Some properties hold promises up: enable.idempotence, acks=all and enable.gapless.guarantee. They
 * can only be changed with settings.force, which makes a warning of each.
 */
#ifndef CDR_KAFKA_PROPERTIES_H
#define CDR_KAFKA_PROPERTIES_H

#include "kafka/settings.h"

#include <librdkafka/rdkafka.h>

/* What settings.force overrode. */
struct cdr_kafka_warnings {
    size_t n;
    char (*texts)[512];
};

enum cdr_result cdr_kafka_warn(struct cdr_kafka_warnings *warnings, const char *text,
                               struct cdr_error *error);

struct cdr_kafka_properties {
    rd_kafka_conf_t *conf;         /* complete but for callbacks; owned */
    char brokers[256];             /* for messages */
    uint64_t queue_bytes;          /* bound of the payload under way */
    int64_t delivery_timeout_ms;   /* as given; librdkafka is told never to give a record up */
    int64_t request_timeout_ms;    /* so long a producer waits for an answer */
    int64_t batch_bytes;           /* message.max.bytes */
    bool scram;                    /* sasl.mechanisms is one of SCRAM */
    bool certificate;              /* the client has one */
    char protocol[24];             /* security.protocol */
    void (*say)(const char *line); /* of the settings */
};

/* CDR_E_CONFIG with a text that names source, property, value and reason. */
enum cdr_result cdr_kafka_properties_make(struct cdr_kafka_properties *properties,
                                          const struct cdr_kafka_settings *settings,
                                          struct cdr_kafka_warnings *warnings,
                                          struct cdr_error *error);
void cdr_kafka_properties_free(struct cdr_kafka_properties *properties);

/* Whether the user gave a property of that name. */
bool cdr_kafka_is_given(const struct cdr_kafka_settings *settings, const char *name);
/* A property of the program's own. CDR_E_CONFIG: this librdkafka does not take it. */
enum cdr_result cdr_kafka_property_set(struct cdr_kafka_properties *properties, const char *name,
                                       const char *value, struct cdr_error *error);
/* The effective value of one that is a number. */
int64_t cdr_kafka_property_number(const struct cdr_kafka_properties *properties, const char *name);

#endif
