#include "app/run_state.h"

#include "app/schema_ids.h"
#include "base/clock.h"

#define SLAB_BYTES (256u << 10) /* small enough to be free again soon, and full when handed over */
#define SLAB_RECORDS 4096u

enum cdr_result cdr_run_check_schema_ids(const struct cdr_run *run, struct cdr_error *error)
{
    const char *registry = run->settings->registry.urls;
    const bool fixed = registry == NULL || !cdr_run_has(run, CDR_SINK_OFFSETS);
    struct cdr_schema_uses uses = {0};
    cdr_schema_uses_list(&uses, &run->topics, fixed);
    for (uint32_t i = 0; i < run->tables.n; i++) {
        const struct cdr_topics one = {.n = 1, .items = &run->tables.items[i]};
        cdr_schema_uses_list(&uses, &one, fixed);
    }
    return cdr_schema_uses_check(&uses, fixed ? NULL : registry, error);
}

struct cdr_sink_setup cdr_run_sink_setup(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_parameters *p = &run->model->parameters;
    const struct cdr_calendar *calendar = &run->model->calendar;
    return (struct cdr_sink_setup){
        .topics = &run->topics,
        .partitions = p->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .dataset_id = run->model->dataset_id,
        .first_day = p->start_day,
        .days = cdr_settings_is_endless(settings) ? 0 : p->days,
        .first_event_ms = cdr_calendar_day_start_ms(calendar, p->start_day) -
                          (p->faults[CDR_FAULT_LATE] > 0 ? p->late_max_s * INT64_C(1000) : 0) -
                          (p->faults[CDR_FAULT_OUTAGE] > 0 ? cdr_outage_max_ms(p) : 0),
        .last_event_ms =
            cdr_settings_is_endless(settings)
                ? -1
                : cdr_calendar_day_start_ms(calendar, p->start_day + (int32_t)p->days) - 1,
        .now_ms = cdr_wall_ms(),
        .workers = run->workers,
        .abort_share = p->faults[CDR_FAULT_ABORTED],
        .slab_bytes = SLAB_BYTES,
        .slab_records = SLAB_RECORDS,
        .fault_bytes = run->model->faults.grows_max,
        .fault_ahead_ms = p->faults[CDR_FAULT_CLOCK] > 0 ? CDR_FAULT_CLOCK_MS : 0,
        .token = run->token,
        .ids = settings->sink.id_header && cdr_run_has(run, CDR_SINK_OFFSETS),
    };
}
