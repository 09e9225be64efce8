/* Java's stores of keys and certificates, and PEM texts in properties. */
#include "base/files.h"
#include "config/dialect.h"
#include "config/properties.h"
#include "config/secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PEM_LINE 64

enum kind {
    UNKNOWN, /* no such file, or nothing that begins like one of these */
    PEM,
    PKCS12,
    JKS, /* and its variants */
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

static enum kind kind_of_content(const char *path)
{
    char start[4096] = "";
    FILE *file = NULL;
    size_t len = 0;
    if (cdr_stream_regular(&file, path, CDR_E_CONFIG, NULL) == CDR_OK) {
        len = fread(start, 1, sizeof start - 1, file);
        fclose(file);
    }
    enum kind kind = UNKNOWN;
    if (len >= 4 &&
        (memcmp(start, "\xfe\xed\xfe\xed", 4) == 0 || memcmp(start, "\xce\xce\xce\xce", 4) == 0))
        kind = JKS;
    else if (len >= 4 && start[0] == 0x30 && (start[1] & 0x80) != 0) /* a DER sequence */
        kind = PKCS12;
    else if (strstr(start, "-----BEGIN ") != NULL)
        kind = PEM;
    cdr_secret_wipe(start, sizeof start);
    return kind;
}

/* The given type first; Java reads PKCS#12 under the type JKS as well, and so do we. */
static enum kind kind_of(const char *type, const char *path)
{
    enum kind content = kind_of_content(path);
    if (strcasecmp(type, "PEM") == 0)
        return PEM;
    if (content != UNKNOWN)
        return content;
    if (strcasecmp(type, "PKCS12") == 0 || ends_with(path, ".p12") || ends_with(path, ".pfx"))
        return PKCS12;
    if (*type != '\0' || ends_with(path, ".jks"))
        return JKS;
    return ends_with(path, ".pem") || ends_with(path, ".crt") ? PEM : UNKNOWN;
}

enum cdr_result cdr_give_truststore(struct cdr_loading *loading, const struct cdr_given *given,
                                    struct cdr_error *error)
{
    switch (kind_of(loading->truststore_type, given->value)) {
    case PEM:
        return cdr_property_set(loading, "ssl.ca.location", given->value, given->source, error);
    case PKCS12:
        return cdr_fail(error, CDR_E_CONFIG,
                        "ssl.truststore.location: a PKCS#12 trust store cannot be read; give the "
                        "authority's certificate as PEM in ssl.ca.location (openssl pkcs12 -nokeys "
                        "-in %.100s -out ca.pem)",
                        given->value);
    default:
        return cdr_fail(error, CDR_E_CONFIG,
                        "ssl.truststore.location: a Java key store cannot be read; give the "
                        "authority's certificate as PEM in ssl.ca.location (keytool -exportcert "
                        "-rfc -keystore %.100s -alias NAME > ca.pem)",
                        given->value);
    }
}

enum cdr_result cdr_give_keystore(struct cdr_loading *loading, const struct cdr_given *given,
                                  struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    switch (kind_of(loading->keystore_type, given->value)) {
    case PEM:
        result = cdr_property_set(loading, "ssl.certificate.location", given->value, given->source,
                                  error);
        if (result == CDR_OK)
            result =
                cdr_property_set(loading, "ssl.key.location", given->value, given->source, error);
        return result;
    case JKS:
        return cdr_fail(error, CDR_E_CONFIG,
                        "ssl.keystore.location: a JKS key store cannot be read; convert it "
                        "(keytool -importkeystore -srckeystore %.100s -destkeystore client.p12 "
                        "-deststoretype PKCS12)",
                        given->value);
    default:
        return cdr_property_set(loading, "ssl.keystore.location", given->value, given->source,
                                error);
    }
}

/* One block, from its "-----BEGIN …-----" on, with lines as PEM has them. Returns what is behind
 * the block, or NULL where text is none. */
static const char *put_block(const char *text, char **out)
{
    const char *head_end = strstr(text + strlen("-----BEGIN "), "-----");
    const char *foot = head_end != NULL ? strstr(head_end + 5, "-----END ") : NULL;
    const char *foot_end = foot != NULL ? strstr(foot + 9, "-----") : NULL;
    if (foot_end == NULL)
        return NULL;
    head_end += 5, foot_end += 5;
    char *to = *out;
    to += sprintf(to, "%.*s\n", (int)(head_end - text), text);
    size_t column = 0;
    for (const char *c = head_end; c < foot; c++) {
        if (strchr(" \t\r\n", *c) != NULL)
            continue;
        *to++ = *c;
        if (++column % PEM_LINE == 0)
            *to++ = '\n';
    }
    if (column % PEM_LINE != 0)
        *to++ = '\n';
    to += sprintf(to, "%.*s\n", (int)(foot_end - foot), foot);
    *out = to;
    return foot_end;
}

/* Lines that are there are left alone: an encrypted key of the old form has headers in them. */
enum cdr_result cdr_give_pem(struct cdr_loading *loading, const struct cdr_given *given,
                             struct cdr_error *error)
{
    const char *name = strcmp(given->name, "ssl.truststore.certificates") == 0 ? "ssl.ca.pem"
                       : strcmp(given->name, "ssl.keystore.key") == 0          ? "ssl.key.pem"
                                                                      : "ssl.certificate.pem";
    const char *at = strstr(given->value, "-----BEGIN ");
    if (at == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s: it must be PEM, from -----BEGIN on", given->name);
    if (strchr(at, '\n') != NULL)
        return cdr_property_set(loading, name, at, given->source, error);
    /* No block is so short that its lines' ends would need more than twice the room. */
    char *text = malloc(2 * strlen(at) + PEM_LINE);
    if (text == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    char *to = text;
    *to = '\0';
    enum cdr_result result = CDR_OK;
    for (; at != NULL && result == CDR_OK; at = strstr(at, "-----BEGIN ")) {
        at = put_block(at, &to);
        if (at == NULL) {
            result = cdr_fail(error, CDR_E_CONFIG, "%s: a -----BEGIN has no -----END", given->name);
            break;
        }
    }
    if (result == CDR_OK)
        result = cdr_property_set(loading, name, text, given->source, error);
    cdr_secret_free(text);
    return result;
}
