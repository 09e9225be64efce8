#include "app/summary.h"

#include "app/dimensions.h"
#include "app/faults.h"
#include "app/metrics.h"
#include "app/progress.h"
#include "app/say.h"
#include "app/stages.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "sink/file/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void hex(struct cdr_json *json, const char *key, uint64_t value)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    cdr_json_text(json, key, text);
}

static uint32_t owned(const struct cdr_run *run, uint32_t partition)
{
    return partition % run->settings->shard_count == run->settings->shard_index;
}

/* Of this shard's partitions; digest is the sum of terms, so that shards add up. */
static struct cdr_digest topic_digest(const struct cdr_run *run, uint32_t type)
{
    const uint32_t partitions = run->model->parameters.partitions;
    struct cdr_digest total = {0};
    for (uint32_t p = 0; p < partitions; p++) {
        if (!owned(run, p))
            continue;
        const struct cdr_digest *digest = cdr_pipeline_digest(run->pipeline, type * partitions + p);
        total.records += digest->records;
        total.bytes += digest->bytes;
        total.sum += digest->sum;
        total.ordered += cdr_digest_topic_term(p, digest);
    }
    return total;
}

/* Of faults on purpose: how many of each kind, and what a perfect cleaner lets through. */
static void write_faults(struct cdr_json *json, const struct cdr_run *run, uint32_t type)
{
    const uint32_t partitions = run->model->parameters.partitions;
    struct cdr_fault_counts total = {0};
    if (!run->model->faults.on)
        return;
    for (uint32_t p = 0; p < partitions; p++)
        if (owned(run, p))
            cdr_fault_counts_add(&total, cdr_pipeline_faults(run->pipeline, type * partitions + p));
    cdr_json_object_inline(json, "faults");
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++)
        if (run->model->parameters.faults[kind] > 0 &&
            (cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) == 0)
            cdr_json_u64(json, cdr_fault_name[kind], total.kinds[kind]);
    cdr_json_object_end(json);
    cdr_json_u64(json, "clean", total.clean);
    hex(json, "clean_sum", total.clean_sum);
}

