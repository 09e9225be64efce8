#include "answer/mistake.h"

#include "answer/without_log.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MIN = 3,       /* of fewer rows, some mistake has the same by chance */
    SAMPLE_ROWS = 256,  /* that are looked at with all variants */
    SAMPLE_WINDOWS = 8, /* the same of a top, whose rows say nothing without the others */
    VARIANTS_AT_ONCE = 128,
    TRIED_WHOLE = 3, /* variants that are compared with all rows */
};

/* ---- a sample of the rows that are not right ---- */

struct sample {
    const struct cdr_judge_settings *settings;
    uint32_t room;
    uint64_t seen;
    int64_t keys[SAMPLE_ROWS][1 + CDR_QUERY_BY_MAX];
    struct cdr_groups only; /* the keys, or of a top their windows */
};

/* Keeps each row with the same chance, which depends on their order alone. */
static void take_suspect(void *context, enum cdr_row_fault fault,
                         const struct cdr_answer_row *expected, const int64_t *found)
{
    struct sample *sample = context;
    const uint32_t by_count = sample->settings->answer->query->by_count;
    const uint64_t number = sample->seen++;
    const uint64_t at = number < sample->room ? number : cdr_mix(number) % (number + 1);
    (void)fault;
    if (at >= sample->room)
        return;
    sample->keys[at][0] = expected != NULL ? expected->start_ms : found[0];
    memcpy(&sample->keys[at][1], expected != NULL ? expected->by : found + 1,
           by_count * sizeof *found);
}

static enum cdr_result take_sample(struct sample *sample, struct cdr_error *error)
{
    const struct cdr_query *query = sample->settings->answer->query;
    const uint32_t key_width = query->top_rows > 0 ? 1 : 1 + query->by_count;
    struct cdr_judge_settings judging = *sample->settings;
    struct cdr_verdict_counts counts;
    bool is_new, fits = true;
    judging.find = take_suspect;
    judging.context = sample;
    sample->room = query->top_rows > 0 ? SAMPLE_WINDOWS : SAMPLE_ROWS;
    const enum cdr_result result = cdr_judge(&judging, &counts, error);
    cdr_groups_init(&sample->only, key_width, key_width);
    for (uint64_t i = 0; i < sample->seen && i < sample->room && fits; i++)
        fits = cdr_groups_at(&sample->only, sample->keys[i], &is_new) != NULL;
    return fits ? result : cdr_fail(error, CDR_E_NOMEM, "out of memory for the rows");
}

/* Of the rows that were found, those of the sample. */
static bool copy_found(const struct sample *sample, struct cdr_output *to)
{
    const struct cdr_output *found = sample->settings->found;
    const struct cdr_groups *groups = &found->groups;
    bool is_new;
    *to = *found;
    cdr_groups_init(&to->groups, groups->key_width, groups->width);
    for (size_t i = 0; i < groups->n; i++) {
        const int64_t *row = groups->rows + i * groups->width;
        if (cdr_groups_find(&sample->only, row) == NULL)
            continue;
        int64_t *copy = cdr_groups_at(&to->groups, row, &is_new);
        if (copy == NULL)
            return false;
        memcpy(copy, row, groups->width * sizeof *row);
    }
    return true;
}

/* ---- variants ---- */

struct variant {
    struct cdr_mistaken job;
    const char *name;
    struct cdr_output found; /* of the sample */
    uint64_t faults;         /* in the sample */
};

struct variants {
    struct variant *items;
    uint32_t n, capacity;
};

static struct variant *new_variant(struct variants *variants)
{
    if (variants->n == variants->capacity) {
        const uint32_t capacity = 2 * variants->capacity + 32;
        struct variant *grown = realloc(variants->items, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        variants->items = grown;
        variants->capacity = capacity;
    }
    return &variants->items[variants->n];
}

static enum cdr_result list_variants(const struct cdr_judge_settings *settings,
                                     struct variants *variants, struct cdr_error *error)
{
    for (const struct cdr_mistake_row *row = cdr_mistakes; row->name != NULL; row++)
        for (uint32_t number = 0;; number++) {
            struct variant *variant = new_variant(variants);
            if (variant == NULL)
                return cdr_fail(error, CDR_E_NOMEM, "out of memory for the mistakes");
            *variant = (struct variant){.name = row->name,
                                        .job = {.query = *settings->answer->query,
                                                .answer = *settings->answer,
                                                .change_ms = settings->change_ms,
                                                .transactions = settings->transactions}};
            if (!row->make(&variant->job, number))
                break;
            variants->n += !variant->job.idle;
        }
    return CDR_OK;
}

/* A row of an open window that has too much is not explained by a mistake that has still more, so
 * no more rows than without it may be there in part. */
static uint64_t faults_of(const struct cdr_verdict_counts *counts, uint64_t partly)
{
    return cdr_verdict_faults(counts) + (counts->partly > partly ? counts->partly - partly : 0);
}

static enum cdr_result try_sample(const struct sample *sample, struct variant *items, uint32_t n,
                                  struct cdr_error *error)
{
    struct cdr_judge_settings judging[VARIANTS_AT_ONCE];
    struct cdr_verdict_counts counts[VARIANTS_AT_ONCE];
    for (uint32_t i = 0; i < n; i++) {
        if (!copy_found(sample, &items[i].found))
            return cdr_fail(error, CDR_E_NOMEM, "out of memory for the rows");
        items[i].job.answer.only = &sample->only;
        judging[i] =
            (struct cdr_judge_settings){.answer = &items[i].job.answer, .found = &items[i].found};
    }
    const enum cdr_result result = cdr_judge_several(judging, counts, n, error);
    for (uint32_t i = 0; i < n; i++) {
        items[i].faults = result == CDR_OK ? faults_of(&counts[i], 0) : 0;
        items[i].job.answer.only = NULL;
        cdr_output_free(&items[i].found);
    }
    return result;
}

/* Puts the variants that leave a log out, of which there may be very many, before the others.
 * Returns their number. */
static uint32_t part_logs(struct variants *variants)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < variants->n; i++)
        if (variants->items[i].job.answer.mistake.without) {
            const struct variant swapped = variants->items[n];
            variants->items[n++] = variants->items[i];
            variants->items[i] = swapped;
        }
    return n;
}

