/* The course of a repair: compare, say what is wrong, ask, delete and create, fill, prove. */
#include "app/repair.h"

#include "app/progress.h"
#include "app/run.h"
#include "app/stop.h"
#include "app/verify_dimensions.h"
#if CDR_KAFKA
#include "kafka/recreate.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#if CDR_KAFKA

enum { TOPICS_MAX = CDR_TYPE_COUNT + CDR_DIMENSION_TOPICS_MAX };

struct topic {
    char name[256];
    bool table; /* of rows */
    bool compacted;
    bool missing;     /* does not exist */
    bool emptied;     /* by this repair: created, or deleted and created */
    bool spoiled;     /* holds what is not the log's: it has to go */
    bool short_only;  /* holds the beginning of the log */
    bool unknown;     /* --append: holds records, and nothing says where its log begins in it */
    uint64_t holds;   /* records */
    uint64_t before;  /* of them, those before the dataset's first */
    uint64_t ahead;   /* offsets before the dataset's first record; nobody knows whose they are */
    bool grown;       /* was given more partitions */
    bool hidden_only; /* consumers of committed records see its log, and nothing else */
    uint64_t same;    /* of them, those that are what they must be */
    char what[256];   /* is wrong */
};

struct repair {
    const struct cdr_settings *settings;
    struct topic topics[TOPICS_MAX];
    size_t count;
    bool compared, confirmed;
    bool unfit[CDR_TOPICS_MAX]; /* as the rehearsal found (sink.h) */
    bool filling, filled;       /* records were added; all of them */
    uint64_t same, found;       /* records of all topics */
};

static void name_topics(struct repair *repair)
{
    const struct cdr_settings *settings = repair->settings;
    repair->count = CDR_TYPE_COUNT + (settings->dimensions ? CDR_DIMENSION_COUNT : 0);
    for (size_t i = 0; i < repair->count; i++) {
        struct topic *topic = &repair->topics[i];
        snprintf(topic->name, sizeof topic->name, "%s%s", settings->topic_prefix,
                 cdr_topic_labels[i]);
        topic->table = topic->compacted = i >= CDR_TYPE_COUNT;
    }
    if (settings->truth_topic == NULL)
        return;
    struct topic *truth = &repair->topics[repair->count++];
    snprintf(truth->name, sizeof truth->name, "%s", settings->truth_topic);
    truth->table = true;
}

/* --- what was changed --- */

static bool is_changed(const struct repair *repair)
{
    for (size_t i = 0; i < repair->count; i++)
        if (repair->topics[i].emptied)
            return true;
    return false;
}

/* " sms, data", of those that this repair has created. */
static void name_emptied(const struct repair *repair, char text[600])
{
    size_t used = 0;
    for (size_t i = 0; i < repair->count && used < 600; i++)
        if (repair->topics[i].emptied)
            used += (size_t)snprintf(text + used, 600 - used, "%s%s", used == 0 ? " " : ", ",
                                     repair->topics[i].name);
}

/* How much was not: the end of a message that says why the repair does not begin. */
static const char *unchanged(const struct repair *repair)
{
    return is_changed(repair) ? "nothing else was changed" : "nothing was changed";
}

/* A repair that breaks off says what it leaves, and how to go on. */
static enum cdr_result leave(const struct repair *repair, enum cdr_result result,
                             struct cdr_error *error)
{
    const struct cdr_error why = *error;
    char names[600] = "";
    if (result == CDR_OK || !is_changed(repair))
        return result;
    /* Those two say that nothing was changed. */
    if (result == CDR_E_STATE || result == CDR_E_CONFIG)
        result = CDR_E_KAFKA;
    if (repair->filled)
        return result;
    name_emptied(repair, names);
    return cdr_fail(error, result, "%.*s; %s:%s%s", (int)(sizeof why.text - strlen(names) - 140),
                    why.text, repair->filling ? "not filled to the end" : "empty now", names,
                    result == CDR_E_INTERRUPTED
                        ? ""
                        : "; once that is mended, the same repair again fills what is empty");
}

/* --- what is wrong --- */

