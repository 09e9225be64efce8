#include "app/records.h"

#include "app/record_numbers.h"
#include "app/topics.h"
#include "engine/engine.h"
#include "model/details.h"
#include "model/materialise.h"

#include <stdlib.h>
#include <string.h>

enum cdr_result cdr_found_add(struct cdr_found_list *list, const struct cdr_found *found,
                              struct cdr_error *error)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
        struct cdr_found *items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "out of memory for %zu records", capacity);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *found;
    return CDR_OK;
}

static int compare_found(const void *a, const void *b)
{
    const struct cdr_found *left = a, *right = b;
    if (left->emission_ms != right->emission_ms)
        return left->emission_ms < right->emission_ms ? -1 : 1;
    if (left->type != right->type)
        return left->type < right->type ? -1 : 1;
    return cdr_key_before(&left->key, &right->key) ? -1 : cdr_key_before(&right->key, &left->key);
}

void cdr_found_sort(struct cdr_found_list *list)
{
    if (list->count > 0) /* without records there is no memory */
        qsort(list->items, list->count, sizeof *list->items, compare_found);
}

/* What prints. */
struct printer {
    FILE *out;
    const struct cdr_model *model;
    struct cdr_encoder *encoders[CDR_TYPE_COUNT];
    struct cdr_block *block;
    uint8_t *bytes;
    const char *header; /* the last that was printed */
};

static enum cdr_result open_printer(struct printer *printer, const struct cdr_settings *settings,
                                    const struct cdr_topics *topics, struct cdr_error *error)
{
    const struct cdr_encoder_ops *ops = cdr_encoder_find(
        cdr_format_is(settings->format, CDR_FORMAT_BINARY) ? "json" : settings->format);
    enum cdr_result result = CDR_OK;
    size_t room = 0;
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        const struct cdr_encoder_settings encoder =
            cdr_topic_encoding(topics, type, 0, printer->model->parameters.tz_name, false);
        result = ops->create(&printer->encoders[type], &encoder, error);
        room += result == CDR_OK ? printer->encoders[type]->record_bytes_max : 0;
    }
    if (result != CDR_OK)
        return result;
    printer->block = malloc(sizeof *printer->block);
    printer->bytes = malloc(room);
    if (printer->block == NULL || printer->bytes == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    return CDR_OK;
}

static void print_header(struct printer *printer, uint32_t type)
{
    const char *header = printer->encoders[type]->ops->file_header(printer->encoders[type]);
    if (printer->header == NULL || strcmp(printer->header, header) != 0)
        fputs(header, printer->out);
    printer->header = header;
}

static void print_record(struct printer *printer, const struct cdr_found *found)
{
    const struct cdr_encoder *encoder = printer->encoders[found->type];
    struct cdr_slot slots[CDR_LAG_MAX + 1] = {0};
    uint32_t end;
    uint32_t lag = cdr_key_lag(&found->key);
    for (slots[lag] = found->start_slot; lag > 0; lag--)
        slots[lag - 1] = cdr_calendar_next(&printer->model->calendar, &slots[lag]);
    cdr_materialise(printer->model, found->type, &found->key, 1, found->emission_slot_ms, slots,
                    printer->block);
    const struct cdr_details_source source = {
        .keys = &found->key,
        .slots = slots,
        .emission_slot_ms = found->emission_slot_ms,
        .held_until_ms = found->held_until_ms,
        .partition = cdr_partition_of(printer->model, printer->block->owner[0]),
        .first = found->number,
    };
    cdr_details_fill(printer->model, encoder->details, &source, printer->block);
    encoder->ops->encode(encoder, printer->block, printer->bytes, &end);
    print_header(printer, found->type);
    fwrite(printer->bytes, 1, end, printer->out);
}

static bool wants_numbers(const struct printer *printer)
{
    unsigned details = 0;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        details |= printer->encoders[type]->details;
    return (details & CDR_DETAIL_NUMBER) != 0;
}

enum cdr_result cdr_found_print(FILE *out, const struct cdr_model *model,
                                const struct cdr_settings *settings, struct cdr_found_list *list,
                                size_t count, struct cdr_error *error)
{
    struct printer printer = {.out = out, .model = model};
    struct cdr_topics topics;
    enum cdr_result result = cdr_topics_name(&topics, settings, error);
    if (result == CDR_OK)
        result = cdr_topics_load_schemas(&topics, settings, error);
    if (result == CDR_OK)
        result = open_printer(&printer, settings, &topics, error);
    if (result == CDR_OK && wants_numbers(&printer))
        result = cdr_found_number(list, count, model, error);
    if (result == CDR_OK && list->count == 0)
        print_header(&printer, CDR_TYPE_CALL);
    for (size_t i = 0; result == CDR_OK && i < list->count && i < count; i++)
        print_record(&printer, &list->items[i]);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_encoder_destroy(printer.encoders[type]);
    free(printer.bytes);
    free(printer.block);
    cdr_topics_free(&topics);
    return result;
}
