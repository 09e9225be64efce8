#include "config/check.h"

#include "base/assertion.h"
#include "base/moment.h"
#include "base/parse.h"
#include "base/programme.h"
#include "encode/headers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ":9092" or nothing. */
static bool good_port(const char *text, size_t len)
{
    uint64_t port = 0;
    char digits[8];
    if (len == 0)
        return true;
    if (text[0] != ':' || len < 2 || len > 6)
        return false;
    memcpy(digits, text + 1, len - 1);
    digits[len - 1] = '\0';
    return cdr_parse_u64(digits, &port, NULL) == CDR_OK && port >= 1 && port <= 65535;
}

static bool good_host_port(const char *text, size_t len)
{
    size_t host_len = 0;
    if (len > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', len);
        if (close == NULL || close == text + 1)
            return false;
        host_len = (size_t)(close - text) + 1;
    } else {
        const char *colon = memchr(text, ':', len);
        host_len = colon != NULL ? (size_t)(colon - text) : len;
        for (size_t i = 0; i < host_len; i++)
            if (strchr(" \t/@\"'", text[i]) != NULL)
                return false;
    }
    return host_len > 0 && good_port(text + host_len, len - host_len);
}

static bool is_protocol(const char *text, size_t len)
{
    static const char *const names[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == len && strncasecmp(names[i], text, len) == 0)
            return true;
    return false;
}

enum cdr_result cdr_check_brokers(const char *text, struct cdr_error *error)
{
    const char *item = NULL;
    size_t len = 0;
    for (const char *rest = text; rest != NULL;) {
        char shown[128], quoted[72];
        rest = cdr_next_item(rest, &item, &len);
        snprintf(shown, sizeof shown, "%.*s", (int)len, item);
        const char *scheme = strstr(shown, "://");
        size_t skip = scheme != NULL ? (size_t)(scheme - shown) + 3 : 0;
        if (scheme != NULL && !is_protocol(shown, (size_t)(scheme - shown)))
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s does not begin as brokers do; allowed are host:port and "
                            "PLAINTEXT://, SSL://, SASL_PLAINTEXT:// or SASL_SSL:// in front",
                            cdr_quote(shown, quoted));
        if (len >= sizeof shown || !good_host_port(item + skip, len - skip))
            return cdr_fail(error, CDR_E_CONFIG, "%s is not host:port with a port of 1 to 65535",
                            cdr_quote(shown, quoted));
    }
    return CDR_OK;
}

enum cdr_result cdr_check_folder(const char *text, struct cdr_error *error)
{
    if (strcmp(text, "-") != 0)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG,
                    "\"-\" is no folder, and there is no writing to standard output; cdrgen sample "
                    "--count N prints records (./- is a folder of that name)");
}

enum cdr_result cdr_check_registry(const char *text, struct cdr_error *error)
{
    const char *item = NULL;
    size_t len = 0;
    for (const char *rest = text; rest != NULL;) {
        char url[512], quoted[72];
        rest = cdr_next_item(rest, &item, &len);
        snprintf(url, sizeof url, "%.*s", (int)len, item);
        size_t skip = strncasecmp(url, "http://", 7) == 0    ? 7
                      : strncasecmp(url, "https://", 8) == 0 ? 8
                                                             : 0;
        size_t host_len = strcspn(url + skip, "/?#");
        if (memchr(url + skip, '@', host_len) != NULL)
            return cdr_fail(error, CDR_E_CONFIG,
                            "credentials in a URL end up in logs; give them in "
                            "CDRGEN_REGISTRY_USER_INFO or --registry-user-info-file");
        if (len >= sizeof url || skip == 0 || !good_host_port(url + skip, host_len))
            return cdr_fail(error, CDR_E_CONFIG, "%s is not http://host:port or https://host:port",
                            cdr_quote(url, quoted));
    }
    return CDR_OK;
}

enum cdr_result cdr_check_user_info(const char *text, struct cdr_error *error)
{
    const char *colon = strchr(text, ':');
    if (colon != NULL && colon != text)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "the value is not of the form user:password");
}

enum cdr_result cdr_check_headers(const char *text, struct cdr_error *error)
{
    return cdr_headers_check(text, error);
}

enum cdr_result cdr_check_topic_prefix(const char *text, struct cdr_error *error)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    char quoted[72];
    size_t len = strlen(text);
    if (len > 240)
        return cdr_fail(error, CDR_E_CONFIG, "%s is longer than 240 characters",
                        cdr_quote(text, quoted));
    if (strspn(text, allowed) != len)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s holds what a topic's name cannot (letters, digits, '.', '_', '-')",
                        cdr_quote(text, quoted));
    return CDR_OK;
}

enum cdr_result cdr_check_topic_name(const char *text, struct cdr_error *error)
{
    char quoted[72];
    enum cdr_result result = cdr_check_topic_prefix(text, error);
    if (result == CDR_OK && (*text == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0))
        return cdr_fail(error, CDR_E_CONFIG, "%s cannot be the name of a topic",
                        cdr_quote(text, quoted));
    return result;
}

enum cdr_result cdr_check_moment(const char *text, struct cdr_error *error)
{
    struct cdr_moment moment;
    return cdr_parse_moment(text, &moment, error);
}

enum cdr_result cdr_check_program(const char *text, struct cdr_error *error)
{
    struct cdr_programme program;
    return cdr_programme_parse(text, &program, error);
}

enum cdr_result cdr_check_width(const char *text, struct cdr_error *error)
{
    double width;
    enum cdr_result result = cdr_parse_share(text, &width, error);
    if (result != CDR_OK || (width >= 0.01 && width <= 0.5))
        return result;
    char quoted[72];
    return cdr_fail(error, CDR_E_CONFIG, "%s is not between 1%% and 50%%", cdr_quote(text, quoted));
}

enum cdr_result cdr_check_assertion(const char *text, struct cdr_error *error)
{
    struct cdr_assertion assertion;
    return cdr_assertion_parse(text, &assertion, error);
}
