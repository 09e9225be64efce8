/* Groups: a table of rows of numbers, found by the first few of them, the key; the rest are what is
 * added up. One a thread; rows of several tables are joined when a window ends.
 *
 * Rows lie one after the other in the order in which they came, and buckets hold their numbers; so
 * a table takes 8 bytes a number and 8 to 16 a row more.
 */
#ifndef CDR_ANSWER_GROUPS_H
#define CDR_ANSWER_GROUPS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cdr_groups {
    uint32_t key_width, width; /* numbers of a key, and of a row */
    int64_t *rows;
    size_t n, capacity;
    uint32_t *buckets; /* number of the row and 1; 0: none */
    size_t bucket_count;
};

/* Takes no memory before the first row. */
void cdr_groups_init(struct cdr_groups *groups, uint32_t key_width, uint32_t width);
void cdr_groups_free(struct cdr_groups *groups);

/* The row of a key; *is_new: it was not there, and the numbers after its key are 0. NULL: no
 * memory, or more than 2^32 rows. Valid until the next call. */
int64_t *cdr_groups_at(struct cdr_groups *groups, const int64_t *key, bool *is_new);

/* The row of a key; NULL: it is not there. */
int64_t *cdr_groups_find(const struct cdr_groups *groups, const int64_t *key);

/* Moves the rows whose first number is at most last to the end of to, an array of rows of the same
 * width. False: no memory; then nothing has changed. */
struct cdr_rows {
    int64_t *rows;
    size_t n, capacity;
};
bool cdr_groups_take(struct cdr_groups *groups, int64_t last, struct cdr_rows *to);

/* Sorts rows by their first key_width numbers. */
void cdr_rows_sort(struct cdr_rows *rows, uint32_t key_width, uint32_t width);

#endif
