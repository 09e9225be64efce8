/* A window: records of one side of a comparison that wait to be judged, copied, in their order. */
#ifndef CDR_VERIFY_WINDOW_H
#define CDR_VERIFY_WINDOW_H

#include "base/result.h"
#include "verify/record.h"

struct cdr_item {
    struct cdr_record record; /* into bytes */
    uint64_t hash, key, body; /* of all, of the key, of payload and headers */
    uint8_t *bytes;
    uint32_t room;
    bool judged;
};

struct cdr_window {
    struct cdr_item *items; /* a ring */
    uint32_t capacity;      /* a power of two, or 0 */
    uint32_t head, n;
};

static inline struct cdr_item *cdr_window_at(const struct cdr_window *window, uint32_t i)
{
    return &window->items[(window->head + i) & (window->capacity - 1)];
}

/* Copies the record to the end. has_keys: its hash covers key and timestamp too. Errors:
 * CDR_E_NOMEM. */
enum cdr_result cdr_window_push(struct cdr_window *window, const struct cdr_record *record,
                                bool has_keys, struct cdr_error *error);
/* Takes n records off the front. An empty window that has grown gives its memory back. */
void cdr_window_drop(struct cdr_window *window, uint32_t n);
void cdr_window_free(struct cdr_window *window);

/* The nearest place at which both are the same, looking at the first `look` records of each: of all
 * pairs of equal records that with the least sum of places. False: there is none. look is at most
 * CDR_COMPARE_WINDOW. */
bool cdr_window_meet(const struct cdr_window *expected, const struct cdr_window *found,
                     uint32_t look, uint32_t *i, uint32_t *j);

#endif
