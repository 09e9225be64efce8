#include "verify/balance.h"

#include <pthread.h>
#include <stdlib.h>

enum { TABLES = 64, ROWS_FIRST = 1024 };

/* Open addressing; a row whose count is 0 is free. */
struct table {
    _Alignas(64) pthread_mutex_t lock;
    struct cdr_balance_entry *rows;
    uint32_t mask, used;
};

struct cdr_balance {
    struct table tables[TABLES];
};

static struct table *table_of(struct cdr_balance *balance, uint64_t id)
{
    return &balance->tables[id % TABLES];
}

static uint32_t home(const struct table *table, uint64_t id)
{
    return (uint32_t)(id >> 16) & table->mask;
}

/* The row of an id, or the free one at which it would be. */
static uint32_t row_of(const struct table *table, uint64_t id)
{
    uint32_t at = home(table, id);
    while (table->rows[at].count != 0 && table->rows[at].id != id)
        at = (at + 1) & table->mask;
    return at;
}

static enum cdr_result grow(struct table *table, struct cdr_error *error)
{
    struct table larger = {.mask = table->rows != NULL ? 2 * table->mask + 1 : ROWS_FIRST - 1};
    larger.rows = calloc((size_t)larger.mask + 1, sizeof *larger.rows);
    if (larger.rows == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for %u ids that do not match yet",
                        table->used);
    for (uint32_t i = 0; table->rows != NULL && i <= table->mask; i++)
        if (table->rows[i].count != 0)
            larger.rows[row_of(&larger, table->rows[i].id)] = table->rows[i];
    free(table->rows);
    table->rows = larger.rows;
    table->mask = larger.mask;
    return CDR_OK;
}

/* Closes the hole that a removed row leaves: rows after it move up, unless they are at home. */
static void take_out(struct table *table, uint32_t hole)
{
    for (uint32_t at = (hole + 1) & table->mask; table->rows[at].count != 0;
         at = (at + 1) & table->mask) {
        uint32_t from_home = (at - home(table, table->rows[at].id)) & table->mask;
        if (from_home < ((at - hole) & table->mask))
            continue;
        table->rows[hole] = table->rows[at];
        hole = at;
    }
    table->rows[hole].count = 0;
    table->used--;
}

/* place: of a found one, or NULL. */
static enum cdr_result change(struct cdr_balance *balance, uint64_t id, int by,
                              const uint64_t *place, struct cdr_error *error)
{
    struct table *table = table_of(balance, id);
    enum cdr_result result = CDR_OK;
    pthread_mutex_lock(&table->lock);
    if (table->rows == NULL || table->used > table->mask / 4 * 3)
        result = grow(table, error);
    if (result == CDR_OK) {
        uint32_t at = row_of(table, id);
        struct cdr_balance_entry *row = &table->rows[at];
        if (row->count == 0) {
            *row = (struct cdr_balance_entry){.id = id};
            table->used++;
        }
        if (place != NULL)
            row->place = *place;
        row->count += by;
        if (row->count == 0)
            take_out(table, at);
    }
    pthread_mutex_unlock(&table->lock);
    return result;
}

enum cdr_result cdr_balance_create(struct cdr_balance **made, struct cdr_error *error)
{
    struct cdr_balance *balance = aligned_alloc(64, sizeof *balance);
    *made = balance;
    if (balance == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "no memory for ids");
    for (unsigned i = 0; i < TABLES; i++) {
        balance->tables[i].rows = NULL;
        balance->tables[i].mask = balance->tables[i].used = 0;
        pthread_mutex_init(&balance->tables[i].lock, NULL);
    }
    return CDR_OK;
}

void cdr_balance_destroy(struct cdr_balance *balance)
{
    for (unsigned i = 0; balance != NULL && i < TABLES; i++) {
        free(balance->tables[i].rows);
        pthread_mutex_destroy(&balance->tables[i].lock);
    }
    free(balance);
}

enum cdr_result cdr_balance_expect(struct cdr_balance *balance, uint64_t id,
                                   struct cdr_error *error)
{
    return change(balance, id, 1, NULL, error);
}

enum cdr_result cdr_balance_find(struct cdr_balance *balance, uint64_t id, uint64_t place,
                                 struct cdr_error *error)
{
    return change(balance, id, -1, &place, error);
}

int32_t cdr_balance_mark(struct cdr_balance *balance, uint64_t id)
{
    struct table *table = table_of(balance, id);
    int32_t count = 0;
    pthread_mutex_lock(&table->lock);
    if (table->rows != NULL) {
        struct cdr_balance_entry *row = &table->rows[row_of(table, id)];
        count = row->count;
        row->known = count != 0;
    }
    pthread_mutex_unlock(&table->lock);
    return count;
}

void cdr_balance_visit(const struct cdr_balance *balance,
                       void (*visit)(void *context, const struct cdr_balance_entry *entry),
                       void *context)
{
    for (unsigned i = 0; i < TABLES; i++) {
        const struct table *table = &balance->tables[i];
        for (uint32_t row = 0; table->rows != NULL && row <= table->mask; row++)
            if (table->rows[row].count != 0)
                visit(context, &table->rows[row]);
    }
}

uint64_t cdr_balance_size(struct cdr_balance *balance)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TABLES; i++) {
        pthread_mutex_lock(&balance->tables[i].lock);
        sum += balance->tables[i].used;
        pthread_mutex_unlock(&balance->tables[i].lock);
    }
    return sum;
}
