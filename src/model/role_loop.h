/* What roles change in a block of records (behaviour.h): for the level of the source that includes
 * this, and only where behaviours are on. Scalar: few records have a role. */
#include "model/behaviour.h"

/* Roles of a block's owners and of the subscribers whose events they are, on the events' days. */
struct roles {
    struct cdr_role owner[BLOCK], origin[BLOCK];
};

static void find_roles(const struct cdr_model *model, uint32_t type, const struct scratch *s,
                       struct cdr_block *block, struct roles *roles)
{
    for (uint32_t i = 0; i < s->n; i++) {
        roles->owner[i] = cdr_role_found(model, s->owner[i], (int32_t)s->day[i]);
        roles->origin[i] = s->owner[i] == block->origin[i]
                               ? roles->owner[i]
                               : cdr_role_found(model, block->origin[i], (int32_t)s->day[i]);
        const bool other =
            s->owner[i] != block->origin[i] && cdr_role_has(&roles->origin[i], CDR_BEHAVIOUR_FADES);
        if (!other && cdr_role_owns(&roles->origin[i], type == CDR_TYPE_DATA, block->index[i]))
            block->behaviour[i] = (uint8_t)roles->origin[i].behaviour;
    }
}

/* Owners that stay are at one place. */
static void stay_put(const struct cdr_model *model, const struct roles *roles, struct scratch *s,
                     struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (!cdr_role_has(&roles->owner[i], CDR_BEHAVIOUR_STAYS))
            continue;
        const struct cdr_cells *cells = &model->cells;
        const uint32_t position =
            cdr_role_position(model, &roles->owner[i], s->owner[i], (int32_t)s->day[i]);
        const uint32_t serving =
            cdr_serving(cells, s->best[i], cdr_nearest_site(&cells->sites, position));
        block->cell_id[i] = cdr_serving_cell(cells, serving, position);
        s->rat[i] = cdr_serving_rat(serving);
        block->rat[i] = (uint8_t)s->rat[i];
    }
}

/* changes: of the owners' SIMs and devices, as their IMSIs and IMEIs have been made of. */
static void set_role_identities(const struct cdr_model *model, const struct roles *roles,
                                const struct scratch *s, struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct cdr_role *role = &roles->owner[i];
        if (!cdr_role_has(role, CDR_BEHAVIOUR_DEVICE | CDR_BEHAVIOUR_SIM))
            continue;
        struct cdr_imsi imsi = {0, block->mccmnc[i]};
        uint64_t imei14 = 0;
        cdr_role_identity(model, role, s->owner[i], s->best[i], &imsi, &imei14);
        if (imsi.value != 0)
            cdr_digits16(block->imsi[i], imsi.value);
        if (imei14 != 0)
            cdr_digits16(block->imei[i], imei14 * 10 + cdr_luhn_digit(imei14));
    }
}

static void put_act_number(const struct cdr_model *model, const struct cdr_role *role,
                           const struct scratch *s, struct cdr_block *block, uint32_t i)
{
    const struct cdr_number number = cdr_act_number(model, role, block->origin[i], s->base[i]);
    if (s->incoming[i] != 0) {
        cdr_digits16(block->msisdn_src[i], number.value);
        block->msisdn_src_len[i] = (uint8_t)number.len;
    } else {
        cdr_digits16(block->msisdn_dst[i], number.value);
        block->msisdn_dst_len[i] = (uint8_t)number.len;
    }
}

/* What is the acts' own: numbers in other networks, volumes. */
static void set_acts(const struct cdr_model *model, uint32_t type, const struct roles *roles,
                     const struct scratch *s, struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct cdr_role *role = &roles->origin[i];
        if (block->behaviour[i] == CDR_BEHAVIOUR_NONE || cdr_role_has(role, CDR_BEHAVIOUR_FADES))
            continue;
        if (!cdr_type_has(type, CDR_HOLDS_OTHER)) {
            const struct cdr_act_volume volume = cdr_act_volumes(s->base[i]);
            block->apn[i] = CDR_APN_INTERNET;
            block->data_bytes_in[i] = volume.in;
            block->data_bytes_out[i] = volume.out;
        } else if (s->party[i] == CDR_PARTY_OFFNET || s->party[i] == CDR_PARTY_INCOMING) {
            put_act_number(model, role, s, block, i);
        }
    }
}
