/* What a verification comes to: same, different, or cannot tell. Only what was compared can be the
 * same. */
#include "app/verify_dimensions.h"

#include "app/progress.h"
#include "sink/kafka/open_transaction.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Less than one in so many found records is the dataset's: it is another dataset. */
enum { STRANGE = 10 };
/* More than one in so many expected records is lost, and as many are foreign. */
enum { MIXED = 100 };

static void say(struct cdr_verdict *verdict, enum cdr_result code, const char *text)
{
    verdict->code = code;
    verdict->word = code == CDR_OK ? "same" : code == CDR_E_DIFFERENT ? "different" : "cannot tell";
    snprintf(verdict->text, sizeof verdict->text, "%s", text);
}

/* "t.call[0]" and how many others there are. */
static void name_logs(const struct cdr_verification *run, uint32_t first, uint32_t count,
                      char *text, size_t size)
{
    const uint32_t partitions = run->settings->model.partitions;
    int n = snprintf(text, size, "%.200s[%u]", run->topics.items[first / partitions].name,
                     first % partitions);
    if (count > 1 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, " and %u more partition%s", count - 1,
                 count == 2 ? "" : "s");
}

/* The days after which the last found record comes. */
static uint32_t days_until(const struct cdr_model *model, int64_t latest_ms)
{
    const struct cdr_parameters *p = &model->parameters;
    uint32_t days = p->days;
    while (days < CDR_DAYS_MAX &&
           cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)days) <= latest_ms)
        days++;
    return days;
}

/* Records after the last day: is that a dataset of more days? Only as many as such a dataset has,
 * in about the days until the last of them: one odd record may be of any day. */
static void hint_days(const struct cdr_verification *run, const struct cdr_compare_counts *total,
                      char *text, size_t size)
{
    const uint32_t asked = run->settings->model.days;
    const char *what = run->from_files ? "folder holds" : "topics hold";
    const uint32_t days = days_until(run->model, total->latest_ms);
    const double a_day = (double)total->expected / asked, later = (double)total->later;
    /* The last of the days may have only begun. */
    const bool enough =
        later >= a_day / MIXED && later >= a_day * ((double)days - asked - 1) / 2 && days > asked;
    if (enough)
        snprintf(text, size,
                 "; the %s records after the %u day%s asked for: the dataset was generated with "
                 "more days; pass --days %u",
                 what, asked, asked == 1 ? "" : "s", days);
    else
        snprintf(text, size,
                 "; the %s %" PRIu64 " after the %u day%s asked for, too few to be a dataset's of "
                 "more days",
                 what, total->later, asked, asked == 1 ? "" : "s");
}

/* What may be wrong with the settings instead of with the data. */
static void hint(const struct cdr_verification *run, const struct cdr_compare_counts *total,
                 char *text, size_t size)
{
    const uint64_t ours = total->matched + total->kinds[CDR_DIFFERENCE_REORDERED] +
                          total->kinds[CDR_DIFFERENCE_DUPLICATED] +
                          total->kinds[CDR_DIFFERENCE_WRONG_PARTITION];
    text[0] = '\0';
    if (total->found > 0 && total->expected > 0 && total->matched == 0)
        snprintf(text, size,
                 "; no record is the same, so this is another dataset than these settings give%s",
                 run->added_count > 0 ? " (the topics have more partitions than --partitions says)"
                                      : "");
    else if (total->found > 0 && total->expected > 0 && ours < total->found / STRANGE)
        snprintf(text, size,
                 "; only %" PRIu64 " of the %" PRIu64
                 " records found are the same, so this is another dataset than these settings "
                 "give: another number of subscribers, say",
                 ours, total->found);
    else if (total->later > 0 && total->later == total->kinds[CDR_DIFFERENCE_FOREIGN])
        hint_days(run, total, text, size);
    else if (total->kinds[CDR_DIFFERENCE_LOST] > total->expected / MIXED &&
             total->kinds[CDR_DIFFERENCE_FOREIGN] > total->expected / MIXED)
        snprintf(text, size,
                 "; so many lost and foreign ones at once are what another dataset looks like, of "
                 "another --subs, say: is %s the dataset id in the run's summary?",
                 run->model->dataset_id);
}

