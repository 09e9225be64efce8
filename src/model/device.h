/* Devices: the best technology that a subscriber's device has, and the one that a record is on.
 *
 * A subscriber's devices are of one class: they have technologies up to WCDMA, LTE or NR, and TACs
 * that only the class has (identity.h). A record
 * is on the best one that both device and site have. In one quarter hour of twelve (FALLBACK) a
 * subscriber falls back to the next lower technology, for all of the quarter hour. The shares of
 * the classes are such that sessions are on the technologies as data.X.share says, as far as the
 * sites allow it: with NR at few sites, no class makes the sessions on NR many.
 *
 * Immutable once initialised: serves any number of threads.
 */
#ifndef CDR_MODEL_DEVICE_H
#define CDR_MODEL_DEVICE_H

#include "base/hash.h"
#include "model/cells.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/towns.h"

#include <stdint.h>

struct cdr_devices {
    uint32_t key;
    uint32_t class_below[CDR_RAT_COUNT]; /* thresholds */
    uint32_t fallback_below;             /* threshold */
};

/* O(1): looks where some thousand subscribers live. */
void cdr_devices_init(struct cdr_devices *devices, const struct cdr_parameters *parameters,
                      const struct cdr_towns *towns, const struct cdr_cells *cells);

/* The best technology of the subscriber's devices, from the upper bits of cdr_place_traits. */
static inline uint32_t cdr_device_rat(const struct cdr_devices *devices, uint32_t traits_high)
{
    return cdr_threshold_outcome(devices->class_below, CDR_RAT_COUNT,
                                 cdr_mix32(traits_high + devices->key));
}

/* The best one that it may use in a quarter hour, of which random are 32 bits. */
static inline uint32_t cdr_usable_rat(const struct cdr_devices *devices, uint32_t best,
                                      uint32_t random)
{
    uint32_t falls_back = cdr_is_below(random, devices->fallback_below);
    return best - (best != 0 ? falls_back : 0);
}

#endif
