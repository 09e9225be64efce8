#include "base/result.h"

#include <stdio.h>

enum cdr_result cdr_fail(struct cdr_error *error, enum cdr_result code, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return code;
}
