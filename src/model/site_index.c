#include "model/site_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_MAX 6u /* pixels a side of a square: 2^level */
#define DEPTH_MAX (CDR_POSITION_BITS - CDR_SQUARE_BITS + LEVEL_MAX)
#define CANDIDATES 4u

/* A square of positions and the sites that can be the nearest one of any of them, ascending. */
struct area {
    uint32_t x, y, side;
    const uint16_t *sites;
    uint32_t count;
};

struct build {
    struct cdr_site_index *index;
    uint16_t *lists[DEPTH_MAX + 1]; /* one a depth of the recursion */
    uint32_t pixels, capacity;
    bool out_of_memory;
};

static uint32_t square(uint32_t value)
{
    return value * value;
}

/* How far a coordinate is from the range [from, from + side): the nearest and the farthest. */
static uint32_t nearest_gap(uint32_t value, uint32_t from, uint32_t side)
{
    return value < from ? from - value : value >= from + side ? value - (from + side - 1) : 0;
}

static uint32_t farthest_gap(uint32_t value, uint32_t from, uint32_t side)
{
    uint32_t left = value > from ? value - from : from - value;
    uint32_t last = from + side - 1, right = value > last ? value - last : last - value;
    return left > right ? left : right;
}

/* The part of an area: keeps the sites that are somewhere in it no farther than any site is
 * everywhere. */
static struct area part_of(const struct build *build, const struct area *area, uint32_t x,
                           uint32_t y, uint32_t side, uint32_t depth)
{
    const uint32_t *at = build->index->at;
    uint32_t bound = UINT32_MAX, count = 0;
    uint16_t *list = build->lists[depth];
    for (uint32_t i = 0; i < area->count; i++) {
        uint32_t site = at[area->sites[i]];
        uint32_t far = square(farthest_gap(cdr_position_x(site), x, side)) +
                       square(farthest_gap(cdr_position_y(site), y, side));
        bound = far < bound ? far : bound;
    }
    for (uint32_t i = 0; i < area->count; i++) {
        uint32_t site = at[area->sites[i]];
        uint32_t near = square(nearest_gap(cdr_position_x(site), x, side)) +
                        square(nearest_gap(cdr_position_y(site), y, side));
        if (near <= bound)
            list[count++] = area->sites[i];
    }
    return (struct area){x, y, side, list, count};
}

/* How many times a square must be halved until four sites are enough in every pixel. */
static uint32_t levels_needed(const struct build *build, const struct area *area, uint32_t depth)
{
    uint32_t most = 0;
    if (area->count <= CANDIDATES || depth == DEPTH_MAX)
        return 0;
    for (uint32_t quarter = 0; quarter < 4; quarter++) {
        uint32_t half = area->side / 2;
        struct area part = part_of(build, area, area->x + (quarter & 1) * half,
                                   area->y + (quarter >> 1) * half, half, depth + 1);
        uint32_t levels = 1 + levels_needed(build, &part, depth + 1);
        most = levels > most ? levels : most;
    }
    return most;
}

/* At most four sites, the nearest to the middle; the last one is repeated. */
static void set_pixel(const struct build *build, const struct area *area, uint32_t pixel)
{
    const struct cdr_site_index *index = build->index;
    uint32_t middle = cdr_position(area->x + area->side / 2, area->y + area->side / 2);
    uint32_t chosen[CANDIDATES] = {0}, count = 0;
    for (uint32_t i = 0; i < area->count; i++) {
        uint32_t far = cdr_square_distance(index->at[area->sites[i]], middle), nearer = 0;
        for (uint32_t k = 0; area->count > CANDIDATES && k < area->count; k++) {
            uint32_t other = cdr_square_distance(index->at[area->sites[k]], middle);
            nearer += other < far || (other == far && k < i);
        }
        if (nearer < CANDIDATES)
            chosen[count++] = area->sites[i];
    }
    for (; count < CANDIDATES; count++)
        chosen[count] = chosen[count - 1];
    index->candidates[2 * pixel] = chosen[0] | chosen[1] << 16;
    index->candidates[2 * pixel + 1] = chosen[2] | chosen[3] << 16;
}

static void fill_pixels(const struct build *build, const struct area *area, uint32_t depth,
                        uint32_t pixel_side)
{
    if (area->side > pixel_side) {
        for (uint32_t quarter = 0; quarter < 4; quarter++) {
            uint32_t half = area->side / 2;
            struct area part = part_of(build, area, area->x + (quarter & 1) * half,
                                       area->y + (quarter >> 1) * half, half, depth + 1);
            fill_pixels(build, &part, depth + 1, pixel_side);
        }
        return;
    }
    set_pixel(build, area, cdr_site_pixel(build->index, cdr_position(area->x, area->y)));
}

static void add_square(struct build *build, const struct area *area, uint32_t depth)
{
    struct cdr_site_index *index = build->index;
    uint32_t level = levels_needed(build, area, depth), pixels = 1u << (2 * level);
    if (build->pixels + pixels > build->capacity) {
        build->capacity = 2 * (build->pixels + pixels);
        uint32_t *grown =
            realloc(index->candidates, (size_t)build->capacity * 2 * sizeof *index->candidates);
        if (grown == NULL) {
            build->out_of_memory = true;
            return;
        }
        index->candidates = grown;
    }
    index->squares[(area->y >> CDR_SQUARE_BITS) * CDR_SQUARES + (area->x >> CDR_SQUARE_BITS)] =
        build->pixels << 3 | level;
    build->pixels += pixels;
    fill_pixels(build, area, depth, area->side >> level);
}

static void divide(struct build *build, const struct area *area, uint32_t depth)
{
    if (build->out_of_memory)
        return;
    if (area->side == 1u << CDR_SQUARE_BITS) {
        add_square(build, area, depth);
        return;
    }
    for (uint32_t quarter = 0; quarter < 4; quarter++) {
        uint32_t half = area->side / 2;
        struct area part = part_of(build, area, area->x + (quarter & 1) * half,
                                   area->y + (quarter >> 1) * half, half, depth + 1);
        divide(build, &part, depth + 1);
    }
}

enum cdr_result cdr_site_index_create(struct cdr_site_index *index, const uint32_t *at,
                                      uint32_t sites, struct cdr_error *error)
{
    *index = (struct cdr_site_index){.sites = sites};
    struct build build = {.index = index};
    uint16_t *lists = calloc((size_t)sites * (DEPTH_MAX + 1), sizeof *lists);
    index->at = calloc(sites, sizeof *index->at);
    build.out_of_memory = lists == NULL || index->at == NULL;
    if (!build.out_of_memory) {
        memcpy(index->at, at, sites * sizeof *at);
        for (uint32_t depth = 0; depth <= DEPTH_MAX; depth++)
            build.lists[depth] = lists + (size_t)depth * sites;
        for (uint32_t site = 0; site < sites; site++)
            build.lists[0][site] = (uint16_t)site;
        struct area all = {0, 0, CDR_POSITION_SIDE, build.lists[0], sites};
        divide(&build, &all, 0);
    }
    free(lists);
    if (!build.out_of_memory)
        return CDR_OK;
    cdr_site_index_free(index);
    return cdr_fail(error, CDR_E_NOMEM, "out of memory for the index of %u sites", sites);
}

void cdr_site_index_free(struct cdr_site_index *index)
{
    free(index->at);
    free(index->candidates);
    *index = (struct cdr_site_index){0};
}
