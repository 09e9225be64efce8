/* Kafka client properties: -X name=value, -F client.properties, "kafka" in a config file,
 * CDRGEN_KAFKA_…
 *
 * They reach librdkafka as they are, and what is wrong with a name or value is the Kafka sink's to
 * say. But people bring files that they wrote for Java clients, so names of Java's dialect are
 * understood wherever a property can be given:
 *   - what librdkafka calls otherwise is renamed (max.request.size → message.max.bytes);
 *   - sasl.jaas.config of the PLAIN, SCRAM, OAUTHBEARER and Kerberos modules is taken apart;
 *   - PEM files, PEM texts and PKCS#12 key stores map to librdkafka's settings, JKS stores are
 *     refused with the command that converts;
 *   - what cannot matter here (serializers, consumer settings) is left out, what would have done
 *     something in Java with a warning;
 *   - what would change the meaning (interceptors, other partitioners, callback classes,
 *     configuration providers) is refused in words.
 * The table is dialect.c. bootstrap.servers sets brokers; schema.registry.url and its companions
 * set the registry. NAME_file reads the value from a file.
 *
 * Property files: NAME=VALUE or NAME: VALUE a line, '#' or '!' starts a comment, a '\' at the
 * line's end goes on in the next line. As in Java, "\\", "\:", "\=", "\#", "\!", "\ ", "\t", "\n",
 * "\r" and "\uXXXX" are escapes; other backslashes stay, as librdkafka's users expect.
 */
#ifndef CDR_CONFIG_PROPERTIES_H
#define CDR_CONFIG_PROPERTIES_H

#include "config/option.h"

/* Gives one property, under its librdkafka or Java name; one of the same name is replaced. source
 * is for messages. Errors are clauses that begin with the name and never show the value of a
 * secret. */
enum cdr_result cdr_property_give(struct cdr_loading *loading, const char *name, const char *value,
                                  const char *source, struct cdr_error *error);

/* The same under librdkafka's own name, without a look at Java's. */
enum cdr_result cdr_property_set(struct cdr_loading *loading, const char *name, const char *value,
                                 const char *source, struct cdr_error *error);

/* Does librdkafka know the properties and take their values, wherever the records go? For `config`
 * only the names are looked at, since a printed value may be hidden. */
enum cdr_result cdr_properties_check(const struct cdr_settings *settings, enum cdr_command command,
                                     struct cdr_error *error);

/* Gives all properties of a file. Errors name file and line. */
enum cdr_result cdr_properties_load(struct cdr_loading *loading, const char *path,
                                    struct cdr_error *error);

/* The value, or "[hidden]" for a secret. */
const char *cdr_property_shown(const struct cdr_property *property);

void cdr_properties_free(struct cdr_kafka_settings *kafka);

/* One setting of a JAAS line, e.g. username of `…PlainLoginModule required username="a"
 * password="b";`, to be freed by the caller; NULL where it is not there. */
char *cdr_jaas_setting(const char *jaas, const char *name);

#endif
