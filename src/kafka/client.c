#include "kafka/client.h"

#include "kafka/aside.h"
#include "kafka/reach.h"
#include "kafka/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t cdr_kafka_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum cdr_result cdr_kafka_client_open(struct cdr_kafka_client *client, rd_kafka_type_t type,
                                      const struct cdr_kafka_properties *properties,
                                      const struct cdr_kafka_role *role, struct cdr_error *error)
{
    static const struct cdr_kafka_role asker = {0};
    if (role == NULL)
        role = &asker;
    client->properties = properties;
    client->owner = role->owner;
    client->on_fatal = role->on_fatal;
    client->trouble = RD_KAFKA_RESP_ERR_NO_ERROR;
    client->trouble_text[0] = '\0';
    client->certificate_error = 0;
    client->unreached = false;
    client->stuck = false;
    client->unreached_count = 0;
    pthread_mutex_init(&client->lock, NULL);

    char reason[512] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(properties->conf);
    rd_kafka_conf_set_opaque(conf, client);
    if (role->property != NULL)
        rd_kafka_conf_set(conf, role->property, role->value, NULL, 0);
    if (role->prepare != NULL)
        role->prepare(conf);
    cdr_kafka_listen(conf);
    if (type == RD_KAFKA_CONSUMER) {
        /* A group.id makes a client look for its coordinator, which needs rights that asking does
         * not. */
        rd_kafka_conf_set(conf, "group.id", role->group_id != NULL ? role->group_id : "", NULL, 0);
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

static void destroy(void *context)
{
    rd_kafka_t *rk = context;
    /* No client here joins a group. Without the flag a consumer that may not use its group waits
     * for minutes for the answer to a commit. */
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void keep_nothing(void *context)
{
    (void)context;
}

bool cdr_kafka_end(rd_kafka_t *rk, int patience_ms)
{
    rd_kafka_set_log_level(rk, 0); /* if it stays behind, whom it would tell is gone */
    return cdr_kafka_aside(destroy, keep_nothing, rk, patience_ms);
}

void cdr_kafka_drain(rd_kafka_queue_t *queue)
{
    for (rd_kafka_message_t *message; (message = rd_kafka_consume_queue(queue, 0)) != NULL;)
        rd_kafka_message_destroy(message);
}

void cdr_kafka_client_close(struct cdr_kafka_client *client)
{
    if (client->rk == NULL)
        return;
    if (client->stuck) {
        client->rk = NULL;
        return;
    }
    if (rd_kafka_type(client->rk) == RD_KAFKA_CONSUMER)
        cdr_kafka_end(client->rk, CDR_KAFKA_CLOSE_MS);
    else
        destroy(client->rk);
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

/* Once, so that the user knows what it waits for. */
static void tell(struct cdr_kafka_client *client, int timeout_ms)
{
    char text[400];
    struct cdr_error line;
    cdr_kafka_trouble(client, text, sizeof text);
    const char *why = strstr(text, " failed: ");
    why = why != NULL ? why + strlen(" failed: ") : text[0] != '\0' ? text : "no answer yet";
    cdr_fail(&line, CDR_OK, "waiting for a broker at %s: %s (up to %g s, --kafka-timeout)",
             client->properties->brokers, why, timeout_ms / 1000.0);
    if (client->properties->say != NULL)
        client->properties->say(line.text);
}

enum { TELL_MS = 1000, UNREACHED_MS = 2000 };

/* How far a client is with connecting. */
struct connecting {
    struct cdr_kafka_client *client;
    int timeout_ms;
    int64_t start_ms, answered_ms;            /* answered: brokers are known since, 0 = not yet */
    const struct rd_kafka_metadata *metadata; /* the last list of brokers that was asked for */
    bool told;
};

/* Whether any broker of the last list can be reached at the address that it advertises. Later lists
 * may be asked for at these addresses, so that one that is got is kept. */
static bool is_reached(struct connecting *connecting)
{
    struct cdr_kafka_client *client = connecting->client;
    struct cdr_kafka_unreached found[CDR_KAFKA_UNREACHED_MAX];
    size_t n =
        cdr_kafka_unreached(client, connecting->metadata, true, found, CDR_KAFKA_UNREACHED_MAX);
    pthread_mutex_lock(&client->lock);
    memcpy(client->unreached_brokers, found, n * sizeof *found);
    client->unreached_count = n;
    pthread_mutex_unlock(&client->lock);
    return n == 0;
}

static void keep(struct connecting *connecting, const struct rd_kafka_metadata *metadata)
{
    if (connecting->metadata != NULL)
        rd_kafka_metadata_destroy(connecting->metadata);
    connecting->metadata = metadata;
}

static enum cdr_result blame_addresses(struct cdr_kafka_client *client, struct cdr_error *error)
{
    char text[800] = "";
    size_t used = 0;
    pthread_mutex_lock(&client->lock);
    client->unreached = true;
    for (size_t i = 0; i < client->unreached_count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "; " : "",
                                 client->unreached_brokers[i].text);
    pthread_mutex_unlock(&client->lock);
    return cdr_fail(error, CDR_E_KAFKA,
                    "%s answers, but %s; set advertised.listeners of the brokers to addresses that "
                    "this machine reaches",
                    client->properties->brokers, text);
}

/* Brokers are known, and the addresses of none are reached. The list may be that of a moment ago,
 * so it gets a second chance. */
static enum cdr_result judge_unreached(struct connecting *connecting, struct cdr_error *error)
{
    const int64_t now_ms = cdr_kafka_clock_ms();
    if (connecting->answered_ms == 0)
        connecting->answered_ms = now_ms;
    if (now_ms - connecting->answered_ms >= UNREACHED_MS ||
        now_ms - connecting->start_ms >= connecting->timeout_ms)
        return blame_addresses(connecting->client, error);
    usleep(100 * 1000);
    return CDR_E_AGAIN;
}

/* After an attempt: CDR_OK, CDR_E_AGAIN or a failure. */
static enum cdr_result judge(struct connecting *connecting, rd_kafka_resp_err_t code,
                             struct cdr_error *error)
{
    struct cdr_kafka_client *client = connecting->client;
    char text[400];
    const bool reached = connecting->metadata != NULL && is_reached(connecting);
    if (reached && code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CDR_OK;
    rd_kafka_poll(client->rk, 0); /* calls on_error */
    rd_kafka_resp_err_t trouble = cdr_kafka_trouble(client, text, sizeof text);
    pthread_mutex_lock(&client->lock);
    const bool named = client->unreached_count > 0;
    pthread_mutex_unlock(&client->lock);
    if (!reached && named)
        return judge_unreached(connecting, error);
    const int64_t waited_ms = cdr_kafka_clock_ms() - connecting->start_ms;
    if (waited_ms >= connecting->timeout_ms || waited_ms >= cdr_kafka_patience_ms(trouble, text))
        return unreachable(client, code, (int)waited_ms, error);
    if (!connecting->told && waited_ms >= TELL_MS)
        tell(client, connecting->timeout_ms);
    connecting->told |= waited_ms >= TELL_MS;
    return CDR_E_AGAIN;
}

enum cdr_result cdr_kafka_connect(struct cdr_kafka_client *client, int timeout_ms,
                                  struct cdr_error *error)
{
    struct connecting connecting = {
        .client = client, .timeout_ms = timeout_ms, .start_ms = cdr_kafka_clock_ms()};
    int64_t slice_ms = 250;
    enum cdr_result result = CDR_E_AGAIN;
    while (result == CDR_E_AGAIN) {
        const int64_t waited_ms = cdr_kafka_clock_ms() - connecting.start_ms;
        const int64_t left_ms = timeout_ms - waited_ms;
        if (waited_ms < TELL_MS && waited_ms + slice_ms > TELL_MS)
            slice_ms = TELL_MS - waited_ms;
        if (left_ms < slice_ms)
            slice_ms = left_ms > 1 ? left_ms : 1;
        const struct rd_kafka_metadata *metadata = NULL;
        rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, NULL, &metadata, (int)slice_ms);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            keep(&connecting, metadata);
        result = judge(&connecting, code, error);
        if (connecting.answered_ms == 0)
            slice_ms *= 2; /* a far broker may need more than the first slices to answer at all */
    }
    if (connecting.metadata != NULL)
        rd_kafka_metadata_destroy(connecting.metadata);
    return result;
}

enum cdr_result cdr_kafka_probe(const struct cdr_kafka_settings *settings, int timeout_ms,
                                struct cdr_error *error)
{
    struct cdr_kafka_properties properties;
    struct cdr_kafka_warnings warnings = {0};
    struct cdr_kafka_client asker = {0};
    enum cdr_result result = cdr_kafka_properties_make(&properties, settings, &warnings, error);
    if (result == CDR_OK)
        result = cdr_kafka_client_open(&asker, RD_KAFKA_CONSUMER, &properties, NULL, error);
    if (result == CDR_OK)
        result = cdr_kafka_connect(&asker, timeout_ms, error);
    cdr_kafka_client_close(&asker);
    cdr_kafka_properties_free(&properties);
    free(warnings.texts);
    return result;
}
