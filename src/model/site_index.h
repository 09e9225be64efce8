/* The nearest of many sites: exactly, by a table that is built once.
 *
 * Positions are whole numbers 0 … 32767 in a square, x and y, packed as x | y << 16. The square is
 * cut in 64 × 64 squares and each of those in as many pixels as it takes until at most four sites
 * can be the nearest one of any position of a pixel; their numbers are the pixel's entry. So a
 * look-up is two reads and four distances, without a loop or a branch. Of equally near sites the
 * one with the lowest number counts. Pixels are at least 8 positions wide: where that is not enough
 * (five sites at the same distance within it), the four nearest to its middle are the entry.
 *
 * Immutable once created: serves any number of threads.
 */
#ifndef CDR_MODEL_SITE_INDEX_H
#define CDR_MODEL_SITE_INDEX_H

#include "base/result.h"

#include <stdint.h>

#define CDR_POSITION_BITS 15u
#define CDR_POSITION_SIDE (1u << CDR_POSITION_BITS)
#define CDR_SITES_MAX 65535u

#define CDR_SQUARE_BITS 9u /* of a coordinate within a square */
#define CDR_SQUARES 64u    /* a side */

struct cdr_site_index {
    uint32_t sites;
    uint32_t *at;                                /* position of each site */
    uint32_t squares[CDR_SQUARES * CDR_SQUARES]; /* first pixel << 3 | log2 of pixels a side */
    uint32_t *candidates; /* of each pixel two times two numbers of 16 bits, ascending */
};

static inline uint32_t cdr_position(uint32_t x, uint32_t y)
{
    return x | y << 16;
}
static inline uint32_t cdr_position_x(uint32_t position)
{
    return position & 0xffff;
}
static inline uint32_t cdr_position_y(uint32_t position)
{
    return position >> 16;
}

/* at: 1 … CDR_SITES_MAX positions, copied. CDR_E_NOMEM. */
enum cdr_result cdr_site_index_create(struct cdr_site_index *index, const uint32_t *at,
                                      uint32_t sites, struct cdr_error *error);
void cdr_site_index_free(struct cdr_site_index *index);

/* Where the candidates of a position are. */
static inline uint32_t cdr_site_pixel(const struct cdr_site_index *index, uint32_t position)
{
    const uint32_t mask = (1u << CDR_SQUARE_BITS) - 1;
    uint32_t x = cdr_position_x(position), y = cdr_position_y(position);
    uint32_t square = index->squares[(y >> CDR_SQUARE_BITS) * CDR_SQUARES + (x >> CDR_SQUARE_BITS)];
    uint32_t level = square & 7, shift = CDR_SQUARE_BITS - level;
    return (square >> 3) + ((((y & mask) >> shift) << level) | ((x & mask) >> shift));
}

static inline uint32_t cdr_square_distance(uint32_t a, uint32_t b)
{
    int32_t dx = (int32_t)cdr_position_x(a) - (int32_t)cdr_position_x(b);
    int32_t dy = (int32_t)cdr_position_y(a) - (int32_t)cdr_position_y(b);
    return (uint32_t)(dx * dx) + (uint32_t)(dy * dy);
}

/* The nearest site of the four of a pixel. */
static inline uint32_t cdr_site_of(const struct cdr_site_index *index, uint32_t position,
                                   uint32_t pixel)
{
    uint32_t low = index->candidates[2 * pixel], high = index->candidates[2 * pixel + 1];
    uint32_t a = low & 0xffff, b = low >> 16, c = high & 0xffff, d = high >> 16;
    uint32_t far_a = cdr_square_distance(index->at[a], position);
    uint32_t far_b = cdr_square_distance(index->at[b], position);
    uint32_t far_c = cdr_square_distance(index->at[c], position);
    uint32_t far_d = cdr_square_distance(index->at[d], position);
    uint32_t first = far_b < far_a ? b : a, first_far = far_b < far_a ? far_b : far_a;
    uint32_t second = far_d < far_c ? d : c, second_far = far_d < far_c ? far_d : far_c;
    return second_far < first_far ? second : first;
}

static inline uint32_t cdr_nearest_site(const struct cdr_site_index *index, uint32_t position)
{
    return cdr_site_of(index, position, cdr_site_pixel(index, position));
}

#endif
