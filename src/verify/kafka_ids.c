#include "verify/id_pipe.h"
#include "verify/kafka_id_reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD (UINT64_C(1) << 19) /* expected ids that wait for the topics */

struct ids {
    struct cdr_id_pipe pipe;
    struct cdr_verify_ids_result *result;
    struct cdr_balance *balance;
    struct cdr_id_reader *reader;
    atomic_ullong expected;
    bool again;           /* the second generation */
    pthread_mutex_t lock; /* of lost_shown */
};

/* ---- the sink ---- */

/* Keeps a lost record to be shown. */
static void show_lost(struct ids *ids, const struct cdr_slab *slab, uint32_t i)
{
    const struct cdr_topics *dataset = ids->pipe.settings->dataset;
    const struct cdr_encoder *encoder =
        dataset->items[cdr_id_pipe_type(&ids->pipe, slab->log)].encoder;
    struct cdr_verify_ids_result *result = ids->result;
    const struct cdr_record record = cdr_slab_record(slab, i, encoder);
    pthread_mutex_lock(&ids->lock);
    if (result->lost_shown_count < ids->pipe.settings->show) {
        struct cdr_difference *made = malloc(sizeof *made + record.payload_len + record.key_len);
        if (made != NULL) {
            uint8_t *bytes = (uint8_t *)(made + 1);
            *made = (struct cdr_difference){.kind = CDR_DIFFERENCE_LOST,
                                            .log = slab->log,
                                            .home = slab->log,
                                            .has_expected = true,
                                            .expected = record};
            if (record.payload != NULL)
                made->expected.payload = memcpy(bytes, record.payload, record.payload_len);
            if (record.key != NULL)
                made->expected.key = memcpy(bytes + record.payload_len, record.key, record.key_len);
            result->lost_ids[result->lost_shown_count] = slab->ids[i];
            result->lost_shown[result->lost_shown_count++] = made;
        }
    }
    pthread_mutex_unlock(&ids->lock);
}

static enum cdr_result ids_write(struct cdr_sink *sink, unsigned worker, struct cdr_slab *slab,
                                 uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    (void)worker;
    struct ids *ids = (struct ids *)sink;
    enum cdr_result result = CDR_OK;
    if (!cdr_id_pipe_wants(&ids->pipe, slab->log)) {
        *taken = end;
        return CDR_OK;
    }
    if (!ids->again && !cdr_id_reader_over(ids->reader) &&
        atomic_load_explicit(&ids->expected, memory_order_relaxed) >
            cdr_id_reader_count(ids->reader) + AHEAD)
        return CDR_E_AGAIN;
    for (; result == CDR_OK && *taken < end; ++*taken) {
        if (!ids->again)
            result = cdr_balance_expect(ids->balance, slab->ids[*taken], error);
        else if (cdr_balance_mark(ids->balance, slab->ids[*taken]) > 0)
            show_lost(ids, slab, *taken);
        if (!ids->again)
            atomic_fetch_add_explicit(&ids->expected, 1, memory_order_relaxed);
    }
    return result;
}

static const struct cdr_sink_ops ids_sink_ops = {
    .name = "ids",
    .description = "balances ids",
    .take_slab = cdr_direct_take_slab,
    .write = ids_write,
    .give_slab = cdr_direct_give_slab,
    .poll = cdr_id_pipe_poll,
};

/* ---- the result ---- */

static void add_stray(struct ids *ids, enum cdr_difference_kind kind, bool has_id, uint64_t id,
                      uint64_t place)
{
    struct cdr_verify_ids_result *result = ids->result;
    uint32_t of_kind = 0;
    for (uint32_t i = 0; i < result->stray_count; i++)
        of_kind += result->strays[i].kind == kind;
    if (of_kind < ids->pipe.settings->show)
        result->strays[result->stray_count++] =
            (struct cdr_stray){.kind = kind,
                               .has_id = has_id,
                               .id = id,
                               .topic = CDR_PLACE_TOPIC(place),
                               .partition = CDR_PLACE_PARTITION(place),
                               .offset = CDR_PLACE_OFFSET(place)};
}

