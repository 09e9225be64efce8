#include "app/tail.h"

#include "app/progress.h"
#include "app/stop.h"
#include "sink/kafka/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of each log. One would tell another dataset, a row of them tells another order, too. */
#define TAIL_RECORDS 100u

/* What looks at the topics: the first word of what it says of them. */
static const char *who(const struct cdr_run *run)
{
    return run->settings->sink.replays ? "replay" : "resume";
}

void cdr_run_tail_settings(const struct cdr_run *run, struct cdr_verify_tail_settings *tail)
{
    const struct cdr_settings *settings = run->settings;
    *tail = (struct cdr_verify_tail_settings){
        .model = run->model,
        .topics = &run->topics,
        .sink = &settings->sink,
        .workers = run->workers,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .endless = settings->live || settings->sink.replays, /* a run may have gone on since */
        .ids = settings->sink.id_header,
        .stop = cdr_stop_on_signals(),
    };
}

static enum cdr_result check(const struct cdr_run *run, const struct cdr_verify_range *ranges,
                             struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_verify_tail_settings tail;
    cdr_run_tail_settings(run, &tail);
    tail.ranges = ranges;
    struct cdr_error why = {0};
    char blind[CDR_VERIFY_BLIND_MAX];
    tail.force = settings->sink.kafka.force;
    tail.blind = blind;
    tail.unseen = run->doubted;
    enum cdr_result result = cdr_verify_tail(&tail, &why);
    if (result == CDR_OK && run->topics.change_ms != CDR_CHANGE_NEVER)
        result = cdr_verify_change(&tail, run->topics.change_ms, &why);
    if (result == CDR_OK && blind[0] != '\0' && settings->sink.rehearsal == CDR_REHEARSAL_NONE)
        fprintf(stderr, "cdrgen: warning: %s: %s; their number is believed, %s\n", who(run), blind,
                settings->sink.kafka.force
                    ? "with --force"
                    : "since a run of this dataset committed where it ended");
    if (result == CDR_E_STATE)
        return cdr_fail(error, CDR_E_STATE, "%s: %.1000s", who(run), why.text);
    if (result == CDR_E_DIFFERENT && !settings->sink.transactions &&
        cdr_kafka_has_transactions(run->sink))
        return cdr_fail(error, CDR_E_STATE,
                        "%s: dataset %s was written with --transactions: resume it with "
                        "--transactions, or where that is refused too, because the topics hold "
                        "what its transactions did not commit, fill them again with `cdrgen repair "
                        "--transactions` (%.600s)",
                        who(run), run->model->dataset_id, why.text);
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: the topics do not hold the beginning of dataset %s: %.800s", who(run),
                        run->model->dataset_id, why.text);
    if (result != CDR_OK)
        *error = why;
    return result;
}

/* Records were committed to the log, and none is left. Where the log begins says whether they
 * expired. */
static enum cdr_result judge_empty(const struct cdr_run *run, uint32_t log, int64_t first,
                                   bool same_form, struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    const unsigned long long count = run->starts[log];
    const char *topic = run->topics.items[log / partitions].name;
    if (first == 0 && !run->settings->sink.kafka.force)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: %s[%u]: %llu records of dataset %s were committed to it and did "
                        "not expire, and none is there: the topic was deleted and created again; "
                        "delete it once more, or go on after them with --force",
                        who(run), topic, log % partitions, count, run->model->dataset_id);
    if (run->settings->sink.rehearsal != CDR_REHEARSAL_NONE)
        return CDR_OK;
    if (!same_form && !run->settings->sink.kafka.force)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: %s[%u]: nothing is left of its first %llu records, and they were "
                        "committed in messages of another form (format, schema, mapping, key or "
                        "headers): pass the settings of the run that wrote them, or go on after "
                        "them with --force",
                        who(run), topic, log % partitions, count);
    fprintf(stderr,
            "cdrgen: warning: %s: %s[%u]: nothing is left of its first %llu records; their "
            "number is believed, %s\n",
            who(run), topic, log % partitions, count,
            first == 0 ? "with --force" : "since it was committed with them");
    return CDR_OK;
}

/* What is known of the records that the logs hold. */
struct history {
    bool *known;                      /* a run of this dataset has committed that it begins there */
    int64_t *begins;                  /* the offset of its first record */
    struct cdr_kafka_writer *writers; /* the last run to say that it writes */
};

static void forget(struct history *history)
{
    free(history->known);
    free(history->begins);
    free(history->writers);
}

