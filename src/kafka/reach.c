/* Whether this machine reaches the addresses that brokers advertise.
 *
 * A client asks the bootstrap servers only for the list of brokers; all else goes to the addresses
 * in that list, which may be those of another network (a container's name, "localhost").
 * librdkafka then waits for each question until it times out, and its words name no broker. So the
 * addresses are tried here: resolved, and connected to. One that is among the bootstrap servers
 * needs no trial where only one has to be reached: it answered. */
#include "kafka/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_MS = 1500, /* of one address */
    TRIALS_MS = 5000,  /* of all of them; those that are left are taken to be reached */
};

/* "" where it connects, else why not. */
static void connect_to(const struct addrinfo *address, char *why, size_t size)
{
    int reason = 0;
    socklen_t len = sizeof reason;
    int made = socket(address->ai_family, SOCK_STREAM, 0);
    if (made < 0) {
        snprintf(why, size, "%s", strerror(errno));
        return;
    }
    fcntl(made, F_SETFL, O_NONBLOCK);
    fcntl(made, F_SETFD, FD_CLOEXEC);
    struct pollfd ready = {.fd = made, .events = POLLOUT};
    if (connect(made, address->ai_addr, address->ai_addrlen) != 0) {
        reason = errno;
        if (reason == EINPROGRESS && poll(&ready, 1, CONNECT_MS) == 0)
            reason = ETIMEDOUT;
        else if (reason == EINPROGRESS &&
                 getsockopt(made, SOL_SOCKET, SO_ERROR, &reason, &len) != 0)
            reason = errno;
    }
    close(made);
    if (reason == 0)
        why[0] = '\0';
    else
        snprintf(why, size, "which cannot be reached: %s", strerror(reason));
}

/* The families that the client would try. */
static int family_of(const rd_kafka_conf_t *conf)
{
    char value[16] = "";
    size_t size = sizeof value;
    rd_kafka_conf_get(conf, "broker.address.family", value, &size);
    return strcmp(value, "v4") == 0 ? AF_INET : strcmp(value, "v6") == 0 ? AF_INET6 : AF_UNSPEC;
}

