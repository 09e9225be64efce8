/* The loops of materialise, for the level of the source that includes this. Column by column: each
 * helper is a loop over the block with lanes of one or two widths, tables of 32-bit lanes, restrict
 * pointers and no early exit, so that compilers vectorise it; narrow columns are filled by loops of
 * their own. What differs by type is one helper a type, chosen once a block. */
#include "base/digits.h"
#include "model/event.h"
#include "model/materialise.h"
#include "model/streams.h"

#include <assert.h>
#include <string.h>

#define BLOCK CDR_BLOCK_RECORDS

struct scratch {
    uint32_t n;
    uint32_t party[BLOCK], outcome[BLOCK], peer[BLOCK], lag[BLOCK], leg[BLOCK], owner[BLOCK];
    uint32_t incoming[BLOCK]; /* 1: the origin is the called party, of a call from off-net */
    uint32_t hour[BLOCK];     /* weekend × 24 + local hour */
    uint32_t day[BLOCK];
    uint64_t base[BLOCK];
};

/* Slot columns by lag, so that loops can gather. */
struct lag_table {
    uint32_t name[CDR_LAG_MAX + 1], hour[CDR_LAG_MAX + 1], day[CDR_LAG_MAX + 1];
    int32_t offset_min[CDR_LAG_MAX + 1];
};

static void unpack_keys(const struct cdr_key *restrict keys, struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        uint64_t high = keys[i].high, low = keys[i].low;
        block->origin[i] = (uint32_t)(high >> 12) & 0x3fffffff;
        s->lag[i] = CDR_LAG_MAX - ((uint32_t)(high >> 5) & 0x7f);
        block->index[i] = (uint32_t)(low >> 53);
        s->leg[i] = (uint32_t)(low >> 52) & 1;
        s->party[i] = (uint32_t)(low >> 50) & 3;
        s->outcome[i] = (uint32_t)(low >> 47) & 7;
        block->duration_s[i] = (uint32_t)(low >> 30) & 0x1ffff;
        s->peer[i] = (uint32_t)low & 0x3fffffff;
    }
}

static void fill_lag_table(const struct cdr_slot *slots, const struct scratch *s,
                           struct lag_table *table)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < s->n; i++)
        last = s->lag[i] > last ? s->lag[i] : last;
    for (uint32_t lag = 0; lag <= last; lag++) {
        table->name[lag] = slots[lag].name;
        table->hour[lag] = 24 * cdr_is_weekend(slots[lag].day) + slots[lag].hour;
        table->day[lag] = (uint32_t)slots[lag].day;
        table->offset_min[lag] = slots[lag].offset_min;
    }
}

