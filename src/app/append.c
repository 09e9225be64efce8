#include "app/append.h"

#include "app/tail.h"
#include "verify/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- without --resume: a warning --- */

struct search {
    const struct cdr_run *run;
    struct cdr_source *source; /* tells what is there */
    uint32_t logs, partitions;
    struct cdr_verify_range *ranges;
    int64_t *found;
};

static bool is_mine(const struct search *search, uint32_t log)
{
    const struct cdr_settings *settings = search->run->settings;
    return log % search->partitions % settings->shard_count == settings->shard_index &&
           !search->run->topics.items[log / search->partitions].left_out;
}

static struct cdr_source_extent extent_of(const struct search *search, uint32_t log)
{
    return search->source->ops->extent(search->source, log);
}

static void warn(const struct search *search, uint32_t log, int64_t offset)
{
    fprintf(stderr,
            "cdrgen: warning: append: %s[%u] already holds this dataset, from offset %" PRId64
            " on, and it is written once more; with --resume --append a run goes on with it\n",
            search->run->topics.items[log / search->partitions].name, log % search->partitions,
            offset);
}

/* Whether some run committed where the dataset begins. *first: a log that goes on after that. */
static bool is_known(const struct search *search, uint32_t *first)
{
    bool known = false;
    *first = UINT32_MAX;
    for (uint32_t log = search->logs; log-- > 0;) {
        if (!is_mine(search, log))
            continue;
        const struct cdr_source_extent extent = extent_of(search, log);
        known |= extent.known;
        if (extent.known && extent.end > extent.base)
            *first = log;
    }
    return known;
}

/* All logs that hold something; or just the one that holds least, where one answers the question.
 */
static bool choose(struct search *search, bool all)
{
    uint32_t least = UINT32_MAX;
    bool any = false;
    for (uint32_t log = 0; log < search->logs; log++) {
        if (!is_mine(search, log))
            continue;
        const struct cdr_source_extent extent = extent_of(search, log);
        if (extent.end <= extent.first)
            continue;
        search->ranges[log] = (struct cdr_verify_range){.to = all};
        if (least == UINT32_MAX || extent.end - extent.first < extent_of(search, least).end -
                                                                   extent_of(search, least).first)
            least = log;
        any = true;
    }
    if (any && !all)
        search->ranges[least].to = 1;
    return any;
}

static bool is_unanswered(const struct search *search)
{
    for (uint32_t log = 0; log < search->logs; log++)
        if (search->ranges[log].to > 0 && search->found[log] != CDR_FIND_NOTHING)
            return false;
    return true;
}

/* A run committed that the dataset begins at the offset. What is there may be what its transactions
 * aborted. */
static enum cdr_result look_from(struct search *search, uint32_t log, int64_t offset,
                                 const struct cdr_verify_tail_settings *tail,
                                 struct cdr_error *error)
{
    search->ranges[log] = (struct cdr_verify_range){.to = 1, .offset = offset};
    enum cdr_result result = cdr_verify_find(tail, false, search->found, NULL, error);
    if (result == CDR_OK && search->found[log] != CDR_FIND_ABSENT)
        warn(search, log, offset);
    return result;
}

