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
        .endless = cdr_settings_is_endless(settings) ||
                   settings->sink.replays, /* a run may have gone on since */
        .ids = settings->sink.id_header,
        .stop = cdr_stop_on_signals(),
    };
}

/* The logs differ. Transactions leave control records in them, and aborted records, and both take
 * offsets, which a run without --transactions goes by. */
static enum cdr_result refuse_transactions(const struct cdr_run *run, const char *why,
                                           struct cdr_error *error)
{
    if (cdr_kafka_has_transactions(run->sink))
        return cdr_fail(error, CDR_E_STATE,
                        "%s: dataset %s was written with --transactions: resume it with "
                        "--transactions, or where that is refused too, because the topics hold "
                        "what its transactions did not commit, fill them again with `cdrgen repair "
                        "--transactions` (%.600s)",
                        who(run), run->model->dataset_id, why);
    bool *const unfit = run->settings->sink.unfit;
    if (cdr_kafka_ends_with_control(run->sink, unfit))
        return cdr_fail(error, CDR_E_STATE,
                        "%s: a transaction has ended in the topics, and what it leaves takes "
                        "offsets (aborted records, a control record), so that no record of dataset "
                        "%s can follow at its own: %s (%.500s)",
                        who(run), run->model->dataset_id,
                        unfit != NULL
                            ? "if a run with --transactions wrote the dataset, repair it with "
                              "--transactions; else delete the topics that another producer "
                              "filled, which repair then creates and fills"
                            : "`cdrgen verify` says whether the topics are whole; where records "
                              "are missing, `cdrgen repair` fills them again; if a run with "
                              "--transactions wrote the dataset, resume it with --transactions",
                        why);
    return CDR_OK;
}

/* expired[log]: as of struct cdr_verify_tail_settings. */
static enum cdr_result check(const struct cdr_run *run, const struct cdr_verify_range *ranges,
                             uint64_t *expired, struct cdr_error *error)
{
    const struct cdr_settings *settings = run->settings;
    struct cdr_verify_tail_settings tail;
    cdr_run_tail_settings(run, &tail);
    tail.ranges = ranges;
    tail.expired = expired;
    struct cdr_error why = {0};
    char blind[CDR_VERIFY_BLIND_MAX];
    tail.force = settings->sink.kafka.force;
    tail.blind = blind;
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
        refuse_transactions(run, why.text, error) != CDR_OK)
        return CDR_E_STATE;
    if (result == CDR_E_DIFFERENT)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: the topics do not hold the beginning of dataset %s: %.800s", who(run),
                        run->model->dataset_id, why.text);
    if (result != CDR_OK)
        *error = why;
    return result;
}

/* What is known of the records that the logs hold. Of each log: */
struct history {
    bool *known;                      /* a run of this dataset has committed that it begins there */
    int64_t *begins;                  /* the offset of its first record */
    struct cdr_kafka_writer *writers; /* the last run to say that it writes */
    bool *ended;                      /* it ends where a run vouched for all of it, as this one's */
    bool *other;                      /* a run vouched for it as something else */
    uint64_t *gone;                   /* records that are not there any more, of those to compare */
};

static void forget(struct history *history)
{
    free(history->known);
    free(history->begins);
    free(history->writers);
    free(history->ended);
    free(history->other);
    free(history->gone);
}

