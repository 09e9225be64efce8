#include "app/metrics.h"

#include "app/progress.h"

/* --- when a figure applies --- */

static bool resumes(const struct cdr_run *run)
{
    return run->settings->sink.resume;
}

static bool has_transactions(const struct cdr_run *run)
{
    return run->settings->sink.transactions;
}

static bool has_spilled(const struct cdr_run *run)
{
    return run->spilled;
}

static bool has_new_producers(const struct cdr_run *run)
{
    return run->producers > 0;
}

bool cdr_run_is_paced(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    return settings->speed > 0 || settings->rate_per_s > 0 || settings->live ||
           settings->program != NULL;
}

/* --- of a log --- */

static uint64_t first_record(const struct cdr_run *run, uint32_t log)
{
    return run->first_starts[log];
}

static uint64_t records(const struct cdr_run *run, uint32_t log)
{
    return cdr_pipeline_digest(run->pipeline, log)->records;
}

static uint64_t bytes(const struct cdr_run *run, uint32_t log)
{
    return cdr_pipeline_digest(run->pipeline, log)->bytes;
}

/* Whichever producer sent them. */
static uint64_t durable(const struct cdr_run *run, uint32_t log)
{
    return run->starts[log] - run->first_starts[log] + run->progress[log].durable;
}

static uint64_t aborted(const struct cdr_run *run, uint32_t log)
{
    return run->aborted[log] + run->progress[log].aborted;
}

/* Once the run has left Kafka, what the open sink made durable is in the spill. */
static uint64_t spilled(const struct cdr_run *run, uint32_t log)
{
    return run->progress[log].durable;
}

static const struct {
    const char *name, *help;
    bool (*applies)(const struct cdr_run *run); /* NULL: always */
    uint64_t (*value)(const struct cdr_run *run, uint32_t log);
} log_metrics[CDR_LOG_METRICS] = {
    [CDR_LOG_FIRST_RECORD] = {"first_record", "with --resume: the first record that was missing",
                              resumes, first_record},
    [CDR_LOG_RECORDS] = {"records", "records that the run generated", NULL, records},
    [CDR_LOG_BYTES] = {"bytes", "bytes of their payloads", NULL, bytes},
    [CDR_LOG_DURABLE] = {"durable", "records that are safe: acknowledged, or in a synced file",
                         NULL, durable},
    [CDR_LOG_ABORTED] = {"aborted",
                         "with --transactions: further records, in transactions that were aborted",
                         has_transactions, aborted},
    [CDR_LOG_SPILLED] = {"spilled", "after a spill: records in its files", has_spilled, spilled},
};

uint64_t cdr_run_figure(const struct cdr_run *run, enum cdr_log_metric metric)
{
    uint64_t sum = 0;
    for (uint32_t log = 0; log < cdr_run_logs(run); log++)
        sum += log_metrics[metric].value(run, log);
    return sum;
}

void cdr_write_log_figures(struct cdr_json *json, const struct cdr_run *run, uint32_t log)
{
    for (unsigned i = 0; i < CDR_LOG_METRICS; i++)
        if (log_metrics[i].applies == NULL || log_metrics[i].applies(run))
            cdr_json_u64(json, log_metrics[i].name, log_metrics[i].value(run, log));
}

/* --- of the run --- */

static double producers(const struct cdr_run *run)
{
    return run->producers;
}

static double wall_s(const struct cdr_run *run)
{
    return run->wall_s;
}

static double cpu_s(const struct cdr_run *run)
{
    return run->cpu_s;
}

static double records_per_s(const struct cdr_run *run)
{
    return run->wall_s > 0 ? (double)cdr_run_figure(run, CDR_LOG_RECORDS) / run->wall_s : 0;
}

static double peak_rss_bytes(const struct cdr_run *run)
{
    (void)run;
    return (double)cdr_peak_rss_bytes();
}

static double behind_s(const struct cdr_run *run)
{
    struct cdr_pipeline_status status;
    cdr_pipeline_status(run->pipeline, &status);
    return (double)status.behind_ns / 1e9;
}

