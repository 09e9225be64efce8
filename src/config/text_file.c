#include "config/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cdr_result read_all(FILE *file, const char *path, size_t len_max, char **text,
                                size_t *len, struct cdr_error *error)
{
    size_t room = 4096, used = 0;
    char *bytes = malloc(room + 1);
    while (bytes != NULL && used <= len_max) {
        size_t n = fread(bytes + used, 1, room - used, file);
        used += n;
        if (n == 0)
            break;
        if (used == room) {
            char *grown = realloc(bytes, 2 * room + 1);
            if (grown == NULL)
                free(bytes);
            bytes = grown;
            room *= 2;
        }
    }
    if (bytes == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    bytes[used] = '\0';
    *text = bytes;
    *len = used;
    if (ferror(file))
        return cdr_fail(error, CDR_E_CONFIG, "cannot read %s: %s", path, strerror(errno));
    if (used > len_max)
        return cdr_fail(error, CDR_E_CONFIG, "%s has more than the %zu bytes allowed", path,
                        len_max);
    if (memchr(bytes, '\0', used) != NULL)
        return cdr_fail(error, CDR_E_CONFIG, "%s holds a NUL byte: it is not a text", path);
    return CDR_OK;
}

enum cdr_result cdr_text_file_read(const char *path, size_t len_max, char **text, size_t *len,
                                   struct cdr_error *error)
{
    FILE *file = fopen(path, "r");
    *text = NULL;
    *len = 0;
    if (file == NULL)
        return cdr_fail(error, CDR_E_CONFIG, "cannot read %s: %s", path, strerror(errno));
    enum cdr_result result = read_all(file, path, len_max, text, len, error);
    fclose(file);
    if (result != CDR_OK) {
        free(*text);
        *text = NULL;
    }
    return result;
}