static void write_topic(struct cdr_json *json, const struct cdr_run *run, uint32_t type)
{
    const uint32_t partitions = run->model->parameters.partitions;
    const struct cdr_topic *topic = &run->topics.items[type];
    const struct cdr_envelope *envelope = &topic->envelope;
    struct cdr_digest total = topic_digest(run, type);
    cdr_json_object(json, topic->name);
    cdr_json_text(json, "type", cdr_type_name[type]);
    cdr_json_u64(json, "records", total.records);
    cdr_json_u64(json, "bytes", total.bytes);
    hex(json, "digest", total.ordered);
    hex(json, "sum", total.sum);
    write_faults(json, run, type);
    if (topic->schema_ids[0] != 0)
        cdr_json_i64(json, "schema_id", topic->schema_ids[0]);
    if (topic->schema_ids[1] != 0)
        cdr_json_i64(json, "next_schema_id", topic->schema_ids[1]);
    if (topic->key_layout.schema != NULL)
        cdr_json_i64(json, "key_schema_id", topic->key_schema_id);
    if (envelope->header_count > 0) {
        cdr_json_array(json, "headers");
        for (uint32_t i = 0; i < envelope->header_count; i++)
            cdr_json_text(json, NULL, envelope->header_names[i]);
        cdr_json_array_end(json);
    }
    cdr_json_array(json, "partitions");
    for (uint32_t p = 0; p < partitions; p++) {
        if (!owned(run, p))
            continue;
        const uint32_t log = type * partitions + p;
        const struct cdr_digest *digest = cdr_pipeline_digest(run->pipeline, log);
        cdr_json_object_inline(json, NULL);
        cdr_json_u64(json, "partition", p);
        cdr_write_log_figures(json, run, log);
        hex(json, "digest", digest->ordered);
        hex(json, "sum", digest->sum);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
    cdr_json_object_end(json);
}

static void date_text(int32_t day, char text[16])
{
    struct cdr_date date = cdr_date_of_day(day);
    snprintf(text, 16, "%04d-%02u-%02u", date.year % 10000, date.month % 100,
             date.day_of_month % 100);
}

static void write_head(struct cdr_json *json, const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    char day[16];
    date_text(settings->model.start_day, day);
    cdr_json_text(json, "cdrgen", CDR_VERSION);
    cdr_json_u64(json, "data_model", CDR_DATA_MODEL_VERSION);
    cdr_json_text(json, "dataset_id", run->model->dataset_id);
    cdr_json_u64(json, "seed", settings->model.seed);
    cdr_json_u64(json, "subscribers", settings->model.subscribers);
    cdr_json_text(json, "start", day);
    cdr_json_u64(json, "days", settings->model.days);
    cdr_json_u64(json, "partitions", settings->model.partitions);
    cdr_json_text(json, "format", settings->format);
    if (run->topics.change_ms != CDR_CHANGE_NEVER)
        cdr_json_i64(json, "schema_change_ms", run->topics.change_ms);
    cdr_json_text(json, "sink", run->sink_ops->name);
    cdr_json_u64(json, "workers", run->workers);
    cdr_json_u64(json, "shard_index", settings->shard_index);
    cdr_json_u64(json, "shard_count", settings->shard_count);
    cdr_json_bool(json, "complete", run->complete);
}

static void write_spilled(struct cdr_json *json, const struct cdr_run *run)
{
    cdr_json_object(json, "spilled");
    cdr_json_text(json, "dir", run->settings->sink.spill);
    cdr_json_u64(json, "records", cdr_run_figure(run, CDR_LOG_SPILLED));
    cdr_json_object_end(json);
}

/* In the folder of the file sink, which the run itself makes. */
static bool in_out_folder(const struct cdr_settings *settings)
{
    const char *out = settings->sink.out;
    const size_t len = strlen(out);
    return strncmp(settings->summary, out, len) == 0 && settings->summary[len] == '/';
}

enum cdr_result cdr_check_summary(const struct cdr_settings *settings, struct cdr_error *error)
{
    const char *path = settings->summary;
    struct stat status;
    if (path == NULL || strcmp(path, "-") == 0)
        return CDR_OK;
    if (cdr_file_is_of_dataset(settings->sink.out, path))
        return cdr_fail(
            error, CDR_E_CONFIG,
            "summary: %s is the name of a file of the dataset in %s: choose another one", path,
            settings->sink.out);
    if (stat(path, &status) == 0) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : 0;
        if (errno != 0 || access(path, W_OK) != 0)
            return cdr_fail(error, CDR_E_CONFIG, "summary: %s: %s", path, strerror(errno));
        return CDR_OK;
    }
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (access(folder, W_OK | X_OK) != 0 && !(errno == ENOENT && in_out_folder(settings)))
        return cdr_fail(error, CDR_E_CONFIG, "summary: %s: %s: %s", path, folder, strerror(errno));
    return CDR_OK;
}

enum cdr_result cdr_write_summary(const struct cdr_run *run, struct cdr_error *error)
{
    const char *path = run->settings->summary;
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : cdr_stream_named(path);
    if (out == NULL)
        return cdr_fail(error, CDR_E_IO, "summary: %s: %s", path, strerror(errno));
    struct cdr_json json;
    cdr_json_start(&json, out);
    cdr_json_object(&json, NULL);
    write_head(&json, run);
    cdr_write_run_figures(&json, run);
    cdr_stages_write(run, &json);
    if (run->spilled)
        write_spilled(&json, run);
    cdr_json_object(&json, "topics");
    for (uint32_t type = 0; type < run->topics.n; type++)
        write_topic(&json, run, type);
    cdr_dimensions_summary(run->dimensions, &json);
    cdr_json_object_end(&json);
    cdr_json_object_end(&json);
    bool good = cdr_json_finish(&json);
    int reason = errno;
    if (!to_stdout && fclose(out) != 0 && good) {
        good = false;
        reason = errno;
    }
    return good ? CDR_OK : cdr_fail(error, CDR_E_IO, "summary: %s: %s", path, strerror(reason));
}