/* Only the log's end is missing: a resume completes it. */
static bool is_short(const struct cdr_compare_counts *counts)
{
    struct cdr_compare_counts rest = *counts;
    if (counts->ends_early == UINT64_MAX)
        return !cdr_is_different(counts);
    rest.kinds[CDR_DIFFERENCE_LOST] = 0;
    return !cdr_is_different(&rest) && counts->elsewhere == 0 &&
           counts->kinds[CDR_DIFFERENCE_LOST] == counts->expected - counts->ends_early;
}

static void judge_records(struct repair *repair, const struct cdr_verification *run, uint32_t type)
{
    const uint32_t partitions = repair->settings->model.partitions;
    struct topic *topic = &repair->topics[type];
    struct cdr_compare_counts total = cdr_verification_total(run, type);
    bool whole_or_short = true;
    if (topic->missing) {
        topic->short_only = true;
        return;
    }
    for (uint32_t p = 0; p < partitions; p++) {
        const uint32_t log = type * partitions + p;
        const struct cdr_compare_counts *counts = cdr_verify_counts(run->verify, log);
        const struct cdr_source_extent extent = run->source->ops->extent(run->source, log);
        whole_or_short = whole_or_short && (counts == NULL || is_short(counts));
        topic->unknown |= run->offsets != NULL && run->offsets[log] == CDR_OFFSET_UNREAD &&
                          extent.end > 0 && counts != NULL && counts->expected > 0;
        if (extent.base > extent.first)
            topic->before += (uint64_t)(extent.base - extent.first);
        if (run->behind != NULL && run->behind[log] > extent.first)
            topic->ahead += (uint64_t)(run->behind[log] - extent.first);
    }
    topic->same = total.matched;
    topic->holds = total.found + topic->before;
    topic->short_only = cdr_is_different(&total) && whole_or_short;
    topic->spoiled = cdr_is_different(&total) && !whole_or_short;
    cdr_counts_text(&total, topic->what, sizeof topic->what);
    /* Nothing can go on in a topic that was given more partitions. */
    const uint32_t there = partitions + cdr_verification_added(run, type);
    topic->grown = there > partitions;
    if (topic->grown) {
        topic->short_only = false;
        topic->spoiled = true;
        snprintf(topic->what, sizeof topic->what,
                 "it has %" PRIu32 " partitions and the dataset %" PRIu32, there, partitions);
    }
    repair->same += total.matched;
    repair->found += total.found;
}

static void judge(void *context, const struct cdr_verification *run)
{
    struct repair *repair = context;
    if (!run->complete || run->verify == NULL)
        return;
    repair->compared = true;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        judge_records(repair, run, type);
    for (size_t i = CDR_TYPE_COUNT; i < repair->count; i++) {
        struct topic *topic = &repair->topics[i];
        topic->spoiled =
            cdr_verification_dimension(run, (uint32_t)i - CDR_TYPE_COUNT, &topic->holds,
                                       &topic->same, topic->what, sizeof topic->what);
        topic->before = cdr_verification_dimension_before(run, (uint32_t)i - CDR_TYPE_COUNT);
        topic->holds += topic->before;
    }
}

/* Without transactions, offsets count. */
static const char hidden[] =
    "nothing that consumers of committed records see, but a transaction of another producer has "
    "left records or control records, which take offsets";

static void say(const struct repair *repair)
{
    for (size_t i = 0; i < repair->count; i++) {
        const struct topic *topic = &repair->topics[i];
        char holds[32], before[32];
        cdr_with_commas(topic->short_only ? topic->same : topic->holds, holds);
        cdr_with_commas(topic->before, before);
        if (topic->missing)
            printf("%s does not exist: it is created and filled\n", topic->name);
        else if (topic->short_only)
            printf("%s holds the first %s records of its log: the rest is added\n", topic->name,
                   holds);
        else if (topic->spoiled)
            printf("%s holds %s %s and is not its log (%s): it is deleted, created and filled\n",
                   topic->name, holds, topic->table ? "rows" : "records",
                   topic->hidden_only ? hidden : topic->what);
        if (topic->spoiled && topic->before > 0)
            printf("  WARNING: %s of these %s were there before this dataset (--append); they are "
                   "deleted with it\n",
                   before, topic->table ? "rows" : "records");
        if (topic->spoiled && topic->ahead > 0)
            printf("  WARNING: %s of these records come before the dataset's first one, and may "
                   "have been there before it (--append); they are deleted with it\n",
                   cdr_with_commas(topic->ahead, before));
        if (topic->spoiled && topic->same == 0)
            printf("  WARNING: none of what it holds is of this dataset\n");
    }
    fflush(stdout);
}

