#include "verify/clean.h"
#include "verify/id_pipe.h"
#include "verify/kafka_id_reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of a log: the record whose entries are in hand, and messages of it that no entry explains yet. */
struct hand {
    uint32_t kind;
    uint64_t passed, dead_lettered;
};

struct clean {
    struct cdr_id_pipe pipe;
    struct cdr_clean_result *result;
    struct cdr_balance *output, *dead;
    struct hand *hands;   /* per log */
    pthread_mutex_t lock; /* of the result */
};

/* ---- the sink ---- */

static void let_go(struct clean *clean, struct hand *hand)
{
    clean->result->fates[hand->kind].duplicated += hand->passed + hand->dead_lettered;
    hand->passed = hand->dead_lettered = 0;
}

/* One message less of the record in hand, where there is any. */
static void take_fate(struct cdr_fates *fates, struct hand *hand)
{
    fates->entries++;
    if (hand->passed > 0) {
        hand->passed--;
        fates->passed++;
    } else if (hand->dead_lettered > 0) {
        hand->dead_lettered--;
        fates->dead_lettered++;
    } else {
        fates->lost++;
    }
}

/* One message less, for the late duplicate of the record in hand, if it has one. */
static void take_late(struct clean *clean, uint64_t id, struct hand *hand)
{
    const struct cdr_faults *faults = &clean->pipe.settings->model->faults;
    struct cdr_fates *fates = &clean->result->fates[CDR_FAULT_LATE_DUPLICATE];
    if (faults->below[CDR_FAULT_LATE_DUPLICATE] == 0 || hand->passed + hand->dead_lettered == 0 ||
        !cdr_fault_comes_again(faults, cdr_mix(id ^ faults->stream)))
        return;
    fates->passed += hand->passed > 0;
    fates->dead_lettered += hand->passed == 0;
    if (hand->passed > 0)
        hand->passed--;
    else
        hand->dead_lettered--;
}

static void look_up(struct clean *clean, struct hand *hand, uint32_t entry, uint64_t id)
{
    struct cdr_fates *fates = clean->result->fates;
    if (entry == CDR_ENTRY_LATE_COPY) { /* what became of it was found with its record */
        fates[CDR_FAULT_LATE_DUPLICATE].entries++;
        return;
    }
    const uint32_t fault =
        (entry & CDR_ENTRY_FAULT) == 0 ? CDR_FATES_GOOD : cdr_fault_of_entry(entry);
    if ((entry & CDR_ENTRY_COPY) != 0) {
        take_fate(&fates[CDR_FAULT_DUPLICATE], hand);
    } else if (fault == CDR_FAULT_CONFLICT) {
        take_fate(&fates[CDR_FAULT_CONFLICT], hand);
    } else {
        let_go(clean, hand);
        hand->kind = fault;
        hand->passed = (uint64_t)-cdr_balance_mark(clean->output, id);
        hand->dead_lettered = (uint64_t)-cdr_balance_mark(clean->dead, id);
        take_fate(&fates[fault], hand);
        take_late(clean, id, hand);
    }
}

static enum cdr_result clean_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                   uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct clean *clean = (struct clean *)sink;
    (void)worker, (void)error;
    if (!cdr_id_pipe_wants(&clean->pipe, slab->log)) {
        *taken = end;
        return CDR_OK;
    }
    pthread_mutex_lock(&clean->lock);
    for (; *taken < end; ++*taken)
        look_up(clean, &clean->hands[slab->log],
                slab->marks != NULL ? slab->marks[*taken] >> CDR_MARK_BITS : 0, slab->ids[*taken]);
    pthread_mutex_unlock(&clean->lock);
    return CDR_OK;
}

static const struct cdr_sink_ops clean_sink_ops = {
    .name = "clean",
    .description = "looks ids up",
    .take_slab = cdr_direct_take_slab,
    .write = clean_write,
    .give_slab = cdr_direct_give_slab,
    .poll = cdr_id_pipe_poll,
};