static void name_records(const struct cdr_model *model, const struct lag_table *restrict table,
                         struct scratch *restrict s, struct cdr_block *restrict block)
{
    const uint64_t stream = model->event_stream;
    for (uint32_t i = 0; i < s->n; i++)
        block->slot[i] = table->name[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        s->hour[i] = table->hour[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        s->day[i] = table->day[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        block->tz_offset_min[i] = table->offset_min[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        s->base[i] =
            cdr_mix(cdr_event_name(block->origin[i], block->slot[i], block->index[i]) ^ stream);
    for (uint32_t i = 0; i < s->n; i++) {
        s->incoming[i] = s->party[i] == CDR_PARTY_INCOMING;
        s->owner[i] = s->leg[i] != 0 ? s->peer[i] : block->origin[i];
    }
    for (uint32_t i = 0; i < s->n; i++)
        block->leg[i] = (uint8_t)s->leg[i];
    for (uint32_t i = 0; i < s->n; i++)
        block->direction[i] = (uint8_t)(s->leg[i] | s->incoming[i]);
    memcpy(block->owner, s->owner, s->n * sizeof *block->owner);
}

static void set_times(const struct cdr_model *model, const struct cdr_key *restrict keys,
                      int64_t emission_slot_ms, const struct scratch *restrict s,
                      struct cdr_block *restrict block)
{
    const int64_t before_ms = model->parameters.order == CDR_ORDER_END ? 1000 : 0;
    for (uint32_t i = 0; i < s->n; i++)
        block->event_ms[i] = emission_slot_ms + (int64_t)(keys[i].high >> 42);
    if (model->late_below != 0)
        for (uint32_t i = 0; i < s->n; i++)
            block->event_ms[i] -= cdr_delay_ms(model, s->base[i], s->leg[i]);
    for (uint32_t i = 0; i < s->n; i++) {
        block->start_ms[i] = block->event_ms[i] - before_ms * block->duration_s[i];
        block->end_ms[i] = block->start_ms[i] + INT64_C(1000) * block->duration_s[i];
    }
}

static void msisdn_column(const struct cdr_identities *restrict identities,
                          const uint32_t *restrict subscribers, uint32_t n,
                          uint64_t *restrict values, uint32_t *restrict lens)
{
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_number number = cdr_msisdn(identities, subscribers[i]);
        values[i] = number.value;
        lens[i] = number.len;
    }
}

/* Off-net parties are lasting: the number belongs to (subscriber, rank of the contact). */
static void offnet_column(const struct cdr_identities *restrict identities, uint64_t stream,
                          const uint32_t *restrict origins, const uint32_t *restrict ranks,
                          uint32_t n, uint64_t *restrict values, uint32_t *restrict lens)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t name = (uint64_t)origins[i] << 16 | (ranks[i] & 0xffff);
        struct cdr_number number = cdr_offnet_number(identities, cdr_mix(name ^ stream));
        values[i] = number.value;
        lens[i] = number.len;
    }
}

static void narrow(uint8_t *restrict to, const uint32_t *restrict from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = (uint8_t)from[i];
}

/* The calling party of MO events, and of one party the subscriber, is the origin; the other one is
 * a subscriber or off-net. */
static void set_numbers(const struct cdr_model *model, uint32_t type, struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    const uint32_t n = s->n;
    uint64_t origin[BLOCK], onnet[BLOCK], offnet[BLOCK], src[BLOCK], dst[BLOCK];
    uint32_t origin_len[BLOCK], onnet_len[BLOCK], offnet_len[BLOCK], src_len[BLOCK], dst_len[BLOCK],
        peers[BLOCK];
    msisdn_column(&model->identities, block->origin, n, origin, origin_len);
    if (!cdr_type_has(type, CDR_HOLDS_OTHER)) {
        cdr_digits16_column(block->msisdn_src, origin, n);
        narrow(block->msisdn_src_len, origin_len, n);
        memset(block->msisdn_dst_len, 0, n);
        return;
    }
    peers[0] = 0; /* n is at least 1, which a compiler can't see */
    for (uint32_t i = 0; i < n; i++)
        peers[i] = s->party[i] == CDR_PARTY_ONNET ? s->peer[i] : 0;
    msisdn_column(&model->identities, peers, n, onnet, onnet_len);
    offnet_column(&model->identities, model->offnet_stream, block->origin, s->peer, n, offnet,
                  offnet_len);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t other = s->party[i] == CDR_PARTY_ONNET ? onnet[i] : offnet[i];
        src[i] = s->incoming[i] != 0 ? other : origin[i];
        dst[i] = s->incoming[i] != 0 ? origin[i] : other;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t other = s->party[i] == CDR_PARTY_ONNET ? onnet_len[i] : offnet_len[i];
        src_len[i] = s->incoming[i] != 0 ? other : origin_len[i];
        dst_len[i] = s->incoming[i] != 0 ? origin_len[i] : other;
    }
    narrow(block->msisdn_src_len, src_len, n);
    narrow(block->msisdn_dst_len, dst_len, n);
    cdr_digits16_column(block->msisdn_src, src, n);
    cdr_digits16_column(block->msisdn_dst, dst, n);
}

static void changes_column(const struct cdr_renewal *restrict renewal,
                           const struct scratch *restrict s, uint32_t *restrict changes)
{
    for (uint32_t i = 0; i < s->n; i++)
        changes[i] = cdr_renewal_number(renewal, s->owner[i], s->day[i]);
}