/* What may have been there before the dataset goes only if that was said. */
static enum cdr_result keep_unknown(const struct repair *repair, struct cdr_error *error)
{
    char ahead[32];
    for (size_t i = 0; !repair->settings->sink.kafka.force && i < repair->count; i++)
        if (repair->topics[i].spoiled && repair->topics[i].ahead > 0)
            return cdr_fail(error, CDR_E_STATE,
                            "%s would have to be deleted, and with it %s records that come before "
                            "the dataset's first one: whether they were there before it (--append) "
                            "cannot be told, since Kafka has forgotten where it begins; %s: pass "
                            "--append where they must stay, or --force where they may go",
                            repair->topics[i].name, cdr_with_commas(repair->topics[i].ahead, ahead),
                            unchanged(repair));
    return CDR_OK;
}

/* With --append, what lies before the dataset must stay, and a topic is deleted as a whole. */
static enum cdr_result keep_others(const struct repair *repair, struct cdr_error *error)
{
    if (!repair->settings->sink.append)
        return keep_unknown(repair, error);
    for (size_t i = 0; i < repair->count; i++) {
        const struct topic *topic = &repair->topics[i];
        char before[32];
        if (topic->unknown && !repair->settings->sink.kafka.force)
            return cdr_fail(error, CDR_E_STATE,
                            "%s holds records, a partition of it none of this dataset's, and no "
                            "run has committed where the dataset begins in it: whether it began "
                            "after them (--append) cannot be told; %s: leave --append out where "
                            "these records may go, or pass --force to write the log after them",
                            topic->name, unchanged(repair));
        if (topic->spoiled && topic->before > 0)
            return cdr_fail(error, CDR_E_STATE,
                            "%s would have to be deleted, and with it %s %s that were there "
                            "before this dataset (--append); %s: leave --append out where these "
                            "%s may go",
                            topic->name, cdr_with_commas(topic->before, before),
                            topic->table ? "rows" : "records", unchanged(repair),
                            topic->table ? "rows" : "records");
    }
    return CDR_OK;
}

/* --- asking --- */

static enum cdr_result confirm(struct repair *repair, struct cdr_error *error)
{
    char answer[16] = "";
    if (repair->settings->yes || repair->confirmed)
        return CDR_OK;
    if (!isatty(STDIN_FILENO))
        return cdr_fail(error, CDR_E_STATE,
                        "repair was not confirmed, and nothing was changed: pass --yes, since "
                        "standard input is not a terminal that could be asked");
    fprintf(stderr, "Do that? (yes or no) ");
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL || strcasecmp(answer, "yes\n") != 0)
        return cdr_fail(error, CDR_E_STATE, "repair was not confirmed, and nothing was changed");
    repair->confirmed = true;
    return CDR_OK;
}

/* --- the course --- */

static const char untouched[] = "interrupted before anything was changed",
                  begun[] = "interrupted in the middle of the repair: run the same repair again",
                  filled[] = "the topics are filled, but were not compared, because the repair was "
                             "interrupted: run the same repair again, or verify";

/* Whatever a signal did to what was under way, it is the cause. */
static enum cdr_result unless_stopped(enum cdr_result result, struct cdr_error *error)
{
    return result != CDR_OK && cdr_stop_check(error) != CDR_OK ? CDR_E_INTERRUPTED : result;
}

static enum cdr_result check_settings(const struct cdr_settings *settings, struct cdr_error *error)
{
    if (settings->sink.kafka.brokers == NULL)
        return cdr_fail(
            error, CDR_E_CONFIG,
            "no Kafka brokers are given: pass -b HOST:PORT[,HOST:PORT] or set bootstrap.servers");
    if (settings->live)
        return cdr_fail(error, CDR_E_CONFIG,
                        "live: repair needs a dataset with an end; pass --days instead");
    const char *end = cdr_settings_end(settings);
    if (end != NULL)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s: repair fills whole logs; leave it out, and pass --days", end);
    if (settings->shard_count > 1)
        return cdr_fail(error, CDR_E_CONFIG,
                        "shard: repair deletes whole topics, so it works for all shards at once; "
                        "leave --shard out");
    return CDR_OK;
}

