/* Cells: the catalogue of an operator's sites, and which cell serves a position.
 *
 * A site has up to three sectors, and each sector a cell of every technology that the site has:
 * technologies are co-sited, so another technology does not move anybody. The most common
 * technology of the catalogue (data.X.cell_share) is at all sites, the others at the sites where
 * most people live. Most sites are where people live (towns.h), in proportion to
 * their density^0.75; up to two fifths fill gaps, until no place is farther from a site than a
 * tenth of the disc's radius.
 *
 * A position is served by the site nearest to it, in the sector that looks towards it, on the best
 * technology that is asked for and that the site has. Where a site has none that is usable, it is
 * the nearest site that has one.
 *
 * Immutable once created: serves any number of threads.
 */
#ifndef CDR_MODEL_CELLS_H
#define CDR_MODEL_CELLS_H

#include "base/hash.h"
#include "model/parameters.h"
#include "model/site_index.h"
#include "model/tables.h"
#include "model/towns.h"

#include <stdint.h>

#define CDR_CELL_ID_FIRST 10000u
#define CDR_SECTORS 3u

struct cdr_cell {
    double lat, lon; /* of its site */
    uint32_t site;
    uint8_t rat, sector;
};

struct cdr_cells {
    struct cdr_cell *cells; /* cell i has the id CDR_CELL_ID_FIRST + i */
    uint32_t count;
    struct cdr_site_index sites;
    uint32_t served_count[CDR_RAT_COUNT]; /* cells of the technology */
    /* [best technology × sites + site]: first cell << 8 | orientation << 4 | sectors << 2 |
     * technology */
    uint32_t *serving;
    uint32_t *cell_at; /* position of each cell */
};

/* parameters have passed the check. */
enum cdr_result cdr_cells_create(struct cdr_cells *cells, const struct cdr_parameters *parameters,
                                 const struct cdr_towns *towns, struct cdr_error *error);
void cdr_cells_free(struct cdr_cells *cells);

/* How a site serves whom a technology is best for; for cdr_serving_rat and cdr_serving_cell. */
static inline uint32_t cdr_serving(const struct cdr_cells *cells, uint32_t best_rat, uint32_t site)
{
    return cells->serving[best_rat * cells->sites.sites + site];
}
static inline uint32_t cdr_serving_rat(uint32_t serving)
{
    return serving & 3;
}
/* The cell's id. Three sectors of 120° each; the first looks north, east, south or west. */
static inline uint32_t cdr_serving_cell(const struct cdr_cells *cells, uint32_t serving,
                                        uint32_t position)
{
    uint32_t first = serving >> 8, sectors = (serving >> 2) & 3, turned = (serving >> 4) & 3;
    uint32_t site = cells->cell_at[first];
    int32_t east = (int32_t)cdr_position_x(position) - (int32_t)cdr_position_x(site);
    int32_t north = (int32_t)cdr_position_y(position) - (int32_t)cdr_position_y(site);
    int32_t ahead = (turned & 1) != 0 ? east : north, aside = (turned & 1) != 0 ? north : east;
    ahead = (turned & 2) != 0 ? -ahead : ahead;
    int32_t beside = aside < 0 ? -aside : aside;
    uint32_t other = aside < 0 ? 2 : 1;
    uint32_t sector = 4 * beside <= 7 * ahead ? 0 : other; /* 7/4 is about tan 60° */
    return CDR_CELL_ID_FIRST + first + (sector < sectors ? sector : 0);
}

#endif
