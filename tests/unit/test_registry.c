/* The schema registry client against a server of this test's own, which answers as told: statuses
 * and failures that a real registry shows only on bad days. The real one is in
 * tests/kafka/test_registry.sh. */
#include "sink/registry.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWERS_MAX = 8, REQUEST_MAX = 16384 };

/* The n-th request gets the n-th answer; more than there are get the last again. */
struct server {
    int socket;
    char url[64];
    pthread_t thread;
    const char *answers[ANSWERS_MAX]; /* status line's rest, newline, body; "hang up" closes without
                                         a word */
    unsigned answer_count;
    atomic_uint requests;
    char last[ANSWERS_MAX][REQUEST_MAX];
};

static bool complete(const char *text)
{
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length:");
    return body != NULL && length != NULL && strlen(body + 4) >= (size_t)atoi(length + 15);
}

static void serve(struct server *server, int connection)
{
    unsigned number = atomic_load(&server->requests);
    char *text = server->last[number < ANSWERS_MAX ? number : ANSWERS_MAX - 1];
    size_t len = 0;
    ssize_t more;
    text[0] = '\0';
    while (!complete(text) && (more = read(connection, text + len, REQUEST_MAX - 1 - len)) > 0) {
        len += (size_t)more;
        text[len] = '\0';
    }
    const char *answer =
        server->answers[number < server->answer_count ? number : server->answer_count - 1];
    atomic_fetch_add(&server->requests, 1);
    if (strcmp(answer, "hang up") != 0) {
        const char *body = strchr(answer, '\n') + 1;
        dprintf(connection, "HTTP/1.1 %.*s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                (int)(body - 1 - answer), answer, strlen(body), body);
    }
    close(connection);
}

static void *serve_all(void *opaque)
{
    struct server *server = opaque;
    int connection;
    while ((connection = accept(server->socket, NULL, NULL)) >= 0)
        serve(server, connection);
    return NULL;
}

static int loopback_socket(char *url, size_t size)
{
    int made = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    assert_int_equal(bind(made, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(made, (struct sockaddr *)&address, &len), 0);
    snprintf(url, size, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return made;
}

static struct server *start(unsigned answer_count, const char *const *answers)
{
    struct server *server = calloc(1, sizeof *server);
    server->answer_count = answer_count;
    memcpy(server->answers, answers, answer_count * sizeof *answers);
    server->socket = loopback_socket(server->url, sizeof server->url);
    assert_int_equal(listen(server->socket, 8), 0);
    pthread_create(&server->thread, NULL, serve_all, server);
    return server;
}
#define START(...)                                                                                 \
    start(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static void stop(struct server *server)
{
    shutdown(server->socket, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->socket);
    free(server);
}

static struct cdr_error error;

static enum cdr_result ask_with(const struct cdr_registry_settings *settings, int32_t *id)
{
    error.text[0] = '\0';
    return cdr_registry_schema_id(settings, "cdr.call-value", "{\"type\": \"string\"}", id, &error);
}

static struct cdr_registry_settings settings_for(const struct server *server)
{
    return (struct cdr_registry_settings){
        .urls = (char *)(uintptr_t)server->url, .timeout_ms = 5000, .retries = 2};
}

static void assert_says(const char *text)
{
    if (strstr(error.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
    assert_null(strchr(error.text, '\n'));
}

static void assert_request(const struct server *server, unsigned number, const char *text)
{
    if (strstr(server->last[number], text) == NULL)
        fail_msg("request %u has no \"%s\": %s", number, text, server->last[number]);
}

static void a_known_schema_is_looked_up(void **state)
{
    (void)state;
    struct server *server =
        START("200 OK\n{\"subject\": \"cdr.call-value\", \"id\": 42, \"version\": 1}");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 42);
    assert_int_equal(server->requests, 1);
    assert_request(server, 0, "POST /subjects/cdr.call-value HTTP/1.1\r\n");
    assert_request(server, 0, "Content-Type: application/vnd.schemaregistry.v1+json\r\n");
    assert_request(server, 0, "\r\n\r\n{\"schema\":\"{\\\"type\\\": \\\"string\\\"}\"}");
    stop(server);
}

static void an_unknown_one_is_registered_if_wanted(void **state)
{
    (void)state;
    static const char unknown[] =
        "404 Not Found\n{\"error_code\": 40401, \"message\": \"Subject not found.\"}";
    struct server *server = START(unknown, "200 OK\n{\"id\": 7}");
    struct cdr_registry_settings settings = settings_for(server);
    settings.auto_register = true;
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 7);
    assert_request(server, 1, "POST /subjects/cdr.call-value/versions HTTP/1.1\r\n");
    stop(server);

    server = START(unknown);
    settings = settings_for(server);
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("subject cdr.call-value: the registry does not know it (status 404): Subject not "
                "found.; register it");
    assert_int_equal(server->requests, 1);
    stop(server);
}

static void final_answers_are_told_and_not_asked_for_again(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"401 Unauthorized\n", "does not accept the credentials (status 401)"},
        {"403 Forbidden\n{\"message\": \"no\"}", "do not allow this (status 403): no"},
        {"404 Not Found\n<html>\nlost</html>", "there is no schema registry at this URL"},
        {"409 Conflict\n{\"error_code\": 409, \"message\": \"field x\\nis gone\"}",
         "not compatible with the versions that the subject has (status 409): field x"},
        {"422 Unprocessable Entity\n{\"error_code\": 42201, \"message\": \"bad type\"}",
         "finds the schema invalid (status 422): bad type"},
        {"200 OK\nWelcome!", "its answer holds no schema id"},
        {"200 OK\n{\"id\": 99999999999}", "its answer holds no schema id"},
        {"200 OK\n{\"id\": -1}", "its answer holds no schema id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct server *server = START(cases[i][0]);
        struct cdr_registry_settings settings = settings_for(server);
        int32_t id = -1;
        assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
        assert_says(cases[i][1]);
        assert_says(server->url);
        assert_int_equal(server->requests, 1);
        assert_int_equal(id, -1);
        stop(server);
    }
}

static void passing_errors_are_retried(void **state)
{
    (void)state;
    struct server *server =
        START("503 Service Unavailable\nstarting", "hang up", "200 OK\n{\"id\": 3}");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 3);
    assert_int_equal(server->requests, 3);
    stop(server);
}

static void retries_end(void **state)
{
    (void)state;
    struct server *server = START("429 Too Many Requests\n", "500 Oops\nstack trace\nlong");
    struct cdr_registry_settings settings = settings_for(server);
    settings.retries = 1;
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_E_KAFKA);
    assert_says("the registry failed (status 500): stack trace");
    assert_int_equal(server->requests, 2);
    stop(server);
}

static void the_next_url_is_tried(void **state)
{
    (void)state;
    struct server *server = START("200 OK\n{\"id\": 5}");
    char dead[64], urls[256];
    int holder = loopback_socket(dead, sizeof dead); /* bound, not listening */
    snprintf(urls, sizeof urls, "%s, %s/api/ccompat/v7/", dead, server->url);
    struct cdr_registry_settings settings = {.urls = urls, .timeout_ms = 5000};
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 5);
    assert_request(server, 0, "POST /api/ccompat/v7/subjects/cdr.call-value HTTP/1.1\r\n");
    stop(server);

    settings.urls = dead;
    assert_int_equal(ask_with(&settings, &id), CDR_E_KAFKA);
    assert_says(dead);
    assert_says("Connection refused");
    close(holder);
}

