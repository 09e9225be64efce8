#include "app/stages.h"

#include "app/metrics.h"
#include "app/progress.h"
#include "base/clock.h"

static uint64_t planned(const struct cdr_programme *program, size_t stage)
{
    const double end = stage + 1 < program->n ? program->stages[stage + 1].start_records
                                              : cdr_programme_records(program);
    /* Whole records lie between whole numbers, as ranks do. */
    return (uint64_t)(end + 1e-6) - (uint64_t)(program->stages[stage].start_records + 1e-6);
}

void cdr_stages_print(const struct cdr_run *run, FILE *out)
{
    const struct cdr_programme *program = &run->program;
    const struct cdr_histogram *delays = &run->sent.delays;
    char sent[32], wanted[32], late[32];
    if (program->n == 0 && !run->settings->even)
        return;
    fprintf(out, "  half of the records within %.3f ms, 99 %% within %.3f ms of the schedule\n",
            (double)cdr_histogram_quantile_us(delays, 0.5) / 1e3,
            (double)cdr_histogram_quantile_us(delays, 0.99) / 1e3);
    for (size_t i = 0; i < program->n; i++) {
        const struct cdr_sent_stage *stage = &run->sent.stages[i];
        fprintf(out, "  %-6s %10.1f s  %14s of %14s records",
                cdr_stage_name(program->stages[i].kind), program->stages[i].duration_s,
                cdr_with_commas(stage->records, sent),
                cdr_with_commas(planned(program, i), wanted));
        if (stage->late > 0)
            fprintf(out, ", %s more than 0.1 s late", cdr_with_commas(stage->late, late));
        fputc('\n', out);
    }
}

void cdr_stages_print_end(const struct cdr_run *run, FILE *out)
{
    const struct cdr_parameters *p = &run->model->parameters;
    struct cdr_pipeline_status status;
    if (run->settings->live || !cdr_settings_is_endless(run->settings))
        return;
    cdr_pipeline_status(run->pipeline, &status);
    const int32_t day = cdr_calendar_slot_at(&run->model->calendar, status.emission_ms).day;
    fprintf(
        out,
        "  these are the beginnings of logs: `cdrgen verify --beginning --days %d` proves them\n",
        day < p->start_day ? 1 : day - p->start_day + 1);
}

/* The wall clock when the first record was due. */
static int64_t start_ms(const struct cdr_run *run)
{
    return cdr_wall_ms() - (cdr_monotonic_ns() - run->schedule.start_ns) / 1000000;
}

void cdr_stages_write(const struct cdr_run *run, struct cdr_json *json)
{
    const struct cdr_programme *program = &run->program;
    if (program->n == 0)
        return;
    cdr_json_i64(json, "schedule_start_ms", start_ms(run));
    cdr_json_array(json, "stages");
    for (size_t i = 0; i < program->n; i++) {
        cdr_json_object_inline(json, NULL);
        cdr_json_text(json, "stage", cdr_stage_name(program->stages[i].kind));
        cdr_json_fixed(json, "start_s", program->stages[i].start_s, 3);
        cdr_json_fixed(json, "duration_s", program->stages[i].duration_s, 3);
        cdr_json_u64(json, "planned", planned(program, i));
        cdr_json_u64(json, "sent", run->sent.stages[i].records);
        cdr_json_u64(json, "late", run->sent.stages[i].late);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
}

void cdr_stages_plan(const struct cdr_run *run, FILE *out)
{
    const struct cdr_settings *settings = run->settings;
    char records[32];
    if (settings->program != NULL)
        fprintf(out, "programme    %zu stages in %.1f s, %s records\n", run->program.n,
                cdr_programme_duration_s(&run->program),
                cdr_with_commas((uint64_t)(cdr_programme_records(&run->program) + 1e-6), records));
    if (settings->for_s > 0)
        fprintf(out, "end          after %g s\n", settings->for_s);
    if (settings->records > 0)
        fprintf(out, "end          after %s records\n",
                cdr_with_commas(settings->records, records));
}
