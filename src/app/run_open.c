#include "app/run_open.h"

#include "app/dimensions.h"
#include "app/notes.h"
#include "app/stop.h"

#include <string.h>

enum cdr_result cdr_run_open_sink(struct cdr_run *run, bool resume, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    struct cdr_sink_settings destination = settings->sink;
    destination.resume |= resume;
    destination.bases = run->found_bases;
    setup.stop = cdr_stop_on_signals();
    destination.reopened = resume;
    destination.committed = run->committed;
    enum cdr_result result = run->sink_ops->open(&run->sink, &destination, &setup, error);
    if (result == CDR_OK && run->sink_ops->starts != NULL)
        run->sink_ops->starts(run->sink, run->starts);
    if (result == CDR_OK && run->sink_ops->bases != NULL)
        run->sink_ops->bases(run->sink, run->bases);
    if (result == CDR_OK && run->found_bases != NULL)
        memcpy(run->found_bases, run->bases, cdr_run_logs(run) * sizeof *run->bases);
    if (result == CDR_OK && settings->sink.rehearsal == CDR_REHEARSAL_NONE)
        cdr_say_notes(run->sink, settings->quiet);
    if (result == CDR_OK)
        result = cdr_dimensions_open(run, resume, error);
    if (result != CDR_OK && run->sink != NULL) {
        run->sink->ops->close(run->sink, false, NULL);
        run->sink = NULL;
    }
    return result;
}
