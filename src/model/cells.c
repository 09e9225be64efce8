#include "model/cells.h"

#include "base/math.h"
#include "model/streams.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define KM_PER_DEGREE 111.19492664455873 /* of latitude, on a sphere of 6,371 km */
#define PI 3.14159265358979323846
#define MIDDLE (CDR_POSITION_SIDE / 2.0)
#define RADIUS (MIDDLE - 1)
#define MAP_SIDE 128u /* squares of the map of densities */
#define MAP_SQUARES (MAP_SIDE * MAP_SIDE)
#define SITE_EXPONENT 0.75
#define COVERAGE 0.4 /* of the sites, at most, stand where the next one is far */
#define GAP 0.1      /* of the disc's radius: far enough for such a site */
#define LATTICE 96u  /* points a side that are looked at for gaps */
#define LOT_BITS 5u  /* no two sites in a square of 32 positions */
#define LOTS (CDR_POSITION_SIDE >> LOT_BITS)
#define TRIES 64u

/* A site before it gets its cells. */
struct plot {
    uint32_t at, number;
    double density;
};

struct layout {
    uint32_t sites, cells_of[CDR_RAT_COUNT];
    struct plot *plots; /* by density, the densest first */
    double *density;
    struct cdr_alias *map; /* squares of the map, by density of sites */
    uint8_t *lots;
    uint32_t *gaps; /* of the points of a lattice: square of the distance to the nearest site */
    uint32_t widest[LATTICE]; /* gap of each row */
};

/* How many cells each technology has: the shares, rounded so that the sum is exact, and at least
 * one for each that has a share. */
static void share_cells(const struct cdr_parameters *p, uint32_t count,
                        uint32_t cells_of[CDR_RAT_COUNT])
{
    double all = 0, below = 0;
    uint32_t before = 0;
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        all += p->data[rat].cell_share;
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        below += p->data[rat].cell_share;
        uint32_t upto = rat + 1 == CDR_RAT_COUNT ? count : (uint32_t)(below / all * count + 0.5);
        cells_of[rat] = upto - before;
        before = upto;
    }
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        int most = 0;
        for (int other = 1; other < CDR_RAT_COUNT; other++)
            most = cells_of[other] > cells_of[most] ? other : most;
        if (cells_of[rat] == 0 && p->data[rat].cell_share > 0 && cells_of[most] > 1) {
            cells_of[most]--;
            cells_of[rat]++;
        }
    }
}

static bool in_disc(uint32_t position)
{
    double x = cdr_position_x(position) - MIDDLE, y = cdr_position_y(position) - MIDDLE;
    return x * x + y * y <= RADIUS * RADIUS;
}

/* A free lot of the disc by density; where there is none left after some tries, the next one. */
static uint32_t choose_lot(struct layout *layout, uint64_t base)
{
    const uint32_t step = CDR_POSITION_SIDE / MAP_SIDE;
    uint32_t position = 0;
    for (uint32_t attempt = 0; attempt < TRIES; attempt++) {
        uint64_t random = cdr_draw(base, CDR_PURPOSE(2 * attempt + 1));
        uint64_t inside = cdr_draw(base, CDR_PURPOSE(2 * attempt + 2));
        uint32_t square = cdr_alias_sample(layout->map, MAP_SQUARES, (uint32_t)(random >> 32));
        position =
            cdr_position(square % MAP_SIDE * step + cdr_below((uint32_t)inside, step),
                         square / MAP_SIDE * step + cdr_below((uint32_t)(inside >> 32), step));
        uint32_t lot =
            (cdr_position_y(position) >> LOT_BITS) * LOTS + (cdr_position_x(position) >> LOT_BITS);
        if (!in_disc(position) || layout->lots[lot])
            continue;
        layout->lots[lot] = 1;
        return position;
    }
    for (uint32_t lot = (uint32_t)base % (LOTS * LOTS);; lot = (lot + 1) % (LOTS * LOTS)) {
        position = cdr_position((lot % LOTS << LOT_BITS) + (1u << (LOT_BITS - 1)),
                                (lot / LOTS << LOT_BITS) + (1u << (LOT_BITS - 1)));
        if (!in_disc(position) || layout->lots[lot])
            continue;
        layout->lots[lot] = 1;
        return position;
    }
}

/* A coordinate of the points of a row or column of the lattice. */
static uint32_t lattice_coordinate(uint32_t i)
{
    const uint32_t step = CDR_POSITION_SIDE / LATTICE;
    return i * step + step / 2;
}

static uint32_t lattice_point(uint32_t i)
{
    return cdr_position(lattice_coordinate(i % LATTICE), lattice_coordinate(i / LATTICE));
}

static void start_gaps(struct layout *layout)
{
    for (uint32_t i = 0; i < LATTICE * LATTICE; i++)
        layout->gaps[i] = in_disc(lattice_point(i)) ? UINT32_MAX : 0;
    for (uint32_t row = 0; row < LATTICE; row++)
        layout->widest[row] = UINT32_MAX;
}

