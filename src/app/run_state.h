/* What a run holds, shared by run.c (the course of a run) and summary.c (its report). */
#ifndef CDR_APP_RUN_STATE_H
#define CDR_APP_RUN_STATE_H

#include "app/app.h"
#include "pipeline/pipeline.h"

struct cdr_run {
    const struct cdr_settings *settings;
    struct cdr_model *model;
    unsigned workers;
    const struct cdr_sink_ops *sink_ops;
    const char *sink_reason; /* why auto chose it, else NULL */
    char reason_text[sizeof((struct cdr_error *)0)->text];
    struct cdr_sink *sink;
    struct cdr_encoder *encoders[CDR_TYPE_COUNT];
    int32_t schema_ids[CDR_TYPE_COUNT]; /* 0 where the format has none */
    char topics[CDR_TYPE_COUNT][256];
    struct cdr_pipeline *pipeline;
    uint64_t *starts;                  /* per log: where the run begins */
    struct cdr_log_progress *progress; /* at the end */
    double wall_s, cpu_s;
    enum cdr_result result;
    bool complete; /* to its end, or live and stopped in an orderly way */
};

/* Whether the summary can be written, before anything else is. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_check_summary(const struct cdr_settings *settings, struct cdr_error *error);
/* Writes the JSON summary to settings->summary ("-": standard output). */
enum cdr_result cdr_write_summary(const struct cdr_run *run, struct cdr_error *error);
/* The closing words for a person, on standard error. */
void cdr_print_closing(const struct cdr_run *run);
/* --dry-run: what would be done. */
void cdr_print_plan(const struct cdr_run *run);

#endif
