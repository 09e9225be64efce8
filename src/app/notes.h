/* What a sink has to tell the user once it is open, on standard error. */
#ifndef CDR_APP_NOTES_H
#define CDR_APP_NOTES_H

#include "sink/sink.h"

#include <stdbool.h>

/* Its notes, unless the user wants quiet, and its warnings in any case. */
void cdr_say_notes(const struct cdr_sink *sink, bool quiet);

#endif
