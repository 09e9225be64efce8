#include "app/verify_dimensions.h"

#include "app/progress.h"
#include "verify/dimensions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct cdr_verified_dimensions {
    struct cdr_topics topics;
    struct cdr_dimension_report report;
};

#if CDR_KAFKA

static enum cdr_result check(struct cdr_verification *run, const atomic_int *stop,
                             struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_verified_dimensions *dimensions = run->dimensions;
    struct cdr_dimension_check_settings how = {
        .model = run->model,
        .topics = &dimensions->topics,
        .records = &run->topics,
        .sink = &settings->sink,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .finds = settings->sink.append,
        .days = settings->model.days,
        .show = settings->show,
        .open_wait_ms = settings->open_wait_ms,
        .stop = stop,
    };
    enum cdr_result result = cdr_dimension_topics(
        &dimensions->topics, settings->dimensions ? settings->topic_prefix : NULL,
        settings->truth_topic, cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED), error);
    if (result == CDR_OK)
        result = cdr_dimension_topics_encode(&dimensions->topics, settings->format, error);
    return result == CDR_OK ? cdr_dimension_check(&how, &dimensions->report, error) : result;
}

enum cdr_result cdr_verification_dimensions(struct cdr_verification *run, const atomic_int *stop,
                                            struct cdr_error *error)
{
    if (!cdr_settings_has_rows(run->settings))
        return CDR_OK;
    if (run->from_files) {
        if (!run->settings->quiet)
            fprintf(stderr, "cdrgen: dimensions: files hold no dimension topics; only the records "
                            "are compared\n");
        return CDR_OK;
    }
    run->dimensions = calloc(1, sizeof *run->dimensions);
    if (run->dimensions == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    return check(run, stop, error);
}

#else

enum cdr_result cdr_verification_dimensions(struct cdr_verification *run, const atomic_int *stop,
                                            struct cdr_error *error)
{
    (void)run, (void)stop, (void)error;
    return CDR_OK;
}

#endif

void cdr_verification_dimensions_free(struct cdr_verification *run)
{
    if (run->dimensions == NULL)
        return;
    cdr_topics_free(&run->dimensions->topics);
    free(run->dimensions->report.counts);
    free(run->dimensions);
    run->dimensions = NULL;
}

static struct cdr_dimension_counts total_of(const struct cdr_verification *run, uint32_t d)
{
    const uint32_t partitions = run->settings->model.partitions;
    struct cdr_dimension_counts sum = run->dimensions->report.added[d];
    for (uint32_t p = 0; run->dimensions->report.counts != NULL && p < partitions; p++) {
        const struct cdr_dimension_counts *log =
            &run->dimensions->report.counts[d * partitions + p];
        sum.expected += log->expected;
        sum.found += log->found;
        sum.matched += log->matched;
        sum.compacted += log->compacted;
        sum.lost += log->lost;
        sum.wrong_key += log->wrong_key;
        sum.wrong_timestamp += log->wrong_timestamp;
        sum.altered += log->altered;
        sum.foreign += log->foreign;
        sum.unread += log->unread;
    }
    return sum;
}

static void counts_text(const struct cdr_dimension_counts *counts, char *text, size_t size)
{
    const struct {
        const char *word;
        uint64_t n;
    } parts[] = {{"lost", counts->lost},
                 {"with another key", counts->wrong_key},
                 {"with another timestamp", counts->wrong_timestamp},
                 {"altered", counts->altered},
                 {"foreign", counts->foreign}};
    size_t used = 0;
    snprintf(text, size, "same");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].n > 0 && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64 " %s",
                                     used > 0 ? ", " : "", parts[i].n, parts[i].word);
}

bool cdr_verification_dimensions_differ(const struct cdr_verification *run, char *text, size_t size)
{
    bool differ = false;
    for (uint32_t d = 0; run->dimensions != NULL && d < run->dimensions->topics.n; d++) {
        struct cdr_dimension_counts sum = total_of(run, d);
        char counts[200];
        if (differ || !cdr_dimension_differs(&sum))
            continue;
        differ = true;
        counts_text(&sum, counts, sizeof counts);
        snprintf(text, size, "rows of %s: %s", run->dimensions->topics.items[d].name, counts);
    }
    return differ;
}

uint64_t cdr_verification_dimensions_unread(const struct cdr_verification *run)
{
    uint64_t unread = 0;
    for (uint32_t d = 0; run->dimensions != NULL && d < run->dimensions->topics.n; d++)
        unread += total_of(run, d).unread;
    return unread;
}

bool cdr_verification_dimension(const struct cdr_verification *run, uint32_t d, uint64_t *found,
                                uint64_t *same, char *text, size_t size)
{
    struct cdr_dimension_counts sum = {0};
    if (run->dimensions != NULL)
        sum = total_of(run, d);
    *found = sum.found;
    *same = sum.matched;
    counts_text(&sum, text, size);
    const uint32_t added =
        run->dimensions != NULL ? run->dimensions->report.added_partitions[d] : 0;
    if (added > 0)
        snprintf(text, size, "it has %" PRIu32 " partitions more than the dataset", added);
    return added > 0 || cdr_dimension_differs(&sum);
}

uint64_t cdr_verification_dimension_before(const struct cdr_verification *run, uint32_t d)
{
    return run->dimensions != NULL ? run->dimensions->report.before[d] : 0;
}

void cdr_print_dimensions(const struct cdr_verification *run, FILE *out)
{
    for (uint32_t d = 0; run->dimensions != NULL && d < run->dimensions->topics.n; d++) {
        struct cdr_dimension_counts sum = total_of(run, d);
        char expected[32], found[32], compacted[32], text[200];
        counts_text(&sum, text, sizeof text);
        fprintf(out, "  %-16s %14s rows    expected, %14s found: %s",
                run->dimensions->topics.items[d].name, cdr_with_commas(sum.expected, expected),
                cdr_with_commas(sum.found, found), text);
        if (sum.compacted > 0)
            fprintf(out, "; %s more were replaced, and compacted",
                    cdr_with_commas(sum.compacted, compacted));
        fputc('\n', out);
    }
    for (uint32_t i = 0; run->dimensions != NULL && i < run->dimensions->report.lines; i++)
        fprintf(out, "  %s\n", run->dimensions->report.line[i]);
}

void cdr_put_dimensions(struct cdr_json *json, const struct cdr_verification *run)
{
    if (run->dimensions == NULL)
        return;
    cdr_json_object(json, "dimensions");
    for (uint32_t d = 0; d < run->dimensions->topics.n; d++) {
        struct cdr_dimension_counts sum = total_of(run, d);
        cdr_json_object(json, run->dimensions->topics.items[d].name);
        cdr_json_u64(json, "expected", sum.expected);
        cdr_json_u64(json, "found", sum.found);
        cdr_json_u64(json, "matched", sum.matched);
        cdr_json_u64(json, "compacted", sum.compacted);
        cdr_json_u64(json, "lost", sum.lost);
        cdr_json_u64(json, "wrong_key", sum.wrong_key);
        cdr_json_u64(json, "wrong_timestamp", sum.wrong_timestamp);
        cdr_json_u64(json, "altered", sum.altered);
        cdr_json_u64(json, "foreign", sum.foreign);
        cdr_json_u64(json, "unread", sum.unread);
        cdr_json_object_end(json);
    }
    cdr_json_object_end(json);
    cdr_json_array(json, "dimension_differences");
    for (uint32_t i = 0; i < run->dimensions->report.lines; i++)
        cdr_json_text(json, NULL, run->dimensions->report.line[i]);
    cdr_json_array_end(json);
}
