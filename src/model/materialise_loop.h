/* DESIGN: column by column. Each helper is a loop over the block with lanes of one width and no early exit,
 * so that compilers vectorise it; what differs by type is one helper a type, chosen once a block. */
#include "model/materialise.h"

#include "base/digits.h"
#include "model/event.h"
#include "model/streams.h"

#include <string.h>

struct scratch {
    uint32_t n;
    uint32_t party[CDR_BLOCK_RECORDS], outcome[CDR_BLOCK_RECORDS], peer[CDR_BLOCK_RECORDS], lag[CDR_BLOCK_RECORDS];
    int32_t day[CDR_BLOCK_RECORDS];
    uint32_t hour[CDR_BLOCK_RECORDS], weekend[CDR_BLOCK_RECORDS];
    uint64_t base[CDR_BLOCK_RECORDS];
    uint64_t number[CDR_BLOCK_RECORDS];
    uint64_t cell_random[CDR_BLOCK_RECORDS];
};

static void unpack(const struct cdr_model *model, const struct cdr_key *keys, const struct cdr_slot *slots,
                   struct scratch *s, struct cdr_block *block)
{
    uint32_t weekend[CDR_LAG_MAX + 1], lag_count = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        s->lag[i] = cdr_key_lag(&keys[i]);
        lag_count = s->lag[i] >= lag_count ? s->lag[i] + 1 : lag_count;
        s->party[i] = cdr_key_party(&keys[i]);
        s->outcome[i] = cdr_key_outcome(&keys[i]);
        s->peer[i] = cdr_key_peer(&keys[i]);
        block->origin[i] = cdr_key_origin(&keys[i]);
        block->index[i] = cdr_key_index(&keys[i]);
        block->leg[i] = (uint8_t)cdr_key_leg(&keys[i]);
        block->duration_s[i] = cdr_key_duration_s(&keys[i]);
    }
    for (uint32_t lag = 0; lag < lag_count; lag++)
        weekend[lag] = cdr_is_weekend(slots[lag].day);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct cdr_slot *slot = &slots[s->lag[i]];
        block->slot[i] = slot->name;
        block->tz_offset_min[i] = slot->offset_min;
        s->day[i] = slot->day;
        s->hour[i] = slot->hour;
        s->weekend[i] = weekend[s->lag[i]];
    }
    for (uint32_t i = 0; i < s->n; i++)
        s->base[i] = cdr_event_base(model, cdr_event_name(block->origin[i], block->slot[i], block->index[i]));
    for (uint32_t i = 0; i < s->n; i++) {
        block->owner[i] = block->leg[i] != 0 ? s->peer[i] : block->origin[i];
        block->direction[i] = block->leg[i] != 0 || s->party[i] == CDR_PARTY_INCOMING;
    }
}

static void set_times(const struct cdr_model *model, const struct cdr_key *keys, int64_t emission_slot_ms,
                      const struct scratch *s, struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++)
        block->event_ms[i] = emission_slot_ms + cdr_key_ms(&keys[i]);
    if (model->late_below != 0)
        for (uint32_t i = 0; i < s->n; i++)
            block->event_ms[i] -= cdr_delay_ms(model, s->base[i], block->leg[i]);
    int64_t before_ms = model->parameters.order == CDR_ORDER_END ? 1000 : 0;
    for (uint32_t i = 0; i < s->n; i++) {
        block->start_ms[i] = block->event_ms[i] - before_ms * block->duration_s[i];
        block->end_ms[i] = block->start_ms[i] + INT64_C(1000) * block->duration_s[i];
    }
}