/* ---- course ---- */

static enum cdr_result read_topics(struct clean *clean, const char *const *topics, uint32_t count,
                                   struct cdr_balance *balance, uint64_t *messages,
                                   struct cdr_error *error)
{
    const struct cdr_verify_ids_settings *settings = clean->pipe.settings;
    struct cdr_clean_result *result = clean->result;
    const struct cdr_id_reader_settings reading = {
        .sink = settings->sink,
        .topics = topics,
        .topic_count = count,
        .read_uncommitted = settings->read_uncommitted,
        .open_wait_ms = settings->open_wait_ms,
        .say = settings->say,
        .balance = balance,
        .stop = settings->stop,
    };
    struct cdr_id_reader *reader = NULL;
    struct cdr_id_gap deleted = {0}, open = {0};
    uint64_t without_id = 0, place;
    if (count == 0)
        return CDR_OK;
    enum cdr_result made = cdr_id_reader_start(&reader, &reading, error);
    if (made == CDR_OK)
        made = cdr_id_reader_join(reader, &without_id, &place, 1, error);
    if (made == CDR_OK) {
        *messages = cdr_id_reader_count(reader);
        cdr_id_reader_gaps(reader, &deleted, &open);
        result->without_id += without_id;
        if (result->deleted.partitions == 0)
            result->deleted = deleted;
        if (result->open.partitions == 0)
            result->open = open;
    }
    cdr_id_reader_destroy(reader);
    return made;
}

static enum cdr_result prepare(struct clean *clean, const struct cdr_verify_ids_settings *settings,
                               struct cdr_error *error)
{
    const uint32_t logs = settings->dataset->n * settings->model->parameters.partitions;
    clean->hands = calloc(logs, sizeof *clean->hands);
    if (clean->hands == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u logs", logs);
    enum cdr_result result = cdr_balance_create(&clean->output, error);
    if (result == CDR_OK)
        result = cdr_balance_create(&clean->dead, error);
    return result == CDR_OK ? cdr_id_pipe_open(&clean->pipe, &clean_sink_ops, settings, error)
                            : result;
}

static void count_foreign(void *context, const struct cdr_balance_entry *entry)
{
    if (!entry->known)
        ((struct cdr_clean_result *)context)->foreign += (uint64_t)-entry->count;
}

enum cdr_result cdr_verify_clean(const struct cdr_clean_settings *settings,
                                 struct cdr_clean_result *result, struct cdr_error *error)
{
    struct clean clean = {.result = result};
    memset(result, 0, sizeof *result);
    pthread_mutex_init(&clean.lock, NULL);
    enum cdr_result done = prepare(&clean, settings->ids, error);
    if (done == CDR_OK)
        done = read_topics(&clean, settings->ids->topics, settings->ids->topic_count, clean.output,
                           &result->found, error);
    if (done == CDR_OK)
        done = read_topics(&clean, settings->dead_letters, settings->dead_letter_count, clean.dead,
                           &result->dead_letters, error);
    if (done == CDR_OK)
        done = cdr_id_pipe_run(&clean.pipe, error);
    if (done == CDR_OK) {
        const uint32_t logs =
            settings->ids->dataset->n * settings->ids->model->parameters.partitions;
        for (uint32_t log = 0; log < logs; log++)
            let_go(&clean, &clean.hands[log]);
        struct cdr_fates *late = &result->fates[CDR_FAULT_LATE_DUPLICATE];
        const uint64_t there = late->passed + late->dead_lettered;
        late->lost = late->entries > there ? late->entries - there : 0;
        result->foreign = result->without_id;
        cdr_balance_visit(clean.output, count_foreign, result);
        cdr_balance_visit(clean.dead, count_foreign, result);
    }
    cdr_id_pipe_close(&clean.pipe);
    cdr_balance_destroy(clean.output);
    cdr_balance_destroy(clean.dead);
    free(clean.hands);
    pthread_mutex_destroy(&clean.lock);
    return done;
}
