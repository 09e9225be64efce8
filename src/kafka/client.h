/* A client: an instance of librdkafka's, what it hears of brokers while it runs, and connecting.
 *
 * The files of this folder know topics, partitions and offsets, and nothing of records, logs or
 * datasets:
 *
 *   settings.h    what the user says about a cluster
 *   properties.h  defaults, the user's properties, what may not be changed
 *   trouble.h     what librdkafka's words about connections mean, and its own log
 *   reach.h       whether the addresses that brokers advertise can be reached
 *   metadata.h    what the brokers say of a topic
 *   aside.h       calls that may never return
 *   offsets.h     where partitions begin and end, and what is committed for them
 *   admin.h       settings of topics, and their creation
 *   recreate.h    deletes topics and creates them again
 *   reader.h      records, by offset
 *   whole.h       all that a topic holds
 *
 * A client may be used by any thread. All questions block, for the time that they are given.
 */
#ifndef CDR_KAFKA_CLIENT_H
#define CDR_KAFKA_CLIENT_H

#include "kafka/properties.h"

#include <pthread.h>

/* A broker whose advertised address this machine does not reach. */
struct cdr_kafka_unreached {
    int32_t broker;
    char text[360]; /* "broker 1 is advertised as HOST:PORT, which cannot be resolved: …" */
};
enum { CDR_KAFKA_UNREACHED_MAX = 16 };

/* What a client is opened for; all 0: to ask. */
struct cdr_kafka_role {
    const char *group_id;         /* of a consumer. Without one it needs only the rights to ask */
    const char *property, *value; /* one that differs from the properties, or NULL */
    /* Sets more properties and callbacks, whose opaque is the client; or NULL. */
    void (*prepare)(rd_kafka_conf_t *conf);
    /* librdkafka will send nothing more; or NULL. */
    void (*on_fatal)(void *owner, rd_kafka_resp_err_t code, const char *reason);
    void *owner; /* for all of its callbacks */
};

/* Opaque of all of librdkafka's callbacks. */
struct cdr_kafka_client {
    rd_kafka_t *rk;
    const struct cdr_kafka_properties *properties;
    void *owner;
    void (*on_fatal)(void *owner, rd_kafka_resp_err_t code, const char *reason);
    bool stuck;           /* a call does not return (aside.h): nobody ends rk, or frees this */
    bool unreached;       /* connect failed because no advertised address was reached */
    pthread_mutex_t lock; /* of what follows */
    rd_kafka_resp_err_t trouble; /* the last that librdkafka reported, 0 = none yet */
    char trouble_text[400];
    /* Brokers that are not reached at the addresses that they advertise: that librdkafka named, or
     * that connect tried. */
    struct cdr_kafka_unreached unreached_brokers[CDR_KAFKA_UNREACHED_MAX];
    size_t unreached_count;
    int certificate_error; /* OpenSSL's X509_V_ERR_… of the broker's last one, 0 = none */
};

/* A client of its own copy of the properties, which must outlive it. role may be NULL. */
enum cdr_result cdr_kafka_client_open(struct cdr_kafka_client *client, rd_kafka_type_t type,
                                      const struct cdr_kafka_properties *properties,
                                      const struct cdr_kafka_role *role, struct cdr_error *error);
/* Also of one that was never opened, if it is all 0. A consumer that does not end within
 * CDR_KAFKA_CLOSE_MS is left behind, since librdkafka can lock itself up when it frees what it has
 * fetched. A producer is waited for, since it refers to its callers' records; one that is stuck is
 * left behind, and its struct must stay, which its threads may call back with. */
void cdr_kafka_client_close(struct cdr_kafka_client *client);
enum { CDR_KAFKA_CLOSE_MS = 20000 };
/* Ends an instance, in a thread of its own. False: it has not ended after patience_ms; nobody may
 * use it any more. */
bool cdr_kafka_end(rd_kafka_t *rk, int patience_ms);
/* Frees what has come into a queue of messages that nobody reads any more. With it in the queue the
 * end of the client is where librdkafka can lock itself up. */
void cdr_kafka_drain(rd_kafka_queue_t *queue);

/* Waits until a broker answers a metadata request, and any broker's advertised address can be
 * reached. After a second it tells properties->say what it waits for. CDR_E_KAFKA names brokers and
 * the reason. */
enum cdr_result cdr_kafka_connect(struct cdr_kafka_client *client, int timeout_ms,
                                  struct cdr_error *error);

int64_t cdr_kafka_clock_ms(void); /* monotonic */

#endif
