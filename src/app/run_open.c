#include "app/run_open.h"

#include "app/dimensions.h"
#include "app/notes.h"
#include "app/stop.h"

#if CDR_KAFKA
#include "app/append.h"
#include "sink/kafka/kafka.h"

#include <stdlib.h>

/* What is committed may be deleted while the run writes, and records between two producers. */
static enum cdr_result keep_begins(struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    bool *known = calloc(logs, sizeof *known);
    run->begins = calloc(logs, sizeof *run->begins);
    run->floors = calloc(logs, sizeof *run->floors);
    const bool done = known != NULL && run->begins != NULL && run->floors != NULL;
    if (done) {
        cdr_kafka_known_bases(run->sink, known, run->begins);
        cdr_kafka_floors(run->sink, run->floors);
    }
    free(known);
    return done ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
}
#endif

enum cdr_result cdr_run_open_sink(struct cdr_run *run, bool resume, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    struct cdr_sink_settings destination = settings->sink;
    destination.resume |= resume;
    setup.stop = cdr_stop_on_signals();
    destination.reopened = resume;
    destination.committed = run->committed;
    destination.begins = run->begins;
    destination.floors = run->floors;
    destination.doubted = run->doubted;
#if CDR_KAFKA
    const struct cdr_begin_finder finder = {cdr_run_find_begins, run};
    destination.finder = &finder;
#endif
    enum cdr_result result = run->sink_ops->open(&run->sink, &destination, &setup, error);
    if (result == CDR_OK && run->sink_ops->starts != NULL)
        run->sink_ops->starts(run->sink, run->starts);
    if (result == CDR_OK && run->sink_ops->bases != NULL)
        run->sink_ops->bases(run->sink, run->bases);
#if CDR_KAFKA
    if (result == CDR_OK && run->begins == NULL && cdr_run_has(run, CDR_SINK_OFFSETS))
        result = keep_begins(run, error);
#endif
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
