#include "config/secret.h"

#include "config/text_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX 65536

void cdr_secret_wipe(char *bytes, size_t len)
{
    volatile char *p = bytes;
    for (size_t i = 0; i < len; i++)
        p[i] = '\0';
}

void cdr_secret_free(char *secret)
{
    if (secret != NULL)
        cdr_secret_wipe(secret, strlen(secret));
    free(secret);
}

enum cdr_result cdr_secret_read(const char *path, char **secret, struct cdr_error *error)
{
    char *text = NULL;
    size_t len = 0;
    enum cdr_result result = cdr_text_file_read(path, SECRET_MAX, &text, &len, error);
    if (result != CDR_OK)
        return result;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    if (len == 0) {
        free(text);
        return cdr_fail(error, CDR_E_CONFIG, "%s is empty", path);
    }
    *secret = text;
    return CDR_OK;
}

bool cdr_secret_name(const char *name)
{
    static const char *const parts[] = {"password",       "passphrase",
                                        "secret",         "private.key",
                                        "key.pem",        "keystore.key",
                                        "token",          "jaas",
                                        "user.info",      "oauthbearer.config",
                                        "assertion.claim"};
    char lower[128];
    size_t len = strlen(name);
    if (len >= sizeof lower)
        return true;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    /* sasl.oauthbearer.token.endpoint.url is a place, ssl.key.location another. */
    if ((len > 4 && strcmp(lower + len - 4, ".url") == 0) ||
        (len > 9 && strcmp(lower + len - 9, ".location") == 0))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(lower, parts[i]) != NULL)
            return true;
    return false;
}
