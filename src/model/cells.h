/* Cells: the catalogue, and where a subscriber is.
 *
 * The catalogue's cells lie uniformly in a disc and are put in the order of a Hilbert curve through
 * it. A place is one number, a fraction of that order; the cell that stands there has, for every
 * technology, a cell of that technology near it (itself for its own), which serves the place. So
 * the serving cell is found by one multiplication, and near fractions are near places.
 *
 * A subscriber lives somewhere, works somewhere (or not) and has eight other places that it visits
 * with weights k^−1.2 (Song 2010). Distances from home follow (r + 1.5 km)^−1.75 · exp(−r / 400
 * km), cut at the disc's size (González 2008). How far they lie is in part the subscriber's own, so
 * that some stay near and some travel, which makes radii of gyration heavy-tailed. Where it is in a
 * slot depends on the local hour and whether it is a working day; within a slot it stays at the
 * place and may be served by a neighbouring cell.
 */
#ifndef CDR_MODEL_CELLS_H
#define CDR_MODEL_CELLS_H

#include "base/hash.h"
#include "model/parameters.h"
#include "model/tables.h"

#include <stdint.h>

#define CDR_CELL_ID_FIRST 10000u
#define CDR_PLACES 8 /* besides home and work */

struct cdr_cell {
    double lat, lon;
    uint8_t rat;
};

struct cdr_cells {
    struct cdr_cell *cells; /* cell i has the id CDR_CELL_ID_FIRST + i */
    uint32_t count;
    uint32_t *served;                      /* [technology × count + place in the order]: ids */
    uint32_t served_count[CDR_RAT_COUNT];  /* cells of the technology; none serves where it is 0 */
    uint32_t distance[CDR_QUANTILE_KNOTS]; /* from home, in 2^−20 of the curve */
    uint32_t visits_below[CDR_PLACES];     /* thresholds */
    uint32_t home_below[48], work_below[48]; /* [weekend × 24 + hour] thresholds of 16 bits */
    uint64_t subscriber_stream, place_stream;
};

enum cdr_result cdr_cells_create(struct cdr_cells *cells, const struct cdr_parameters *parameters,
                                 struct cdr_error *error);
void cdr_cells_free(struct cdr_cells *cells);

/* The pieces of "where is a subscriber in a slot", so that loops over blocks can go piece by piece:
 * traits (the subscriber's), moment (the slot's) → which place → where it is → the cell that serves
 * it. */
static inline uint64_t cdr_place_traits(const struct cdr_cells *cells, uint32_t subscriber)
{
    return cdr_mix(subscriber ^ cells->subscriber_stream);
}

static inline uint64_t cdr_place_moment(const struct cdr_cells *cells, uint32_t subscriber,
                                        uint32_t slot)
{
    uint64_t name = (uint64_t)subscriber << 34 | (uint64_t)slot << 11;
    return cdr_draw(cdr_mix(name ^ cells->place_stream), CDR_PURPOSE(1));
}

/* 0 home, 1 work, 2 … others. hour: weekend × 24 + local hour. A third of the subscribers have no
 * place of work. */
static inline uint32_t cdr_place_which(const struct cdr_cells *cells, uint32_t traits_low,
                                       uint32_t moment_low, uint32_t moment_high, uint32_t hour)
{
    uint32_t choice = moment_low & 0xffff;
    uint32_t works = (traits_low & 0xff) >= 85;
    uint32_t other = 2 + cdr_threshold_outcome(cells->visits_below, CDR_PLACES, moment_high);
    uint32_t home_below = cells->home_below[hour], work_below = cells->work_below[hour];
    uint32_t busy = choice < work_below ? works : other;
    return choice < home_below ? 0 : busy;
}

/* Random bits of a place of the subscriber; those of 0 are home itself. */
static inline uint64_t cdr_place_random(uint64_t traits, uint32_t which)
{
    return cdr_draw(traits, CDR_PURPOSE(16 + which));
}

/* The place as a fraction of the curve, from the subscriber's traits and home and the upper and
 * lower bits of cdr_place_random. A sum modulo 2^32 of a uniform variable and any other is uniform:
 * distances have the same law for all subscribers. */
static inline uint32_t cdr_place_at(const struct cdr_cells *cells, uint32_t which,
                                    uint32_t traits_low, uint32_t home, uint32_t random_low,
                                    uint32_t random_high)
{
    uint32_t distance = cdr_quantile(cells->distance, traits_low + (random_low >> 2)) << 12;
    uint32_t away = random_high >> 31 != 0 ? home + distance : home - distance;
    return which == 0 ? home : away;
}

/* The id of the cell on a technology that has cells, serving a place; nearby picks one of two
 * neighbours. */
static inline uint32_t cdr_serving_cell(const struct cdr_cells *cells, uint32_t rat, uint32_t place,
                                        uint32_t nearby)
{
    uint32_t count = cells->count;
    uint32_t at = cdr_below(place, count) + nearby;
    return cells->served[rat * count + (at < count ? at : count - 1)];
}

#endif
