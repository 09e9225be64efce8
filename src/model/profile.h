/* Profiles: everything that is known of a subscriber on a local day, and on which days that
 * changes. What tables of subscribers show.
 *
 * A subscriber of the model is a number with its habits (home, contacts). Those stay; devices and
 * SIMs change, and where subscribers leave (model/tenure.h), the number's customer. Everything is
 * computed from the model: nothing is stored, nothing fails, any number of threads.
 */
#ifndef CDR_MODEL_PROFILE_H
#define CDR_MODEL_PROFILE_H

#include "model/model.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_profile {
    bool present;             /* a customer has the number; else imsi and imei are of nobody */
    uint32_t tenure;          /* how many customers have had the number before, since 1970 */
    struct cdr_number msisdn; /* the same for ever, and nobody else's */
    struct cdr_imsi imsi;     /* with mccmnc, that it begins with */
    uint64_t imei;            /* 15 digits, the last is the Luhn digit */
    uint32_t home_cell_id;    /* on the best technology that device and site have */
    uint32_t contacts;        /* how many it can call */
};

/* subscriber < parameters.subscribers; day: local, days since 1970-01-01, ≥ 0. */
struct cdr_profile cdr_profile_on(const struct cdr_model *model, uint32_t subscriber, uint32_t day);

/* Whether the profile differs from the day before's: another device or SIM, or the customer has
 * left or arrived. What happens to a vacant number is no change. day ≥ 1. About a tenth of
 * cdr_profile_on's cost. */
bool cdr_profile_changed(const struct cdr_model *model, uint32_t subscriber, uint32_t day);

#endif