static enum cdr_result recall(const struct cdr_run *run, struct history *history,
                              struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    *history = (struct history){.known = calloc(logs, sizeof *history->known),
                                .begins = calloc(logs, sizeof *history->begins),
                                .writers = calloc(logs, sizeof *history->writers),
                                .ended = calloc(logs, sizeof *history->ended),
                                .other = calloc(logs, sizeof *history->other),
                                .gone = calloc(logs, sizeof *history->gone)};
    if (history->known == NULL || history->begins == NULL || history->writers == NULL ||
        history->ended == NULL || history->other == NULL || history->gone == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    cdr_kafka_known_bases(run->sink, history->known, history->begins);
    cdr_kafka_last_writers(run->sink, history->writers);
    cdr_kafka_known_ends(run->sink, history->ended, history->other);
    for (uint32_t log = 0; log < logs; log++)
        history->other[log] |= history->writers[log].other;
    return CDR_OK;
}

/* The last records do not tell: all that is there is to be compared. */
static bool is_unsettled(const struct history *history, uint32_t log, uint64_t records)
{
    return records > 0 && !(history->known[log] && history->writers[log].same);
}

/* A run has vouched for some of it, as this dataset in this form. */
static bool is_vouched(const struct history *history, uint32_t log)
{
    return history->writers[log].same || history->ended[log];
}

/* For its first records, so many of them. */
static uint64_t vouched_to(const struct history *history, uint32_t log, uint64_t records)
{
    const struct cdr_kafka_writer *writer = &history->writers[log];
    if (history->ended[log] || (writer->same && writer->up_to > records))
        return records;
    return writer->same ? writer->up_to : 0;
}

/* Another dataset was the last to begin in the log, where this one would have to. That this one has
 * begun there as well counts only if all of it can be compared. */
static enum cdr_result check_taken(const struct cdr_run *run, const struct history *history,
                                   uint32_t log, struct cdr_error *error)
{
    const struct cdr_kafka_writer *writer = &history->writers[log];
    const uint32_t partitions = run->settings->model.partitions;
    if (!writer->known || strcmp(writer->dataset, run->model->dataset_id) == 0 ||
        writer->offset != history->begins[log] ||
        (history->known[log] && !(writer->other && history->gone[log] > 0)))
        return CDR_OK;
    return cdr_fail(error, CDR_E_STATE, "%s: %s[%u] holds dataset %s, and %s dataset %s: %s",
                    who(run), run->topics.items[log / partitions].name, log % partitions,
                    writer->dataset,
                    run->settings->sink.replays ? "the spill is of" : "these settings give",
                    run->model->dataset_id,
                    run->settings->sink.replays
                        ? "nothing was published; --force takes it for this one if its last "
                          "records are"
                        : "pass the settings of the run that began there, or write to other "
                          "topics; --force takes it for this one if its last records are");
}

/* What is gone was something else, as far as anybody knows; what is left may be the same in both.
 */
static enum cdr_result check_other(const struct cdr_run *run, const struct history *history,
                                   uint32_t log, struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
    if (!history->other[log] || history->gone[log] == 0 || is_vouched(history, log))
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_STATE,
        "%s: %s[%u]: the run of dataset %s that wrote it committed that its messages have "
        "another form (format, schema, mapping, key or headers) than these settings give, and %llu "
        "of its %llu records expired or were deleted and cannot be compared: pass the settings of "
        "that run; --force takes what is left for this run's if its last records are",
        who(run), run->topics.items[log / partitions].name, log % partitions,
        run->model->dataset_id, (unsigned long long)history->gone[log],
        (unsigned long long)run->starts[log]);
}

/* Sets gone, of logs of which all is to be compared: how many records is the difference between
 * offsets; or with transactions, which put control records between them, what is counted. */
static enum cdr_result find_gone(const struct cdr_run *run, struct history *history,
                                 int64_t *firsts, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    const struct cdr_sink_settings *sink = &run->settings->sink;
    bool *wanted = calloc(logs, sizeof *wanted);
    bool any = false;
    if (wanted == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; log < logs; log++)
        any |= wanted[log] = is_unsettled(history, log, run->starts[log]);
    enum cdr_result result =
        any ? cdr_kafka_firsts(run->sink, (int)sink->kafka.timeout_ms, firsts, error) : CDR_OK;
    for (uint32_t log = 0; log < logs; log++) {
        const int64_t gone = firsts[log] - history->begins[log];
        wanted[log] &= gone > 0;
        if (wanted[log])
            history->gone[log] =
                (uint64_t)gone < run->starts[log] ? (uint64_t)gone : run->starts[log];
    }
    if (result == CDR_OK && sink->transactions) {
        uint64_t *counts = calloc(logs, sizeof *counts);
        result = counts == NULL
                     ? cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs)
                     : cdr_kafka_count_left(run->sink, sink, wanted, firsts, counts, error);
        for (uint32_t log = 0; result == CDR_OK && log < logs; log++)
            if (wanted[log])
                history->gone[log] =
                    counts[log] < run->starts[log] ? run->starts[log] - counts[log] : 0;
        free(counts);
    }
    free(wanted);
    return result;
}

struct widened {
    uint32_t logs, doubtful; /* so many; of them, nobody vouches for what is gone */
    uint64_t records, gone;  /* to compare; not there to compare */
};

