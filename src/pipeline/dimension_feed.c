#include "pipeline/dimension_feed.h"

#include "engine/engine.h"
#include "model/profile.h"

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