static int32_t square_of(int32_t value)
{
    return value * value;
}

/* Rows that are farther away than their widest gap stay as they are. */
static void narrow_gaps(struct layout *layout, uint32_t site)
{
    const int32_t x = (int32_t)cdr_position_x(site), y = (int32_t)cdr_position_y(site);
    for (uint32_t row = 0; row < LATTICE; row++) {
        const uint32_t away = (uint32_t)square_of((int32_t)lattice_coordinate(row) - y);
        uint32_t *gaps = layout->gaps + row * LATTICE, widest = 0;
        if (away >= layout->widest[row])
            continue;
        for (uint32_t i = 0; i < LATTICE; i++) {
            uint32_t distance = away + (uint32_t)square_of((int32_t)lattice_coordinate(i) - x);
            gaps[i] = distance < gaps[i] ? distance : gaps[i];
            widest = gaps[i] > widest ? gaps[i] : widest;
        }
        layout->widest[row] = widest;
    }
}

/* The first of the points that are farthest from all sites, if it is far and its lot is free. */
static bool find_gap(struct layout *layout, uint32_t *position)
{
    const double far = GAP * RADIUS;
    uint32_t row = 0, column = 0;
    for (uint32_t i = 1; i < LATTICE; i++)
        row = layout->widest[i] > layout->widest[row] ? i : row;
    while (column + 1 < LATTICE && layout->gaps[row * LATTICE + column] != layout->widest[row])
        column++;
    *position = lattice_point(row * LATTICE + column);
    uint32_t lot =
        (cdr_position_y(*position) >> LOT_BITS) * LOTS + (cdr_position_x(*position) >> LOT_BITS);
    if (layout->widest[row] < far * far || layout->lots[lot])
        return false;
    layout->lots[lot] = 1;
    return true;
}

static double density_of(const struct layout *layout, uint32_t position)
{
    const uint32_t step = CDR_POSITION_SIDE / MAP_SIDE;
    return layout
        ->density[cdr_position_y(position) / step * MAP_SIDE + cdr_position_x(position) / step];
}

