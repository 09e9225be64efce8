#include "fault/expand.h"

#include "model/event.h"
#include "model/streams.h"

#include <stdlib.h>
#include <string.h>

/* Of one record at most: itself, copies, one that conflicts. */
enum { ENTRIES_MAX = 2 + CDR_FAULT_COPIES_MAX };

static bool reserve(struct cdr_fault_entries *entries, uint32_t n)
{
    const uint32_t most = n * ENTRIES_MAX;
    entries->n = entries->note_count = 0;
    if (most > entries->capacity) {
        free(entries->keys);
        free(entries->of);
        entries->capacity = most + most / 4 + 256;
        entries->keys = malloc(entries->capacity * sizeof *entries->keys);
        entries->of = malloc(entries->capacity * sizeof *entries->of);
        if (entries->keys == NULL || entries->of == NULL)
            entries->capacity = 0;
    }
    if (n > entries->order_capacity) {
        const uint32_t capacity = n + n / 4 + 256;
        free(entries->order);
        free(entries->numbers);
        free(entries->bases);
        entries->order = malloc(capacity * sizeof *entries->order);
        entries->numbers = malloc(capacity * sizeof *entries->numbers);
        entries->bases = malloc(capacity * sizeof *entries->bases);
        entries->order_capacity =
            entries->order != NULL && entries->numbers != NULL && entries->bases != NULL ? capacity
                                                                                         : 0;
    }
    return most <= entries->capacity && n <= entries->order_capacity;
}

