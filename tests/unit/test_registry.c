/* The schema registry client against a server of this test's own, which answers as told: statuses
 * and failures that a real registry shows only on bad days. The real one is in
 * tests/kafka/test_registry.sh. */
#include "registry/registry.h"

#include <arpa/inet.h>
#include <dirent.h>
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
    atomic_uint requests; /* but those for /schemas/ids/… */
    const char *by_id;    /* the answer to these; NULL: the schema that was sent last */
    char sent[REQUEST_MAX];
    atomic_uint confirmations;
    char last[ANSWERS_MAX][REQUEST_MAX];
};

static bool complete(const char *text)
{
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length:");
    if (body != NULL && strncmp(text, "GET ", 4) == 0)
        return true;
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
    char same[REQUEST_MAX + 16];
    if (strncmp(text, "GET /schemas/ids/", 17) == 0) {
        snprintf(same, sizeof same, "200 OK\n%s", server->sent);
        answer = server->by_id != NULL ? server->by_id : same;
        atomic_fetch_add(&server->confirmations, 1);
    } else {
        atomic_fetch_add(&server->requests, 1);
        if (strncmp(text, "POST ", 5) == 0)
            snprintf(server->sent, sizeof server->sent, "%s", strstr(text, "\r\n\r\n") + 4);
        else if (strchr(answer, '\n') != NULL)
            snprintf(server->sent, sizeof server->sent, "%s", strchr(answer, '\n') + 1);
    }
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
static struct cdr_registry_wish wish;

static enum cdr_result ask_with(const struct cdr_registry_settings *settings, int32_t *id)
{
    error.text[0] = '\0';
    wish = (struct cdr_registry_wish){.subject = "cdr.call-value",
                                      .schema_text = "{\"type\": \"string\"}"};
    enum cdr_result result = cdr_registry_find(settings, &wish, 1, &error);
    *id = wish.id;
    return result;
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

static void an_id_that_stands_for_another_schema_is_refused(void **state)
{
    (void)state;
    struct server *server = START("200 OK\n{\"id\": 42}");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    server->by_id = "200 OK\n{\"schema\": \"\\\"int\\\"\"}";
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("subject cdr.call-value: it says that the schema has the id 42, and gives another "
                "schema by that id: it is of another type");
    assert_request(server, 1, "GET /schemas/ids/42?subject=cdr.call-value HTTP/1.1\r\n");
    stop(server);

    /* So is one that is given when the schema is registered, */
    server = START("404 Not Found\n{\"error_code\": 40401}",
                   "404 Not Found\n{\"error_code\": 40401}", "200 OK\n{\"id\": 42}");
    server->by_id = "200 OK\n{\"schema\": \"\\\"int\\\"\"}";
    settings = settings_for(server);
    settings.auto_register = true;
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("gives another schema by that id");
    stop(server);

    /* and the answer to a look-up that holds another schema. */
    server = START("200 OK\n{\"id\": 42, \"schema\": \"\\\"int\\\"\"}");
    settings = settings_for(server);
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("answers with another schema than the one that it was asked about");
    stop(server);

    /* A registry that does not tell is taken at its word, and that is said. */
    static const char *const untold[] = {"404 Not Found\n{\"error_code\": 40403}", "200 OK\n{}",
                                         "403 Forbidden\n"};
    for (size_t i = 0; i < sizeof untold / sizeof *untold; i++) {
        server = START("200 OK\n{\"id\": 42}");
        server->by_id = untold[i];
        settings = settings_for(server);
        assert_int_equal(ask_with(&settings, &id), CDR_OK);
        assert_int_equal(id, 42);
        if (strstr(wish.note, "whether the id 42 stands for the schema is not known") == NULL)
            fail_msg("noted: %s", wish.note);
        stop(server);
    }
}

static void an_unknown_one_is_registered_if_wanted(void **state)
{
    (void)state;
    static const char unknown[] =
        "404 Not Found\n{\"error_code\": 40401, \"message\": \"Subject not found.\"}";
    struct server *server = START(unknown, unknown, "200 OK\n{\"id\": 7}");
    struct cdr_registry_settings settings = settings_for(server);
    settings.auto_register = true;
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 7);
    assert_int_equal(wish.how, CDR_REGISTRY_REGISTERED);
    assert_request(server, 1,
                   "POST /compatibility/subjects/cdr.call-value/versions/"
                   "latest?verbose=true HTTP/1.1\r\n");
    assert_request(server, 2, "POST /subjects/cdr.call-value/versions HTTP/1.1\r\n");
    stop(server);

    /* --registry-normalize, or normalize.schemas in a properties file. */
    server = START(unknown, unknown, "200 OK\n{\"id\": 7}");
    settings = settings_for(server);
    settings.auto_register = settings.normalize = true;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_request(server, 0, "POST /subjects/cdr.call-value?normalize=true HTTP/1.1\r\n");
    assert_request(server, 1,
                   "POST /compatibility/subjects/cdr.call-value/versions/"
                   "latest?verbose=true&normalize=true HTTP/1.1\r\n");
    assert_request(server, 2, "POST /subjects/cdr.call-value/versions?normalize=true HTTP/1.1\r\n");
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
        {"422 Unprocessable Entity\n{\"error_code\": 42205, \"message\": \"Subject x is in "
         "read-only mode\"}",
         "the registry is read-only for this subject, so no schema can be registered (status 422): "
         "Subject x is in read-only mode"},
        {"403 Forbidden\n{\"message\": \"Registry is in READONLY mode\"}",
         "the registry is read-only for this subject, so no schema can be registered (status 403)"},
        {"422 Unprocessable Entity\n{\"error_code\": 42205, \"message\": \"Subject x is in "
         "import mode\"}",
         "the registry is in IMPORT mode for this subject"},
        {"422 Unprocessable Entity\n{\"error_code\": 42205, \"message\": \"no\"}",
         "the registry does not permit this (status 422): no"},
        {"422 Unprocessable Entity\n{\"error_code\": 42201, \"message\": "
         "\"\\u001b[31mr\\u00e9d\\u0007\"}",
         "(status 422): \\x1b[31mr\xc3\xa9"
         "d\\x07"},
        {"400 Bad Request\n\x1b]0;title\x07\xff", "(status 400): \\x1b]0;title\\x07\\xff"},
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

/* Larger than what is read, and a header that curl does not take: final, and said as such. */
static void answers_that_are_too_long_are_named(void **state)
{
    (void)state;
    const size_t size = 17 << 20, header = 400000;
    char *long_answer = malloc(size + 1), *long_header = malloc(header + 200);
    assert_non_null(long_answer);
    assert_non_null(long_header);
    memset(long_answer, 'x', size);
    memcpy(long_answer, "200 OK\n", 7);
    long_answer[size] = '\0';
    size_t len = (size_t)sprintf(long_header, "200 ");
    memset(long_header + len, 'x', header);
    strcpy(long_header + len + header, "\n{\"id\": 1}");
    const struct {
        const char *answer, *words;
    } cases[] = {{long_answer, "its answer is longer than the limit of 16 MiB"},
                 {long_header, "the header of its answer is longer than curl's limit"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server *server = START(cases[i].answer);
        struct cdr_registry_settings settings = settings_for(server);
        int32_t id = -1;
        assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
        assert_says(cases[i].words);
        assert_int_equal(server->requests, 1);
        stop(server);
    }
    free(long_answer);
    free(long_header);
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
    struct cdr_registry_wish odd = {.subject = "a/b c", .schema_text = "\"int\""};
    assert_int_equal(cdr_registry_find(&settings, &odd, 1, &error), CDR_OK);
    assert_request(server, 0, "POST /subjects/a%2fb%20c HTTP/1.1\r\n");
    stop(server);
}

static const char unknown_schema[] =
    "404 Not Found\n{\"error_code\": 40403, \"message\": \"Schema not found\"}";

static void an_incompatible_one_is_refused_before_any_is_registered(void **state)
{
    (void)state;
    static const char compatible[] = "200 OK\n{\"is_compatible\": true}";
    struct server *server =
        START(unknown_schema, unknown_schema, compatible,
              "200 OK\n{\"is_compatible\": false, \"messages\": [\"field x has\\nno default\", "
              "\"and y\"]}");
    struct cdr_registry_settings settings = settings_for(server);
    settings.auto_register = true;
    struct cdr_registry_wish two[] = {{.subject = "a-value", .schema_text = "\"int\""},
                                      {.subject = "b-value", .schema_text = "\"long\""}};
    assert_int_equal(cdr_registry_find(&settings, two, 2, &error), CDR_E_CONFIG);
    assert_says("subject b-value: the schema is not compatible with the latest version: field x "
                "has no default, and y; use another --topic-prefix");
    assert_int_equal(server->requests, 4);
    stop(server);

    /* Another registry's way to say why. */
    server = START(unknown_schema, "200 OK\n{\"is_compatible\": false, \"reason\": \"gone: x\"}");
    settings = settings_for(server);
    int32_t id = 5;
    assert_int_equal(cdr_registry_check(&settings, "a", "\"int\"", &id, &error), CDR_E_DIFFERENT);
    assert_says("not compatible with the latest version: gone: x");
    assert_int_equal(id, -1);
    stop(server);

    server = START(unknown_schema, "200 OK\n{\"compatible\": 1}");
    settings = settings_for(server);
    assert_int_equal(cdr_registry_check(&settings, "a", "\"int\"", &id, &error), CDR_E_CONFIG);
    assert_says("does not say whether the schema is compatible");
    stop(server);
}

static const char record[] =
    "{\"type\": \"record\", \"name\": \"R\", \"namespace\": \"n.m\", \"doc\": \"d\", \"fields\": ["
    "{\"name\": \"a\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}},"
    "{\"name\": \"b\", \"type\": [\"null\", {\"type\": \"enum\", \"name\": \"E\", \"symbols\": "
    "[\"X\"]}], \"default\": null}]}";

static void subjects_follow_the_strategy(void **state)
{
    (void)state;
    static const struct {
        char *strategy;
        const char *text, *subject;
    } cases[] = {
        {NULL, "\"int\"", "cdr.call-value"},
        {"topic", record, "cdr.call-value"},
        {"record", record, "n.m.R"},
        {"topic-record", record, "cdr.call-n.m.R"},
        {"record", "{\"type\": \"fixed\", \"name\": \"a.F\", \"namespace\": \"no\", \"size\": 1}",
         "a.F"},
        {"record", "{\"type\": \"record\", \"name\": \"Q\", \"fields\": []}", "Q"},
        {"record", "\"int\"", NULL},
        {"topic-record", "[\"null\"]", NULL},
        {"record", "{\"type\"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cdr_registry_settings settings = {.subject_strategy = cases[i].strategy};
        char subject[CDR_REGISTRY_SUBJECT_MAX];
        enum cdr_result result =
            cdr_registry_subject(&settings, "cdr.call", cases[i].text, subject, &error);
        assert_int_equal(result, cases[i].subject != NULL ? CDR_OK : CDR_E_CONFIG);
        if (cases[i].subject != NULL)
            assert_string_equal(subject, cases[i].subject);
        else
            assert_says("needs a schema that has a name, and that of the values of topic cdr.call "
                        "has none");
    }
}

static void forms_are_compared(void **state)
{
    (void)state;
    static const char same[] =
        "{\"name\": \"n.m.R\", \"type\": \"record\", \"aliases\": [\"Z\"], \"fields\": ["
        "{\"type\": {\"logicalType\": \"timestamp-millis\", \"type\": \"long\"}, \"name\": \"a\"},"
        "{\"name\": \"b\", \"type\": [\"null\", {\"type\": \"enum\", \"name\": \"n.m.E\", "
        "\"symbols\": [\"X\"], \"default\": \"X\"}]}]}";
    static const char *const others[] = {
        "\"long\"",
        "nonsense",
        "{\"type\": \"record\", \"name\": \"R\", \"fields\": []}",
        "{\"type\": \"record\", \"name\": \"n.m.R\", \"fields\": [{\"name\": \"a\", \"type\": "
        "\"int\"}, {\"name\": \"b\", \"type\": \"int\"}]}",
        "{\"type\": \"record\", \"name\": \"n.m.R\", \"fields\": [{\"name\": \"a\", \"type\": "
        "\"long\"}]}",
        "{\"type\": \"record\", \"name\": \"n.m.R\", \"fields\": [{\"name\": \"a\"}]}",
    };
    assert_true(cdr_registry_same(record, record));
    assert_true(cdr_registry_same(record, same));
    assert_true(cdr_registry_same("\"long\"", "{\"type\": \"long\"}"));
    assert_false(cdr_registry_same("\"long\"",
                                   "{\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(cdr_registry_same(record, others[i]));
}

/* The registry's answer to /versions/latest. */
#define VERSION(id, schema, more)                                                                  \
    "200 OK\n{\"subject\": \"s\", \"version\": 3, \"id\": " id ", \"schema\": \"" schema "\"" more \
    "}"

static void the_latest_version_is_taken_if_it_fits(void **state)
{
    (void)state;
    struct server *server = START(VERSION("9", "{\\\"type\\\": \\\"string\\\"}", ""));
    struct cdr_registry_settings settings = settings_for(server);
    settings.use_latest = settings.auto_register = true;
    int32_t id = -1;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 9);
    assert_int_equal(wish.how, CDR_REGISTRY_LATEST);
    assert_request(server, 0, "GET /subjects/cdr.call-value/versions/latest HTTP/1.1\r\n");
    stop(server);

    static const char *const cases[][2] = {
        {VERSION("9", "\\\"int\\\"", ""),
         "subject cdr.call-value: the latest version, 3 with id 9, is not of the form that the "
         "records have: it is of another type; leave out --use-latest"},
        {VERSION("9", "{", ""), "it is no Avro schema"},
        {VERSION("9", "{", ", \"schemaType\": \"JSON\""), "is a schema of JSON, not of Avro"},
        {VERSION("-9", "{", ""), "its answer holds no schema with id and version"},
        {"200 OK\n[]", "its answer holds no schema with id and version"},
        {"404 Not Found\n{\"error_code\": 40401, \"message\": \"Subject not found.\"}",
         "Subject not found.; register a schema there, or leave --use-latest out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server = START(cases[i][0]);
        settings.urls = server->url;
        assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
        assert_says(cases[i][1]);
        assert_int_equal(server->requests, 1);
        stop(server);
    }
}

static void what_a_schema_refers_to_is_fetched(void **state)
{
    (void)state;
#define REFERENCE(name, subject)                                                                   \
    "{\"name\": \"" name "\", \"subject\": \"" subject "\", \"version\": 2}"
    /* outer has a.Inner twice, which has NoSpace; the last refers back, which must end. */
    static const char outer[] = VERSION(
        "4",
        "{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"O\\\",\\\"namespace\\\":\\\"a\\\","
        "\\\"fields\\\":[{\\\"name\\\":\\\"x\\\",\\\"type\\\":[\\\"null\\\",\\\"Inner\\\"]},"
        "{\\\"name\\\":\\\"y\\\",\\\"type\\\":{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"a."
        "Inner\\\"}}]}",
        ", \"references\": [" REFERENCE("a.Inner", "inner") "]");
    static const char inner[] =
        VERSION("5",
                "{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"a.Inner\\\",\\\"fields\\\":["
                "{\\\"name\\\":\\\"z\\\",\\\"type\\\":{\\\"type\\\":\\\"map\\\",\\\"values\\\":"
                "\\\".NoSpace\\\"}}]}",
                ", \"references\": [" REFERENCE(".NoSpace", "none") "]");
    static const char none[] =
        VERSION("6", "{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"NoSpace\\\",\\\"size\\\":2}",
                ", \"references\": [" REFERENCE("a.Inner", "inner") "]");
    struct server *server = START(outer, inner, none);
    struct cdr_registry_settings settings = settings_for(server);
    struct cdr_registry_schema schema;
    assert_int_equal(cdr_registry_version(&settings, "outer", 0, &schema, &error), CDR_OK);
    assert_int_equal(server->requests, 3);
    assert_request(server, 1, "GET /subjects/inner/versions/2 HTTP/1.1\r\n");
    assert_int_equal(schema.id, 4);
    assert_int_equal(schema.reference_count, 2);
    assert_string_equal(schema.references[1].name, ".NoSpace");
    assert_string_equal(schema.references[1].subject, "none");
    assert_int_equal(schema.references[1].version, 2);
    assert_string_equal(
        schema.whole,
        "{\"type\":\"record\",\"name\":\"O\",\"namespace\":\"a\",\"fields\":[{\"name\":\"x\","
        "\"type\":[\"null\",{\"type\":\"record\",\"name\":\"a.Inner\",\"fields\":[{\"name\":\"z\","
        "\"type\":{\"type\":\"map\",\"values\":{\"type\":\"fixed\",\"name\":\"NoSpace\",\"size\":2,"
        "\"namespace\":\"\"}}}]}]},{\"name\":\"y\",\"type\":{\"type\":\"array\",\"items\":\"a."
        "Inner\"}}]"
        "}");
    cdr_registry_schema_free(&schema);
    stop(server);

    /* One that is gone, and one that is broken. */
    server = START(outer, "404 Not Found\n{\"error_code\": 40401, \"message\": \"gone\"}");
    settings = settings_for(server);
    assert_int_equal(cdr_registry_version(&settings, "outer", 0, &schema, &error), CDR_E_CONFIG);
    assert_says("subject inner: the registry does not know it (status 404): gone");
    stop(server);
    server = START(VERSION("1", "{}", ", \"references\": [{\"name\": \"n\"}]"));
    settings = settings_for(server);
    assert_int_equal(cdr_registry_version(&settings, "outer", 0, &schema, &error), CDR_E_CONFIG);
    assert_says("a reference has no name, subject or version");
    stop(server);
}

static void versions_are_listed(void **state)
{
    (void)state;
    struct server *server =
        START("200 OK\n[1, 2, 5]", "404 Not Found\n{\"error_code\": 40401}", "200 OK\n{\"a\": 1}");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t *versions;
    size_t count;
    assert_int_equal(cdr_registry_versions(&settings, "s", &versions, &count, &error), CDR_OK);
    assert_int_equal(count, 3);
    assert_int_equal(versions[2], 5);
    free(versions);
    assert_int_equal(cdr_registry_versions(&settings, "s", &versions, &count, &error), CDR_OK);
    assert_int_equal(count, 0);
    assert_null(versions);
    assert_int_equal(cdr_registry_versions(&settings, "s", &versions, &count, &error),
                     CDR_E_CONFIG);
    assert_says("its answer is no list of versions");
    stop(server);
}

/* The only file of a folder, for the test to damage. */
static void overwrite_cache(const char *folder, const char *text)
{
    DIR *open = opendir(folder);
    struct dirent *entry;
    unsigned n = 0;
    assert_non_null(open);
    while ((entry = readdir(open)) != NULL)
        if (entry->d_name[0] != '.') {
            char path[600];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            fputs(text, file);
            fclose(file);
            n++;
        }
    closedir(open);
    assert_int_equal(n, 1);
}

static void assert_noted(const char *text)
{
    if (strstr(wish.note, text) == NULL)
        fail_msg("\"%s\" does not note \"%s\"", wish.note, text);
}

static void a_cache_stands_in_for_a_registry_that_is_away(void **state)
{
    (void)state;
    char folder[] = "/tmp/cdrgen-registry-XXXXXX", urls[160];
    assert_non_null(mkdtemp(folder));
    struct server *server =
        START("200 OK\n{\"id\": 42}", "503 Service Unavailable\n", "401 Unauthorized\n",
              "503 Service Unavailable\n", "200 OK\n{\"id\": 43}", "503 Service Unavailable\n");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    /* The password is in no file. */
    snprintf(urls, sizeof urls, "http://bob:hunter2@%s", server->url + strlen("http://"));
    settings.urls = urls;
    settings.retries = 0;
    settings.cache = folder;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_string_equal(wish.note, "");

    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 42);
    assert_int_equal(wish.how, CDR_REGISTRY_CACHED);
    assert_noted("subject cdr.call-value: id 42 from the cache, as of 20");
    assert_noted("because of schema registry http://127.0.0.1");
    assert_null(strstr(wish.note, "hunter2"));

    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG); /* what it says counts */
    struct cdr_registry_wish other = {.subject = "cdr.call-value", .schema_text = "\"int\""};
    assert_int_equal(cdr_registry_find(&settings, &other, 1, &error), CDR_E_KAFKA);
    assert_says("has nothing for it");

    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 43);
    assert_noted("the registry gives the schema the id 43, and gave it 42 before");
    settings.urls = "http://127.0.0.1:9";
    assert_int_equal(ask_with(&settings, &id), CDR_E_KAFKA); /* of another registry */

    settings.urls = urls;
    static const char *const damages[] = {"", "{", "[]", "{\"id\": 42}"};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        overwrite_cache(folder, damages[i]);
        assert_int_equal(ask_with(&settings, &id), CDR_E_KAFKA);
    }
    stop(server);
    char command[80];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void the_latest_version_is_cached_too(void **state)
{
    (void)state;
    char parent[] = "/tmp/cdrgen-registry-XXXXXX", folder[80], command[80], *text = NULL;
    assert_non_null(mkdtemp(parent));
    snprintf(folder, sizeof folder, "%s/made", parent);
    struct server *server = START(VERSION("9", "\\\"string\\\"", ""), "500 Oops\n");
    struct cdr_registry_settings settings = settings_for(server);
    int32_t id = -1;
    settings.retries = 0;
    settings.cache = folder;
    settings.use_latest = true;
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(ask_with(&settings, &id), CDR_OK);
    assert_int_equal(id, 9);
    assert_int_equal(wish.how, CDR_REGISTRY_CACHED);
    id = -1;
    assert_int_equal(
        cdr_registry_latest(&settings, "cdr.call-value", &id, &text, wish.note, &error), CDR_OK);
    assert_noted("subject cdr.call-value: id 9 from the cache");
    assert_int_equal(id, 9);
    assert_string_equal(text, "\"string\"");
    free(text);
    assert_int_equal(cdr_registry_latest(&settings, "other", &id, &text, wish.note, &error),
                     CDR_E_KAFKA);
    snprintf(folder, sizeof folder, "%s/a/b", parent);
    assert_int_equal(ask_with(&settings, &id), CDR_E_CONFIG);
    assert_says("/a/b: No such file or directory");
    stop(server);
    snprintf(command, sizeof command, "rm -r %s", parent);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_schema_is_looked_up),
        cmocka_unit_test(an_id_that_stands_for_another_schema_is_refused),
        cmocka_unit_test(an_unknown_one_is_registered_if_wanted),
        cmocka_unit_test(final_answers_are_told_and_not_asked_for_again),
        cmocka_unit_test(answers_that_are_too_long_are_named),
        cmocka_unit_test(passing_errors_are_retried),
        cmocka_unit_test(retries_end),
        cmocka_unit_test(the_next_url_is_tried),
        cmocka_unit_test(credentials_are_sent_and_never_shown),
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(wrong_urls_are_refused_at_once),
        cmocka_unit_test(missing_certificate_files_are_final),
        cmocka_unit_test(subjects_are_escaped),
        cmocka_unit_test(an_incompatible_one_is_refused_before_any_is_registered),
        cmocka_unit_test(subjects_follow_the_strategy),
        cmocka_unit_test(forms_are_compared),
        cmocka_unit_test(the_latest_version_is_taken_if_it_fits),
        cmocka_unit_test(what_a_schema_refers_to_is_fetched),
        cmocka_unit_test(versions_are_listed),
        cmocka_unit_test(a_cache_stands_in_for_a_registry_that_is_away),
        cmocka_unit_test(the_latest_version_is_cached_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