static struct cdr_kafka_new_topic wanted_of(const struct cdr_settings *settings,
                                            const struct topic *topic)
{
    return (struct cdr_kafka_new_topic){.name = topic->name,
                                        .partitions = settings->model.partitions,
                                        .replication = settings->sink.replication,
                                        .retention_ms = settings->sink.retention_ms,
                                        .compacted = topic->compacted};
}

static enum cdr_result find_missing(struct repair *repair, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < repair->count && result == CDR_OK; i++) {
        bool exists = false;
        result =
            cdr_kafka_exists(&repair->settings->sink.kafka, repair->topics[i].name, &exists, error);
        repair->topics[i].missing = !exists;
    }
    return result == CDR_E_KAFKA ? CDR_E_STATE : result;
}

static enum cdr_result create_missing(struct repair *repair, size_t from, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (size_t i = from; i < repair->count && result == CDR_OK; i++) {
        struct topic *topic = &repair->topics[i];
        const struct cdr_kafka_new_topic wanted = wanted_of(repair->settings, topic);
        if (!topic->missing)
            continue;
        result = cdr_kafka_create(&repair->settings->sink.kafka, &wanted, error);
        topic->emptied |= result == CDR_OK;
        topic->missing = result != CDR_OK;
    }
    return result;
}

/* Of rows, topics that do not exist are created first: then all can be compared. Those of records
 * count as empty ones, and are created once it is known that all can be filled. */
static enum cdr_result create_tables(struct repair *repair, struct cdr_error *error)
{
    bool any = false;
    for (size_t i = CDR_TYPE_COUNT; i < repair->count; i++)
        any |= repair->topics[i].missing;
    if (!any)
        return CDR_OK;
    say(repair);
    if (repair->settings->dry_run)
        return cdr_fail(error, CDR_E_STATE,
                        "tables are missing, so the others were not compared; nothing was changed");
    enum cdr_result result = confirm(repair, error);
    return result == CDR_OK ? create_missing(repair, CDR_TYPE_COUNT, error) : result;
}

/* Of records alone: no transaction writes rows, and they are found wherever they are. */
static void judge_seen(void *context, const struct cdr_verification *run)
{
    struct repair *repair = context;
    for (uint32_t type = 0; run->complete && run->verify != NULL && type < CDR_TYPE_COUNT; type++) {
        const struct cdr_compare_counts total = cdr_verification_total(run, type);
        repair->topics[type].hidden_only = repair->topics[type].spoiled &&
                                           !cdr_is_different(&total) &&
                                           cdr_verification_added(run, type) == 0;
    }
}

/* Where the topics differ by their offsets, as consumers of committed records see them: true, they
 * are the log. */
static bool is_seen_whole(struct repair *repair)
{
    static char committed[] = "read_committed";
    struct cdr_settings settings = *repair->settings;
    struct cdr_error ignored = {{0}};
    if (settings.sink.transactions)
        return false;
    settings.isolation = committed;
    settings.open_wait_ms = 0;
    settings.quiet = true;
    settings.report = NULL;
    return cdr_verification_run(&settings, judge_seen, repair, &ignored) == CDR_OK;
}

static enum cdr_result compare(struct repair *repair, bool *needed, struct cdr_error *error)
{
    *needed = false;
    enum cdr_result result = cdr_verification_run(repair->settings, judge, repair, error);
    if (!repair->compared || (result != CDR_OK && result != CDR_E_DIFFERENT))
        return result == CDR_OK ? CDR_E_STATE : result;
    if (repair->same == 0 && repair->found > 0)
        return cdr_fail(error, CDR_E_STATE,
                        "no record in these topics is the same, so they hold another dataset than "
                        "these settings give; %s",
                        unchanged(repair));
    bool seen = false; /* whatever consumers of committed records see */
    for (size_t i = 0; i < repair->count; i++) {
        *needed |= repair->topics[i].spoiled || repair->topics[i].short_only;
        seen |= repair->topics[i].grown || repair->topics[i].missing;
    }
    *needed = *needed && (seen || !is_seen_whole(repair));
    return CDR_OK;
}

