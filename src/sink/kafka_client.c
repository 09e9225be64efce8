#include "sink/kafka_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t cdr_kafka_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reasons come as "sasl_ssl://host:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed:
 * Connection refused (after 0ms in state CONNECT, 5 identical error(s) suppressed)". "All brokers
 * down" and "disconnected" are consequences, so they never replace a cause. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct cdr_kafka_client *client = opaque;
    char fatal[400];
    rd_kafka_resp_err_t trouble = (rd_kafka_resp_err_t)code;
    if (trouble == RD_KAFKA_RESP_ERR__FATAL) {
        trouble = rd_kafka_fatal_error(rk, fatal, sizeof fatal);
        reason = fatal;
        if (client->sink != NULL)
            cdr_kafka_on_fatal(client->sink, trouble, reason);
    }
    pthread_mutex_lock(&client->lock);
    bool consequence =
        trouble == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || strstr(reason, "Disconnected") != NULL;
    if (!consequence || client->trouble == 0) {
        client->trouble = trouble;
        snprintf(client->trouble_text, sizeof client->trouble_text, "%s", reason);
        char *after = strstr(client->trouble_text, " (after ");
        if (after != NULL && strstr(after, "in state") != NULL)
            *after = '\0';
    }
    pthread_mutex_unlock(&client->lock);
}

/* What matters also comes through on_error; a library does not print. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

rd_kafka_resp_err_t cdr_kafka_trouble(struct cdr_kafka_client *client, char *text, size_t size)
{
    pthread_mutex_lock(&client->lock);
    rd_kafka_resp_err_t trouble = client->trouble;
    snprintf(text, size, "%s", client->trouble_text);
    pthread_mutex_unlock(&client->lock);
    return trouble;
}

enum cdr_result cdr_kafka_client_open(struct cdr_kafka_client *client, rd_kafka_type_t type,
                                      const struct cdr_kafka_properties *properties,
                                      struct cdr_kafka_sink *sink, const char *group_id,
                                      struct cdr_error *error)
{
    client->properties = properties;
    client->sink = sink;
    client->trouble = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->trouble_text[0] = '\0';
    pthread_mutex_init(&client->lock, NULL);

    char reason[512] = "", debug[256] = "";
    size_t debug_size = sizeof debug;
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(properties->conf);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    /* Who sets the debug property wants to see librdkafka's own log on stderr. */
    if (rd_kafka_conf_get(conf, "debug", debug, &debug_size) != RD_KAFKA_CONF_OK ||
        debug[0] == '\0')
        rd_kafka_conf_set_log_cb(conf, on_log);
    if (sink != NULL)
        rd_kafka_conf_set_dr_msg_cb(conf, cdr_kafka_on_report);
    if (type == RD_KAFKA_CONSUMER) {
        /* A group.id makes a client look for its coordinator, which needs rights that asking does
         * not. */
        rd_kafka_conf_set(conf, "group.id", group_id != NULL ? group_id : "", NULL, 0);
        rd_kafka_conf_set(conf, "enable.auto.commit", "false", NULL, 0);
        rd_kafka_conf_set(conf, "allow.auto.create.topics", "false", NULL, 0);
    }
    client->rk = rd_kafka_new(type, conf, reason, sizeof reason);
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        pthread_mutex_destroy(&client->lock);
        return cdr_fail(error, CDR_E_CONFIG, "Kafka client for %s: %s", properties->brokers,
                        reason);
    }
    return CDR_OK;
}

void cdr_kafka_client_close(struct cdr_kafka_client *client)
{
    if (client->rk == NULL)
        return;
    rd_kafka_destroy(client->rk);
    client->rk = NULL;
    pthread_mutex_destroy(&client->lock);
}

static enum cdr_result unreachable(struct cdr_kafka_client *client, rd_kafka_resp_err_t code,
                                   int waited_ms, struct cdr_error *error)
{
    char text[400];
    rd_kafka_resp_err_t trouble = cdr_kafka_trouble(client, text, sizeof text);
    if (text[0] == '\0')
        snprintf(text, sizeof text, "%s", rd_kafka_err2str(code));
    const char *hint = "";
    if (trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION && client->properties->scram &&
        rd_kafka_version() < 0x020601ff)
        hint = "; librdkafka before 2.6.1 cannot do SCRAM with Kafka 4 whatever the password, "
               "PLAIN and mTLS work";
    return cdr_fail(error, CDR_E_KAFKA, "no Kafka broker of %s answered within %d.%d s: %s%s",
                    client->properties->brokers, waited_ms / 1000, waited_ms % 1000 / 100, text,
                    hint);
}

/* Errors that waiting does not mend; refused connections may be a broker that is still starting. */
static bool is_hopeless(rd_kafka_resp_err_t trouble, const char *text)
{
    return trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           (trouble == RD_KAFKA_RESP_ERR__SSL && strstr(text, "certificate") != NULL);
}

enum cdr_result cdr_kafka_connect(struct cdr_kafka_client *client, int timeout_ms,
                                  struct cdr_error *error)
{
    int64_t start_ms = cdr_kafka_clock_ms();
    int64_t slice_ms = 250;
    for (;;) {
        int64_t waited_ms = cdr_kafka_clock_ms() - start_ms;
        int64_t left_ms = timeout_ms - waited_ms;
        if (left_ms < slice_ms)
            slice_ms = left_ms > 1 ? left_ms : 1;
        const struct rd_kafka_metadata *metadata = NULL;
        rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, NULL, &metadata, (int)slice_ms);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
            return CDR_OK;
        }
        rd_kafka_poll(client->rk, 0); /* calls on_error */
        char text[400];
        rd_kafka_resp_err_t trouble = cdr_kafka_trouble(client, text, sizeof text);
        waited_ms = cdr_kafka_clock_ms() - start_ms;
        if (waited_ms >= timeout_ms || (is_hopeless(trouble, text) && waited_ms >= 500))
            return unreachable(client, code, (int)waited_ms, error);
        slice_ms *= 2; /* a far broker may need more than the first slices to answer at all */
    }
}