void cdr_print_closing(const struct cdr_run *run)
{
    struct cdr_pipeline_status status;
    char records[32], per_s[32], bytes[32];
    cdr_pipeline_status(run->pipeline, &status);
    double rate = run->wall_s > 0 ? (double)status.records / run->wall_s : 0;
    fprintf(stderr,
            "%s records in %.2f s (%s/s, %.0f ns of CPU each), peak memory %.0f MB; dataset %s\n",
            cdr_with_commas(status.records, records), run->wall_s,
            cdr_with_commas((uint64_t)rate, per_s),
            status.records > 0 ? run->cpu_s * 1e9 / (double)status.records : 0,
            (double)cdr_peak_rss_bytes() / 1e6, run->model->dataset_id);
    if (run->settings->sink.resume)
        fprintf(stderr,
                "  resumed after %s records that were there; figures and digests cover the "
                "records after them\n",
                cdr_with_commas(cdr_run_figure(run, CDR_LOG_FIRST_RECORD), records));
    if (run->model->parameters.faults[CDR_FAULT_ABORTED] > 0)
        fprintf(stderr, "  %s records more were sent in transactions that were aborted\n",
                cdr_with_commas(cdr_run_figure(run, CDR_LOG_ABORTED), records));
    for (uint32_t type = 0; type < run->topics.n; type++) {
        struct cdr_digest total = topic_digest(run, type);
        fprintf(stderr, "  %-16s %14s records  %17s bytes  digest %016" PRIx64 "\n",
                run->topics.items[type].name, cdr_with_commas(total.records, records),
                cdr_with_commas(total.bytes, bytes), total.ordered);
    }
    cdr_dimensions_print(run->dimensions, stderr);
    if (cdr_run_is_paced(run))
        fprintf(stderr, "  at most %.3f s behind schedule\n", (double)status.behind_max_ns / 1e9);
    cdr_stages_print(run, stderr);
    cdr_stages_print_end(run, stderr);
}

void cdr_print_spilled(const struct cdr_run *run)
{
    const char *dir = run->settings->sink.spill;
    char records[32];
    cdr_say(stderr,
            "cdrgen: %s records are in %s and not in the topics; when the brokers are back, "
            "publish them with `cdrgen replay %s` and the same -b, -F and -X%s\n",
            cdr_with_commas(cdr_run_figure(run, CDR_LOG_SPILLED), records), dir, dir,
            run->complete ? "" : ", then go on with `cdrgen run --resume`");
}

/* "2025-01-02T05:00:00.000Z". */
static void instant_text(int64_t ms, char text[40])
{
    char day[16];
    const int64_t day_ms = INT64_C(86400000), of_day = ((ms % day_ms) + day_ms) % day_ms;
    date_text((int32_t)((ms - of_day) / day_ms), day);
    snprintf(text, 40, "%sT%02d:%02d:%02d.%03dZ", day, (int)(of_day / 3600000),
             (int)(of_day / 60000 % 60), (int)(of_day / 1000 % 60), (int)(of_day % 1000));
}

static void print_change(const struct cdr_run *run)
{
    char instant[40];
    if (run->topics.change_ms == CDR_CHANGE_NEVER)
        return;
    instant_text(run->topics.change_ms, instant);
    printf("schema       from event time %s on, ", instant);
    const char *between = "";
    for (uint32_t type = 0; type < run->topics.n; type++) {
        if (!cdr_topic_changes(&run->topics.items[type]))
            continue;
        cdr_say(stdout, "%s%s follows %s", between, run->topics.items[type].name,
                run->topics.items[type].layouts[1].name);
        between = ", ";
    }
    putchar('\n');
}

