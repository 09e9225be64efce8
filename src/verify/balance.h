/* A balance of ids: how many more of each are expected than found, while both are still coming.
 *
 * Ids that are even take no memory, so it grows with how far found records are behind, ahead of or
 * other than expected ones, not with the data. Thread-safe: ids are spread over tables, each with
 * its own lock.
 */
#ifndef CDR_VERIFY_BALANCE_H
#define CDR_VERIFY_BALANCE_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_balance_entry {
    uint64_t id;
    uint64_t place; /* of the last found one, as the caller gave it */
    int32_t count;  /* expected − found, not 0 */
    bool known;     /* cdr_balance_mark was called for it */
};

struct cdr_balance;

enum cdr_result cdr_balance_create(struct cdr_balance **balance, struct cdr_error *error);
void cdr_balance_destroy(struct cdr_balance *balance);

enum cdr_result cdr_balance_expect(struct cdr_balance *balance, uint64_t id,
                                   struct cdr_error *error);
enum cdr_result cdr_balance_find(struct cdr_balance *balance, uint64_t id, uint64_t place,
                                 struct cdr_error *error);
/* Marks the id as known where there is an entry; returns its count, else 0. */
int32_t cdr_balance_mark(struct cdr_balance *balance, uint64_t id);
/* Calls visit for each entry, by one thread while no other uses the balance. */
void cdr_balance_visit(const struct cdr_balance *balance,
                       void (*visit)(void *context, const struct cdr_balance_entry *entry),
                       void *context);
/* Entries there are. */
uint64_t cdr_balance_size(struct cdr_balance *balance);

#endif
