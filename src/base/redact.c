#include "base/redact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

bool cdr_secret_name(const char *name)
{
    static const char *const parts[] = {
        "password",  "passphrase",         "secret",         "private.key", "key.pem",
        "key_pem",   "keystore.pem",       "keystore.key",   "token",       "jaas",
        "user.info", "oauthbearer.config", "assertion.claim"};
    char lower[128];
    size_t len = strlen(name);
    if (len >= sizeof lower)
        return true;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    /* sasl.oauthbearer.token.endpoint.url is a place, ssl.key.location another. */
    if (ends_with(lower, len, ".url") || ends_with(lower, len, ".location") ||
        ends_with(lower, len, "_file"))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(lower, parts[i]) != NULL)
            return true;
    return false;
}

void cdr_redact(const char *text, const char *secret, char *out, size_t size)
{
    size_t len = strlen(secret), used = 0;
    out[0] = '\0';
    while (*text != '\0' && used + 1 < size) {
        const char *found = len >= CDR_REDACT_MIN ? strstr(text, secret) : NULL;
        size_t plain = found != NULL ? (size_t)(found - text) : strlen(text);
        snprintf(out + used, size - used, "%.*s%s", (int)plain, text,
                 found != NULL ? CDR_HIDDEN : "");
        used += strlen(out + used);
        text += plain + (found != NULL ? len : 0);
    }
}
