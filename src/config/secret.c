#include "config/secret.h"

#include "config/text_file.h"

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
