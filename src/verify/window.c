#include "verify/window.h"

#include "pipeline/digest.h"
#include "verify/compare.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64 };

static enum cdr_result grow(struct cdr_window *window, struct cdr_error *error)
{
    uint32_t capacity = window->capacity == 0 ? CAPACITY_FIRST : 2 * window->capacity;
    struct cdr_item *items = calloc(capacity, sizeof *items);
    if (items == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u records to compare", capacity);
    for (uint32_t i = 0; i < window->capacity; i++)
        items[i] = *cdr_window_at(window, i);
    free(window->items);
    window->items = items;
    window->capacity = capacity;
    window->head = 0;
    return CDR_OK;
}

enum cdr_result cdr_window_push(struct cdr_window *window, const struct cdr_record *record,
                                bool has_keys, struct cdr_error *error)
{
    if (window->n == window->capacity) {
        enum cdr_result result = grow(window, error);
        if (result != CDR_OK)
            return result;
    }
    struct cdr_item *item = cdr_window_at(window, window->n);
    uint32_t size = record->payload_len + record->key_len + record->headers_len;
    if (size > item->room || item->bytes == NULL) {
        uint8_t *bytes = realloc(item->bytes, size + 32);
        if (bytes == NULL)
            return cdr_fail(error, CDR_E_NOMEM, "no memory for a record of %u bytes", size);
        item->bytes = bytes;
        item->room = size + 32;
    }
    item->record = *record;
    item->judged = false;
    if (record->payload != NULL) {
        memcpy(item->bytes, record->payload, record->payload_len);
        item->record.payload = item->bytes;
    }
    if (record->key != NULL) {
        memcpy(item->bytes + record->payload_len, record->key, record->key_len);
        item->record.key = item->bytes + record->payload_len;
    }
    if (record->headers != NULL) {
        uint8_t *headers = item->bytes + record->payload_len + record->key_len;
        item->record.headers = memcpy(headers, record->headers, record->headers_len);
    }
    item->hash = has_keys ? cdr_record_hash(record)
                          : cdr_hash_record(record->payload, record->payload_len, NULL, 0, 0);
    item->key = cdr_hash_record(record->key, record->key_len, NULL, 0, 0);
    item->body = cdr_body_hash(record);
    window->n++;
    return CDR_OK;
}

void cdr_window_free(struct cdr_window *window)
{
    for (uint32_t i = 0; i < window->capacity; i++)
        free(window->items[i].bytes);
    free(window->items);
    memset(window, 0, sizeof *window);
}

void cdr_window_drop(struct cdr_window *window, uint32_t n)
{
    assert(n <= window->n);
    if (n == 0)
        return;
    window->head = (window->head + n) & (window->capacity - 1);
    window->n -= n;
    if (window->n == 0 && window->capacity > CAPACITY_FIRST)
        cdr_window_free(window);
    else if (window->n == 0)
        window->head = 0;
}

bool cdr_window_meet(const struct cdr_window *expected, const struct cdr_window *found,
                     uint32_t look, uint32_t *i, uint32_t *j)
{
    uint16_t table[2 * CDR_COMPARE_WINDOW]; /* of expected places + 1; 0: none */
    uint32_t rows = expected->n < look ? expected->n : look;
    uint32_t columns = found->n < look ? found->n : look;
    uint32_t size = 64, best = UINT32_MAX;
    while (size < 2 * rows)
        size *= 2;
    assert(size <= sizeof table / sizeof *table);
    memset(table, 0, size * sizeof *table);
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t at = (uint32_t)cdr_window_at(expected, row)->hash & (size - 1);
        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = (uint16_t)(row + 1);
    }
    for (uint32_t column = 0; column < columns && column < best; column++) {
        uint64_t hash = cdr_window_at(found, column)->hash;
        for (uint32_t at = (uint32_t)hash & (size - 1); table[at] != 0;
             at = (at + 1) & (size - 1)) {
            uint32_t row = table[at] - 1u;
            if (cdr_window_at(expected, row)->hash != hash || row + column >= best)
                continue;
            best = row + column;
            *i = row;
            *j = column;
        }
    }
    return best != UINT32_MAX;
}