static bool judge_differences(const struct cdr_verification *run, const char *cause,
                              struct cdr_verdict *verdict)
{
    const struct cdr_compare_counts total = cdr_verification_total(run, run->topics.n);
    char counts[300], words[300] = "", text[sizeof verdict->text];
    if (cdr_is_different(&total)) {
        cdr_counts_text(&total, counts, sizeof counts);
        hint(run, &total, words, sizeof words);
    } else if (!cdr_verification_dimensions_differ(run, counts, sizeof counts)) {
        return false;
    }
    snprintf(text, sizeof text, "different: %s%s%s%.350s", counts, words,
             cause[0] != '\0' ? "; and the rest could not be compared: " : "", cause);
    say(verdict, CDR_E_DIFFERENT, text);
    return true;
}

static bool judge_open(const struct cdr_verification *run, struct cdr_verdict *verdict)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    const struct cdr_compare_counts total = cdr_verification_total(run, run->topics.n);
    const uint64_t unread = total.unread + cdr_verification_dimensions_unread(run);
    uint32_t count = 0, first = 0;
    int64_t end = 0;
    for (uint32_t log = logs; !run->settings->follow && log-- > 0;)
        if (cdr_verify_counts(run->verify, log) != NULL) {
            const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
            if (!extent.open)
                continue;
            count++;
            first = log;
            end = extent.end;
        }
    if (count == 0 && unread == 0)
        return false;
    char names[300], number[32], text[sizeof verdict->text];
    name_logs(run, first, count, names, sizeof names);
    char advice[600] = "it ends once its producer's transaction.timeout.ms is over";
    if (count == 0)
        snprintf(names, sizeof names, "a dimension topic");
    else
        snprintf(advice, sizeof advice, CDR_OPEN_TRANSACTION_ADVICE,
                 run->topics.items[first / run->settings->model.partitions].name,
                 first % run->settings->model.partitions, end);
    snprintf(text, sizeof text,
             "cannot tell: %.200s has an open transaction, which begins at offset %" PRId64
             " and did not end within %u s (--transaction-wait): %s records of the dataset may be "
             "in it or after it; what was compared is the same; %.500s",
             names, end, (run->settings->open_wait_ms + 999) / 1000,
             unread > 0 ? cdr_with_commas(unread, number) : "no", advice);
    say(verdict, CDR_E_STATE, text);
    return true;
}

/* With --isolation read_uncommitted: what is the same may be aborted yet. */
static bool judge_undecided(const struct cdr_verification *run, struct cdr_verdict *verdict)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    if (run->from_files || run->settings->follow ||
        strcmp(run->settings->isolation, "read_uncommitted") != 0)
        return false;
    for (uint32_t log = 0; log < logs; log++) {
        if (cdr_verify_counts(run->verify, log) == NULL)
            continue;
        const int64_t offset = run->source->ops->extent(run->source, log).undecided;
        if (offset < 0)
            continue;
        char names[300], text[sizeof verdict->text];
        name_logs(run, log, 1, names, sizeof names);
        snprintf(text, sizeof text,
                 "cannot tell: %s has an open transaction, which begins at offset %" PRId64
                 ", and the brokers may abort it; what was compared is the same. It ends when its "
                 "producer commits or aborts, or after the producer's transaction.timeout.ms",
                 names, offset);
        say(verdict, CDR_E_STATE, text);
        return true;
    }
    return false;
}

/* Whether a run committed that the log ends with the dataset's last record. */
static bool is_proven(const struct cdr_verification *run, uint32_t log, uint64_t expected)
{
    const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
    return extent.records >= 0 && (uint64_t)extent.records == expected;
}

/* Partitions of which nothing is left. */
static bool judge_blind(const struct cdr_verification *run, struct cdr_verdict *verdict)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    const bool allowed = run->settings->allow_expired;
    uint32_t count = 0, first = 0;
    uint64_t records = 0;
    for (uint32_t log = logs; log-- > 0;) {
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts == NULL || counts->expected == 0 || cdr_compared(counts) > 0 ||
            (allowed && is_proven(run, log, counts->expected)))
            continue;
        count++;
        first = log;
        records += counts->expected;
    }
    if (count == 0)
        return false;
    char names[300], number[32], text[sizeof verdict->text];
    name_logs(run, first, count, names, sizeof names);
    cdr_with_commas(records, number);
    if (allowed)
        snprintf(
            text, sizeof text,
            "cannot tell: nothing is left to compare in %s, and no run committed that it wrote "
            "all %s records that belong there and that the partition ended with them: they "
            "may never have been there; what was compared is the same",
            names, number);
    else
        snprintf(text, sizeof text,
                 "cannot tell: nothing is left to compare in %s: all %s records that belong there "
                 "expired or were deleted (`verify --allow-expired` accepts that, where a run "
                 "committed that it wrote them); what was compared is the same",
                 names, number);
    say(verdict, CDR_E_STATE, text);
    return true;
}

