/* What a record costs: the whole pipeline into the null sink, and its stages one by one.
 *
 *   bench_generate [subscribers [days [workers [format [partitions]]]]]
 *
 * Prints records, wall and CPU time of the whole, ns of CPU a record, peak memory and the digests (so that nobody measures
 * something that does not work). */
#include "base/clock.h"
#include "encode/encoder.h"
#include "pipeline/pipeline.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void check(enum cdr_result result, const struct cdr_error *error)
{
    if (result == CDR_OK)
        return;
    fprintf(stderr, "bench_generate: %s\n", error->text);
    exit(1);
}

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    struct cdr_error error = {0};
    static struct cdr_parameters parameters;
    cdr_parameters_default(&parameters);
    parameters.subscribers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    parameters.days = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    unsigned workers = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    const char *format = argc > 4 ? argv[4] : "csv";
    parameters.partitions = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 6;
    check(cdr_parameters_check(&parameters, &error), &error);
    struct cdr_model *model;
    check(cdr_model_create(&model, &parameters, &error), &error);

    struct cdr_pipeline_settings settings = {.model = model, .workers = workers, .shard_count = 1};
    struct cdr_sink_setup setup = {.partitions = parameters.partitions,
                                   .shard_count = 1,
                                   .dataset_id = model->dataset_id,
                                   .workers = workers,
                                   .slab_bytes = 1 << 20,
                                   .slab_records = 4096};
    struct cdr_topics topics;
    check(cdr_topics_create(&topics, CDR_TYPE_COUNT, &error), &error);
    check(cdr_topics_create_encoders(&topics, format, parameters.tz_name, true, &error), &error);
    settings.topics = setup.topics = &topics;
    struct cdr_sink_settings sink_settings = {0};
    check(cdr_sink_find("null")->open(&settings.sink, &sink_settings, &setup, &error), &error);
    struct cdr_pipeline *pipeline;
    int64_t created_ns = cdr_monotonic_ns();
    check(cdr_pipeline_create(&pipeline, &settings, &error), &error);
    int64_t start_ns = cdr_monotonic_ns();
    double cpu_before_s = cpu_s();
    check(cdr_pipeline_run(pipeline, &error), &error);
    double cpu = cpu_s() - cpu_before_s, wall = (double)(cdr_monotonic_ns() - start_ns) / 1e9;

    struct cdr_pipeline_status status;
    cdr_pipeline_status(pipeline, &status);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%" PRIu64 " records, %.1f bytes each; %.3f s wall, %.1f ns of CPU a record, %.2f M/s; "
           "start %.3f s, peak %.1f MB\n",
           status.records, (double)status.bytes / (double)status.records, wall,
           cpu * 1e9 / (double)status.records, (double)status.records / wall / 1e6,
           (double)(start_ns - created_ns) / 1e9, (double)usage.ru_maxrss / 1024);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        uint64_t records = 0, digest = 0, sum = 0;
        for (uint32_t p = 0; p < parameters.partitions; p++) {
            const struct cdr_digest *log =
                cdr_pipeline_digest(pipeline, type * parameters.partitions + p);
            records += log->records;
            digest += cdr_digest_topic_term(p, log);
            sum += log->sum;
        }
        printf("%-5s %12" PRIu64 "  digest %016" PRIx64 "  sum %016" PRIx64 "\n",
               cdr_type_name[type], records, digest, sum);
    }
    cdr_pipeline_destroy(pipeline);
    settings.sink->ops->close(settings.sink, true, &error);
    cdr_topics_free(&topics);
    cdr_model_destroy(model);
    return 0;
}
