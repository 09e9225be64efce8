/* How many trains of calls and messages and how many sessions subscribers begin in a slot, side by
 * side, for the level of the source that includes this. */
#include "model/timeline_loop.h"

static uint32_t class_of(const struct cdr_model *model, const uint8_t *classes, uint32_t subscriber)
{
    return classes != NULL ? classes[subscriber] : cdr_activity_class(&model->traits, subscriber);
}

#define COUNT_BATCH 64u /* subscribers whose counts are drawn side by side */

static uint32_t session_count(const struct cdr_counts *counts, const struct cdr_near_slot *slot,
                              uint32_t class, int32_t habit, uint64_t base, uint64_t random)
{
    uint32_t count = drawn_count(&counts->tables[0], slot->cells[CDR_TYPE_DATA][class], habit,
                                 (uint32_t)(base >> 48), (uint32_t)(random >> 32));
    return count < SESSIONS_OF_SLOT_MAX ? count : SESSIONS_OF_SLOT_MAX;
}

/* For each type: the place of its count, and whether it has one. */
struct count_columns {
    uint32_t table[CDR_TYPE_COUNT][COUNT_BATCH], random[CDR_TYPE_COUNT][COUNT_BATCH];
    uint32_t some[CDR_TYPE_COUNT][COUNT_BATCH];
};

/* By the subscribers' classes and habits; choice is 16 bits. */
static void type_columns(const struct cdr_count_tables *restrict tables,
                         const uint32_t *restrict cells, const uint32_t *restrict class,
                         const uint32_t *restrict bits, int32_t scale,
                         const uint32_t *restrict choice, uint32_t type, uint32_t n,
                         struct count_columns *restrict columns)
{
    uint32_t cell[COUNT_BATCH], table[COUNT_BATCH], none[COUNT_BATCH];
    for (uint32_t i = 0; i < n; i++)
        cell[i] = cells[class[i]];
    for (uint32_t i = 0; i < n; i++)
        table[i] = count_table(cell[i], scale * (ones(bits[i]) - 16), choice[i]);
    for (uint32_t i = 0; i < n; i++)
        none[i] = tables->none[table[i]];
    for (uint32_t i = 0; i < n; i++)
        columns->some[type][i] = columns->random[type][i] > none[i];
    memcpy(columns->table[type], table, n * sizeof *table);
}

static void class_column(const struct cdr_model *model, const uint8_t *restrict classes,
                         uint32_t first, uint32_t n, uint32_t *restrict class)
{
    if (classes != NULL)
        for (uint32_t i = 0; i < n; i++)
            class[i] = classes[first + i];
    else
        for (uint32_t i = 0; i < n; i++)
            class[i] = cdr_activity_class(&model->traits, first + i);
}

/* How many trains of calls, trains of messages and sessions begin: as call_count and
 * session_count tell it of one subscriber. */
static void count_column(const struct cdr_model *model, const struct cdr_counts *counts,
                         const uint8_t *classes, uint32_t first, uint32_t n,
                         struct count_columns *columns)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    const int32_t scale = (int32_t)counts->days_differ;
    uint64_t base[COUNT_BATCH], two[COUNT_BATCH], third[COUNT_BATCH], day[COUNT_BATCH];
    uint32_t class[COUNT_BATCH], low[COUNT_BATCH], high[COUNT_BATCH], both[COUNT_BATCH];
    uint32_t calls[COUNT_BATCH], messages[COUNT_BATCH], sessions[COUNT_BATCH];
    for (uint32_t i = 0; i < n; i++)
        base[i] = count_base(model, first + i, slot->name);
    for (uint32_t i = 0; i < n; i++)
        two[i] = cdr_draw(base[i], CDR_PURPOSE(2));
    for (uint32_t i = 0; i < n; i++)
        third[i] = cdr_draw(base[i], CDR_PURPOSE(3));
    for (uint32_t i = 0; i < n; i++)
        day[i] = habit_bits(model, first + i, slot->day);
    class_column(model, classes, first, n, class);
    for (uint32_t i = 0; i < n; i++) {
        low[i] = (uint32_t)(base[i] >> 16) & 0xffff;
        high[i] = (uint32_t)(base[i] >> 32) & 0xffff;
        both[i] = (uint32_t)(base[i] >> 48);
    }
    for (uint32_t i = 0; i < n; i++) {
        calls[i] = (uint32_t)day[i];
        messages[i] = (uint32_t)(day[i] >> 32);
        sessions[i] = calls[i] ^ messages[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        columns->random[CDR_TYPE_CALL][i] = (uint32_t)(two[i] >> 32);
        columns->random[CDR_TYPE_SMS][i] = (uint32_t)two[i];
        columns->random[CDR_TYPE_DATA][i] = (uint32_t)(third[i] >> 32);
    }
    type_columns(&counts->tables[1], slot->cells[CDR_TYPE_CALL], class, calls, scale, low,
                 CDR_TYPE_CALL, n, columns);
    type_columns(&counts->tables[1], slot->cells[CDR_TYPE_SMS], class, messages, scale, high,
                 CDR_TYPE_SMS, n, columns);
    type_columns(&counts->tables[0], slot->cells[CDR_TYPE_DATA], class, sessions, scale, both,
                 CDR_TYPE_DATA, n, columns);
}

/* Those who are part of a crowd do more. */
static void crowd_columns(const struct cdr_model *model, const struct cdr_counts *counts,
                          const uint8_t *classes, uint32_t first, uint32_t n,
                          struct count_columns *columns)
{
    const struct cdr_near_slot *slot = &counts->near[counts->here];
    struct cdr_attendance way;
    for (uint32_t i = 0; slot->crowd < model->world.crowd_count && i < n; i++) {
        if (!cdr_world_attends(model, slot->crowd, first + i, &way))
            continue;
        const uint64_t base = count_base(model, first + i, slot->name);
        const uint32_t choice[CDR_TYPE_COUNT] = {(uint32_t)(base >> 16) & 0xffff,
                                                 (uint32_t)(base >> 32) & 0xffff,
                                                 (uint32_t)(base >> 48)};
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
            const uint32_t class = class_of(model, classes, first + i);
            int32_t habit = draw_habit(model, counts, first + i, slot->day, type) +
                            model->world.crowds[slot->crowd].more[type];
            uint32_t table = count_table(slot->cells[type][class], habit, choice[type]);
            columns->table[type][i] = table;
            columns->some[type][i] =
                columns->random[type][i] > counts->tables[type != CDR_TYPE_DATA].none[table];
        }
    }
}

static uint32_t column_count(const struct cdr_counts *counts, const struct count_columns *columns,
                             uint32_t type, uint32_t i)
{
    return columns->some[type][i] == 0
               ? 0
               : count_in(&counts->tables[type != CDR_TYPE_DATA], columns->table[type][i],
                          columns->random[type][i]);
}