static enum cdr_result recall(const struct cdr_run *run, struct history *history,
                              struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    *history = (struct history){.known = calloc(logs, sizeof *history->known),
                                .begins = calloc(logs, sizeof *history->begins),
                                .writers = calloc(logs, sizeof *history->writers)};
    if (history->known == NULL || history->begins == NULL || history->writers == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    cdr_kafka_known_bases(run->sink, history->known, history->begins);
    cdr_kafka_last_writers(run->sink, history->writers);
    return CDR_OK;
}

/* Another dataset was the last to begin in the log, where this one would have to. */
static bool is_taken(const struct cdr_run *run, const struct history *history, uint32_t log)
{
    const struct cdr_kafka_writer *writer = &history->writers[log];
    return writer->known && !history->known[log] &&
           strcmp(writer->dataset, run->model->dataset_id) != 0 &&
           writer->offset == history->begins[log];
}

static enum cdr_result fail_taken(const struct cdr_run *run, const struct history *history,
                                  uint32_t log, struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    return cdr_fail(error, CDR_E_STATE, "%s: %s[%u] holds dataset %s, and %s dataset %s: %s",
                    who(run), run->topics.items[log / partitions].name, log % partitions,
                    history->writers[log].dataset,
                    run->settings->sink.replays ? "the spill is of" : "these settings give",
                    run->model->dataset_id,
                    run->settings->sink.replays
                        ? "nothing was published; --force takes it for this one if its last "
                          "records are"
                        : "pass the settings of the run that began there, or write to other "
                          "topics; --force takes it for this one if its last records are");
}

static void say_widened(const struct cdr_run *run, uint32_t count, uint64_t records)
{
    char number[32];
    if (count > 0 && !run->settings->quiet)
        fprintf(stderr,
                "cdrgen: %s: nothing is committed that says that %u partition%s hold%s dataset "
                "%s in messages of this form: all of their %s records are compared, not only the "
                "last ones\n",
                who(run), count, count == 1 ? "" : "s", count == 1 ? "s" : "",
                run->model->dataset_id, cdr_with_commas(records, number));
}

/* The last records of each log do not tell datasets apart whose settings differ little, nor one
 * schema from another that rarely differs. All that the log holds is compared, unless a run of this
 * dataset was the last to say that it writes the log, in messages of this form. */
static enum cdr_result widen(const struct cdr_run *run, struct cdr_verify_range *ranges,
                             struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct history history;
    uint32_t count = 0;
    uint64_t records = 0;
    enum cdr_result result = recall(run, &history, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        struct cdr_verify_range *range = &ranges[log];
        if (range->to == 0 || range->from == range->to)
            continue;
        if (is_taken(run, &history, log))
            result = fail_taken(run, &history, log, error);
        if ((history.known[log] && history.writers[log].same) || range->from == 0)
            continue;
        range->from = 0;
        range->offset = history.begins[log];
        records += range->to;
        count++;
    }
    if (result == CDR_OK)
        say_widened(run, count, records);
    forget(&history);
    return result;
}

/* With --force only the last records are compared. Of logs that nobody vouches for, this run does
 * not do it either, so that a later one without --force compares all that is there. */
static enum cdr_result doubt(struct cdr_run *run, const struct cdr_verify_range *ranges,
                             struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct history history;
    enum cdr_result result = recall(run, &history, error);
    free(run->doubted);
    run->doubted = calloc(logs, sizeof *run->doubted);
    if (result == CDR_OK && run->doubted == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        const struct cdr_verify_range *range = &ranges[log];
        const bool vouched = history.known[log] && history.writers[log].same;
        run->doubted[log] =
            range->to > 0 && (range->from == range->to || (range->from > 0 && !vouched));
    }
    forget(&history);
    return result;
}

/* Positions are offsets from the base; or, with transactions, found by reading back. */
static enum cdr_result set_ranges(const struct cdr_run *run, struct cdr_verify_range *ranges,
                                  struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    bool *known = calloc(logs, sizeof *known);
    if (known == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    cdr_kafka_known_ends(run->sink, known);
    for (uint32_t log = 0; log < logs; log++) {
        const uint64_t to = run->starts[log], from = to > TAIL_RECORDS ? to - TAIL_RECORDS : 0;
        ranges[log] = (struct cdr_verify_range){.from = from,
                                                .to = to,
                                                .offset = run->bases[log] + (int64_t)from,
                                                .proven = known[log]};
    }
    free(known);
    if (!run->settings->sink.transactions)
        return CDR_OK;
    struct cdr_kafka_last *last = calloc(logs, sizeof *last);
    if (last == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result =
        cdr_kafka_find_last(run->sink, &run->settings->sink, TAIL_RECORDS, last, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        struct cdr_verify_range *range = &ranges[log];
        const uint64_t count =
            last[log].count < range->to - range->from ? last[log].count : range->to - range->from;
        range->from = range->to - count;
        range->offset = last[log].offset;
        if (count == 0 && range->to > 0)
            result = judge_empty(run, log, last[log].first, range->proven, error);
    }
    free(last);
    return result;
}

/* Of the records that each log must hold by now. With --force the run goes on with whatever the
 * topics do to them. */
static enum cdr_result check_heads(const struct cdr_run *run, const uint64_t *ends,
                                   const atomic_int *stop, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct cdr_verify_tail_settings head;
    if (run->settings->sink.kafka.force)
        return CDR_OK;
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    int64_t *begins = calloc(logs, sizeof *begins);
    bool *known = calloc(logs, sizeof *known);
    enum cdr_result result = CDR_OK;
    if (ranges == NULL || begins == NULL || known == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    else
        cdr_kafka_known_bases(run->sink, known, begins);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++)
        ranges[log] = (struct cdr_verify_range){.to = ends[log], .offset = begins[log]};
    cdr_run_tail_settings(run, &head);
    head.ranges = ranges;
    head.stop = stop;
    if (result == CDR_OK)
        result = cdr_verify_head(&head, error);
    free(ranges);
    free(begins);
    free(known);
    return result;
}

enum cdr_result cdr_run_check_heads(const struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct cdr_error why = {0};
    if (!cdr_run_has(run, CDR_SINK_OFFSETS) || run->spilled)
        return CDR_OK;
    uint64_t *ends = calloc(logs, sizeof *ends);
    if (ends == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; log < logs; log++)
        ends[log] = run->starts[log] + run->progress[log].durable;
    /* A run that was interrupted looks all the same. */
    enum cdr_result result = check_heads(run, ends, NULL, &why);
    free(ends);
    if (result == CDR_E_KAFKA)
        return cdr_fail(error, result,
                        "every record was acknowledged, but nothing says whether all of them are "
                        "still there: %.600s; `verify` tells",
                        why.text);
    if (result == CDR_OK || result == CDR_E_STATE) /* without the right to read, it goes on */
        return CDR_OK;
    *error = why;
    return result;
}

static enum cdr_result check_beginning(const struct cdr_run *run, struct cdr_error *error)
{
    struct cdr_error why = {0};
    enum cdr_result result = check_heads(run, run->starts, cdr_stop_on_signals(), &why);
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: the topics do not hold all of the beginning of dataset %s: %.700s; "
                        "'cdrgen repair' with the same flags deletes and refills such topics",
                        who(run), run->model->dataset_id, why.text);
    if (result != CDR_OK && result != CDR_E_STATE) {
        *error = why;
        return result;
    }
    return CDR_OK;
}

/* With transactions, where the last records are; all of the ranges become as long as the longest,
 * which does no harm. */
static enum cdr_result find_arrived(const struct cdr_run *run, struct cdr_verify_range *ranges,
                                    uint64_t most, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct cdr_kafka_last *last = calloc(logs, sizeof *last);
    if (last == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result =
        cdr_kafka_find_last(run->sink, &run->settings->sink, (uint32_t)most, last, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        ranges[log].from = ranges[log].to - last[log].count;
        ranges[log].offset = last[log].offset;
    }
    free(last);
    return result;
}

/* What the logs hold beyond the records that were durable: the largest number. */
static enum cdr_result set_arrived(const struct cdr_run *run, const uint64_t *safe,
                                   struct cdr_verify_range *ranges, uint64_t *most,
                                   struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    *most = 0;
    for (uint32_t log = 0; log < cdr_run_logs(run); log++) {
        const uint64_t to = run->starts[log];
        if (to < safe[log])
            return cdr_fail(error, CDR_E_DIFFERENT,
                            "%s[%u] holds %llu records where %llu of this run are acknowledged: "
                            "the topic was created again, or records were deleted",
                            run->topics.items[log / partitions].name, log % partitions,
                            (unsigned long long)to, (unsigned long long)safe[log]);
        ranges[log] = (struct cdr_verify_range){
            .from = safe[log], .to = to, .offset = run->bases[log] + (int64_t)safe[log]};
        if (to - safe[log] > *most)
            *most = to - safe[log];
    }
    return CDR_OK;
}

enum cdr_result cdr_run_check_arrived(const struct cdr_run *run, const uint64_t *safe,
                                      struct cdr_error *error)
{
    if (!cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
    struct cdr_verify_tail_settings arrived;
    struct cdr_verify_range *ranges = calloc(cdr_run_logs(run), sizeof *ranges);
    uint64_t most = 0;
    if (ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", cdr_run_logs(run));
    enum cdr_result result = set_arrived(run, safe, ranges, &most, error);
    if (result == CDR_OK && most > 0 && run->settings->sink.transactions)
        result = find_arrived(run, ranges, most, error);
    cdr_run_tail_settings(run, &arrived);
    arrived.ranges = ranges;
    if (result == CDR_OK && most > 0)
        result = cdr_verify_tail(&arrived, error);
    free(ranges);
    return result;
}

enum cdr_result cdr_run_check_tail(struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    if (!run->settings->sink.resume || !cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    bool any = false;
    enum cdr_result result = CDR_OK;
    if (ranges == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    if (result == CDR_OK)
        result = set_ranges(run, ranges, error);
    if (result == CDR_OK)
        result =
            run->settings->sink.kafka.force ? doubt(run, ranges, error) : widen(run, ranges, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++)
        any |= ranges[log].from < ranges[log].to;
    if (result == CDR_OK && any)
        result = check(run, ranges, error);
    if (result == CDR_OK && any)
        result = check_beginning(run, error);
    if (result == CDR_OK && run->doubted != NULL)
        cdr_kafka_doubt(run->sink, run->doubted);
    free(ranges);
    return result;
}