static void say_widened(const struct cdr_run *run, const struct widened *widened)
{
    char left[32], gone[32], lost[200] = "", doubts[200] = "";
    if (widened->logs == 0 || run->settings->quiet)
        return;
    if (widened->gone > 0)
        snprintf(lost, sizeof lost, "; %s before them expired or were deleted",
                 cdr_with_commas(widened->gone, gone));
    if (widened->doubtful > 0)
        snprintf(doubts, sizeof doubts,
                 ", so this run does not vouch for %u partition%s, and `verify --allow-expired` "
                 "cannot tell once the rest is gone",
                 widened->doubtful, widened->doubtful == 1 ? "" : "s");
    fprintf(stderr,
            "cdrgen: %s: nothing is committed that says that %u partition%s hold%s dataset "
            "%s in messages of this form: all of their %s records%s are compared, not only the "
            "last ones%s%s\n",
            who(run), widened->logs, widened->logs == 1 ? "" : "s", widened->logs == 1 ? "s" : "",
            run->model->dataset_id, cdr_with_commas(widened->records, left),
            widened->gone > 0 ? " that are left" : "", lost, doubts);
}

/* The last records of each log do not tell datasets apart whose settings differ little, nor one
 * schema from another that rarely differs. All that the log holds is compared, unless a run of this
 * dataset was the last to say that it writes the log, in messages of this form. */
static enum cdr_result widen(const struct cdr_run *run, struct history *history,
                             struct cdr_verify_range *ranges, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct widened widened = {0};
    int64_t *firsts = calloc(logs, sizeof *firsts);
    if (firsts == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result = find_gone(run, history, firsts, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        struct cdr_verify_range *range = &ranges[log];
        if (!is_unsettled(history, log, range->to))
            continue;
        result = check_taken(run, history, log, error);
        if (result == CDR_OK)
            result = check_other(run, history, log, error);
        if (history->gone[log] == range->to || /* for the check to judge */
            (history->gone[log] == 0 && range->from == 0))
            continue;
        range->from = history->gone[log];
        range->offset = range->from > 0 ? firsts[log] : history->begins[log];
        widened.logs++;
        widened.records += range->to - range->from;
        widened.gone += range->from;
        widened.doubtful += range->from > vouched_to(history, log, range->to);
    }
    if (result == CDR_OK)
        say_widened(run, &widened);
    free(firsts);
    return result;
}

/* Records were committed to the log, and none is left. Where the log begins says whether they
 * expired. */
static enum cdr_result judge_empty(const struct cdr_run *run, uint32_t log, int64_t first,
                                   const struct history *history, struct cdr_error *error)
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
    if (!history->ended[log] && !run->settings->sink.kafka.force)
        return cdr_fail(error, CDR_E_STATE,
                        "%s: %s[%u]: nothing is left of its first %llu records, and %s", who(run),
                        topic, log % partitions, count,
                        history->other[log]
                            ? "they were committed in messages of another form (format, schema, "
                              "mapping, key or headers): pass the settings of the run that wrote "
                              "them, or go on after them with --force"
                            : "no run committed that all of them were in messages of this form; "
                              "--force goes on after them");
    fprintf(stderr,
            "cdrgen: warning: %s: %s[%u]: nothing is left of its first %llu records; their "
            "number is believed, %s\n",
            who(run), topic, log % partitions, count,
            first == 0 ? "with --force" : "since it was committed with them");
    return CDR_OK;
}

