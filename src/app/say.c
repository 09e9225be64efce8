#include "app/say.h"

#include "base/shown.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

enum { TEXT_MAX = 8192 };

void cdr_say(FILE *out, const char *format, ...)
{
    char text[TEXT_MAX], shown[2 * TEXT_MAX];
    const size_t format_len = strlen(format);
    const bool line = format_len > 0 && format[format_len - 1] == '\n';
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const size_t len = strlen(text);
    if (line && len > 0 && text[len - 1] == '\n')
        text[len - 1] = '\0';
    cdr_shown(shown, sizeof shown, text);
    fprintf(out, "%s%s", shown, line ? "\n" : "");
}