static struct cdr_settings settings_of_fill(const struct repair *repair)
{
    struct cdr_settings run = *repair->settings;
    run.sink.resume = true;
    run.sink.create_topics = true;
    run.sink.spill = NULL;
    return run;
}

/* Neither the run that fills a deleted topic again, which finds the other topics as they are, nor
 * the brokers that create it may refuse it. A dry run gives no schema to a registry, and shuts no
 * other run out. */
static enum cdr_result rehearse(struct repair *repair, struct cdr_error *error)
{
    struct cdr_settings run = settings_of_fill(repair);
    struct cdr_error why = {0};
    const char *spoiled[TOPICS_MAX];
    size_t count = 0;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < repair->count; i++)
        if (repair->topics[i].spoiled)
            spoiled[count++] = repair->topics[i].name;
    const size_t there = count;
    for (size_t i = 0; i < repair->count; i++)
        if (repair->topics[i].missing)
            spoiled[count++] = repair->topics[i].name;
    run.quiet = true;
    run.sink.unfit = repair->unfit;
    run.sink.create_topics = false;
    run.sink.rehearsal = run.dry_run ? CDR_REHEARSAL_QUESTIONS : CDR_REHEARSAL_WHOLE;
    if (!run.dry_run || run.registry.urls == NULL)
        result = cdr_run_rehearse(&run, spoiled, count, &why);
    if (result != CDR_OK)
        return cdr_fail(error, result, "the run that fills the topics would be refused: %.850s; %s",
                        why.text, unchanged(repair));
    for (size_t i = 0; i < there && result == CDR_OK; i++)
        result = cdr_kafka_may_recreate(&run.sink.kafka, spoiled[i], &why);
    if (result == CDR_OK)
        return CDR_OK;
    return cdr_fail(error, result == CDR_E_KAFKA ? CDR_E_STATE : result, "%.900s; %s", why.text,
                    unchanged(repair));
}

/* A topic whose records are the log's, but in which the run that fills it could not go on, has to
 * go as well. False: there is none that the rehearsal has found. */
static bool spoil_unfit(struct repair *repair)
{
    static const char transactions[] = "this dataset's transactions did not commit all of it";
    bool any = false;
    for (size_t i = 0; i < CDR_TYPE_COUNT; i++) {
        struct topic *topic = &repair->topics[i];
        if (!repair->unfit[i] || topic->spoiled || topic->missing)
            continue;
        any = topic->spoiled = true;
        topic->short_only = false;
        snprintf(topic->what, sizeof topic->what, "%s",
                 repair->settings->sink.transactions ? transactions : hidden);
    }
    return any;
}

/* Each round finds topics that were not known to be unfit. */
static enum cdr_result rehearse_until_fit(struct repair *repair, struct cdr_error *error)
{
    enum cdr_result result = rehearse(repair, error);
    while (result == CDR_E_STATE && spoil_unfit(repair)) {
        say(repair);
        result = keep_others(repair, error);
        repair->confirmed = false; /* that was of fewer topics */
        if (result == CDR_OK && !repair->settings->dry_run)
            result = confirm(repair, error);
        if (result == CDR_OK)
            result = rehearse(repair, error);
    }
    return result;
}

static enum cdr_result recreate_spoiled(struct repair *repair, struct cdr_error *error)
{
    const struct cdr_settings *settings = repair->settings;
    enum cdr_result result = CDR_OK;
    for (size_t i = 0; i < repair->count && result == CDR_OK; i++) {
        struct topic *topic = &repair->topics[i];
        if (!topic->spoiled)
            continue;
        const struct cdr_kafka_new_topic wanted = wanted_of(settings, topic);
        result = cdr_stop_check(error);
        if (result == CDR_OK)
            result = cdr_kafka_recreate(&settings->sink.kafka, &wanted, error);
        topic->emptied |= result == CDR_OK;
    }
    return result;
}