static bool note(struct cdr_fault_entries *entries, enum cdr_fault kind, const struct cdr_key *key)
{
    if (entries->note_count == entries->note_capacity) {
        const uint32_t capacity = 2 * entries->note_capacity + 64;
        struct cdr_fault_note *grown = realloc(entries->notes, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        entries->notes = grown;
        entries->note_capacity = capacity;
    }
    entries->notes[entries->note_count++] =
        (struct cdr_fault_note){.kind = kind, .at = entries->n, .other = entries->n, .key = *key};
    return true;
}

/* entry: what is wrong with record i of those in order. */
static void put(struct cdr_fault_entries *entries, uint32_t i, uint32_t entry)
{
    entries->keys[entries->n] = entries->order[i];
    entries->of[entries->n] = i;
    entries->keys[entries->n++].high |= entry;
}

static bool is_late_copy(const struct cdr_key *key)
{
    return cdr_key_entry(key) == CDR_ENTRY_LATE_COPY;
}

/* All entries of a record. */
static void put_record(const struct cdr_faults *faults, uint32_t i,
                       struct cdr_fault_entries *entries)
{
    const uint64_t base = entries->bases[i];
    if (is_late_copy(&entries->order[i])) {
        put(entries, i, 0);
        return;
    }
    const uint32_t payload = cdr_fault_of_payload(faults, base);
    put(entries, i, payload);
    if (faults->below[CDR_FAULT_DUPLICATE] > 0 &&
        cdr_fault_drawn(faults, base, CDR_FAULT_DUPLICATE)) {
        uint32_t copies = 1 + cdr_fault_below(base, CDR_FAULT_DUPLICATE, faults->copies_max);
        while (copies-- > 0)
            put(entries, i, payload | CDR_ENTRY_COPY);
    }
    if (faults->below[CDR_FAULT_CONFLICT] > 0 && payload == 0 &&
        cdr_fault_drawn(faults, base, CDR_FAULT_CONFLICT))
        put(entries, i, cdr_fault_number[CDR_FAULT_CONFLICT]);
}

static bool is_missing(const struct cdr_faults *faults, uint64_t base)
{
    return faults->below[CDR_FAULT_MISSING] > 0 && cdr_fault_drawn(faults, base, CDR_FAULT_MISSING);
}

/* Whether record i of those in order changes places with the next. Where a late duplicate is one of
 * the three, none does: what would move without it depends on no other kind. */
static bool moves(const struct cdr_faults *faults, const struct cdr_key *order,
                  const uint32_t *numbers, uint32_t i, uint32_t n)
{
    if (is_late_copy(&order[i]) || (i + 1 < n && is_late_copy(&order[i + 1])) ||
        (i > 0 && is_late_copy(&order[i - 1])))
        return false;
    return i + 1 < n && cdr_is_below(numbers[i], faults->below[CDR_FAULT_SWAP]) &&
           numbers[i] < numbers[i + 1] && (i == 0 || numbers[i] < numbers[i - 1]);
}

/* That record i of those in order comes later than it should. */
static bool note_delay(struct cdr_fault_entries *entries, enum cdr_fault kind, uint32_t i,
                       int64_t delay_ms)
{
    if (!note(entries, kind, &entries->order[i]))
        return false;
    entries->notes[entries->note_count - 1].delay_ms = delay_ms;
    return true;
}

/* How much later than its time a record comes, as plan draws it. */
static int64_t late_by(const struct cdr_model *model, const struct cdr_fault_task *task,
                       const struct cdr_key *key)
{
    if (model->late_below == 0 || is_late_copy(key))
        return 0;
    const uint64_t name = cdr_event_name(cdr_key_origin(key), cdr_key_start_slot(key, task->slots),
                                         cdr_key_index(key));
    const uint32_t part = cdr_type_has(task->type, CDR_HOLDS_PARTS) ? cdr_key_peer(key) >> 17 : 0;
    return cdr_delay_ms(model, cdr_part_base(cdr_mix(name ^ model->event_stream), part),
                        cdr_key_leg(key));
}

/* The entries of a record that comes; what an outage held back says so, late duplicates too. */
static bool put_present(const struct cdr_model *model, const struct cdr_fault_task *task,
                        uint32_t i, struct cdr_fault_entries *entries)
{
    const struct cdr_key *key = &entries->order[i];
    const int64_t late_ms = late_by(model, task, key);
    if (late_ms > 0 && !note_delay(entries, CDR_FAULT_LATE, i, late_ms))
        return false;
    if (task->held_until_ms != 0 &&
        !note_delay(entries, CDR_FAULT_OUTAGE, i,
                    task->held_until_ms - task->slots[0].start_ms - cdr_key_ms(key)))
        return false;
    put_record(&model->faults, i, entries);
    return true;
}

/* A record, or its absence. */
static bool put_or_miss(const struct cdr_model *model, const struct cdr_fault_task *task,
                        uint32_t i, struct cdr_fault_entries *entries)
{
    if (is_missing(&model->faults, entries->bases[i]))
        return note(entries, CDR_FAULT_MISSING, &entries->order[i]);
    return put_present(model, task, i, entries);
}

/* Two records that changed places: i comes after the next. */
static bool put_swapped(const struct cdr_model *model, const struct cdr_fault_task *task,
                        uint32_t i, struct cdr_fault_entries *entries)
{
    const uint32_t swap = entries->note_count;
    if (!note(entries, CDR_FAULT_SWAP, &entries->order[i]) ||
        !put_present(model, task, i + 1, entries))
        return false;
    entries->notes[swap].other = entries->n;
    return put_present(model, task, i, entries);
}

/* Late duplicates are no records of the task: its records are numbered without them, and they have
 * the number of the one before. */
static void number_without_copies(struct cdr_fault_entries *entries)
{
    uint32_t records = 0;
    for (uint32_t i = 0; i < entries->records; i++) {
        records += !is_late_copy(&entries->order[i]);
        entries->numbers[i] = records > 0 ? records - 1 : 0;
    }
    for (uint32_t i = 0; i < entries->n; i++)
        entries->of[i] = entries->numbers[entries->of[i]];
    entries->records = records;
}

bool cdr_fault_expand(const struct cdr_model *model, const struct cdr_fault_task *task,
                      struct cdr_fault_entries *entries)
{
    const struct cdr_faults *faults = &model->faults;
    const struct cdr_key *keys = task->keys;
    const uint32_t n = task->n;
    const bool swaps = faults->below[CDR_FAULT_SWAP] > 0;
    bool good = n <= UINT32_MAX / 8 && reserve(entries, n);
    if (!good)
        return false;
    entries->records = n;
    if (n > 0)
        memcpy(entries->order, keys, n * sizeof *keys);
    for (uint32_t i = 0; i < n; i++) {
        entries->bases[i] =
            cdr_fault_base(faults, &keys[i], task->type, cdr_key_start_slot(&keys[i], task->slots));
        if (swaps)
            entries->numbers[i] = (uint32_t)cdr_fault_draw(entries->bases[i], CDR_FAULT_SWAP);
    }
    for (uint32_t i = 0; good && i < n; i++) {
        if (!swaps || !moves(faults, entries->order, entries->numbers, i, n) ||
            is_missing(faults, entries->bases[i]) || is_missing(faults, entries->bases[i + 1])) {
            good = put_or_miss(model, task, i, entries);
            continue;
        }
        good = put_swapped(model, task, i, entries);
        i++;
    }
    if (good && faults->below[CDR_FAULT_LATE_DUPLICATE] > 0)
        number_without_copies(entries);
    return good;
}

void cdr_fault_entries_free(struct cdr_fault_entries *entries)
{
    free(entries->keys);
    free(entries->of);
    free(entries->notes);
    free(entries->order);
    free(entries->numbers);
    free(entries->bases);
    *entries = (struct cdr_fault_entries){0};
}
