#include "model/device.h"

#include "model/streams.h"

#define FALLBACK 0.08
#define SAMPLE 8192u

/* For each class, the shares of technologies that its records are on. */
static void mix_of_classes(const struct cdr_towns *towns, const struct cdr_cells *cells,
                           double mix[CDR_RAT_COUNT][CDR_RAT_COUNT])
{
    uint32_t on[CDR_RAT_COUNT][CDR_RAT_COUNT] = {{0}};
    for (uint32_t s = 0; s < SAMPLE; s++) {
        uint32_t home = cdr_home(towns, s, cdr_place_traits(towns, s));
        uint32_t site = cdr_nearest_site(&cells->sites, home);
        for (uint32_t best = 0; best < CDR_RAT_COUNT; best++)
            on[best][cdr_serving_rat(cdr_serving(cells, best, site))]++;
    }
    for (uint32_t best = 0; best < CDR_RAT_COUNT; best++) {
        uint32_t lower = best == 0 ? 0 : best - 1;
        for (uint32_t rat = 0; rat < CDR_RAT_COUNT; rat++)
            mix[best][rat] = ((1 - FALLBACK) * on[best][rat] + FALLBACK * on[lower][rat]) / SAMPLE;
    }
}

/* From the best technology down: as many devices as make the records on it the share that is
 * wanted; the rest has the lowest one. */
void cdr_devices_init(struct cdr_devices *devices, const struct cdr_parameters *p,
                      const struct cdr_towns *towns, const struct cdr_cells *cells)
{
    double mix[CDR_RAT_COUNT][CDR_RAT_COUNT], share[CDR_RAT_COUNT] = {0}, all = 0, left = 1;
    *devices = (struct cdr_devices){
        .key = (uint32_t)cdr_draw(cdr_stream(p->seed, CDR_STREAM_DEVICE), CDR_PURPOSE(1)),
        .fallback_below = cdr_share_threshold(FALLBACK),
    };
    mix_of_classes(towns, cells, mix);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        all += p->data[rat].share;
    for (int rat = CDR_RAT_COUNT - 1; rat > 0; rat--) {
        double wanted = p->data[rat].share / all;
        for (int better = CDR_RAT_COUNT - 1; better > rat; better--)
            wanted -= share[better] * mix[better][rat];
        share[rat] = wanted > 0 && mix[rat][rat] > 0 ? wanted / mix[rat][rat] : 0;
        share[rat] = share[rat] < left ? share[rat] : left;
        left -= share[rat];
    }
    share[0] = left;
    cdr_thresholds_init(devices->class_below, share, CDR_RAT_COUNT);
}