/* The calling party of MO events, and of data the subscriber, is the origin; the other one is a subscriber or off-net. */
static void set_numbers(const struct cdr_model *model, uint32_t type, struct scratch *s, struct cdr_block *block)
{
    const struct cdr_identities *identities = &model->identities;
    const uint32_t n = s->n;
    uint8_t origin_len[CDR_BLOCK_RECORDS];
    uint64_t origin_number[CDR_BLOCK_RECORDS];
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_number number = cdr_msisdn(identities, block->origin[i]);
        origin_number[i] = number.value;
        origin_len[i] = (uint8_t)number.len;
    }
    if (type == CDR_TYPE_DATA) {
        cdr_digits16_column(block->msisdn_src, origin_number, n);
        memcpy(block->msisdn_src_len, origin_len, n);
        memset(block->msisdn_dst_len, 0, n);
        return;
    }
    uint64_t src[CDR_BLOCK_RECORDS], dst[CDR_BLOCK_RECORDS];
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_number onnet = cdr_msisdn(identities, s->party[i] == CDR_PARTY_ONNET ? s->peer[i] : 0);
        uint64_t name = (uint64_t)block->origin[i] << 16 | s->peer[i] % (CDR_DEGREE_MAX * 2);
        struct cdr_number offnet = cdr_offnet_number(identities, cdr_mix(name ^ model->offnet_stream));
        int is_onnet = s->party[i] == CDR_PARTY_ONNET, incoming = s->party[i] == CDR_PARTY_INCOMING;
        uint64_t other = is_onnet ? onnet.value : offnet.value;
        uint8_t other_len = (uint8_t)(is_onnet ? onnet.len : offnet.len);
        src[i] = incoming ? other : origin_number[i];
        dst[i] = incoming ? origin_number[i] : other;
        block->msisdn_src_len[i] = incoming ? other_len : origin_len[i];
        block->msisdn_dst_len[i] = incoming ? origin_len[i] : other_len;
    }
    cdr_digits16_column(block->msisdn_src, src, n);
    cdr_digits16_column(block->msisdn_dst, dst, n);
}

/* Weights 2 and 1 in turn from the right, the sum of the doubled digits' digits (ISO/IEC 7812-1). */
static void set_luhn_digits(struct cdr_block *block, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char *text = block->imei[i];
        uint32_t sum = 0;
        for (uint32_t at = 0; at < 16; at += 2) {
            uint32_t doubled = 2 * (uint32_t)(text[at] - '0');
            sum += doubled - (doubled > 9 ? 9 : 0) + (uint32_t)(text[at + 1] - '0');
        }
        uint32_t digit = 10 - sum % 10;
        text[15] = (char)('0' + (digit == 10 ? 0 : digit));
    }
}

static void set_identities(const struct cdr_model *model, struct scratch *s, struct cdr_block *block)
{
    const struct cdr_identities *identities = &model->identities;
    const uint32_t n = s->n;
    uint32_t changes[CDR_BLOCK_RECORDS];
    for (uint32_t i = 0; i < n; i++)
        changes[i] = cdr_renewal_number(&identities->sim, block->owner[i], s->day[i]);
    for (uint32_t i = 0; i < n; i++)
        s->number[i] = cdr_imsi(identities, block->owner[i], changes[i], &block->mccmnc[i]);
    cdr_digits16_column(block->imsi, s->number, n);
    for (uint32_t i = 0; i < n; i++)
        changes[i] = cdr_renewal_number(&identities->device, block->owner[i], s->day[i]);
    for (uint32_t i = 0; i < n; i++)
        s->number[i] = cdr_imei14(identities, block->owner[i], changes[i]) * 10;
    cdr_digits16_column(block->imei, s->number, n);
    set_luhn_digits(block, n);
}

static void set_cells(const struct cdr_model *model, uint32_t type, struct scratch *s, struct cdr_block *block)
{
    const struct cdr_cells *cells = &model->cells;
    for (uint32_t i = 0; i < s->n; i++)
        s->cell_random[i] = cdr_draw(s->base[i], CDR_PURPOSE(12 + (uint32_t)block->leg[i]));
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t rat = type == CDR_TYPE_DATA ? s->outcome[i]
                                             : cdr_threshold_outcome(model->rat_below, CDR_RAT_COUNT,
                                                                     (uint32_t)(s->cell_random[i] >> 32));
        uint32_t place = cdr_place_in_slot(cells, block->owner[i], block->slot[i], s->hour[i], s->weekend[i]);
        block->rat[i] = (uint8_t)rat;
        block->cell_id[i] = cdr_serving_cell(cells, rat, place, (uint32_t)s->cell_random[i] & 1);
    }
}

