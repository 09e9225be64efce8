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

enum cdr_result cdr_kafka_client_open(struct cdr_kafka_client *client, rd_kafka_type_t type,
                                      const struct cdr_kafka_properties *properties,
                                      struct cdr_kafka_sink *sink, const char *group_id,
                                      struct cdr_error *error)
{
    client->properties = properties;
    client->sink = sink;
    client->trouble = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->trouble_text[0] = '\0';
    client->certificate_error = 0;
    pthread_mutex_init(&client->lock, NULL);

    char reason[512] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(properties->conf);
    rd_kafka_conf_set_opaque(conf, client);
    cdr_kafka_listen(conf);
    if (sink != NULL) {
        rd_kafka_conf_set_dr_msg_cb(conf, cdr_kafka_on_report);
        cdr_kafka_standstill_listen(conf);
    }
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
    char text[400], hint[400];
    cdr_kafka_trouble(client, text, sizeof text);
    if (text[0] == '\0')
        snprintf(text, sizeof text, "%s", rd_kafka_err2str(code));
    cdr_kafka_hint(client, hint, sizeof hint);
    return cdr_fail(error, CDR_E_KAFKA, "no Kafka broker of %s answered within %d.%d s: %s%s",
                    client->properties->brokers, waited_ms / 1000, waited_ms % 1000 / 100, text,
                    hint);
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
        if (waited_ms >= timeout_ms || waited_ms >= cdr_kafka_patience_ms(trouble, text))
            return unreachable(client, code, (int)waited_ms, error);
        slice_ms *= 2; /* a far broker may need more than the first slices to answer at all */
    }
}
