#include "model/towns.h"

#include "base/math.h"
#include "model/streams.h"

#include <math.h>

#define PI 3.14159265358979323846
#define ALL (CDR_TOWNS * CDR_NEIGHBOURHOODS)
#define LARGE_TOWNS 6u
#define COUNTRY_SHARE 0.45 /* of the people: lives in the districts */
#define TOGETHER 0.7
#define HOME_SIGMA 0.8
#define CENTRES 192u /* of work, shopping, leisure */
#define CENTRE_SIGMA 1.5
#define MIDDLE (CDR_POSITION_SIDE / 2.0)
#define RADIUS (MIDDLE - 1)

static double uniform(uint64_t base, uint32_t purpose)
{
    return ((double)(uint32_t)(cdr_draw(base, CDR_PURPOSE(purpose)) >> 32) + 0.5) / 4294967296.0;
}

static double normal(uint64_t base, uint32_t purpose)
{
    return cdr_normal_quantile(uniform(base, purpose));
}

/* A point of the disc, at most share of its radius from the middle. */
static void point_in_disc(uint64_t base, double share, double *x, double *y)
{
    double radius = share * RADIUS * sqrt(uniform(base, 1)), angle = 2 * PI * uniform(base, 2) - PI;
    *x = MIDDLE + radius * cdr_cos(angle);
    *y = MIDDLE + radius * cdr_cos(angle - PI / 2);
}

/* Back into the disc, as far from its edge as it was outside. */
static void keep_inside(double *x, double *y)
{
    double dx = *x - MIDDLE, dy = *y - MIDDLE, radius = sqrt(dx * dx + dy * dy);
    if (radius <= 0.97 * RADIUS)
        return;
    double wanted = 0.97 * RADIUS - (radius - 0.97 * RADIUS);
    wanted = wanted < 0 ? 0 : wanted;
    *x = MIDDLE + dx * wanted / radius;
    *y = MIDDLE + dy * wanted / radius;
}

/* Towns 0 … 5 have weights 1/k and radii that shrink with k; the first lies in the middle, the
 * others anywhere. */
static void place_town(const struct cdr_towns *towns, uint32_t town, double *x, double *y,
                       double *radius, double *weight)
{
    uint64_t base = cdr_mix(town ^ towns->town_stream);
    double country = COUNTRY_SHARE / (CDR_TOWNS - LARGE_TOWNS), all = 0;
    for (uint32_t k = 0; k < LARGE_TOWNS; k++)
        all += 1.0 / (k + 1);
    point_in_disc(base, town == 0 ? 0.05 : town < LARGE_TOWNS ? 0.85 : 0.95, x, y);
    *radius = RADIUS * (town < LARGE_TOWNS ? 0.12 * cdr_pow(town + 1, -0.5) : 0.25);
    *weight = town < LARGE_TOWNS ? (1 - COUNTRY_SHARE) / all / (town + 1) : country;
}

static void place_neighbourhoods(struct cdr_towns *towns, uint32_t town, double x, double y,
                                 double radius, double weight)
{
    struct cdr_neighbourhood *own = towns->neighbourhoods + town * CDR_NEIGHBOURHOODS;
    double sum = 0;
    for (uint32_t k = 0; k < CDR_NEIGHBOURHOODS; k++) {
        uint64_t base = cdr_mix((1024 + town * CDR_NEIGHBOURHOODS + k) ^ towns->town_stream);
        own[k].x = x + radius * normal(base, 1);
        own[k].y = y + radius * normal(base, 2);
        keep_inside(&own[k].x, &own[k].y);
        own[k].sd = RADIUS * (town < LARGE_TOWNS ? 0.012 : 0.08);
        own[k].weight = cdr_exp(HOME_SIGMA * normal(base, 3));
        sum += own[k].weight;
    }
    for (uint32_t k = 0; k < CDR_NEIGHBOURHOODS; k++)
        own[k].weight *= weight / sum;
}

/* A neighbourhood's homes: its share of all, rounded so that a town's sum is exact. Two uniform
 * numbers of 0 … 255 have a sum with the standard deviation 104.5. */
static void init_tables(struct cdr_towns *towns, const double *town_weights)
{
    double below = 0;
    uint32_t first = 0, entry = 0;
    for (uint32_t town = 0; town < CDR_TOWNS; town++) {
        const struct cdr_neighbourhood *own = towns->neighbourhoods + town * CDR_NEIGHBOURHOODS;
        double part = below;
        below += town_weights[town];
        uint32_t end = town + 1 == CDR_TOWNS ? CDR_HOMES : (uint32_t)(below * CDR_HOMES + 0.5);
        for (uint32_t k = 0, home = first; k < CDR_NEIGHBOURHOODS; k++) {
            part += own[k].weight;
            uint32_t upto = k + 1 == CDR_NEIGHBOURHOODS ? end : (uint32_t)(part * CDR_HOMES + 0.5);
            for (; home < upto && home < end; home++)
                towns->home[home] = cdr_position(cdr_clamp_coordinate((int32_t)own[k].x),
                                                 cdr_clamp_coordinate((int32_t)own[k].y));
        }
        uint32_t spread = (uint32_t)(own[0].sd * 8 / 104.5 + 0.5);
        spread = spread > 255 ? 255 : spread;
        uint32_t last = town + 1 == CDR_TOWNS ? 1024 : (uint32_t)(below * 1024 + 0.5);
        for (; entry < last; entry++)
            towns->town[entry] = spread << 24 | (end - first) << 12 | first;
        first = end;
    }
}

struct centres {
    double x[CENTRES], y[CENTRES], weight[CENTRES];
};