/* Where subscribers leave, a number's next customer has another SIM and another device. */
static void add_tenures(const struct cdr_tenures *restrict tenures,
                        const struct scratch *restrict s, uint32_t *restrict changes)
{
    if (!tenures->on)
        return;
    for (uint32_t i = 0; i < s->n; i++)
        changes[i] += cdr_tenure_on(tenures, s->owner[i], s->day[i]).number;
}

static void imsi_column(const struct cdr_identities *restrict identities,
                        const uint32_t *restrict owners, const uint32_t *restrict sims, uint32_t n,
                        uint64_t *restrict values, uint32_t *restrict mccmnc)
{
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_imsi imsi = cdr_imsi(identities, owners[i], sims[i]);
        values[i] = imsi.value;
        mccmnc[i] = imsi.mccmnc;
    }
}

/* Weights 2 and 1 in turn from the right, the sum of the doubled digits' digits (ISO/IEC
 * 7812-1). */
static void luhn_column(cdr_digits *restrict imei, uint32_t n)
{
    const uint64_t low_bytes = UINT64_C(0x000f000f000f000f);
    uint64_t words[2 * BLOCK], sum[BLOCK];
    memcpy(words, imei, n * sizeof *imei);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t first = cdr_le64(words[2 * i]), second = cdr_le64(words[2 * i + 1]);
        /* Even bytes are doubled; where that has two digits, their sum is 9 less. */
        uint64_t even = (first & low_bytes) | (second & low_bytes) << 8;
        uint64_t odd = ((first >> 8) & low_bytes) + ((second >> 8) & low_bytes);
        uint64_t large =
            ((even + UINT64_C(0x7b7b7b7b7b7b7b7b)) >> 7) & UINT64_C(0x0101010101010101);
        uint64_t doubled = 2 * even - 9 * large; /* bytes of 0 … 9: none borrows from another */
        sum[i] = ((doubled * UINT64_C(0x0101010101010101)) >> 56) +
                 ((odd * UINT64_C(0x0001000100010001)) >> 48);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t rest = (uint32_t)sum[i] - (uint32_t)sum[i] * 205 / 2048 * 10;
        imei[i][15] = (char)('0' + (rest == 0 ? 0 : 10 - rest));
    }
}

static void set_identities(const struct cdr_model *model, const struct scratch *restrict s,
                           struct cdr_block *restrict block)
{
    const struct cdr_identities *identities = &model->identities;
    uint32_t changes[BLOCK], mccmnc[BLOCK];
    uint64_t values[BLOCK];
    changes_column(&identities->sim, s, changes);
    add_tenures(&identities->tenures, s, changes);
    imsi_column(identities, s->owner, changes, s->n, values, mccmnc);
    memcpy(block->mccmnc, mccmnc, s->n * sizeof *mccmnc);
    cdr_digits16_column(block->imsi, values, s->n);
    changes_column(&identities->device, s, changes);
    add_tenures(&identities->tenures, s, changes);
    for (uint32_t i = 0; i < s->n; i++)
        values[i] = cdr_imei14(identities, s->owner[i], changes[i]) * 10;
    cdr_digits16_column(block->imei, values, s->n);
    luhn_column(block->imei, s->n);
}

