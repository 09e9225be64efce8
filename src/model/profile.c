#include "model/profile.h"

/* Of the subscriber's devices. */
static uint32_t device_class(const struct cdr_model *model, uint32_t subscriber)
{
    uint64_t traits = cdr_place_traits(&model->towns, subscriber);
    return cdr_device_rat(&model->devices, (uint32_t)(traits >> 32));
}

static uint32_t home_cell_id(const struct cdr_model *model, uint32_t subscriber)
{
    const struct cdr_cells *cells = &model->cells;
    uint64_t traits = cdr_place_traits(&model->towns, subscriber);
    uint32_t home = cdr_home(&model->towns, subscriber, traits);
    uint32_t serving =
        cdr_serving(cells, device_class(model, subscriber), cdr_nearest_site(&cells->sites, home));
    return cdr_serving_cell(cells, serving, home);
}

static uint32_t contact_count(const struct cdr_model *model, uint32_t subscriber)
{
    uint64_t rank_traits = cdr_rank_traits(&model->contacts, subscriber);
    uint32_t activity_class = cdr_activity_class(&model->traits, subscriber);
    return model->contacts.degree[cdr_degree_class(&model->traits, activity_class, rank_traits)];
}

/* Identities of a day, also where somebody else has the number. */
struct identity {
    struct cdr_imsi imsi;
    uint64_t imei14;
};

static struct identity identity_on(const struct cdr_model *model, uint32_t subscriber, uint32_t day,
                                   uint32_t tenure)
{
    const struct cdr_identities *identities = &model->identities;
    const uint32_t sim = cdr_renewal_number(&identities->sim, subscriber, day) + tenure;
    const uint32_t device = cdr_renewal_number(&identities->device, subscriber, day) + tenure;
    const uint32_t class = device_class(model, subscriber);
    const struct cdr_role role = cdr_role_on(model, subscriber, (int32_t)day);
    struct identity identity = {cdr_imsi(identities, subscriber, sim),
                                cdr_imei14(identities, subscriber, device, class)};
    if (cdr_role_has(&role, CDR_BEHAVIOUR_DEVICE | CDR_BEHAVIOUR_SIM))
        cdr_role_identity(model, &role, subscriber, class, &identity.imsi, &identity.imei14);
    return identity;
}

struct cdr_profile cdr_profile_on(const struct cdr_model *model, uint32_t subscriber, uint32_t day)
{
    const struct cdr_identities *identities = &model->identities;
    struct cdr_tenure tenure = cdr_tenure(&identities->tenures, subscriber, day);
    struct identity identity = identity_on(model, subscriber, day, tenure.number);
    return (struct cdr_profile){
        .present = tenure.present,
        .tenure = tenure.number,
        .msisdn = cdr_msisdn(identities, subscriber),
        .imsi = identity.imsi,
        .imei = identity.imei14 * 10 + cdr_luhn_digit(identity.imei14),
        .home_cell_id = home_cell_id(model, subscriber),
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
    if (model->behaviours.on) {
        struct identity today = identity_on(model, subscriber, day, now.number),
                        yesterday = identity_on(model, subscriber, day - 1, before.number);
        return today.imsi.value != yesterday.imsi.value || today.imei14 != yesterday.imei14;
    }
    return cdr_renewal_number(&identities->sim, subscriber, day) !=
               cdr_renewal_number(&identities->sim, subscriber, day - 1) ||
           cdr_renewal_number(&identities->device, subscriber, day) !=
               cdr_renewal_number(&identities->device, subscriber, day - 1);
}