static enum cdr_result try_logs(const struct sample *sample, struct variant *items, uint32_t n,
                                struct cdr_error *error)
{
    struct cdr_without_log without;
    const enum cdr_result result =
        cdr_without_log_add_up(&without, sample->settings, &sample->only, error);
    for (uint32_t i = 0; i < n && result == CDR_OK; i++)
        items[i].faults = cdr_without_log_faults(&without, items[i].job.answer.mistake.without_log);
    cdr_without_log_free(&without);
    return result;
}

/* Looks at the sample with all variants. */
static enum cdr_result try_all(const struct sample *sample, struct variants *variants,
                               struct cdr_error *error)
{
    const bool whole_windows = sample->settings->answer->query->top_rows > 0;
    const uint32_t logs = whole_windows ? 0 : part_logs(variants);
    enum cdr_result result = CDR_OK;
    for (uint32_t i = 0; i < variants->n; i++) /* which move no more */
        variants->items[i].job.answer.query = &variants->items[i].job.query;
    if (logs > 0)
        result = try_logs(sample, variants->items, logs, error);
    for (uint32_t i = logs; i < variants->n && result == CDR_OK; i += VARIANTS_AT_ONCE)
        result = try_sample(sample, &variants->items[i],
                            variants->n - i < VARIANTS_AT_ONCE ? variants->n - i : VARIANTS_AT_ONCE,
                            error);
    return result;
}

static struct variant *best_of(const struct variants *variants)
{
    struct variant *best = NULL;
    for (uint32_t i = 0; i < variants->n; i++)
        if (best == NULL || variants->items[i].faults < best->faults)
            best = &variants->items[i];
    return best;
}

/* Compares all rows with the variants that explain most of the sample. */
static enum cdr_result try_whole(const struct cdr_judge_settings *settings,
                                 const struct cdr_verdict_counts *plain,
                                 const struct variants *variants, uint64_t faults_max,
                                 struct cdr_mistake *best, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    for (int tried = 0; tried < TRIED_WHOLE && best->faults > 0; tried++) {
        struct variant *variant = best_of(variants);
        struct cdr_judge_settings judging = *settings;
        struct cdr_verdict_counts counts;
        if (variant == NULL || variant->faults > faults_max)
            break;
        judging.answer = &variant->job.answer;
        judging.find = NULL;
        result = cdr_judge(&judging, &counts, error);
        if (result != CDR_OK)
            break;
        const uint64_t faults = faults_of(&counts, plain->partly);
        if (faults < best->faults) {
            best->faults = faults;
            best->name = variant->name;
            memcpy(best->words, variant->job.words, sizeof best->words);
        }
        variant->faults = UINT64_MAX;
    }
    return result;
}

enum cdr_result cdr_mistake_find(const struct cdr_judge_settings *settings,
                                 const struct cdr_verdict_counts *plain, bool *found,
                                 struct cdr_mistake *mistake, struct cdr_error *error)
{
    const uint64_t faults = cdr_verdict_faults(plain);
    struct sample sample = {.settings = settings};
    struct variants variants = {.n = 0};
    *mistake = (struct cdr_mistake){.faults = faults, .without_them = faults};
    *found = false;
    if (faults < ROWS_MIN)
        return CDR_OK;
    enum cdr_result result = take_sample(&sample, error);
    if (result == CDR_OK)
        result = list_variants(settings, &variants, error);
    if (result == CDR_OK)
        result = try_all(&sample, &variants, error);
    if (result == CDR_OK)
        result =
            try_whole(settings, plain, &variants,
                      settings->answer->query->top_rows > 0 ? UINT64_MAX - 1 : sample.only.n / 2,
                      mistake, error);
    *found = mistake->faults <= faults / 20;
    cdr_groups_free(&sample.only);
    free(variants.items);
    return result;
}
