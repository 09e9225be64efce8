#include "config/text_file.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

enum cdr_result cdr_text_file_read(const char *path, size_t len_max, char **text, size_t *len,
                                   struct cdr_error *error)
{
    enum cdr_result result = cdr_read_named(path, len_max, text, len, error);
    if (result != CDR_OK || memchr(*text, '\0', *len) == NULL)
        return result;
    free(*text);
    *text = NULL;
    return cdr_fail(error, CDR_E_CONFIG, "%s holds a NUL byte: it is not a text", path);
}