static enum cdr_result look(struct search *search, struct cdr_error *error)
{
    struct cdr_verify_tail_settings tail;
    uint32_t first;
    search->ranges = calloc(search->logs, sizeof *search->ranges);
    search->found = calloc(search->logs, sizeof *search->found);
    if (search->ranges == NULL || search->found == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", search->logs);
    const bool known = is_known(search, &first);
    cdr_run_tail_settings(search->run, &tail);
    tail.ranges = search->ranges;
    if (first != UINT32_MAX)
        return look_from(search, first, extent_of(search, first).base, &tail, error);
    if (known || !choose(search, false))
        return CDR_OK;
    enum cdr_result result = cdr_verify_find(&tail, false, search->found, NULL, error);
    /* Of the log that holds least, the dataset may have nothing: then the others answer. */
    if (result == CDR_OK && is_unanswered(search)) {
        choose(search, true);
        result = cdr_verify_find(&tail, false, search->found, NULL, error);
    }
    for (uint32_t log = 0; result == CDR_OK && log < search->logs; log++)
        if (search->found[log] >= 0)
            warn(search, log, search->found[log]);
    return result;
}

/* Fails where the sink will say why: topics that are missing, say. */
static bool open_source(struct search *search)
{
    const struct cdr_run *run = search->run;
    const struct cdr_settings *settings = run->settings;
    struct cdr_error ignored = {{0}};
    struct cdr_source_setup setup = {
        .model = run->model,
        .topics = &run->topics,
        .partitions = search->partitions,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .may_miss = true,
    };
    return cdr_kafka_source_open(&search->source, &settings->sink, &setup, &ignored) == CDR_OK;
}

enum cdr_result cdr_run_warn_appended(struct cdr_run *run, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct search search = {
        .run = run, .logs = cdr_run_logs(run), .partitions = settings->model.partitions};
    if (!settings->sink.append || settings->sink.resume || !cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
    enum cdr_result result = open_source(&search) ? look(&search, error) : CDR_OK;
    if (search.source != NULL)
        search.source->ops->close(search.source);
    free(search.ranges);
    free(search.found);
    return result;
}

/* --- with --resume: where it goes on --- */

static enum cdr_result refuse(const char *topic, uint32_t partition, bool expired, bool any,
                              struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_STATE,
                    "append: %s[%u] does not hold the first record of this dataset%s, and %s: "
                    "whether the dataset begins in it, and where, cannot be told%s",
                    topic, partition, any ? ", which other partitions hold" : "",
                    expired ? "its own beginning was deleted"
                            : "it holds too much that was compacted, or that an open transaction "
                              "hides, to find another one",
                    any ? ""
                        : "; leave --resume out, or pass --force, to begin after what is there");
}

static enum cdr_result refuse_alike(const struct cdr_run *run, const char *topic,
                                    uint32_t partition, bool any, struct cdr_error *error)
{
    return cdr_fail(error, CDR_E_STATE,
                    "append: %s[%u] holds records with the times of this dataset's, one after the "
                    "other, but not the messages that it would have there: a run wrote it in "
                    "another form (format, schema, mapping, key or headers) and Kafka has "
                    "forgotten that (the group cdrgen-%s), or its beginning is lost, or it is of "
                    "another dataset that is much like it: pass the settings of the run that wrote "
                    "it%s",
                    topic, partition, run->model->dataset_id,
                    any ? ""
                        : "; leave --resume out, or pass --force, to begin after what is there");
}

/* Records of this dataset after a beginning that is lost look like another's. */
static void warn_begins(const struct cdr_topics *topics, uint32_t partitions, const bool *wanted,
                        const int64_t *begins)
{
    uint32_t first = UINT32_MAX, more = 0;
    for (uint32_t log = 0; log < topics->n * partitions; log++) {
        if (!wanted[log] || begins[log] != CDR_FIND_ABSENT)
            continue;
        more += first != UINT32_MAX;
        first = first == UINT32_MAX ? log : first;
    }
    if (first == UINT32_MAX)
        return;
    char others[48] = "";
    if (more > 0)
        snprintf(others, sizeof others, " (and %" PRIu32 " more partitions)", more);
    fprintf(stderr,
            "cdrgen: warning: append: %s[%" PRIu32 "]%s holds records, and not the first one of "
            "this dataset, which other partitions hold: the dataset begins after them\n",
            topics->items[first / partitions].name, first % partitions, others);
}

enum cdr_result cdr_run_judge_begins(const struct cdr_run *run, const struct cdr_topics *topics,
                                     const bool *wanted, bool known, const int64_t *begins,
                                     struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    bool any = known;
    for (uint32_t log = 0; log < topics->n * partitions; log++)
        any |= wanted[log] && begins[log] >= 0;
    for (uint32_t log = 0;
         (any || !run->settings->sink.kafka.force) && log < topics->n * partitions; log++) {
        if (wanted[log] && (begins[log] == CDR_FIND_EXPIRED || begins[log] == CDR_FIND_UNSURE))
            return refuse(topics->items[log / partitions].name, log % partitions,
                          begins[log] == CDR_FIND_EXPIRED, any, error);
        if (wanted[log] && begins[log] == CDR_FIND_ALIKE)
            return refuse_alike(run, topics->items[log / partitions].name, log % partitions, any,
                                error);
    }
    if (any)
        warn_begins(topics, partitions, wanted, begins);
    return CDR_OK;
}

/* Between records of transactions lie control records, so that only the first one of the dataset
 * says where it begins. */
static enum cdr_result check_beheaded(const struct cdr_run *run,
                                      const struct cdr_begin_found *found, struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    for (uint32_t log = 0; run->settings->sink.transactions && log < cdr_run_logs(run); log++)
        if (found[log].beheaded)
            return cdr_fail(error, CDR_E_STATE,
                            "append: %s[%u] holds records of this dataset, but not the first one, "
                            "and Kafka has forgotten where it begins (the group cdrgen-%s): delete "
                            "the topics, then --resume --create-topics fills them again",
                            run->topics.items[log / partitions].name, log % partitions,
                            run->model->dataset_id);
    return CDR_OK;
}

enum cdr_result cdr_run_find_begins(void *context, const bool *wanted, bool known, int64_t *begins,
                                    struct cdr_error *error)
{
    const struct cdr_run *run = context;
    const uint32_t logs = cdr_run_logs(run);
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    struct cdr_begin_found *found = calloc(logs, sizeof *found);
    struct cdr_verify_tail_settings tail;
    enum cdr_result result = ranges != NULL && found != NULL
                                 ? CDR_OK
                                 : cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++)
        ranges[log].to = wanted[log];
    cdr_run_tail_settings(run, &tail);
    tail.ranges = ranges;
    if (result == CDR_OK)
        result = cdr_verify_find(&tail, true, begins, found, error);
    if (result == CDR_OK)
        result = check_beheaded(run, found, error);
    if (result == CDR_OK)
        result = cdr_run_judge_begins(run, &run->topics, wanted, known, begins, error);
    free(ranges);
    free(found);
    return result;
}
