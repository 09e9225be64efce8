#include "model/profile.h"

static uint32_t home_cell_id(const struct cdr_cells *cells, uint32_t subscriber)
{
    uint32_t home = (uint32_t)(cdr_place_random(cdr_place_traits(cells, subscriber), 0) >> 32);
    uint32_t rat = cells->served_count[CDR_RAT_LTE] != 0     ? CDR_RAT_LTE
                   : cells->served_count[CDR_RAT_WCDMA] != 0 ? CDR_RAT_WCDMA
                                                             : CDR_RAT_NR;
    return cdr_serving_cell(cells, rat, home, 0);
}

static uint32_t contact_count(const struct cdr_model *model, uint32_t subscriber)
{
    uint64_t rank_traits = cdr_rank_traits(&model->contacts, subscriber);
    uint32_t activity_class = cdr_activity_class(&model->traits, subscriber);
    return model->contacts.degree[cdr_degree_class(&model->traits, activity_class, rank_traits)];
}

struct cdr_profile cdr_profile_on(const struct cdr_model *model, uint32_t subscriber, uint32_t day)
{
    const struct cdr_identities *identities = &model->identities;
    struct cdr_tenure tenure = cdr_tenure(&identities->tenures, subscriber, day);
    uint32_t sim = cdr_renewal_number(&identities->sim, subscriber, day) + tenure.number;
    uint32_t device = cdr_renewal_number(&identities->device, subscriber, day) + tenure.number;
    uint64_t imei14 = cdr_imei14(identities, subscriber, device);
    return (struct cdr_profile){
        .present = tenure.present,
        .tenure = tenure.number,
        .msisdn = cdr_msisdn(identities, subscriber),
        .imsi = cdr_imsi(identities, subscriber, sim),
        .imei = imei14 * 10 + cdr_luhn_digit(imei14),
        .home_cell_id = home_cell_id(&model->cells, subscriber),
        .contacts = contact_count(model, subscriber),
    };
}

bool cdr_profile_changed(const struct cdr_model *model, uint32_t subscriber, uint32_t day)
{
    const struct cdr_identities *identities = &model->identities;
    struct cdr_tenure now = cdr_tenure(&identities->tenures, subscriber, day);
    struct cdr_tenure before = cdr_tenure(&identities->tenures, subscriber, day - 1);
    if (now.present != before.present)
        return true;
    if (!now.present)
        return false;
    return cdr_renewal_number(&identities->sim, subscriber, day) !=
               cdr_renewal_number(&identities->sim, subscriber, day - 1) ||
           cdr_renewal_number(&identities->device, subscriber, day) !=
               cdr_renewal_number(&identities->device, subscriber, day - 1);
}