static void credentials_are_sent_and_never_shown(void **state)
{
    (void)state;
    struct server *server = START("401 Unauthorized\n");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    settings.user_info = "alice:hunter2";
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_request(server, 0, "Authorization: Basic YWxpY2U6aHVudGVyMg==\r\n");
    assert_null(strstr(error.text, "hunter2"));
    stop(server);

    server = START("401 Unauthorized\n");
    settings = settings_for(server);
    settings.bearer_token = "tok3n";
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_request(server, 0, "Authorization: Bearer tok3n\r\n");
    assert_null(strstr(error.text, "tok3n"));
    stop(server);

    server = START("401 Unauthorized\n");
    char url[128];
    snprintf(url, sizeof url, "http://bob:hunter2@%s/", server->url + strlen("http://"));
    settings = settings_for(server);
    settings.urls = url;
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_request(server, 0, "Authorization: Basic Ym9iOmh1bnRlcjI=\r\n");
    assert_null(strstr(error.text, "hunter2"));
    assert_null(strstr(error.text, "bob"));
    stop(server);
}

static void a_silent_server_is_given_up(void **state)
{
    (void)state;
    char url[64];
    int listening = loopback_socket(url, sizeof url);
    assert_int_equal(listen(listening, 8), 0); /* connects, and nobody answers */
    struct cdr_registry_settings settings = {.urls = url, .timeout_ms = 300};
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_E_KAFKA);
    assert_says("timed out");
    close(listening);
}

static void wrong_urls_are_refused_at_once(void **state)
{
    (void)state;
    static char *const urls[] = {"http://", "not a url", "file:///etc/passwd", "ftp://127.0.0.1/x"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct cdr_registry_settings settings = {
            .urls = urls[i], .timeout_ms = 1000, .retries = 20};
        int32_t id = -1;
        assert_int_not_equal(ask_with(&settings, &id), CDR_OK);
        assert_true(error.text[0] != '\0');
    }
    struct cdr_registry_settings none = {.urls = NULL};
    int32_t id;
    assert_int_equal(ask_with(&none, &id), CDR_E_CONFIG);
    assert_says("pass --registry URL");
    none.urls = " , ";
    assert_int_equal(ask_with(&none, &id), CDR_E_CONFIG);
}

static void missing_certificate_files_are_final(void **state)
{
    (void)state;
    struct cdr_registry_settings settings = {.urls = "https://127.0.0.1:1/",
                                             .ca_location = "/nowhere/ca.pem",
                                             .timeout_ms = 1000,
                                             .retries = 20};
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("/nowhere/ca.pem");
}

