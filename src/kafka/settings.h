/* What a user says about a Kafka cluster, whoever talks to it: brokers, properties, patience. Needs
 * no librdkafka. */
#ifndef CDR_KAFKA_SETTINGS_H
#define CDR_KAFKA_SETTINGS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A librdkafka property as the user gave it. */
struct cdr_property {
    char *name, *value;
    char *source; /* "-X", "client.properties:12", "CDRGEN_…": for messages */
};

/* Strings are owned by the code that filled it (src/config). */
struct cdr_kafka_settings {
    /* bootstrap servers, NULL where only a property gives them or none are configured */
    char *brokers;
    struct cdr_property *properties;
    size_t property_count;
    uint32_t timeout_ms; /* for metadata and admin requests */
    bool force;          /* go on where a promise or the topic guard would refuse */
    /* Shows the user a line while something takes long; any thread. NULL: nothing is shown. */
    void (*say)(const char *line);
};

/* A topic that keeps what is written, whatever its time; one that is compacted, a table, keeps the
 * last row of each key. */
struct cdr_kafka_new_topic {
    const char *name;
    uint32_t partitions;
    uint32_t replication; /* 0 = the broker's default */
    int64_t retention_ms; /* −1 = keep for ever */
    bool compacted;
};

/* Offers further names to a search for what the user meant: those that stand for properties of
 * librdkafka. */
struct cdr_suggestion;
typedef void (*cdr_kafka_names)(struct cdr_suggestion *suggestion);

/* Does librdkafka know the settings' properties and take their values, wherever the records go?
 * Connects to nothing and reads no file. names_only: values are not looked at. CDR_E_CONFIG. */
enum cdr_result cdr_kafka_check_properties(const struct cdr_kafka_settings *settings,
                                           bool names_only, cdr_kafka_names offer,
                                           struct cdr_error *error);

/* Does any of the configured brokers answer a metadata request within timeout_ms? For --sink auto.
 * CDR_OK, CDR_E_CONFIG (no brokers configured, or a bad property) or CDR_E_KAFKA with the last
 * reason, such as "connection refused". */
enum cdr_result cdr_kafka_probe(const struct cdr_kafka_settings *settings, int timeout_ms,
                                struct cdr_error *error);

#endif