/* With transactions, where the last records of ranges are. */
static enum cdr_result find_last(const struct cdr_run *run, const struct cdr_verify_range *ranges,
                                 struct cdr_kafka_last *last, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    uint64_t *wanted = calloc(logs, sizeof *wanted);
    if (wanted == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    for (uint32_t log = 0; log < logs; log++)
        wanted[log] = ranges[log].to - ranges[log].from;
    enum cdr_result result =
        cdr_kafka_find_last(run->sink, &run->settings->sink, wanted, last, error);
    free(wanted);
    return result;
}

/* The records of a log that are compared at least: the last ones, and all that came after those
 * that a run saw acknowledged. */
static uint64_t compared_from(const struct cdr_run *run, const struct history *history,
                              uint32_t log)
{
    const uint64_t to = run->starts[log], last = to > TAIL_RECORDS ? to - TAIL_RECORDS : 0;
    if (is_unsettled(history, log, to) || run->settings->sink.kafka.force)
        return last;
    const uint64_t vouched = vouched_to(history, log, to);
    return vouched < last ? vouched : last;
}

/* Positions are offsets from the base; or, with transactions, found by reading back. */
static enum cdr_result set_ranges(const struct cdr_run *run, const struct history *history,
                                  struct cdr_verify_range *ranges, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    for (uint32_t log = 0; log < logs; log++) {
        const uint64_t from = compared_from(run, history, log);
        ranges[log] = (struct cdr_verify_range){.from = from,
                                                .to = run->starts[log],
                                                .offset = run->bases[log] + (int64_t)from,
                                                .proven = history->ended[log]};
    }
    if (!run->settings->sink.transactions)
        return CDR_OK;
    struct cdr_kafka_last *last = calloc(logs, sizeof *last);
    if (last == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result = find_last(run, ranges, last, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        struct cdr_verify_range *range = &ranges[log];
        const uint64_t count =
            last[log].count < range->to - range->from ? last[log].count : range->to - range->from;
        range->from = range->to - count;
        range->offset = last[log].offset;
        if (count == 0 && range->to > 0)
            result = judge_empty(run, log, last[log].first, history, error);
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

/* With transactions, positions are not offsets. */
static enum cdr_result find_arrived(const struct cdr_run *run, struct cdr_verify_range *ranges,
                                    struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct cdr_kafka_last *last = calloc(logs, sizeof *last);
    if (last == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result = find_last(run, ranges, last, error);
    for (uint32_t log = 0; result == CDR_OK && log < logs; log++) {
        ranges[log].from = ranges[log].to - last[log].count;
        ranges[log].offset = last[log].offset;
    }
    free(last);
    return result;
}

/* What the logs hold beyond the records that were durable. */
static enum cdr_result set_arrived(const struct cdr_run *run, const uint64_t *safe,
                                   struct cdr_verify_range *ranges, bool *any,
                                   struct cdr_error *error)
{
    const uint32_t partitions = run->settings->model.partitions;
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
        *any |= to > safe[log];
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
    bool any = false;
    if (ranges == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", cdr_run_logs(run));
    enum cdr_result result = set_arrived(run, safe, ranges, &any, error);
    if (result == CDR_OK && any && run->settings->sink.transactions)
        result = find_arrived(run, ranges, error);
    cdr_run_tail_settings(run, &arrived);
    arrived.ranges = ranges;
    if (result == CDR_OK && any)
        result = cdr_verify_tail(&arrived, error);
    free(ranges);
    return result;
}

/* A log is not doubted that is empty yet, or that was compared whole, or of which earlier runs
 * vouched for what was not compared. What expired while it was compared was not. */
static enum cdr_result judge_whole(const struct cdr_run *run, struct history *history,
                                   const struct cdr_verify_range *ranges, const uint64_t *expired,
                                   struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (uint32_t log = 0; result == CDR_OK && log < cdr_run_logs(run); log++) {
        const struct cdr_verify_range *range = &ranges[log];
        run->doubted[log] = range->to > 0 && (range->from > 0 || expired[log] > 0) &&
                            range->from + expired[log] > vouched_to(history, log, range->to);
        history->gone[log] += expired[log];
        if (run->doubted[log] && !run->settings->sink.kafka.force)
            result = check_other(run, history, log, error);
    }
    return result;
}

static enum cdr_result check_all(const struct cdr_run *run, struct history *history,
                                 struct cdr_verify_range *ranges, uint64_t *expired,
                                 struct cdr_error *error)
{
    bool any = false;
    enum cdr_result result = recall(run, history, error);
    if (result == CDR_OK)
        result = set_ranges(run, history, ranges, error);
    if (result == CDR_OK && !run->settings->sink.kafka.force)
        result = widen(run, history, ranges, error);
    for (uint32_t log = 0; result == CDR_OK && log < cdr_run_logs(run); log++)
        any |= ranges[log].from < ranges[log].to;
    if (result == CDR_OK && any)
        result = check(run, ranges, expired, error);
    if (result == CDR_OK && any)
        result = check_beginning(run, error);
    return result == CDR_OK ? judge_whole(run, history, ranges, expired, error) : result;
}

enum cdr_result cdr_run_check_tail(struct cdr_run *run, struct cdr_error *error)
{
    const uint32_t logs = cdr_run_logs(run);
    struct history history = {0};
    if (!run->settings->sink.resume || !cdr_run_has(run, CDR_SINK_OFFSETS))
        return CDR_OK;
    struct cdr_verify_range *ranges = calloc(logs, sizeof *ranges);
    uint64_t *expired = calloc(logs, sizeof *expired);
    free(run->doubted);
    run->doubted = calloc(logs, sizeof *run->doubted);
    enum cdr_result result = ranges == NULL || expired == NULL || run->doubted == NULL
                                 ? cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs)
                                 : check_all(run, &history, ranges, expired, error);
    if (result == CDR_OK)
        cdr_kafka_doubt(run->sink, run->doubted);
    forget(&history);
    free(ranges);
    free(expired);
    return result;
}
