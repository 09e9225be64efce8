#include "base/result.h"

#include "base/shown.h"

#include <stdio.h>

enum cdr_result cdr_vfail(struct cdr_error *error, enum cdr_result code, const char *format,
                          va_list arguments)
{
    if (error != NULL) {
        char text[sizeof error->text];
        vsnprintf(text, sizeof text, format, arguments);
        cdr_shown(error->text, sizeof error->text, text);
    }
    return code;
}

enum cdr_result cdr_fail(struct cdr_error *error, enum cdr_result code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cdr_vfail(error, code, format, arguments);
    va_end(arguments);
    return code;
}