static void try_address(const rd_kafka_conf_t *conf, const char *host, int port, char *why,
                        size_t size)
{
    char service[16];
    struct addrinfo hints = {.ai_family = family_of(conf), .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    snprintf(service, sizeof service, "%d", port);
    int code = getaddrinfo(host, service, &hints, &found);
    if (code != 0) {
        snprintf(why, size, "which cannot be resolved: %s",
                 code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
        return;
    }
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        connect_to(at, why, size);
        if (why[0] == '\0')
            break;
    }
    freeaddrinfo(found);
}

static bool is_bootstrap(const struct cdr_kafka_client *client, const char *address)
{
    char servers[4096] = "";
    size_t size = sizeof servers, len = strlen(address);
    rd_kafka_conf_get(client->properties->conf, "bootstrap.servers", servers, &size);
    for (const char *at = servers; (at = strstr(at, address)) != NULL; at += len) {
        const bool begins = at == servers || strchr(", /", at[-1]) != NULL;
        if (begins && (at[len] == '\0' || strchr(", ", at[len]) != NULL))
            return true;
    }
    return false;
}

size_t cdr_kafka_unreached(const struct cdr_kafka_client *client,
                           const struct rd_kafka_metadata *metadata, bool any,
                           struct cdr_kafka_unreached *unreached, size_t max)
{
    const int64_t end_ms = cdr_kafka_clock_ms() + TRIALS_MS;
    size_t n = 0;
    for (int i = 0; i < metadata->broker_cnt && n < max; i++) {
        const rd_kafka_metadata_broker_t *broker = &metadata->brokers[i];
        char why[120] = "", address[300];
        snprintf(address, sizeof address, "%s:%d", broker->host, broker->port);
        if (any && is_bootstrap(client, address))
            return 0;
        if (broker->host[0] == '\0' || broker->port <= 0)
            snprintf(why, sizeof why, "which is no address");
        else if (cdr_kafka_clock_ms() < end_ms)
            try_address(client->properties->conf, broker->host, broker->port, why, sizeof why);
        if (why[0] == '\0' && any)
            return 0;
        if (why[0] == '\0')
            continue;
        unreached[n].broker = broker->id;
        snprintf(unreached[n++].text, sizeof unreached->text,
                 "broker %d is advertised as %.200s, %s", (int)broker->id, address, why);
    }
    return n;
}

/* "HOST:PORT/ID" of "proto://HOST:PORT/ID: …"; false where ID is no number ("bootstrap"). */
static bool read_name(const char *reason, char *address, size_t size, int32_t *broker)
{
    const char *end = strstr(reason, ": "), *scheme = strstr(reason, "://"), *slash = NULL;
    const char *from = scheme != NULL && (end == NULL || scheme < end) ? scheme + 3 : reason;
    for (const char *at = from; end != NULL && at < end; at++)
        slash = *at == '/' ? at : slash;
    if (slash == NULL || slash + 1 == end || (size_t)(slash - from) >= size)
        return false;
    char *rest;
    const long number = strtol(slash + 1, &rest, 10);
    if (rest != end || number < 0 || number > INT32_MAX)
        return false;
    snprintf(address, size, "%.*s", (int)(slash - from), from);
    *broker = (int32_t)number;
    return true;
}

void cdr_kafka_note_unreached(struct cdr_kafka_client *client, const char *reason)
{
    char address[256];
    int32_t broker;
    const bool unresolved = strstr(reason, ": Failed to resolve '") != NULL;
    const char *why = strstr(reason, unresolved ? "': " : " failed: ");
    if ((!unresolved && strstr(reason, ": Connect to ") == NULL) || why == NULL ||
        !read_name(reason, address, sizeof address, &broker) || is_bootstrap(client, address))
        return;
    why += strlen(unresolved ? "': " : " failed: ");
    const char *after = strstr(why, " (after ");
    const int why_len = after != NULL ? (int)(after - why) : (int)strlen(why);
    size_t at = 0; /* in the order of their numbers */
    while (at < client->unreached_count && client->unreached_brokers[at].broker < broker)
        at++;
    const bool known =
        at < client->unreached_count && client->unreached_brokers[at].broker == broker;
    if (!known && client->unreached_count == CDR_KAFKA_UNREACHED_MAX)
        return;
    struct cdr_kafka_unreached *entry = &client->unreached_brokers[at];
    if (!known)
        memmove(entry + 1, entry, (client->unreached_count++ - at) * sizeof *entry);
    entry->broker = broker;
    snprintf(entry->text, sizeof entry->text,
             "broker %d is advertised as %.200s, which cannot be %s: %.*s", (int)broker, address,
             unresolved ? "resolved" : "reached", why_len > 90 ? 90 : why_len, why);
}

void cdr_kafka_name_unreached(const struct cdr_kafka_client *client, char *text, size_t size)
{
    enum { ASK_MS = 2000, SHOWN = 8 };
    const struct rd_kafka_metadata *metadata = NULL;
    struct cdr_kafka_unreached unreached[SHOWN];
    /* The client itself would ask the brokers that it knows by now. */
    struct cdr_kafka_client fresh = {0};
    text[0] = '\0';
    if (cdr_kafka_client_open(&fresh, RD_KAFKA_CONSUMER, client->properties, NULL, NULL) != CDR_OK)
        return;
    if (rd_kafka_metadata(fresh.rk, 0, NULL, &metadata, ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t n = cdr_kafka_unreached(client, metadata, false, unreached, SHOWN), used = 0;
        for (size_t i = 0; i < n && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "; %s", unreached[i].text);
        rd_kafka_metadata_destroy(metadata);
    }
    cdr_kafka_client_close(&fresh);
}
