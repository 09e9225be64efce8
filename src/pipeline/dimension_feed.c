#include "pipeline/dimension_feed.h"

#include "engine/engine.h"
#include "model/profile.h"
#include "sink/sink.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(CDR_TRUTH_ROW_MAX + 6 <= CDR_DIMENSION_BYTES_MAX, "frame and trailer fit");
static_assert((int)CDR_ID_TEXT_LEN <= (int)CDR_DIMENSION_KEY_MAX, "an id is a key");

static enum cdr_result emit(const struct cdr_model *model, struct cdr_dimension_record *record,
                            uint32_t dimension, uint32_t index, enum cdr_dimension_kind kind,
                            cdr_dimension_visitor *visit, void *context, struct cdr_error *error)
{
    record->dimension = dimension;
    record->index = index;
    record->kind = kind;
    record->key_len = cdr_dimension_key(model, dimension, index, record->key);
    record->partition = (cdr_murmur2((const uint8_t *)record->key, record->key_len) & 0x7fffffff) %
                        model->parameters.partitions;
    return visit(context, record, error);
}

/* What a subscriber's row says on a day; false: there is none. */
static bool news_of(const struct cdr_model *model, uint32_t subscriber, uint32_t day, bool first,
                    enum cdr_dimension_kind *kind)
{
    const struct cdr_tenures *tenures = &model->identities.tenures;
    if (!first && !cdr_profile_changed(model, subscriber, day))
        return false;
    const bool present = cdr_tenure(tenures, subscriber, day).present;
    if (first) {
        *kind = CDR_DIMENSION_START;
        return present;
    }
    *kind = !present                                           ? CDR_DIMENSION_TOMBSTONE
            : cdr_tenure(tenures, subscriber, day - 1).present ? CDR_DIMENSION_UPDATE
                                                               : CDR_DIMENSION_ARRIVAL;
    return true;
}

enum cdr_result cdr_dimension_day(const struct cdr_model *model, int32_t day,
                                  cdr_dimension_visitor *visit, void *context,
                                  struct cdr_error *error)
{
    const bool first = day == model->parameters.start_day;
    struct cdr_dimension_record record = {
        .day = day, .time_ms = cdr_calendar_day_start_ms(&model->calendar, day)};
    enum cdr_result result = CDR_OK;
    for (uint32_t cell = 0; first && result == CDR_OK && cell < model->cells.count; cell++)
        result = emit(model, &record, CDR_DIMENSION_CELL, cell, CDR_DIMENSION_START, visit, context,
                      error);
    for (uint32_t s = 0; result == CDR_OK && s < model->parameters.subscribers; s++) {
        enum cdr_dimension_kind kind;
        if (news_of(model, s, (uint32_t)day, first, &kind))
            result = emit(model, &record, CDR_DIMENSION_SUBSCRIBER, s, kind, visit, context, error);
    }
    return result;
}

struct cdr_dimension_feed {
    struct cdr_dimension_feed_settings settings;
    struct cdr_truth_feed *truth; /* NULL: without */
    uint32_t truth_topic;
    int32_t day; /* that is visited */
};

static enum cdr_result visit_truth(void *context, const struct cdr_truth_row *row,
                                   struct cdr_error *error)
{
    const struct cdr_dimension_feed *feed = context;
    const struct cdr_dimension_feed_settings *settings = &feed->settings;
    struct cdr_dimension_record record = {
        .dimension = feed->truth_topic,
        .partition = row->partition,
        .kind = CDR_DIMENSION_FAULT,
        .day = feed->day,
        .time_ms = cdr_calendar_day_start_ms(&settings->model->calendar, feed->day),
        .key_len = CDR_ID_TEXT_LEN,
        .row = row,
    };
    cdr_id_text(row->id, record.key);
    return settings->visit(settings->context, &record, error);
}

enum cdr_result cdr_dimension_feed_create(struct cdr_dimension_feed **made,
                                          const struct cdr_dimension_feed_settings *settings,
                                          struct cdr_error *error)
{
    struct cdr_dimension_feed *feed = *made = calloc(1, sizeof *feed);
    if (feed == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    feed->settings = *settings;
    feed->truth_topic = settings->topics->n - 1;
    if (settings->records == NULL ||
        settings->topics->items[feed->truth_topic].rows != CDR_DIMENSION_TRUTH)
        return CDR_OK;
    const struct cdr_truth_settings truth = {
        .model = settings->model,
        .topics = settings->records,
        .shard_index = settings->shard_index,
        .shard_count = settings->shard_count,
        .visit = visit_truth,
        .context = feed,
    };
    return cdr_truth_feed_create(&feed->truth, &truth, error);
}

enum cdr_result cdr_dimension_feed_day(struct cdr_dimension_feed *feed, int32_t day,
                                       struct cdr_error *error)
{
    const struct cdr_dimension_feed_settings *settings = &feed->settings;
    enum cdr_result result = CDR_OK;
    feed->day = day;
    if (settings->topics->items[0].rows == CDR_DIMENSION_SUBSCRIBER)
        result = cdr_dimension_day(settings->model, day, settings->visit, settings->context, error);
    return result == CDR_OK && feed->truth != NULL ? cdr_truth_feed_day(feed->truth, day, error)
                                                   : result;
}

void cdr_dimension_feed_destroy(struct cdr_dimension_feed *feed)
{
    if (feed != NULL)
        cdr_truth_feed_destroy(feed->truth);
    free(feed);
}

size_t cdr_dimension_record_encode(const struct cdr_topic *topic, const struct cdr_model *model,
                                   const struct cdr_dimension_record *record,
                                   uint8_t bytes[CDR_DIMENSION_BYTES_MAX])
{
    const struct cdr_encoder *encoder = topic->encoder;
    uint8_t payload[CDR_TRUTH_ROW_MAX];
    if (record->kind == CDR_DIMENSION_TOMBSTONE)
        return cdr_dimension_encode_tombstone(encoder, bytes);
    if (record->kind != CDR_DIMENSION_FAULT)
        return cdr_dimension_encode(encoder, model, record->index, record->day, bytes);
    enum cdr_truth_format format = CDR_TRUTH_CSV;
    while (format < CDR_TRUTH_AVRO &&
           strcmp(cdr_truth_format_name[format], encoder->ops->name) != 0)
        format++;
    const size_t len = cdr_truth_encode(format, record->row, payload);
    return cdr_dimension_wrap(encoder, payload, len, bytes);
}
