#include "app/records.h"

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
    qsort(list->items, list->count, sizeof *list->items, compare_found);
}

enum cdr_result cdr_found_print(FILE *out, const struct cdr_model *model, const char *format,
                                const struct cdr_found_list *list, size_t count,
                                struct cdr_error *error)
{
    const struct cdr_encoder_ops *ops =
        cdr_encoder_find(strcmp(format, "avro") == 0 ? "json" : format);
    struct cdr_encoder *encoders[CDR_TYPE_COUNT] = {NULL};
    struct cdr_block *block = malloc(sizeof *block);
    uint8_t *bytes = NULL;
    enum cdr_result result = block != NULL ? CDR_OK : cdr_fail(error, CDR_E_NOMEM, "out of memory");
    for (uint32_t type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {.type = type, .tz_name = model->parameters.tz_name};
        result = ops->create(&encoders[type], &settings, error);
    }
    if (result == CDR_OK &&
        (bytes = malloc(encoders[0]->record_bytes_max + encoders[1]->record_bytes_max +
                        encoders[2]->record_bytes_max)) == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    if (result == CDR_OK)
        fputs(ops->file_header(encoders[0]), out);
    for (size_t i = 0; result == CDR_OK && i < list->count && i < count; i++) {
        const struct cdr_found *found = &list->items[i];
        const struct cdr_encoder *encoder = encoders[found->type];
        struct cdr_slot slots[CDR_LAG_MAX + 1] = {0};
        uint32_t end;
        slots[cdr_key_lag(&found->key)] = found->start_slot;
        cdr_materialise(model, found->type, &found->key, 1, found->emission_slot_ms, slots, block);
        encoder->ops->encode(encoder, block, bytes, &end);
        fwrite(bytes, 1, end, out);
    }
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        cdr_encoder_destroy(encoders[type]);
    free(bytes);
    free(block);
    return result;
}
