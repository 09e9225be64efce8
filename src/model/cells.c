#include "model/cells.h"

#include "base/math.h"
#include "model/streams.h"

#include <math.h>
#include <stdlib.h>

#define KM_PER_DEGREE 111.19492664455873 /* of latitude, on a sphere of 6,371 km */
#define PI 3.14159265358979323846
#define CURVE_ORDER 16
#define DISTANCE_STEPS 8192
#define NEAR_SITES 12

/* The place of (x, y) along a Hilbert curve through a square of 2^CURVE_ORDER cells a side. */
static uint32_t hilbert(uint32_t x, uint32_t y)
{
    uint32_t along = 0;
    for (uint32_t side = 1u << (CURVE_ORDER - 1); side > 0; side >>= 1) {
        uint32_t right = (x & side) != 0, up = (y & side) != 0;
        along += side * side * ((3 * right) ^ up);
        if (up == 0) {
            if (right != 0) {
                x = (side - 1) & ~x;
                y = (side - 1) & ~y;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
        x &= side - 1;
        y &= side - 1;
    }
    return along;
}

/* A cell of the catalogue, its place on the curve and in the unit disc. */
struct sited {
    uint32_t along, id;
    double x, y;
};

static int compare_sited(const void *a, const void *b)
{
    const struct sited *left = a, *right = b;
    if (left->along != right->along)
        return left->along < right->along ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static void place_cell(struct cdr_cell *cell, struct sited *sited, uint64_t base,
                       const struct cdr_parameters *p)
{
    double x = 0, y = 0;
    for (uint64_t attempt = 1;; attempt++) {
        uint64_t random = cdr_draw(base, CDR_PURPOSE(attempt));
        x = (double)(uint32_t)random / 2147483648.0 - 1;
        y = (double)(uint32_t)(random >> 32) / 2147483648.0 - 1;
        if (x * x + y * y <= 1)
            break;
    }
    double scale = cdr_cos(p->cell_center_lat * (PI / 180));
    cell->lat = p->cell_center_lat + y * p->cell_radius_km / KM_PER_DEGREE;
    cell->lon = p->cell_center_lon + x * p->cell_radius_km / (KM_PER_DEGREE * scale);
    sited->x = x;
    sited->y = y;
    sited->along = hilbert((uint32_t)((x + 1) * 32767.5), (uint32_t)((y + 1) * 32767.5));
}

/* Technologies by low-discrepancy numbers, so that even few cells have the shares; then each
 * technology that has a share gets at least one cell. */
static void choose_technologies(struct cdr_cells *cells, const struct cdr_parameters *p)
{
    double weights[CDR_RAT_COUNT];
    uint32_t thresholds[CDR_RAT_COUNT], count[CDR_RAT_COUNT] = {0};
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        weights[rat] = p->data[rat].cell_share;
    cdr_thresholds_init(thresholds, weights, CDR_RAT_COUNT);
    for (uint32_t i = 0; i < cells->count; i++) {
        cells->cells[i].rat = (uint8_t)cdr_threshold_outcome(thresholds, CDR_RAT_COUNT,
                                                             i * 0x9e3779b9u + 0x7f4a7c15u);
        count[cells->cells[i].rat]++;
    }
    for (uint8_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
        if (count[rat] != 0 || !(weights[rat] > 0))
            continue;
        for (uint32_t i = 0; i < cells->count && count[rat] == 0; i++) {
            uint8_t had = cells->cells[i].rat;
            if (count[had] < 2)
                continue;
            count[had]--;
            cells->cells[i].rat = rat;
            count[rat]++;
        }
    }
}

static double displacement_density(double km)
{
    return cdr_pow(km + 1.5, -1.75) * cdr_exp(-km / 400);
}

struct displacement {
    const double *cumulative;
    double step_km, radius_km;
};

/* A distance r covers about the share r² / R² of the disc's area and so of the curve. */
static double displacement_quantile(const void *state, double p)
{
    const struct displacement *d = state;
    double wanted = p * d->cumulative[DISTANCE_STEPS];
    int low = 0, high = DISTANCE_STEPS;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (d->cumulative[middle] <= wanted)
            low = middle;
        else
            high = middle;
    }
    double part = (wanted - d->cumulative[low]) / (d->cumulative[high] - d->cumulative[low]);
    double km = (low + part) * d->step_km;
    double share = km * km / (4 * d->radius_km * d->radius_km);
    return share * 1048575.0;
}

static enum cdr_result init_distances(struct cdr_cells *cells, double radius_km,
                                      struct cdr_error *error)
{
    double *cumulative = calloc(DISTANCE_STEPS + 1, sizeof *cumulative);
    if (cumulative == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the table of distances");
    struct displacement d = {.cumulative = cumulative,
                             .step_km = 2 * radius_km / DISTANCE_STEPS,
                             .radius_km = radius_km};
    for (int i = 0; i < DISTANCE_STEPS; i++)
        cumulative[i + 1] = cumulative[i] + displacement_density((i + 0.5) * d.step_km);
    cdr_quantiles_init(cells->distance, displacement_quantile, &d);
    free(cumulative);
    return CDR_OK;
}

/* Shares of an hour at home and at work: nights at home, office hours at work, the rest here and
 * there. */
static void init_rhythm(struct cdr_cells *cells)
{
    static const double home[2][24] = {{.95, .96, .97, .97, .97, .95, .88, .70, .40, .25, .22, .22,
                                        .22, .22, .22, .22, .25, .35, .55, .65, .70, .76, .86, .92},
                                       {.93, .94, .95, .96, .96, .96, .95, .92,
                                        .85, .75, .65, .58, .55, .52, .50, .50,
                                        .52, .58, .62, .66, .68, .72, .80, .88}};
    static const double work[2][24] = {{.02, .02, .01, .01, .01, .03, .07, .17, .42, .60, .63, .60,
                                        .52, .58, .62, .60, .50, .30, .12, .06, .04, .03, .02, .02},
                                       {.01, .01, .01, .01, .01, .01, .01, .02,
                                        .04, .06, .07, .07, .07, .07, .07, .06,
                                        .05, .04, .03, .03, .02, .02, .01, .01}};
    for (int weekend = 0; weekend < 2; weekend++) {
        for (int hour = 0; hour < 24; hour++) {
            cells->home_below[weekend * 24 + hour] = (uint32_t)(home[weekend][hour] * 65536);
            cells->work_below[weekend * 24 + hour] =
                (uint32_t)((home[weekend][hour] + work[weekend][hour]) * 65536);
        }
    }
}

/* Of a technology's cells, the nearest one to a site among those that are near it on the curve. */
static uint32_t nearest(const struct sited *own, uint32_t count, const struct sited *site)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (own[middle].along < site->along)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t from = low > NEAR_SITES ? low - NEAR_SITES : 0;
    uint32_t to = low + NEAR_SITES < count ? low + NEAR_SITES : count;
    uint32_t best = from;
    double least = 8;
    for (uint32_t i = from; i < to; i++) {
        double dx = own[i].x - site->x, dy = own[i].y - site->y, square = dx * dx + dy * dy;
        if (square < least) {
            least = square;
            best = i;
        }
    }
    return CDR_CELL_ID_FIRST + own[best].id;
}

static enum cdr_result order_cells(struct cdr_cells *cells, struct sited *sited,
                                   struct cdr_error *error)
{
    struct sited *own = calloc(cells->count, sizeof *own);
    if (own == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for %u cells", cells->count);
    qsort(sited, cells->count, sizeof *sited, compare_sited);
    for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < cells->count; i++)
            if (cells->cells[sited[i].id].rat == rat)
                own[count++] = sited[i];
        cells->served_count[rat] = count;
        for (uint32_t i = 0; count > 0 && i < cells->count; i++)
            cells->served[rat * cells->count + i] = nearest(own, count, &sited[i]);
    }
    free(own);
    return CDR_OK;
}

enum cdr_result cdr_cells_create(struct cdr_cells *cells, const struct cdr_parameters *p,
                                 struct cdr_error *error)
{
    *cells = (struct cdr_cells){
        .count = p->cells,
        .subscriber_stream = cdr_stream(p->seed, CDR_STREAM_SUBSCRIBER),
        .place_stream = cdr_stream(p->seed, CDR_STREAM_PLACE),
    };
    struct sited *sited = calloc(p->cells, sizeof *sited);
    enum cdr_result result = CDR_OK;
    cells->cells = calloc(p->cells, sizeof *cells->cells);
    cells->served = calloc((size_t)CDR_RAT_COUNT * p->cells, sizeof *cells->served);
    if (sited == NULL || cells->cells == NULL || cells->served == NULL) {
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory for %u cells", p->cells);
        goto cleanup;
    }
    uint64_t stream = cdr_stream(p->seed, CDR_STREAM_CELLS);
    for (uint32_t i = 0; i < p->cells; i++) {
        sited[i].id = i;
        place_cell(&cells->cells[i], &sited[i], cdr_mix(i ^ stream), p);
    }
    choose_technologies(cells, p);
    result = order_cells(cells, sited, error);
    if (result == CDR_OK)
        result = init_distances(cells, p->cell_radius_km, error);
    double weights[CDR_PLACES];
    for (int k = 0; k < CDR_PLACES; k++)
        weights[k] = cdr_pow(k + 1, -1.2);
    cdr_thresholds_init(cells->visits_below, weights, CDR_PLACES);
    init_rhythm(cells);
cleanup:
    free(sited);
    if (result != CDR_OK)
        cdr_cells_free(cells);
    return result;
}

void cdr_cells_free(struct cdr_cells *cells)
{
    free(cells->cells);
    free(cells->served);
    *cells = (struct cdr_cells){0};
}
