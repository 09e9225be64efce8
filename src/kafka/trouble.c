#include "kafka/trouble.h"

#include "base/redact.h"
#include "base/shown.h"
#include "kafka/reach.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A broker that starts or a proxy may cut a handshake off a few times. */
enum { HOPELESS_MS = 500, DOUBTFUL_MS = 3000 };

static bool is_wrong_protocol(const char *text)
{
    return strstr(text, "wrong version number") != NULL || strstr(text, "unexpected eof") != NULL ||
           strstr(text, "packet length") != NULL || strstr(text, "security.protocol") != NULL ||
           strstr(text, "ApiVersion") != NULL;
}

/* Reasons come as "sasl_ssl://host:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed:
 * Connection refused (after 0ms in state CONNECT, 5 identical error(s) suppressed)". "All brokers
 * down" and "disconnected" are consequences, so they never replace a cause, unless they come with
 * the advice to look at security.protocol: that stays where broken pipes follow. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct cdr_kafka_client *client = opaque;
    char fatal[400];
    rd_kafka_resp_err_t trouble = (rd_kafka_resp_err_t)code;
    if (trouble == RD_KAFKA_RESP_ERR__FATAL) {
        trouble = rd_kafka_fatal_error(rk, fatal, sizeof fatal);
        reason = fatal;
        if (client->on_fatal != NULL)
            client->on_fatal(client->owner, trouble, reason);
    }
    pthread_mutex_lock(&client->lock);
    cdr_kafka_note_unreached(client, reason);
    bool consequence =
        trouble == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
        (strstr(reason, "Disconnected") != NULL && !is_wrong_protocol(reason)) ||
        (trouble == RD_KAFKA_RESP_ERR__TRANSPORT && !is_wrong_protocol(reason) &&
         strstr(reason, "Connect to") == NULL && is_wrong_protocol(client->trouble_text));
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

/* librdkafka hides secrets itself; this is for the one that it forgets. */
static void on_debug_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    static const char *const names[] = {
        "sasl.password",           "ssl.key.password",
        "ssl.keystore.password",   "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config",
    };
    size_t size = 2 * strlen(text) + 1;
    char *from = malloc(size), *to = malloc(size), *shown = malloc(4 * size);
    if (from != NULL && to != NULL && shown != NULL) {
        memcpy(from, text, strlen(text) + 1);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            char secret[512] = "";
            size_t secret_size = sizeof secret;
            if (rd_kafka_conf_get(rd_kafka_conf((rd_kafka_t *)(uintptr_t)rk), names[i], secret,
                                  &secret_size) != RD_KAFKA_CONF_OK ||
                secret[0] == '\0')
                continue;
            cdr_redact(from, secret, to, size);
            char *swap = from;
            from = to;
            to = swap;
        }
        cdr_shown(shown, 4 * size, from);
        rd_kafka_log_print(rk, level, facility, shown);
    }
    free(from);
    free(to);
    free(shown);
}

/* Judges nothing: what OpenSSL found wrong with the broker's certificate is kept, for librdkafka's
 * words do not tell an expired one from one of a strange authority. */
static int on_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *x509_error,
                          int depth, const char *bytes, size_t size, char *reason,
                          size_t reason_size, void *opaque)
{
    struct cdr_kafka_client *client = opaque;
    (void)rk, (void)broker, (void)broker_id, (void)depth, (void)bytes, (void)size, (void)reason,
        (void)reason_size;
    if (*x509_error == 0)
        return 1;
    pthread_mutex_lock(&client->lock);
    client->certificate_error = *x509_error;
    pthread_mutex_unlock(&client->lock);
    return 0;
}

void cdr_kafka_listen(rd_kafka_conf_t *conf)
{
    char debug[256] = "", verification[16] = "";
    size_t size = sizeof debug;
    if (rd_kafka_conf_get(conf, "debug", debug, &size) != RD_KAFKA_CONF_OK)
        debug[0] = '\0';
    size = sizeof verification;
    if (rd_kafka_conf_get(conf, "enable.ssl.certificate.verification", verification, &size) !=
        RD_KAFKA_CONF_OK)
        verification[0] = '\0';
    rd_kafka_conf_set_error_cb(conf, on_error);
    /* A user that sets the debug property wants to see librdkafka's own log on stderr. */
    rd_kafka_conf_set_log_cb(conf, debug[0] == '\0' ? on_log : on_debug_log);
    if (strcmp(verification, "true") == 0)
        rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
}

rd_kafka_resp_err_t cdr_kafka_trouble(struct cdr_kafka_client *client, char *text, size_t size)
{
    pthread_mutex_lock(&client->lock);
    rd_kafka_resp_err_t trouble = client->trouble;
    snprintf(text, size, "%s", client->trouble_text);
    pthread_mutex_unlock(&client->lock);
    return trouble;
}

