#include "answer/groups.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 1024u

void cdr_groups_init(struct cdr_groups *groups, uint32_t key_width, uint32_t width)
{
    *groups = (struct cdr_groups){.key_width = key_width, .width = width};
}

void cdr_groups_free(struct cdr_groups *groups)
{
    free(groups->rows);
    free(groups->buckets);
    cdr_groups_init(groups, groups->key_width, groups->width);
}

static uint64_t hash_of(const int64_t *key, uint32_t width)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < width; i++)
        hash = cdr_mix(hash ^ (uint64_t)key[i]);
    return hash;
}

static bool same_key(const int64_t *a, const int64_t *b, uint32_t width)
{
    return memcmp(a, b, width * sizeof *a) == 0;
}

/* The bucket of the key, or the empty one where it belongs. */
static uint32_t *bucket_of(const struct cdr_groups *groups, const int64_t *key)
{
    size_t i = hash_of(key, groups->key_width) & (groups->bucket_count - 1);
    for (;; i = (i + 1) & (groups->bucket_count - 1)) {
        const uint32_t number = groups->buckets[i];
        if (number == 0 ||
            same_key(groups->rows + (size_t)(number - 1) * groups->width, key, groups->key_width))
            return &groups->buckets[i];
    }
}

static void fill_buckets(struct cdr_groups *groups)
{
    memset(groups->buckets, 0, groups->bucket_count * sizeof *groups->buckets);
    for (size_t i = 0; i < groups->n; i++)
        *bucket_of(groups, groups->rows + i * groups->width) = (uint32_t)i + 1;
}

/* Room for one row more, with half of the buckets empty. */
static bool make_room(struct cdr_groups *groups)
{
    if (groups->n == groups->capacity) {
        const size_t capacity = groups->capacity == 0 ? 512 : 2 * groups->capacity;
        int64_t *rows = capacity > UINT32_MAX
                            ? NULL
                            : realloc(groups->rows, capacity * groups->width * sizeof *rows);
        if (rows == NULL)
            return false;
        groups->rows = rows;
        groups->capacity = capacity;
    }
    if (2 * (groups->n + 1) > groups->bucket_count) {
        const size_t count = groups->bucket_count == 0 ? BUCKETS_FIRST : 2 * groups->bucket_count;
        uint32_t *buckets = malloc(count * sizeof *buckets);
        if (buckets == NULL)
            return false;
        free(groups->buckets);
        groups->buckets = buckets;
        groups->bucket_count = count;
        fill_buckets(groups);
    }
    return true;
}

int64_t *cdr_groups_at(struct cdr_groups *groups, const int64_t *key, bool *is_new)
{
    if (!make_room(groups))
        return NULL;
    uint32_t *bucket = bucket_of(groups, key);
    *is_new = *bucket == 0;
    if (*is_new) {
        int64_t *row = groups->rows + groups->n * groups->width;
        memset(row, 0, groups->width * sizeof *row);
        memcpy(row, key, groups->key_width * sizeof *row);
        *bucket = (uint32_t)++groups->n;
    }
    return groups->rows + (size_t)(*bucket - 1) * groups->width;
}

int64_t *cdr_groups_find(const struct cdr_groups *groups, const int64_t *key)
{
    const uint32_t number = groups->n == 0 ? 0 : *bucket_of(groups, key);
    return number == 0 ? NULL : groups->rows + (size_t)(number - 1) * groups->width;
}

bool cdr_groups_take(struct cdr_groups *groups, int64_t last, struct cdr_rows *to)
{
    const uint32_t width = groups->width;
    size_t taken = 0, kept = 0;
    for (size_t i = 0; i < groups->n; i++)
        taken += groups->rows[i * width] <= last;
    if (taken == 0)
        return true;
    if (to->n + taken > to->capacity) {
        const size_t capacity = to->n + taken;
        int64_t *rows = realloc(to->rows, capacity * width * sizeof *rows);
        if (rows == NULL)
            return false;
        to->rows = rows;
        to->capacity = capacity;
    }
    for (size_t i = 0; i < groups->n; i++) {
        const int64_t *row = groups->rows + i * width;
        if (row[0] <= last)
            memcpy(to->rows + to->n++ * width, row, width * sizeof *row);
        else
            memmove(groups->rows + kept++ * width, row, width * sizeof *row);
    }
    groups->n = kept;
    fill_buckets(groups);
    return true;
}

/* ---- sorting ---- */

static int before(const int64_t *a, const int64_t *b, uint32_t key_width)
{
    for (uint32_t i = 0; i < key_width; i++)
        if (a[i] != b[i])
            return a[i] < b[i];
    return 0;
}

static void swap_rows(int64_t *a, int64_t *b, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++) {
        const int64_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void sift_down(const struct cdr_rows *rows, size_t i, size_t n, uint32_t key_width,
                      uint32_t width)
{
    int64_t *all = rows->rows;
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(all + child * width, all + (child + 1) * width, key_width))
            child++;
        if (!before(all + i * width, all + child * width, key_width))
            return;
        swap_rows(all + i * width, all + child * width, width);
    }
}

/* A heap sort: rows of any width, in place, without a stack or a context. */
void cdr_rows_sort(struct cdr_rows *rows, uint32_t key_width, uint32_t width)
{
    for (size_t i = rows->n / 2; i-- > 0;)
        sift_down(rows, i, rows->n, key_width, width);
    for (size_t n = rows->n; n > 1; n--) {
        swap_rows(rows->rows, rows->rows + (n - 1) * width, width);
        sift_down(rows, 0, n - 1, key_width, width);
    }
}
