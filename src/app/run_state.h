/* What a run holds, and what follows from it for sinks and schema ids.
 *
 * The modules that work on a run call only those further down: run (its start), deliver (its
 * course), then summary, spill_run and run_open, then dimensions, append and tail, then this one.
 */
#ifndef CDR_APP_RUN_STATE_H
#define CDR_APP_RUN_STATE_H

#include "app/app.h"
#include "app/topics.h"
#include "base/token.h"
#include "pipeline/pipeline.h"

struct cdr_dimensions;
struct cdr_steerer;

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
    struct cdr_topics topics; /* of records */
    struct cdr_topics tables; /* of dimensions; none where there are no dimensions */
    /* Of a rehearsal: names of topics that are deleted and created again before the run begins. */
    const char *const *left_out;
    size_t left_out_count;
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
    int64_t *begins; /* per log: offset of the dataset's first record; of Kafka, once it is open */
    int64_t *floors; /* per log: from this offset on, nothing may be deleted; of Kafka, as begins */
    bool *doubted;   /* per log: as cdr_kafka_doubt has it; NULL: none */
    struct cdr_pace schedule; /* that the run goes by, once it has begun */
    struct cdr_programme program;
    const struct cdr_steerer *steerer; /* NULL: the settings say when records are due */
    struct cdr_sent sent;              /* of a run that is paced */
    bool spilled;                      /* from starts on, records are in settings->sink.spill */
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

#endif