static void finish_calls(const struct scratch *s, struct cdr_block *block)
{
    static const uint8_t causes[8] = {CDR_CAUSE_NORMAL_RELEASE, CDR_CAUSE_NO_ANSWER, CDR_CAUSE_BUSY, CDR_CAUSE_FAILURE,
                                      CDR_CAUSE_FAILURE};
    for (uint32_t i = 0; i < s->n; i++) {
        block->record_type[i] = CDR_RECORD_MSC_VOICE;
        block->cause[i] = causes[s->outcome[i]];
    }
}

static void finish_sms(const struct cdr_model *model, const struct scratch *s, struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t random = (uint32_t)cdr_draw(s->base[i], CDR_DRAW_DETAIL);
        block->sms_segments[i] = (uint8_t)(1 + cdr_threshold_outcome(model->segments_below, 3, random));
        block->sms_status[i] = (uint8_t)s->outcome[i];
        block->record_type[i] = (uint8_t)(CDR_RECORD_SGSN_SMO + block->direction[i]);
        block->cause[i] = s->outcome[i] == CDR_SMS_FAILED ? CDR_CAUSE_DELIVERY_FAILURE : CDR_CAUSE_DELIVERY_SUCCESS;
    }
}

/* A part has the session's volume between its ends, so that the parts add up exactly. */
static void share_volumes(const struct cdr_model *model, const struct scratch *s, struct cdr_block *block)
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

static void finish_data(const struct cdr_model *model, const struct scratch *s, struct cdr_block *block)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct cdr_data_table *data = &model->data[s->outcome[i]];
        uint64_t random = cdr_draw(s->base[i], CDR_DRAW_VOLUME);
        int64_t z = (int64_t)cdr_quantile(&model->normal, (uint32_t)random) - CDR_NORMAL_ZERO;
        int64_t down = data->downlink_mean + ((data->downlink_sd * z) >> 16);
        down = down < model->downlink_min ? model->downlink_min : down;
        uint32_t ratio = data->ratio_min + cdr_below((uint32_t)(random >> 32), data->ratio_span + 1);
        int64_t up = (down * ratio) >> 16;
        block->data_bytes_out[i] = (uint64_t)down;
        block->data_bytes_in[i] = (uint64_t)(up < model->uplink_min ? model->uplink_min : up);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        uint64_t random = cdr_draw(s->base[i], CDR_DRAW_DETAIL);
        block->apn[i] = (uint8_t)cdr_threshold_outcome(model->apn_below, CDR_APN_COUNT, (uint32_t)random);
        block->record_type[i] = (uint8_t)(CDR_RECORD_SGSN_PDP + (random >> 63));
        block->cause[i] = CDR_CAUSE_NORMAL_RELEASE;
    }
    if (model->parameters.partial_s != 0)
        share_volumes(model, s, block);
}

void cdr_materialise(const struct cdr_model *model, uint32_t type, const struct cdr_key *keys, uint32_t n,
                     int64_t emission_slot_ms, const struct cdr_slot *slots, struct cdr_block *block)
{
    struct scratch s;
    s.n = n;
    block->n = n;
    block->type = type;
    unpack(model, keys, slots, &s, block);
    set_times(model, keys, emission_slot_ms, &s, block);
    set_numbers(model, type, &s, block);
    set_identities(model, &s, block);
    set_cells(model, type, &s, block);
    if (type == CDR_TYPE_CALL)
        finish_calls(&s, block);
    else if (type == CDR_TYPE_SMS)
        finish_sms(model, &s, block);
    else
        finish_data(model, &s, block);
}
