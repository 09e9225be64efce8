/* Before a run goes on behind what topics hold: are the last records there the function's? The end
 * offsets alone would be believed for any topic. */
#include "app/run_state.h"

#include "app/stop.h"
#include "sink/kafka.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of each log. One would tell another dataset, a row of them tells another order, too. */
#define TAIL_RECORDS 100u

static enum cdr_result check(const struct cdr_run *run, const struct cdr_verify_range *ranges,
                             struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_verify_tail_settings tail = {
        .model = run->model,
        .format = settings->format,
        .sink = &settings->sink,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .endless = settings->live,
        .ids = settings->sink.id_header,
        .ranges = ranges,
        .stop = cdr_stop_on_signals(),
    };
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        tail.encoders[type] = run->encoders[type];
        tail.envelopes[type] = run->envelopes[type];
        tail.schemas[type] = run->schemas.texts[type];
        tail.key_schemas[type] = run->parts.key_texts[type];
        tail.next_schemas[type] = run->schemas.next_texts[type];
        tail.topics[type] = run->topics[type];
    }
    struct cdr_error why = {0};
    char blind[CDR_VERIFY_BLIND_MAX];
    tail.force = settings->sink.force;
    tail.blind = blind;
    enum cdr_result result = cdr_verify_tail(&tail, &why);
    if (result == CDR_OK && blind[0] != '\0')
        fprintf(stderr, "cdrgen: warning: resume: %s; their number is believed, %s\n", blind,
                settings->sink.force ? "with --force"
                                     : "since a run of this dataset committed where it began");
    if (result == CDR_E_STATE)
        return cdr_fail(error, CDR_E_STATE, "resume: %.1000s", why.text);
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, CDR_E_STATE,
                        "resume: the topics do not hold the beginning of dataset %s: %.800s",
                        run->model->dataset_id, why.text);
    if (result != CDR_OK)
        *error = why;
    return result;
}

enum cdr_result cdr_run_check_tail(const struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    /* With transactions, position and dataset were committed with the records themselves. */
    if (!run->settings->sink.resume || run->settings->sink.transactions ||
        strcmp(run->sink_ops->name, "kafka") != 0)
        return CDR_OK;
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    bool any = false;
    enum cdr_result result = CDR_OK;
    if (ranges == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        const uint64_t to = run->starts[log], from = to > TAIL_RECORDS ? to - TAIL_RECORDS : 0;
        ranges[log] = (struct cdr_verify_range){.from = from,
                                                .to = to,
                                                .offset = run->bases[log] + (int64_t)from,
                                                .proven = cdr_kafka_base_is_known(run->sink, log)};
        any |= to > 0;
    }
    if (result == CDR_OK && any)
        result = check(run, ranges, error);
    free(ranges);
    return result;
}
