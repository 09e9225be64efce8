/* Why a client does not get on: librdkafka's words, gathered, and what they mean for the user that
 * must fix it. */
#ifndef CDR_KAFKA_TROUBLE_H
#define CDR_KAFKA_TROUBLE_H

#include "kafka/client.h"

/* Copies the last trouble ("" where there was none) and returns its code. */
rd_kafka_resp_err_t cdr_kafka_trouble(struct cdr_kafka_client *client, char *text, size_t size);

/* What the trouble that keeps a client from connecting means and how to mend it: "; …", or "". */
void cdr_kafka_hint(struct cdr_kafka_client *client, char *hint, size_t size);

/* Patience with a trouble, in ms: what waiting does not mend (a wrong password) gets little, what
 * may be a broker that starts gets INT_MAX. */
int cdr_kafka_patience_ms(rd_kafka_resp_err_t trouble, const char *text);

/* Whether an answer means that the user lacks a right. */
bool cdr_kafka_is_denied(rd_kafka_resp_err_t code);

/* Sets the callbacks that gather trouble (opaque is the client), and librdkafka's log: to nowhere,
 * or with the property debug to stderr, without secrets. */
void cdr_kafka_listen(rd_kafka_conf_t *conf);

/* A question about something failed: "cannot WHAT SUBJECT at BROKERS: …". operation is the right
 * that it takes, reason the broker's words or NULL. CDR_E_STATE where the right is missing, else
 * CDR_E_KAFKA. */
enum cdr_result cdr_kafka_request_failed(struct cdr_kafka_client *asker, rd_kafka_resp_err_t code,
                                         const char *what, const char *subject,
                                         const char *operation, const char *reason,
                                         struct cdr_error *error);

#endif