bool cdr_kafka_is_denied(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/* X509_V_ERR_… of OpenSSL, which are its interface and do not change. */
static const char *certificate_hint(int x509_error)
{
    switch (x509_error) {
    case 9:
        return "the broker's certificate is not valid yet: renew it, or set the clock";
    case 10:
        return "the broker's certificate has expired: renew it";
    case 18:
        return "the broker's certificate is signed by itself: ssl.ca.location must name it";
    case 19:
    case 2:
    case 20:
    case 21:
        return "the broker's certificate is of an authority that is not in ssl.ca.location (nor, "
               "without one, among the system's)";
    case 23:
        return "the broker's certificate has been revoked";
    case 62:
    case 64:
        return "the broker's certificate is for another host name: connect to one that it names, "
               "or set ssl.endpoint.identification.algorithm=none";
    default:
        return NULL;
    }
}

/* The number of the TLS alert that the broker ended a connection with, 0 = none. */
static int alert_of(const char *text)
{
    static const char words[] = "SSL alert number ";
    const char *found = strstr(text, words);
    return found != NULL ? atoi(found + sizeof words - 1) : 0;
}

static bool is_alert_of_certificate(int alert)
{
    return (alert >= 41 && alert <= 46) || alert == 48 || alert == 116;
}

int cdr_kafka_patience_ms(rd_kafka_resp_err_t trouble, const char *text)
{
    if (trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
        trouble == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
        trouble == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM ||
        (trouble == RD_KAFKA_RESP_ERR__SSL && strstr(text, "certificate") != NULL) ||
        is_alert_of_certificate(alert_of(text)))
        return HOPELESS_MS;
    return is_wrong_protocol(text) ? DOUBTFUL_MS : INT_MAX;
}

void cdr_kafka_hint(struct cdr_kafka_client *client, char *hint, size_t size)
{
    char text[400];
    const struct cdr_kafka_properties *properties = client->properties;
    rd_kafka_resp_err_t trouble = cdr_kafka_trouble(client, text, sizeof text);
    pthread_mutex_lock(&client->lock);
    int x509_error = client->certificate_error;
    pthread_mutex_unlock(&client->lock);
    const char *words = NULL;
    char protocol[200];
    if (trouble == RD_KAFKA_RESP_ERR__AUTHENTICATION && properties->scram &&
        rd_kafka_version() < 0x020601ff)
        words = "librdkafka before 2.6.1 cannot do SCRAM with Kafka 4 whatever the password (PLAIN "
                "and mTLS work): build cdrgen with a newer one, scripts/install-deps --librdkafka";
    else if (strstr(text, "certificate verify failed") != NULL)
        words = certificate_hint(x509_error);
    else if (is_alert_of_certificate(alert_of(text)))
        words = properties->certificate
                    ? "the broker does not accept the client's certificate: is it of an authority "
                      "that the broker trusts, and still valid?"
                    : "the broker wants a certificate of the client: give ssl.certificate.location "
                      "and ssl.key.location (PEM), or ssl.keystore.location (PKCS#12)";
    if (words == NULL && is_wrong_protocol(text)) {
        snprintf(protocol, sizeof protocol,
                 "the listener seems not to speak security.protocol=%s; there are PLAINTEXT, SSL, "
                 "SASL_PLAINTEXT and SASL_SSL",
                 properties->protocol);
        words = protocol;
    }
    snprintf(hint, size, "%s%s", words != NULL ? "; " : "", words != NULL ? words : "");
}

enum cdr_result cdr_kafka_request_failed(struct cdr_kafka_client *asker, rd_kafka_resp_err_t code,
                                         const char *what, const char *subject,
                                         const char *operation, const char *reason,
                                         struct cdr_error *error)
{
    if (cdr_kafka_is_denied(code))
        return cdr_fail(error, CDR_E_STATE,
                        "not authorised to %s %s: the user that the client logs in as lacks "
                        "the operation %s on it",
                        what, subject, operation);
    char trouble[400] = "", unreached[500] = "";
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
        code == RD_KAFKA_RESP_ERR__RESOLVE) {
        rd_kafka_poll(asker->rk, 0);
        cdr_kafka_name_unreached(asker, unreached, sizeof unreached);
        if (unreached[0] == '\0')
            cdr_kafka_trouble(asker, trouble, sizeof trouble);
    }
    return cdr_fail(error, CDR_E_KAFKA, "cannot %s %s at %s: %s%s%s%s", what, subject,
                    asker->properties->brokers,
                    reason != NULL && reason[0] != '\0' ? reason : rd_kafka_err2str(code),
                    trouble[0] != '\0' ? "; the last trouble was " : "", trouble, unreached);
}
