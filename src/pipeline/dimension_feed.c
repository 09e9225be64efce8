#include "pipeline/dimension_feed.h"

#include "engine/engine.h"

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

/* What there is to say of a subscriber on a day that is not the first; false: nothing. */
static bool news_of(const struct cdr_model *model, uint32_t subscriber, int32_t day,
                    enum cdr_dimension_kind *kind)
{
    const struct cdr_identities *identities = &model->identities;
    const uint32_t on = (uint32_t)day;
    *kind = CDR_DIMENSION_UPDATE;
    return cdr_renewal_number(&identities->sim, subscriber, on) !=
               cdr_renewal_number(&identities->sim, subscriber, on - 1) ||
           cdr_renewal_number(&identities->device, subscriber, on) !=
               cdr_renewal_number(&identities->device, subscriber, on - 1);
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
        enum cdr_dimension_kind kind = CDR_DIMENSION_START;
        if (first || news_of(model, s, day, &kind))
            result = emit(model, &record, CDR_DIMENSION_SUBSCRIBER, s, kind, visit, context, error);
    }
    return result;
}