static enum cdr_result fill(struct repair *repair, struct cdr_error *error)
{
    struct cdr_settings run = settings_of_fill(repair);
    enum cdr_result result = cdr_command_run(&run, error);
    /* A run that does not begin has written nothing. */
    repair->filling = result != CDR_E_STATE && result != CDR_E_CONFIG;
    if (result != CDR_OK)
        return result;
    repair->filled = true;
    cdr_stop_opening(filled, CDR_EXIT_FAILED);
    run = *repair->settings;
    run.sink.may_miss = false;
    result = cdr_verification_run(&run, NULL, NULL, error);
    if (result == CDR_E_STATE || result == CDR_E_CONFIG)
        result = CDR_E_KAFKA;
    return result == CDR_E_DIFFERENT ? result : unless_stopped(result, error);
}

/* Deletes and creates what is spoiled, and fills all. */
static enum cdr_result mend(struct repair *repair, struct cdr_error *error)
{
    enum cdr_result result = cdr_stop_began(error);
    if (result != CDR_OK)
        return result;
    cdr_stop_opening(begun, CDR_EXIT_FAILED); /* a run opens to fill */
    result = unless_stopped(create_missing(repair, 0, error), error);
    if (result == CDR_OK)
        result = unless_stopped(recreate_spoiled(repair, error), error);
    if (result == CDR_OK)
        result = cdr_stop_check(error);
    return result == CDR_OK ? fill(repair, error) : result;
}

/* From what is there to topics that hold exactly the log. */
static enum cdr_result run(struct repair *repair, struct cdr_error *error)
{
    const struct cdr_settings *settings = repair->settings;
    bool needed = false;
    enum cdr_result result = find_missing(repair, error);
    if (result == CDR_OK)
        result = create_tables(repair, error);
    const bool created = is_changed(repair);
    if (result == CDR_OK && created)
        result = cdr_stop_began(error);
    if (result == CDR_OK && created)
        cdr_stop_opening(begun, CDR_EXIT_FAILED);
    if (result == CDR_OK)
        result = compare(repair, &needed, error);
    if (result != CDR_OK)
        return unless_stopped(result, error);
    if (!needed) {
        printf("nothing to repair: the topics hold exactly the log\n");
        return CDR_OK;
    }
    say(repair);
    result = keep_others(repair, error);
    if (result != CDR_OK)
        return result;
    cdr_stop_opening(created ? begun : untouched, CDR_EXIT_FAILED);
    if (settings->dry_run) {
        result = unless_stopped(rehearse_until_fit(repair, error), error);
        return result != CDR_OK ? result
                                : cdr_fail(error, CDR_E_DIFFERENT,
                                           "the topics need a repair; nothing was changed");
    }
    result = confirm(repair, error);
    if (result == CDR_OK)
        result = rehearse_until_fit(repair, error);
    result = unless_stopped(result, error);
    if (result == CDR_OK)
        result = mend(repair, error);
    if (result == CDR_OK)
        printf("repaired: the topics hold exactly the log\n");
    return result;
}

/* Whether the topics would take the records again is found out before one is deleted. Nothing was
 * changed: CDR_E_CONFIG, CDR_E_STATE. Something was: CDR_E_KAFKA and others. */
enum cdr_result cdr_command_repair(const struct cdr_settings *given, struct cdr_error *error)
{
    static char kafka[] = "kafka", uncommitted[] = "read_uncommitted";
    struct cdr_settings settings = *given;
    struct repair repair = {.settings = &settings};
    settings.sink_name = kafka;
    settings.sink.may_miss = true;
    /* Without transactions offsets count, so a record that its producer aborted is in the way. */
    if (!settings.sink.transactions)
        settings.isolation = uncommitted;
    cdr_stop_opening(untouched, CDR_EXIT_FAILED);
    enum cdr_result result = check_settings(&settings, error);
    name_topics(&repair);
    if (result == CDR_OK)
        result = run(&repair, error);
    return leave(&repair, result, error);
}

#else

enum cdr_result cdr_command_repair(const struct cdr_settings *settings, struct cdr_error *error)
{
    (void)settings;
    return cdr_fail(error, CDR_E_CONFIG, "repair: this cdrgen was built without Kafka");
}

#endif