/* Where to, in a few words. */
static void print_destination(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    printf("destination  %s", run->sink_ops->name);
    if (cdr_run_has(run, CDR_SINK_FOLDER))
        cdr_say(stdout, ", folder %s", settings->sink.out);
    if (cdr_run_has(run, CDR_SINK_OFFSETS) && settings->sink.kafka.brokers != NULL)
        cdr_say(stdout, ", brokers %s", settings->sink.kafka.brokers);
    if (run->sink_reason != NULL)
        cdr_say(stdout, ", because %s", run->sink_reason);
    printf("\nformat       %s\n", settings->format);
    print_change(run);
    if (!cdr_run_has(run, CDR_SINK_MESSAGES))
        return;
    if (cdr_has_avro_keys(&run->topics))
        cdr_say(stdout, "keys         avro, schema %s\n",
                settings->key_schema != NULL ? settings->key_schema : cdr_key_schema_default);
    if (settings->headers != NULL)
        cdr_say(stdout, "headers      %s\n", settings->headers);
}

bool cdr_backlog_text(const struct cdr_run *run, char *text, size_t text_max)
{
    const struct cdr_parameters *p = &run->model->parameters;
    const int64_t first_ms = cdr_calendar_day_start_ms(&run->model->calendar, p->start_day);
    const double days = (double)(run->settings->now_ms - first_ms) / 86400000.0;
    char records[32];
    if (!run->settings->live || days <= 0)
        return false;
    double expected =
        cdr_expected_records(run->model) / p->days / run->settings->shard_count * days;
    snprintf(text, text_max, "about %s records of %.1f days until now, as fast as possible",
             cdr_with_commas((uint64_t)expected, records), days);
    return true;
}

void cdr_print_plan(const struct cdr_run *run)
{
    const struct cdr_settings *settings = run->settings;
    const struct cdr_parameters *p = &run->model->parameters;
    char day[16], records[32], backlog[160];
    double expected = cdr_expected_records(run->model) / settings->shard_count /
                      (cdr_settings_is_endless(settings) ? p->days : 1);
    date_text(p->start_day, day);
    printf("dataset      %s\n", run->model->dataset_id);
    if (settings->live)
        printf("days         from %s on, in real time when the present is reached; %s\n", day,
               p->tz_name);
    else if (cdr_settings_is_endless(settings))
        printf("days         from %s on, as many as it takes; %s\n", day, p->tz_name);
    else
        printf("days         %" PRIu32 " from %s, %s\n", p->days, day, p->tz_name);
    printf("subscribers  %" PRIu32 ", seed %" PRIu64 "\n", p->subscribers, p->seed);
    printf("records      about %s%s\n", cdr_with_commas((uint64_t)(expected + 0.5), records),
           cdr_settings_is_endless(settings) ? " a day" : "");
    cdr_stages_plan(run, stdout);
    cdr_faults_print_expected(stdout, p, expected);
    if (cdr_backlog_text(run, backlog, sizeof backlog))
        printf("backlog      %s\n", backlog);
    for (uint32_t type = 0; type < run->topics.n; type++)
        printf("%s%s", type == 0 ? "topics       " : ", ", run->topics.items[type].name);
    printf("; %" PRIu32 " partitions each\n", p->partitions);
    if (settings->dimensions)
        printf("dimensions   %s%s, %s%s; rows from the first day on, updates and tombstones\n",
               settings->topic_prefix, cdr_dimension_name[0], settings->topic_prefix,
               cdr_dimension_name[1]);
    if (settings->truth_topic != NULL)
        cdr_say(stdout, "truth        %s; a row a fault\n", settings->truth_topic);
    if (settings->shard_count > 1)
        printf("shard        partitions p with p mod %" PRIu32 " = %" PRIu32 "\n",
               settings->shard_count, settings->shard_index);
    print_destination(run);
    printf("nothing was written (--dry-run)\n");
}
