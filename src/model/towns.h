/* Towns: where people live and where they go.
 *
 * The area is a square of positions (site_index.h) with a disc in it. People live in six towns
 * with weights 1/k and in sixteen districts of the country between them. Each is made of 32
 * neighbourhoods around a centre, with a weight that is lognormal (σ = 0.8).
 * So densities differ from place to place by factors of hundreds.
 *
 * A subscriber lives in the town of its community (the clique of sixteen of contacts.h) with
 * probability 0.7, else anywhere; where in it is its own. Other places are found by a distance from
 * home; most are then pulled to a centre nearby (centres: offices, shops; their weights are
 * lognormal with σ = 1.5), so that few places draw many people.
 *
 * Built at start with base/math.h; the rest is whole numbers. Immutable once created: serves any
 * number of threads.
 */
#ifndef CDR_MODEL_TOWNS_H
#define CDR_MODEL_TOWNS_H

#include "base/hash.h"
#include "model/contacts.h"
#include "model/parameters.h"
#include "model/site_index.h"

#include <stdint.h>

#define CDR_TOWNS 22u
#define CDR_NEIGHBOURHOODS 32u /* of a town */
#define CDR_HOMES 4096u        /* of equal probability, town by town */
#define CDR_PULL_BITS 9u       /* of a coordinate within a square of the table of centres */
#define CDR_PULL_SQUARES 64u
#define CDR_MAP_SIDE_MAX 256u
#define CDR_COMMUNITY 2u /* the coordinate of contacts.h whose cliques live together */

struct cdr_neighbourhood {
    double x, y, sd, weight; /* positions; the weights of all add up to 1 */
};

struct cdr_towns {
    uint64_t place_stream, town_stream;
    const struct cdr_coordinates *coordinates; /* the contacts' */
    uint32_t together_below;                   /* of 12 bits */
    /* Of 1,024 random numbers the town: its spread << 24 | homes << 12 | first home. */
    uint32_t town[1024];
    uint32_t home[CDR_HOMES];                           /* position of the neighbourhood's centre */
    uint32_t pull[CDR_PULL_SQUARES * CDR_PULL_SQUARES]; /* position of the centre of a square */
    struct cdr_neighbourhood neighbourhoods[CDR_TOWNS * CDR_NEIGHBOURHOODS];
};

/* coordinates must live as long as the towns do. */
void cdr_towns_init(struct cdr_towns *towns, const struct cdr_parameters *parameters,
                    const struct cdr_coordinates *coordinates);

/* Fills density[side × side] with the share of the people that lives in each square of a map of so
 * many squares a side, at most CDR_MAP_SIDE_MAX. For use at start. */
void cdr_towns_density(const struct cdr_towns *towns, double *density, uint32_t side);

/* 64 random bits that belong to the subscriber's places for good. */
static inline uint64_t cdr_place_traits(const struct cdr_towns *towns, uint32_t subscriber)
{
    return cdr_mix(subscriber ^ towns->place_stream);
}
/* Random bits of a place of the subscriber: 0 home, 1 work, 2 … others. */
static inline uint64_t cdr_place_random(uint64_t traits, uint32_t which)
{
    return cdr_draw(traits, CDR_PURPOSE(16 + which));
}

/* 32 random bits of the subscriber's community: the same for all of the clique. */
static inline uint32_t cdr_community(const struct cdr_coordinates *c, uint32_t subscriber)
{
    const uint32_t k = CDR_COMMUNITY, all = c->all[k], group = subscriber & ~all;
    uint64_t keys = cdr_mix(((uint64_t)k << 32 | group) ^ c->stream);
    uint32_t y = ((subscriber & all) * c->multiplier_1[k] + (uint32_t)keys) & all;
    y ^= y >> c->shift[k];
    y = (y * c->multiplier_2[k] + (uint32_t)(keys >> 32)) & all;
    y ^= y >> c->shift[k];
    return cdr_mix32((y >> 4) * 0x9e3779b9u + (uint32_t)(keys >> 32));
}

static inline uint32_t cdr_clamp_coordinate(int32_t value)
{
    const int32_t last = (int32_t)CDR_POSITION_SIDE - 1;
    return (uint32_t)(value < 0 ? 0 : value > last ? last : value);
}

/* Where somebody lives, from random bits of the community, the upper bits of the subscriber's
 * traits and cdr_place_random(traits, 0). Around the centre of a neighbourhood, east and north are
 * sums of two uniform numbers. */
static inline uint32_t cdr_home_of(const struct cdr_towns *towns, uint32_t together,
                                   uint32_t traits_high, uint32_t low, uint32_t high)
{
    uint32_t random = (high & 0xfff) < towns->together_below ? together : traits_high;
    uint32_t town = towns->town[random >> 22];
    int32_t spread = (int32_t)(town >> 24);
    uint32_t home = (town & 0xfff) + (((town >> 12) & 0xfff) * (high >> 12) >> 20);
    uint32_t centre = towns->home[home];
    int32_t east = (int32_t)((low & 0xff) + ((low >> 8) & 0xff)) - 255;
    int32_t north = (int32_t)(((low >> 16) & 0xff) + (low >> 24)) - 255;
    return cdr_position(
        cdr_clamp_coordinate((int32_t)cdr_position_x(centre) + ((east * spread) >> 3)),
        cdr_clamp_coordinate((int32_t)cdr_position_y(centre) + ((north * spread) >> 3)));
}

/* Where a subscriber lives. */
static inline uint32_t cdr_home(const struct cdr_towns *towns, uint32_t subscriber, uint64_t traits)
{
    uint64_t random = cdr_place_random(traits, 0);
    uint32_t together = cdr_community(towns->coordinates, subscriber);
    return cdr_home_of(towns, together, (uint32_t)(traits >> 32), (uint32_t)random,
                       (uint32_t)(random >> 32));
}

/* Where somebody goes who means to go to x, y: pulled to the centre of these parts, or not. Nobody
 * leaves the disc for long. */
static inline uint32_t cdr_pulled(const struct cdr_towns *towns, int32_t x, int32_t y,
                                  uint32_t pulled)
{
    uint32_t inner_x = cdr_clamp_coordinate(x), inner_y = cdr_clamp_coordinate(y);
    const int32_t middle = (int32_t)CDR_POSITION_SIDE / 2;
    int32_t from_x = (int32_t)inner_x - middle, from_y = (int32_t)inner_y - middle;
    uint32_t outside = from_x * from_x + from_y * from_y >= middle * middle;
    uint32_t centre =
        towns->pull[(inner_y >> CDR_PULL_BITS) * CDR_PULL_SQUARES + (inner_x >> CDR_PULL_BITS)];
    /* Around the centre, not on it: a place has an address of its own. */
    int32_t east = ((int32_t)(inner_x & 511) - 256) / 4,
            north = ((int32_t)(inner_y & 511) - 256) / 4;
    uint32_t at_centre =
        cdr_position(cdr_clamp_coordinate((int32_t)cdr_position_x(centre) + east),
                     cdr_clamp_coordinate((int32_t)cdr_position_y(centre) + north));
    return (pulled | outside) != 0 ? at_centre : cdr_position(inner_x, inner_y);
}

#endif