static double behind_max_s(const struct cdr_run *run)
{
    struct cdr_pipeline_status status;
    cdr_pipeline_status(run->pipeline, &status);
    return (double)status.behind_max_ns / 1e9;
}

static double delay_p50_s(const struct cdr_run *run)
{
    return (double)cdr_histogram_quantile_us(&run->sent.delays, 0.5) / 1e6;
}

static double delay_p99_s(const struct cdr_run *run)
{
    return (double)cdr_histogram_quantile_us(&run->sent.delays, 0.99) / 1e6;
}

static double delay_p999_s(const struct cdr_run *run)
{
    return (double)cdr_histogram_quantile_us(&run->sent.delays, 0.999) / 1e6;
}

static const struct {
    const char *name, *help;
    bool (*applies)(const struct cdr_run *run); /* NULL: always */
    double (*value)(const struct cdr_run *run); /* NULL: the sum over the logs of sum_of */
    enum cdr_log_metric sum_of;
    int decimals;
} run_metrics[] = {
    {"records", "records that the run generated", NULL, NULL, CDR_LOG_RECORDS, 0},
    {"durable", "records that are safe", NULL, NULL, CDR_LOG_DURABLE, 0},
    {"resumed_behind", "with --resume: records that were there already", resumes, NULL,
     CDR_LOG_FIRST_RECORD, 0},
    {"aborted", "with --transactions: further records, in transactions that were aborted",
     has_transactions, NULL, CDR_LOG_ABORTED, 0},
    {"producers_replaced", "Kafka producers that failed and were replaced", has_new_producers,
     producers, 0, 0},
    {"bytes", "bytes of the records' payloads", NULL, NULL, CDR_LOG_BYTES, 0},
    {"wall_s", "seconds from the first record to the last acknowledgement", NULL, wall_s, 0, 3},
    {"cpu_s", "seconds of CPU in that time, of all threads", NULL, cpu_s, 0, 3},
    {"records_per_s", "records by wall_s", NULL, records_per_s, 0, 0},
    {"peak_rss_bytes", "the most memory that the process held", NULL, peak_rss_bytes, 0, 0},
    {"behind_schedule_s", "of a run with a schedule: how late the last record was",
     cdr_run_is_paced, behind_s, 0, 3},
    {"behind_schedule_max_s", "how late the latest record was", cdr_run_is_paced, behind_max_s, 0,
     3},
    {"send_delay_p50_s", "from when a record was due to when it was sent: half of them at most",
     cdr_run_is_paced, delay_p50_s, 0, 6},
    {"send_delay_p99_s", "99 % of them at most", cdr_run_is_paced, delay_p99_s, 0, 6},
    {"send_delay_p999_s", "99.9 % of them at most", cdr_run_is_paced, delay_p999_s, 0, 6},
};

void cdr_write_run_figures(struct cdr_json *json, const struct cdr_run *run)
{
    for (size_t i = 0; i < sizeof run_metrics / sizeof *run_metrics; i++) {
        if (run_metrics[i].applies != NULL && !run_metrics[i].applies(run))
            continue;
        if (run_metrics[i].value == NULL)
            cdr_json_u64(json, run_metrics[i].name, cdr_run_figure(run, run_metrics[i].sum_of));
        else
            cdr_json_fixed(json, run_metrics[i].name, run_metrics[i].value(run),
                           run_metrics[i].decimals);
    }
}

void cdr_metrics_reference(FILE *out)
{
    fputs("\n## Figures of a summary\n\n`--summary FILE` writes these of the run:\n\n"
          "| key | what it is |\n|---|---|\n",
          out);
    for (size_t i = 0; i < sizeof run_metrics / sizeof *run_metrics; i++)
        fprintf(out, "| `%s` | %s |\n", run_metrics[i].name, run_metrics[i].help);
    fputs("\nand these of each partition of each topic:\n\n| key | what it is |\n|---|---|\n", out);
    for (unsigned i = 0; i < CDR_LOG_METRICS; i++)
        fprintf(out, "| `%s` | %s |\n", log_metrics[i].name, log_metrics[i].help);
}
