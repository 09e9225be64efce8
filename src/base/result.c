#include "base/result.h"

#include "base/shown.h"

#include <stdio.h>

enum cdr_result cdr_fail(struct cdr_error *error, enum cdr_result code, const char *format, ...)
{
    if (error != NULL) {
        char text[sizeof error->text];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        cdr_shown(error->text, sizeof error->text, text);
    }
    return code;
}