static int compare_plots(const void *a, const void *b)
{
    const struct plot *left = a, *right = b;
    if (left->density != right->density)
        return left->density > right->density ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static enum cdr_result choose_plots(struct layout *layout, const struct cdr_parameters *p,
                                    const struct cdr_towns *towns, struct cdr_error *error)
{
    double *weights = calloc(MAP_SQUARES, sizeof *weights);
    if (weights == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the map of sites");
    cdr_towns_density(towns, layout->density, MAP_SIDE);
    for (uint32_t i = 0; i < MAP_SQUARES; i++) /* nobody lives in many squares in turn */
        weights[i] = i > 0 && layout->density[i] == layout->density[i - 1]
                         ? weights[i - 1]
                         : cdr_pow(layout->density[i] + 0.01 / MAP_SQUARES, SITE_EXPONENT);
    enum cdr_result result = cdr_alias_init(layout->map, weights, MAP_SQUARES, error);
    free(weights);
    uint64_t stream = cdr_stream(p->seed, CDR_STREAM_CELLS);
    start_gaps(layout);
    for (uint32_t i = 0; result == CDR_OK && i < layout->sites; i++) {
        uint32_t at = 0;
        if (i < layout->sites * (1 - COVERAGE) || !find_gap(layout, &at))
            at = choose_lot(layout, cdr_mix(i ^ stream));
        narrow_gaps(layout, at);
        layout->plots[i] = (struct plot){at, i, density_of(layout, at)};
    }
    if (result == CDR_OK)
        qsort(layout->plots, layout->sites, sizeof *layout->plots, compare_plots);
    return result;
}

/* The sectors of a technology at the site of that rank: three as long as there are cells. */
static uint32_t sectors_at(const struct layout *layout, uint32_t rat, uint32_t rank)
{
    uint32_t first = rank * CDR_SECTORS, all = layout->cells_of[rat];
    return first >= all ? 0 : all - first < CDR_SECTORS ? all - first : CDR_SECTORS;
}

/* Cells are numbered site by site. groups[rat × sites + site] is a site's entry for a technology of
 * its own, or 0. */
static void place_cells(struct cdr_cells *cells, const struct layout *layout, uint32_t *groups,
                        const struct cdr_parameters *p)
{
    const double km = p->cell_radius_km / RADIUS, scale = cdr_cos(p->cell_center_lat * (PI / 180));
    uint32_t next = 0;
    for (uint32_t site = 0; site < layout->sites; site++) {
        uint32_t at = layout->plots[site].at;
        double north_km = (cdr_position_y(at) - MIDDLE) * km,
               east_km = (cdr_position_x(at) - MIDDLE) * km;
        uint32_t turned = cdr_mix32(at) & 3;
        for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
            uint32_t sectors = sectors_at(layout, rat, site);
            if (sectors != 0)
                groups[rat * layout->sites + site] = next << 8 | turned << 4 | sectors << 2 | rat;
            for (uint32_t sector = 0; sector < sectors; sector++, next++) {
                cells->cell_at[next] = at;
                cells->cells[next] = (struct cdr_cell){
                    .lat = p->cell_center_lat + north_km / KM_PER_DEGREE,
                    .lon = p->cell_center_lon + east_km / (KM_PER_DEGREE * scale),
                    .site = site,
                    .rat = (uint8_t)rat,
                    .sector = (uint8_t)sector,
                };
            }
        }
    }
}

/* The nearest site whose group of a technology there is. */
static uint32_t group_near(const struct cdr_cells *cells, const uint32_t *groups, uint32_t site)
{
    uint32_t nearest = UINT32_MAX, found = 0;
    for (uint32_t other = 0; other < cells->sites.sites; other++) {
        uint32_t distance = cdr_square_distance(cells->sites.at[site], cells->sites.at[other]);
        if (groups[other] != 0 && distance < nearest) {
            nearest = distance;
            found = groups[other];
        }
    }
    return found;
}

/* Whom a technology is best for: the best one up to it that the site has; else the next better one
 * that is usable at all, there or at the nearest site that has it. */
static void init_serving(struct cdr_cells *cells, const uint32_t *groups,
                         const bool usable[CDR_RAT_COUNT])
{
    const uint32_t sites = cells->sites.sites;
    uint32_t lowest = 0;
    while (!usable[lowest])
        lowest++;
    for (uint32_t best = 0; best < CDR_RAT_COUNT; best++) {
        for (uint32_t site = 0; site < sites; site++) {
            uint32_t group = 0;
            for (uint32_t rat = 0; rat <= best; rat++)
                if (usable[rat] && groups[rat * sites + site] != 0)
                    group = groups[rat * sites + site];
            if (group == 0)
                group = group_near(cells, groups + (size_t)lowest * sites, site);
            cells->serving[best * sites + site] = group;
        }
    }
}

static enum cdr_result build(struct cdr_cells *cells, struct layout *layout,
                             const struct cdr_parameters *p, const struct cdr_towns *towns,
                             struct cdr_error *error)
{
    uint32_t *at = calloc(layout->sites, sizeof *at);
    uint32_t *groups = calloc((size_t)CDR_RAT_COUNT * layout->sites, sizeof *groups);
    bool usable[CDR_RAT_COUNT];
    enum cdr_result result = CDR_OK;
    if (at == NULL || groups == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u sites", layout->sites);
    else
        result = choose_plots(layout, p, towns, error);
    for (uint32_t site = 0; result == CDR_OK && site < layout->sites; site++)
        at[site] = layout->plots[site].at;
    if (result == CDR_OK)
        result = cdr_site_index_create(&cells->sites, at, layout->sites, error);
    if (result == CDR_OK) {
        for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
            usable[rat] = p->data[rat].share > 0;
        place_cells(cells, layout, groups, p);
        init_serving(cells, groups, usable);
    }
    free(at);
    free(groups);
    return result;
}

enum cdr_result cdr_cells_create(struct cdr_cells *cells, const struct cdr_parameters *p,
                                 const struct cdr_towns *towns, struct cdr_error *error)
{
    *cells = (struct cdr_cells){.count = p->cells};
    struct layout layout = {0};
    share_cells(p, p->cells, layout.cells_of);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        uint32_t needed = (layout.cells_of[rat] + CDR_SECTORS - 1) / CDR_SECTORS;
        layout.sites = needed > layout.sites ? needed : layout.sites;
        cells->served_count[rat] = layout.cells_of[rat];
    }
    layout.plots = calloc(layout.sites, sizeof *layout.plots);
    layout.density = calloc(MAP_SQUARES, sizeof *layout.density);
    layout.map = calloc(MAP_SQUARES, sizeof *layout.map);
    layout.lots = calloc(LOTS * LOTS, 1);
    layout.gaps = calloc(LATTICE * LATTICE, sizeof *layout.gaps);
    cells->cells = calloc(p->cells, sizeof *cells->cells);
    cells->cell_at = calloc(p->cells, sizeof *cells->cell_at);
    cells->serving = calloc((size_t)CDR_RAT_COUNT * layout.sites, sizeof *cells->serving);
    enum cdr_result result = CDR_OK;
    if (layout.plots == NULL || layout.density == NULL || layout.map == NULL ||
        layout.lots == NULL || layout.gaps == NULL || cells->cells == NULL ||
        cells->cell_at == NULL || cells->serving == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u cells", p->cells);
    if (result == CDR_OK)
        result = build(cells, &layout, p, towns, error);
    free(layout.plots);
    free(layout.density);
    free(layout.map);
    free(layout.lots);
    free(layout.gaps);
    if (result != CDR_OK)
        cdr_cells_free(cells);
    return result;
}

void cdr_cells_free(struct cdr_cells *cells)
{
    free(cells->cells);
    free(cells->cell_at);
    free(cells->serving);
    cdr_site_index_free(&cells->sites);
    *cells = (struct cdr_cells){0};
}