static void subjects_are_escaped(void **state)
{
    (void)state;
    struct server *server = START("200 OK\n{\"id\": 1}");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    assert_int_equal(cdr_registry_schema_id(&settings, "a/b c", "\"int\"", &id, &error), CDR_OK);
    assert_request(server, 0, "POST /subjects/a%2fb%20c HTTP/1.1\r\n");
    stop(server);
}

/* The one finding of examining, freed by the next call. */
static const struct cdr_finding *examine(const struct cdr_registry_settings *settings)
{
    static struct cdr_findings findings;
    cdr_findings_free(&findings);
    cdr_registry_examine(settings, "cdr.call-value", "{\"type\": \"string\"}", &findings);
    assert_int_equal(findings.failure, CDR_OK);
    assert_int_equal(findings.n, 1);
    assert_string_equal(findings.items[0].subject, "subject cdr.call-value");
    return &findings.items[0];
}

static void assert_finding(const struct cdr_finding *finding, enum cdr_finding_level level,
                           const char *what, const char *mend)
{
    if (finding->level != level || strcmp(finding->what, what) != 0 ||
        strcmp(finding->mend, mend) != 0)
        fail_msg("found %d \"%s\"; \"%s\"", finding->level, finding->what, finding->mend);
}

#define UNKNOWN_SUBJECT "404 Not Found\n{\"error_code\": 40401, \"message\": \"no\"}"

/* Nothing that the doctor asks registers anything. */
static void examining_registers_nothing(void **state)
{
    (void)state;
    struct server *server = START("200 OK\n{\"id\": 42}");
    struct cdr_registry_settings settings = settings_for(server);
    assert_finding(examine(&settings), CDR_FINDING_OK, "the schema is registered, id 42", "");
    stop(server);

    server = START("404 Not Found\n{\"error_code\": 40403, \"message\": \"no\"}",
                   "200 OK\n{\"is_compatible\": true}");
    settings = settings_for(server);
    settings.auto_register = true;
    assert_finding(examine(&settings), CDR_FINDING_OK,
                   "the schema is compatible with the latest version and would be registered", "");
    assert_request(server, 1,
                   "POST /compatibility/subjects/cdr.call-value/versions/latest?verbose=true "
                   "HTTP/1.1\r\n");
    assert_request(server, 1, "\r\n\r\n{\"schema\":\"{\\\"type\\\": \\\"string\\\"}\"}");
    stop(server);

    server = START(UNKNOWN_SUBJECT, UNKNOWN_SUBJECT);
    settings = settings_for(server);
    settings.auto_register = true;
    assert_finding(examine(&settings), CDR_FINDING_OK, "is new; the schema would be registered",
                   "");
    assert_int_equal(server->requests, 2);
    stop(server);
}

static void examining_tells_what_would_fail(void **state)
{
    (void)state;
    struct server *server = START(UNKNOWN_SUBJECT);
    struct cdr_registry_settings settings = settings_for(server);
    assert_finding(examine(&settings), CDR_FINDING_FAIL, "the registry does not know the schema",
                   "register it, or leave --no-auto-register out");
    stop(server);

    server = START(UNKNOWN_SUBJECT, "200 OK\n{\"is_compatible\": false, \"messages\": [\"field x "
                                    "lacks\\n a default\", \"{y}\"]}");
    settings = settings_for(server);
    settings.auto_register = true;
    assert_finding(
        examine(&settings), CDR_FINDING_FAIL,
        "the schema is not compatible with the latest version: field x lacks  a default, "
        "{y}",
        "use another --topic-prefix, or set the subject's compatibility");
    stop(server);

    server = START(UNKNOWN_SUBJECT, "200 OK\nwhat?");
    settings = settings_for(server);
    settings.auto_register = true;
    assert_non_null(strstr(examine(&settings)->what, "does not say whether the schema"));
    stop(server);

    server = START("401 Unauthorized\n{}");
    settings = settings_for(server);
    assert_int_equal(examine(&settings)->level, CDR_FINDING_FAIL);
    assert_non_null(strstr(examine(&settings)->what, "does not accept the credentials"));
    stop(server);
    settings.urls = NULL;
    assert_finding(examine(&settings), CDR_FINDING_FAIL,
                   "no schema registry is given: pass --registry URL[,URL]", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_schema_is_looked_up),
        cmocka_unit_test(an_unknown_one_is_registered_if_wanted),
        cmocka_unit_test(final_answers_are_told_and_not_asked_for_again),
        cmocka_unit_test(passing_errors_are_retried),
        cmocka_unit_test(retries_end),
        cmocka_unit_test(the_next_url_is_tried),
        cmocka_unit_test(credentials_are_sent_and_never_shown),
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(wrong_urls_are_refused_at_once),
        cmocka_unit_test(missing_certificate_files_are_final),
        cmocka_unit_test(subjects_are_escaped),
        cmocka_unit_test(examining_registers_nothing),
        cmocka_unit_test(examining_tells_what_would_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
