#include "app/notes.h"

#include <stdio.h>

void cdr_say_notes(const struct cdr_sink *sink, bool quiet)
{
    const char *line;
    if (sink->ops->note != NULL && !quiet)
        for (size_t i = 0; (line = sink->ops->note(sink, i)) != NULL; i++)
            fprintf(stderr, "cdrgen: %s\n", line);
    if (sink->ops->warning != NULL)
        for (size_t i = 0; (line = sink->ops->warning(sink, i)) != NULL; i++)
            fprintf(stderr, "cdrgen: warning: %s\n", line);
}
