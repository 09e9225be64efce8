#include "app/spill_run.h"

#include "app/say.h"
#include "sink/spill/spill.h"

#include <string.h>

bool cdr_run_may_spill(const struct cdr_run *run, enum cdr_result result)
{
    if (run->settings->sink.spill == NULL || run->spilled)
        return false;
    /* Without a sink, it was a new producer for which no broker answered. */
    return result == CDR_E_AWAY || (result == CDR_E_KAFKA && run->sink == NULL);
}

/* What the brokers acknowledged is safe; the rest may have reached them or not, which replay finds
 * out. */
static void leave_kafka(struct cdr_run *run)
{
    for (uint32_t log = 0; log < cdr_run_logs(run); log++) {
        run->starts[log] += run->progress[log].durable;
        if (run->sink != NULL)
            run->aborted[log] += run->progress[log].aborted;
    }
    memset(run->progress, 0, cdr_run_logs(run) * sizeof *run->progress);
    cdr_pipeline_destroy(run->pipeline);
    run->pipeline = NULL;
    if (run->sink != NULL)
        run->sink->ops->close(run->sink, false, NULL);
    run->sink = NULL;
}

static void put_settings(struct cdr_json *json, const void *settings)
{
    cdr_settings_put_dataset(json, settings);
}

enum cdr_result cdr_run_spill(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_sink_settings *settings = &run->settings->sink;
    struct cdr_error why = *error, trouble = {0};
    struct cdr_sink_setup setup = cdr_run_sink_setup(run);
    struct cdr_spill_settings spill = {
        .dir = settings->spill,
        .segment_bytes = settings->rotate_bytes,
        .firsts = run->starts,
        .bases = run->bases,
        .transactions = settings->transactions,
        .put_settings = put_settings,
        .settings = run->settings,
    };
    leave_kafka(run);
    enum cdr_result result = cdr_spill_open(&run->sink, &spill, &setup, &trouble);
    if (result != CDR_OK)
        return cdr_fail(error, CDR_E_IO, "%.480s; and it cannot go on in files: %.480s", why.text,
                        trouble.text);
    run->spilled = true;
    cdr_say(stderr, "cdrgen: warning: %s; going on in files in %s\n", why.text, settings->spill);
    return CDR_OK;
}