static void judge(void *context, const struct cdr_balance_entry *entry)
{
    struct ids *ids = context;
    struct cdr_verify_ids_result *result = ids->result;
    if (entry->count > 0) {
        result->lost += (uint64_t)entry->count;
        return;
    }
    const uint64_t n = (uint64_t)-entry->count;
    *(entry->known ? &result->duplicated : &result->foreign) += n;
    add_stray(ids, entry->known ? CDR_DIFFERENCE_DUPLICATED : CDR_DIFFERENCE_FOREIGN, true,
              entry->id, entry->place);
}

/* Both generations and the reading between them. */
static enum cdr_result compare(struct ids *ids, struct cdr_error *error)
{
    struct cdr_verify_ids_result *result = ids->result;
    const uint32_t show = ids->pipe.settings->show;
    uint64_t *places = calloc(show + 1, sizeof *places);
    if (places == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for the messages to show");
    struct cdr_error reading = {{0}};
    enum cdr_result made = cdr_id_pipe_run(&ids->pipe, error);
    enum cdr_result read =
        cdr_id_reader_join(ids->reader, &result->without_id, places, show, &reading);
    if (made == CDR_OK && read != CDR_OK) {
        made = read;
        *error = reading;
    }
    result->expected = atomic_load(&ids->expected);
    result->found = cdr_id_reader_count(ids->reader);
    cdr_id_reader_gaps(ids->reader, &result->deleted, &result->open);
    ids->again = true;
    if (made == CDR_OK && cdr_balance_size(ids->balance) > 0)
        made = cdr_id_pipe_run(&ids->pipe, error);
    if (made == CDR_OK) {
        cdr_balance_visit(ids->balance, judge, ids);
        result->foreign += result->without_id;
        for (uint32_t i = 0; i < show && i < result->without_id; i++)
            add_stray(ids, CDR_DIFFERENCE_FOREIGN, false, 0, places[i]);
        result->matched = result->expected - result->lost;
    }
    free(places);
    return made;
}

enum cdr_result cdr_verify_ids(const struct cdr_verify_ids_settings *settings,
                               struct cdr_verify_ids_result *result, struct cdr_error *error)
{
    struct ids ids = {.result = result};
    memset(result, 0, sizeof *result);
    pthread_mutex_init(&ids.lock, NULL);
    result->lost_shown = calloc(settings->show + 1, sizeof(void *));
    result->lost_ids = calloc(settings->show + 1, sizeof *result->lost_ids);
    result->strays = calloc(2 * (size_t)settings->show + 1, sizeof *result->strays);
    enum cdr_result done =
        result->lost_shown != NULL && result->lost_ids != NULL && result->strays != NULL
            ? cdr_balance_create(&ids.balance, error)
            : cdr_fail(error, CDR_E_NOMEM, "no memory for the records to show");
    if (done == CDR_OK)
        done = cdr_id_pipe_open(&ids.pipe, &ids_sink_ops, settings, error);
    struct cdr_id_reader_settings reading = {
        .sink = settings->sink,
        .topics = settings->topics,
        .topic_count = settings->topic_count,
        .read_uncommitted = settings->read_uncommitted,
        .open_wait_ms = settings->open_wait_ms,
        .say = settings->say,
        .balance = ids.balance,
        .stop = settings->stop,
    };
    if (done == CDR_OK)
        done = cdr_id_reader_start(&ids.reader, &reading, error);
    if (done == CDR_OK)
        done = compare(&ids, error);
    cdr_id_reader_destroy(ids.reader);
    cdr_id_pipe_close(&ids.pipe);
    cdr_balance_destroy(ids.balance);
    pthread_mutex_destroy(&ids.lock);
    return done;
}

void cdr_verify_ids_free(struct cdr_verify_ids_result *result)
{
    for (uint32_t i = 0; i < result->lost_shown_count; i++)
        free(result->lost_shown[i]);
    free(result->lost_shown);
    free(result->lost_ids);
    free(result->strays);
    memset(result, 0, sizeof *result);
}