/* Partitions that begin with a gap: compaction may have made it. */
static bool judge_doubtful(const struct cdr_verification *run, struct cdr_verdict *verdict)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    uint32_t count = 0, log_of_first = 0;
    int64_t offset = 0;
    for (uint32_t log = logs; log-- > 0;) {
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts == NULL || counts->expired == 0 || cdr_compared(counts) == 0)
            continue;
        const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        if (!extent.doubtful)
            continue;
        count++;
        log_of_first = log;
        offset = extent.first;
    }
    if (count == 0)
        return false;
    char names[300], text[sizeof verdict->text];
    name_logs(run, log_of_first, count, names, sizeof names);
    snprintf(text, sizeof text,
             "cannot tell: no record is left at the first offset, %" PRId64
             ", of %s, so the records that are missing there need not have expired: compaction "
             "(cleanup.policy) may have deleted some; what was compared is the same; to have the "
             "topic whole, delete it, and `cdrgen repair` fills it again",
             offset, names);
    say(verdict, CDR_E_STATE, text);
    return true;
}

/* Partitions that begin with a record which is known to be gone: there was a second copy of it. */
static bool judge_copied(const struct cdr_verification *run, struct cdr_verdict *verdict)
{
    const uint32_t logs = run->topics.n * run->settings->model.partitions;
    for (uint32_t log = 0; log < logs; log++) {
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        if (counts == NULL || counts->expired == 0 || cdr_compared(counts) == 0)
            continue;
        const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        if ((int64_t)counts->expired >= extent.gone)
            continue;
        char names[300], missing[32], before[32], text[sizeof verdict->text];
        name_logs(run, log, 1, names, sizeof names);
        cdr_with_commas(counts->expired, missing);
        cdr_with_commas((uint64_t)extent.gone, before);
        snprintf(text, sizeof text,
                 "cannot tell: a run committed that %s records of the dataset came before offset "
                 "%" PRId64 " of %s, with which it begins now, but only %s are missing: another "
                 "producer wrote some once more, and what it wrote before may be gone; what was "
                 "compared is the same; to have the topic whole, delete it, and `cdrgen repair` "
                 "fills it again",
                 before, extent.first, names, missing);
        say(verdict, CDR_E_STATE, text);
        return true;
    }
    return false;
}

struct cdr_verdict cdr_verification_verdict(const struct cdr_verification *run,
                                            enum cdr_result result, const char *cause)
{
    struct cdr_verdict verdict;
    char text[sizeof verdict.text];
    if (run->verify == NULL) {
        say(&verdict, result, cause);
        return verdict;
    }
    const struct cdr_compare_counts total = cdr_verification_total(run, run->topics.n);
    if (result == CDR_E_DIFFERENT) {
        say(&verdict, result, cause);
    } else if (judge_differences(run, cause, &verdict)) {
        return verdict;
    } else if (result != CDR_OK) {
        snprintf(text, sizeof text, "%.900s; %s", cause,
                 cdr_compared(&total) == 0 ? "nothing was compared until then"
                                           : "what was compared until then is the same");
        say(&verdict, CDR_E_STATE, text);
    } else if (!judge_open(run, &verdict) && !judge_undecided(run, &verdict) &&
               !judge_blind(run, &verdict) && !judge_doubtful(run, &verdict) &&
               !judge_copied(run, &verdict)) {
        if (run->settings->follow && cdr_compared(&total) == 0)
            say(&verdict, CDR_E_STATE, "cannot tell: nothing was compared before it was stopped");
        else if (run->settings->beginning && cdr_compared(&total) == 0)
            say(&verdict, CDR_E_STATE, "cannot tell: there is no record to compare (--beginning)");
        else
            say(&verdict, CDR_OK, "");
    }
    return verdict;
}