static void place_centres(const struct cdr_towns *towns, struct centres *centres)
{
    for (uint32_t i = 0; i < CENTRES; i++) {
        uint64_t base = cdr_mix((4096 + i) ^ towns->town_stream);
        uint64_t home = cdr_draw(base, CDR_PURPOSE(4));
        double town = uniform(base, 5);
        uint32_t at = 0;
        for (; at + 1 < ALL && town >= towns->neighbourhoods[at].weight; at++)
            town -= towns->neighbourhoods[at].weight;
        const struct cdr_neighbourhood *n = &towns->neighbourhoods[at];
        centres->x[i] = n->x + n->sd * normal(home, 1);
        centres->y[i] = n->y + n->sd * normal(home, 2);
        keep_inside(&centres->x[i], &centres->y[i]);
        centres->weight[i] = cdr_exp(CENTRE_SIGMA * normal(base, 3));
    }
}

/* One of the centres, of whose distances the squares, and 1, are the sums of two columns. */
static uint32_t chosen_centre(const struct centres *centres, const double *eastwards,
                              const double *northwards, double random)
{
    double attraction[CENTRES], sum = 0;
    for (uint32_t i = 0; i < CENTRES; i++) {
        double near = 1 / (eastwards[i] + northwards[i]);
        attraction[i] = centres->weight[i] * near * near;
    }
    for (uint32_t i = 0; i < CENTRES; i++)
        sum += attraction[i];
    double chosen = random * sum;
    uint32_t i = 0;
    for (; i + 1 < CENTRES && chosen >= attraction[i]; i++)
        chosen -= attraction[i];
    return i;
}

/* Every square of the map is drawn to a centre, by its weight and the nearer the likelier. */
static void init_pull(struct cdr_towns *towns)
{
    struct centres centres;
    const double reach = RADIUS * 0.02, side = CDR_POSITION_SIDE / (double)CDR_PULL_SQUARES;
    double columns[CDR_PULL_SQUARES][CENTRES]; /* 1 + the square of the distance eastwards */
    place_centres(towns, &centres);
    for (uint32_t column = 0; column < CDR_PULL_SQUARES; column++)
        for (uint32_t i = 0; i < CENTRES; i++) {
            double dx = (centres.x[i] - (column + 0.5) * side) / reach;
            columns[column][i] = 1 + dx * dx;
        }
    for (uint32_t row = 0; row < CDR_PULL_SQUARES; row++) {
        double rows[CENTRES];
        for (uint32_t i = 0; i < CENTRES; i++) {
            double dy = (centres.y[i] - (row * side + 0.5 * side)) / reach;
            rows[i] = dy * dy;
        }
        for (uint32_t column = 0; column < CDR_PULL_SQUARES; column++) {
            const uint32_t square = row * CDR_PULL_SQUARES + column;
            uint64_t base = cdr_mix((8192 + square) ^ towns->town_stream);
            uint32_t i = chosen_centre(&centres, columns[column], rows, uniform(base, 1));
            towns->pull[square] = cdr_position((uint32_t)centres.x[i], (uint32_t)centres.y[i]);
        }
    }
}

void cdr_towns_init(struct cdr_towns *towns, const struct cdr_parameters *p,
                    const struct cdr_coordinates *coordinates)
{
    double weights[CDR_TOWNS];
    towns->place_stream = cdr_stream(p->seed, CDR_STREAM_SUBSCRIBER);
    towns->town_stream = cdr_stream(p->seed, CDR_STREAM_TOWN);
    towns->coordinates = coordinates;
    towns->together_below = (uint32_t)(TOGETHER * 4096);
    for (uint32_t town = 0; town < CDR_TOWNS; town++) {
        double x, y, radius;
        place_town(towns, town, &x, &y, &radius, &weights[town]);
        place_neighbourhoods(towns, town, x, y, radius, weights[town]);
    }
    init_tables(towns, weights);
    init_pull(towns);
}

/* The density of a normal distribution in each of the map's rows or columns, without the factor
 * that all have; 0 far away. */
struct along {
    double density[CDR_MAP_SIDE_MAX];
    uint32_t from, end; /* 0 outside */
};

static void densities_along(struct along *along, uint32_t side, double step, double middle,
                            double sd)
{
    along->from = along->end = 0;
    for (uint32_t i = 0; i < side; i++) {
        double z = ((i + 0.5) * step - middle) / sd;
        if (z < -4 || z > 4)
            continue;
        along->from = along->end == 0 ? i : along->from;
        along->end = i + 1;
        along->density[i] = cdr_exp(-z * z / 2);
    }
}

static void add_density(double *restrict density, const double *restrict along, uint32_t n,
                        double scale)
{
    for (uint32_t i = 0; i < n; i++)
        density[i] += scale * along[i];
}

void cdr_towns_density(const struct cdr_towns *towns, double *density, uint32_t side)
{
    const double step = (double)CDR_POSITION_SIDE / side;
    struct along rows, columns;
    for (uint32_t i = 0; i < side * side; i++)
        density[i] = 0;
    for (uint32_t i = 0; i < ALL; i++) {
        const struct cdr_neighbourhood *n = &towns->neighbourhoods[i];
        double sd = n->sd > step / 2 ? n->sd : step / 2;
        double scale = n->weight * step * step / (2 * PI * sd * sd);
        densities_along(&rows, side, step, n->y, sd);
        densities_along(&columns, side, step, n->x, sd);
        for (uint32_t row = rows.from; row < rows.end; row++)
            add_density(density + row * side + columns.from, columns.density + columns.from,
                        columns.end - columns.from, scale * rows.density[row]);
    }
}