static void places_column(const struct cdr_cells *restrict cells, const struct scratch *restrict s,
                          const uint32_t *restrict slots, uint32_t *restrict places)
{
    uint64_t traits[BLOCK], moment[BLOCK], random[BLOCK];
    uint32_t traits_low[BLOCK], moment_low[BLOCK], moment_high[BLOCK], which[BLOCK], home[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        traits[i] = cdr_place_traits(cells, s->owner[i]);
    for (uint32_t i = 0; i < s->n; i++)
        moment[i] = cdr_place_moment(cells, s->owner[i], slots[i]);
    for (uint32_t i = 0; i < s->n; i++)
        traits_low[i] = (uint32_t)traits[i];
    for (uint32_t i = 0; i < s->n; i++)
        moment_low[i] = (uint32_t)moment[i];
    for (uint32_t i = 0; i < s->n; i++)
        moment_high[i] = (uint32_t)(moment[i] >> 32);
    for (uint32_t i = 0; i < s->n; i++)
        which[i] = cdr_place_which(cells, traits_low[i], moment_low[i], moment_high[i], s->hour[i]);
    for (uint32_t i = 0; i < s->n; i++)
        home[i] = (uint32_t)(cdr_place_random(traits[i], 0) >> 32);
    for (uint32_t i = 0; i < s->n; i++)
        random[i] = cdr_place_random(traits[i], which[i]);
    for (uint32_t i = 0; i < s->n; i++)
        places[i] = cdr_place_at(cells, which[i], traits_low[i], home[i], (uint32_t)random[i],
                                 (uint32_t)(random[i] >> 32));
}

static void set_cells(const struct cdr_model *model, uint32_t type,
                      const struct scratch *restrict s, struct cdr_block *restrict block)
{
    const struct cdr_cells *restrict cells = &model->cells;
    uint64_t random[BLOCK];
    uint32_t rat[BLOCK], places[BLOCK], ids[BLOCK];
    places_column(cells, s, block->slot, places);
    for (uint32_t i = 0; i < s->n; i++)
        random[i] = cdr_draw(s->base[i], CDR_PURPOSE(12 + s->leg[i]));
    if (cdr_type_has(type, CDR_HOLDS_ACCESS))
        memcpy(rat, s->outcome, s->n * sizeof *rat);
    else
        for (uint32_t i = 0; i < s->n; i++)
            rat[i] =
                cdr_threshold_outcome(model->rat_below, CDR_RAT_COUNT, (uint32_t)(random[i] >> 32));
    for (uint32_t i = 0; i < s->n; i++)
        ids[i] = cdr_serving_cell(cells, rat[i], places[i], (uint32_t)random[i] & 1);
    memcpy(block->cell_id, ids, s->n * sizeof *ids);
    narrow(block->rat, rat, s->n);
}

/* What only one type has, and its record_type and cause: finish_WORD of each. */
static void finish_call(const struct cdr_model *model, const struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    static const uint8_t causes[8] = {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_NO_ANSWER, CDR_CAUSE_BUSY,
                                      CDR_CAUSE_FAILURE, CDR_CAUSE_FAILURE};
    (void)model;
    memset(block->record_type, CDR_RECORD_MSC_VOICE, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        block->cause[i] = causes[s->outcome[i]];
}

static void finish_sms(const struct cdr_model *model, const struct scratch *restrict s,
                       struct cdr_block *restrict block)
{
    uint32_t segments[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        segments[i] = 1 + cdr_threshold_outcome(model->segments_below, 3,
                                                (uint32_t)cdr_draw(s->base[i], CDR_DRAW_DETAIL));
    narrow(block->sms_segments, segments, s->n);
    narrow(block->sms_status, s->outcome, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        block->record_type[i] = (uint8_t)(CDR_RECORD_SGSN_SMO + block->direction[i]);
    for (uint32_t i = 0; i < s->n; i++)
        block->cause[i] = block->sms_status[i] == CDR_SMS_FAILED ? CDR_CAUSE_DELIVERY_FAILURE
                                                                 : CDR_CAUSE_DELIVERY_SUCCESS;
}

/* A part has the session's volume between its ends, so that the parts add up exactly. */
static void share_volumes(const struct cdr_model *model, const struct scratch *s,
                          struct cdr_block *block)
{
    const uint64_t partial_s = model->parameters.partial_s;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t random = (uint32_t)cdr_draw(s->base[i], CDR_DRAW_DURATION);
        uint64_t total_s = cdr_normal_duration_s(model, s->outcome[i], random);
        uint64_t from_s = s->peer[i] * partial_s, to_s = from_s + block->duration_s[i];
        uint64_t in = block->data_bytes_in[i], out = block->data_bytes_out[i];
        block->data_bytes_in[i] = in * to_s / total_s - in * from_s / total_s;
        block->data_bytes_out[i] = out * to_s / total_s - out * from_s / total_s;
        if (to_s < total_s)
            block->cause[i] = CDR_CAUSE_PARTIAL_RECORD;
    }
}

static void volumes_columns(const struct cdr_model *restrict model,
                            const struct scratch *restrict s, uint64_t *restrict in,
                            uint64_t *restrict out)
{
    const struct cdr_data_columns *restrict data = &model->data_columns;
    const int64_t downlink_min = model->downlink_min, uplink_min = model->uplink_min;
    uint64_t random[BLOCK];
    int64_t mean[BLOCK], sd[BLOCK];
    uint32_t z[BLOCK], ratio[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        random[i] = cdr_draw(s->base[i], CDR_DRAW_VOLUME);
    for (uint32_t i = 0; i < s->n; i++)
        z[i] = cdr_quantile(model->normal, (uint32_t)random[i]);
    for (uint32_t i = 0; i < s->n; i++)
        ratio[i] = data->ratio_min[s->outcome[i]] +
                   cdr_below((uint32_t)(random[i] >> 32), data->ratio_span[s->outcome[i]] + 1);
    for (uint32_t i = 0; i < s->n; i++)
        mean[i] = data->downlink_mean[s->outcome[i]];
    for (uint32_t i = 0; i < s->n; i++)
        sd[i] = data->downlink_sd[s->outcome[i]];
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t down = mean[i] + ((sd[i] * ((int64_t)z[i] - CDR_NORMAL_ZERO)) >> 16);
        down = down < downlink_min ? downlink_min : down;
        int64_t up = (down * (int64_t)ratio[i]) >> 16;
        out[i] = (uint64_t)down;
        in[i] = (uint64_t)(up < uplink_min ? uplink_min : up);
    }
}

static void finish_data(const struct cdr_model *model, const struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    uint64_t random[BLOCK];
    uint32_t apn[BLOCK], record_type[BLOCK];
    volumes_columns(model, s, block->data_bytes_in, block->data_bytes_out);
    for (uint32_t i = 0; i < s->n; i++)
        random[i] = cdr_draw(s->base[i], CDR_DRAW_DETAIL);
    for (uint32_t i = 0; i < s->n; i++)
        apn[i] = cdr_threshold_outcome(model->apn_below, CDR_APN_COUNT, (uint32_t)random[i]);
    for (uint32_t i = 0; i < s->n; i++)
        record_type[i] = CDR_RECORD_SGSN_PDP + (uint32_t)(random[i] >> 63);
    narrow(block->apn, apn, s->n);
    narrow(block->record_type, record_type, s->n);
    memset(block->cause, CDR_CAUSE_NORMAL_RELEASE, s->n);
    if (model->parameters.partial_s != 0)
        share_volumes(model, s, block);
}

/* Without a comparison with the last one, which costs more than it looks. */
#define FINISH(TYPE, word, ...)                                                                    \
    if (CDR_TYPE_##TYPE + 1 == CDR_TYPE_COUNT || type == CDR_TYPE_##TYPE)                          \
        finish_##word(model, &s, block);

void CDR_LOOP(cdr_materialise)(const struct cdr_model *model, uint32_t type,
                               const struct cdr_key *keys, uint32_t n, int64_t emission_slot_ms,
                               const struct cdr_slot *slots, struct cdr_block *block)
{
    struct scratch s;
    struct lag_table table;
    s.n = n;
    block->n = n;
    block->type = type;
    unpack_keys(keys, &s, block);
    fill_lag_table(slots, &s, &table);
    name_records(model, &table, &s, block);
    set_times(model, keys, emission_slot_ms, &s, block);
    set_numbers(model, type, &s, block);
    set_identities(model, &s, block);
    set_cells(model, type, &s, block);
    assert(type < CDR_TYPE_COUNT);
    CDR_TYPES_JOINED(FINISH, else, else)
}

#undef BLOCK
#undef FINISH
