/* What a run holds, shared by run.c (the course of a run) and summary.c (its report). */
#ifndef CDR_APP_RUN_STATE_H
#define CDR_APP_RUN_STATE_H

#include "app/app.h"
#include "app/topics.h"
#include "base/token.h"
#include "pipeline/pipeline.h"

struct cdr_dimensions;

struct cdr_run {
    const struct cdr_settings *settings;
    struct cdr_model *model;
    unsigned workers;
    const struct cdr_sink_ops *sink_ops;
    const char *sink_reason; /* why auto chose it, else NULL */
    bool fell_back;          /* to files, from brokers that do not answer */
    char reason_text[sizeof((struct cdr_error *)0)->text];
    char token[CDR_TOKEN_LEN + 1]; /* of this process, for the sink */
    struct cdr_sink *sink;
    struct cdr_topics topics;          /* of records */
    struct cdr_topics tables;          /* of dimensions; none where there are no dimensions */
    struct cdr_dimensions *dimensions; /* app/dimensions.h; NULL where none are asked for */
    struct cdr_pipeline *pipeline;
    /* Per log: where the run began, and where the sink that is open now did. They differ once a
     * producer was replaced. */
    uint64_t *first_starts, *starts;
    unsigned producers;                /* that were replaced */
    bool committed;                    /* some of their records are durable */
    uint64_t *aborted;                 /* per log: by producers that were replaced */
    struct cdr_log_progress *progress; /* at the end */
    int64_t *bases;                    /* per log: offset of position 0; of Kafka */
    int64_t *found_bases; /* found by reading, for the sink; NULL: not looked for, or not found */
    struct cdr_pace schedule; /* that the run goes by, once it has begun */
    bool spilled;             /* from starts on, records are in settings->sink.spill */
    double wall_s, cpu_s;
    enum cdr_result result;
    bool complete; /* to its end, or live and stopped in an orderly way */
};

static inline uint32_t cdr_run_logs(const struct cdr_run *run)
{
    return run->topics.n * run->settings->model.partitions;
}

static inline bool cdr_run_has(const struct cdr_run *run, enum cdr_sink_trait trait)
{
    return (run->sink_ops->traits & trait) != 0;
}

/* Values begin with the ids of their schemas. */
static inline bool cdr_run_is_framed(const struct cdr_run *run)
{
    return cdr_format_is(run->settings->format, CDR_FORMAT_FRAMED) &&
           cdr_run_has(run, CDR_SINK_MESSAGES);
}

/* Whether the ids of all schemas are distinct, once they are known. CDR_E_CONFIG. */
enum cdr_result cdr_run_check_schema_ids(const struct cdr_run *run, struct cdr_error *error);
/* What sinks are told about the run. */
struct cdr_sink_setup cdr_run_sink_setup(const struct cdr_run *run);
/* Whether a run that ended with result, by itself, is to go on in files. */
bool cdr_run_may_spill(const struct cdr_run *run, enum cdr_result result);
/* Closes what was open, and opens the spill as run->sink, from each log's first record that is not
 * safe. *error: why the run goes on there; after a failure, both. */
enum cdr_result cdr_run_spill(struct cdr_run *run, struct cdr_error *error);
/* Opens run->sink_ops as run->sink and sets starts. resume: as with --resume, given or not. */
enum cdr_result cdr_run_open_sink(struct cdr_run *run, bool resume, struct cdr_error *error);
/* With --resume into Kafka: are the last records there those of the function? CDR_E_STATE names the
 * first that is not. Nothing was written yet. */
enum cdr_result cdr_run_check_tail(const struct cdr_run *run, struct cdr_error *error);
/* With --append into Kafka: is the dataset there already, though Kafka may have forgotten where it
 * begins? Then a run with --resume goes on with it (found_bases), and any other says that it writes
 * it once more. CDR_E_STATE: it cannot tell. */
enum cdr_result cdr_run_find_appended(struct cdr_run *run, struct cdr_error *error);
/* What a check of the topics needs to know of the run; ranges are the caller's. */
struct cdr_verify_tail_settings;
void cdr_run_tail_settings(const struct cdr_run *run, struct cdr_verify_tail_settings *tail);
/* Whether a run into Kafka with these settings would begin, as far as that can be told without
 * looking at what the topics hold: settings, schemas (which a registry may get), the settings of
 * topics that exist. Errors: as of cdr_command_run. Only where Kafka is built in. */
enum cdr_result cdr_run_rehearse(const struct cdr_settings *settings, struct cdr_error *error);
/* Everything from the open sink to the report; closes the sink. */
enum cdr_result cdr_run_deliver(struct cdr_run *run, struct cdr_error *error);

/* Whether the summary can be written, before anything else is. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_check_summary(const struct cdr_settings *settings, struct cdr_error *error);
/* Writes the JSON summary to settings->summary ("-": standard output). */
enum cdr_result cdr_write_summary(const struct cdr_run *run, struct cdr_error *error);
/* The closing words for a person, on standard error. */
void cdr_print_closing(const struct cdr_run *run);
/* How many records are in files and how they get into the topics, on standard error. */
void cdr_print_spilled(const struct cdr_run *run);
/* What a live run has to catch up with, in words; false where its first day has not begun. */
bool cdr_backlog_text(const struct cdr_run *run, char *text, size_t text_max);
/* --dry-run: what would be done. */
void cdr_print_plan(const struct cdr_run *run);

#endif
