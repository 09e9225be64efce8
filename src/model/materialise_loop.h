/* The loops of materialise, for the level of the source that includes this. Column by column: each
 * helper is a loop over the block with lanes of one or two widths, tables of 32-bit lanes, restrict
 * pointers and no early exit, so that compilers vectorise it; narrow columns are filled by loops of
 * their own. What differs by type is one helper a type, chosen once a block. */
#include "base/digits.h"
#include "model/event.h"
#include "model/materialise.h"
#include "model/streams.h"
#include "model/whereabouts_loop.h"

#include <assert.h>
#include <string.h>

#define BLOCK CDR_BLOCK_RECORDS

struct scratch {
    uint32_t n;
    uint32_t party[BLOCK], outcome[BLOCK], peer[BLOCK], lag[BLOCK], leg[BLOCK], owner[BLOCK];
    uint32_t incoming[BLOCK]; /* 1: the origin is the called party, of a call from off-net */
    uint32_t reply[BLOCK];    /* 1: the origin is the called party, of a message of the peer's */
    uint32_t day[BLOCK];
    uint32_t rat[BLOCK];  /* that the record, or the session that it is a part of, began on */
    uint32_t best[BLOCK]; /* technology of the owner's device */
    uint64_t base[BLOCK];
    /* Data: of the session; is it its last; its number in it. */
    uint32_t total_s[BLOCK], from_s[BLOCK], last[BLOCK], part[BLOCK];
};

/* Slot columns by lag, so that loops can gather. */
struct lag_table {
    uint32_t name[CDR_LAG_MAX + 1], day[CDR_LAG_MAX + 1];
    uint32_t plan_day[CDR_LAG_MAX + 1], plan_second[CDR_LAG_MAX + 1]; /* of its beginning */
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

static void fill_lag_table(const struct cdr_model *model, const struct cdr_slot *slots,
                           const struct scratch *s, struct lag_table *table)
{
    struct cdr_plan_time plan = {0};
    uint32_t last = 0;
    for (uint32_t i = 0; i < s->n; i++)
        last = s->lag[i] > last ? s->lag[i] : last;
    for (uint32_t lag = 0; lag <= last; lag++) {
        table->name[lag] = slots[lag].name;
        table->day[lag] = (uint32_t)slots[lag].day;
        table->offset_min[lag] = slots[lag].offset_min;
        plan = lag == 0
                   ? cdr_plan_time(&model->calendar, &slots[0])
                   : cdr_plan_time_before(&model->calendar, &slots[lag], &slots[lag - 1], plan);
        table->plan_day[lag] = plan.day;
        table->plan_second[lag] = plan.second;
    }
}

static void name_records(const struct cdr_model *model, uint32_t type,
                         const struct lag_table *restrict table, struct scratch *restrict s,
                         struct cdr_block *restrict block)
{
    const uint64_t stream = model->event_stream;
    for (uint32_t i = 0; i < s->n; i++)
        block->slot[i] = table->name[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        s->day[i] = table->day[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        block->tz_offset_min[i] = table->offset_min[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        s->base[i] =
            cdr_mix(cdr_event_name(block->origin[i], block->slot[i], block->index[i]) ^ stream);
    for (uint32_t i = 0; i < s->n; i++) {
        s->reply[i] = cdr_is_reply(type, s->party[i]);
        s->incoming[i] = s->party[i] == CDR_PARTY_INCOMING;
        s->owner[i] = (s->leg[i] ^ s->reply[i]) != 0 ? s->peer[i] : block->origin[i];
    }
    for (uint32_t i = 0; i < s->n; i++)
        block->leg[i] = (uint8_t)s->leg[i];
    for (uint32_t i = 0; i < s->n; i++)
        block->direction[i] = (uint8_t)(s->leg[i] | s->incoming[i]);
    memcpy(block->owner, s->owner, s->n * sizeof *block->owner);
}

/* A part that is not its session's last ends at a whole number of seconds after its start. */
static void part_column(const struct cdr_model *model, const struct cdr_block *restrict block,
                        struct scratch *restrict s)
{
    const uint32_t partial_s = model->parameters.partial_s;
    for (uint32_t i = 0; i < s->n; i++) {
        s->total_s[i] = s->peer[i] & 0x1ffff;
        s->part[i] = s->peer[i] >> 17;
        s->from_s[i] = s->part[i] * partial_s;
        s->last[i] = s->from_s[i] + block->duration_s[i] == s->total_s[i];
    }
}

static void set_times(const struct cdr_model *model, uint32_t type,
                      const struct cdr_key *restrict keys, int64_t emission_slot_ms,
                      struct scratch *restrict s, struct cdr_block *restrict block)
{
    const int at_end = model->parameters.order == CDR_ORDER_END;
    uint32_t beyond_ms[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        beyond_ms[i] = cdr_beyond_ms(s->base[i], s->leg[i]);
    if (cdr_type_has(type, CDR_HOLDS_PARTS)) {
        part_column(model, block, s);
        for (uint32_t i = 0; i < s->n; i++)
            beyond_ms[i] = s->last[i] != 0 ? beyond_ms[i] : 0;
    }
    for (uint32_t i = 0; i < s->n; i++)
        block->event_ms[i] = emission_slot_ms + (int64_t)(keys[i].high >> 42);
    if (model->late_below != 0) {
        const bool parts = cdr_type_has(type, CDR_HOLDS_PARTS);
        for (uint32_t i = 0; i < s->n; i++)
            block->event_ms[i] -=
                cdr_delay_ms(model, cdr_part_base(s->base[i], parts ? s->part[i] : 0), s->leg[i]);
    }
    if (model->faults.below[CDR_FAULT_LATE_DUPLICATE] != 0)
        for (uint32_t i = 0; i < s->n; i++)
            if (cdr_key_entry(&keys[i]) == CDR_ENTRY_LATE_COPY)
                block->event_ms[i] -= cdr_copy_delay_ms(
                    model, cdr_fault_base(&model->faults, &keys[i], type, block->slot[i]));
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t lasts_ms = INT64_C(1000) * block->duration_s[i] + beyond_ms[i];
        block->start_ms[i] = block->event_ms[i] - (at_end ? lasts_ms : 0);
        block->end_ms[i] = block->start_ms[i] + lasts_ms;
    }
}

/* What begins after a change of the clock that its event began before has the new offset. slots:
 * by lag, the later ones first. */
static void move_offsets(const struct cdr_slot *slots, const struct lag_table *restrict table,
                         const struct scratch *restrict s, struct cdr_block *restrict block)
{
    uint32_t last = 0, differs = 0;
    for (uint32_t i = 0; i < s->n; i++)
        last = s->lag[i] > last ? s->lag[i] : last;
    for (uint32_t lag = 1; lag <= last; lag++)
        differs |= table->offset_min[lag] != table->offset_min[0];
    for (uint32_t i = 0; differs != 0 && i < s->n; i++) {
        uint32_t lag = s->lag[i];
        while (lag > 0 && block->start_ms[i] >= slots[lag - 1].start_ms)
            lag--;
        block->tz_offset_min[i] = table->offset_min[lag];
    }
}

static void msisdn_column(const struct cdr_identities *restrict identities,
                          const uint32_t *restrict subscribers, uint32_t n,
                          uint64_t *restrict values, uint32_t *restrict lens)
{
    uint32_t low[BLOCK], high[BLOCK];
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_number_place place = cdr_number_place(identities, subscribers[i]);
        low[i] = place.low;
        high[i] = place.high;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_number_place place = {low[i], high[i]};
        values[i] = cdr_number_at(identities, place);
    }
    for (uint32_t i = 0; identities->american != 0 && i < n; i++)
        values[i] += cdr_american_more(identities, high[i]);
    for (uint32_t i = 0; i < n; i++)
        lens[i] = identities->msisdn_len;
}

/* Off-net parties are lasting: the number belongs to (subscriber, rank of the contact), or to
 * (subscriber, service). Puts those of the records whose other party is not mobile here, one by
 * one: they are few, and of kinds. */
static void put_offnet(const struct cdr_model *restrict model, uint32_t type,
                       const struct scratch *restrict s, const uint32_t *restrict origins,
                       const uint32_t *restrict mobile, uint64_t *restrict values,
                       uint32_t *restrict lens)
{
    const struct cdr_number_plan *restrict plan = &model->number_plan;
    const uint64_t stream = model->offnet_stream;
    uint32_t away[BLOCK], n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        away[n] = i;
        n += mobile[i] ^ 1;
    }
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = away[k];
        uint32_t allowed = type == CDR_TYPE_CALL ? CDR_CONTACT_KINDS : CDR_WRITING_KINDS;
        uint64_t name = (uint64_t)origins[i] << 16 | (s->peer[i] & 0xffff);
        struct cdr_number number = cdr_other_number(plan, cdr_mix(name ^ stream), allowed);
        if (cdr_is_service(type, s->party[i]) != 0)
            number = cdr_service_number(plan, s->peer[i], cdr_mix(name ^ ~stream));
        else if ((s->peer[i] & CDR_APPLICATION) != 0)
            number = cdr_application_number(plan, cdr_mix(name ^ ~stream));
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
    uint64_t origin[BLOCK], other[BLOCK], src[BLOCK], dst[BLOCK];
    uint32_t origin_len[BLOCK], other_len[BLOCK], src_len[BLOCK], dst_len[BLOCK], peers[BLOCK],
        mobile[BLOCK];
    msisdn_column(&model->identities, block->origin, n, origin, origin_len);
    if (!cdr_type_has(type, CDR_HOLDS_OTHER)) {
        cdr_digits16_column(block->msisdn_src, origin, n);
        narrow(block->msisdn_src_len, origin_len, n);
        memset(block->msisdn_dst_len, 0, n);
        return;
    }
    peers[0] = 0; /* n is at least 1, which a compiler can't see */
    for (uint32_t i = 0; i < n; i++)
        mobile[i] = (uint32_t)(s->party[i] == CDR_PARTY_ONNET) | s->reply[i];
    for (uint32_t i = 0; i < n; i++)
        peers[i] = mobile[i] != 0 ? s->peer[i] : 0;
    msisdn_column(&model->identities, peers, n, other, other_len);
    put_offnet(model, type, s, block->origin, mobile, other, other_len);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t called = s->incoming[i] | s->reply[i];
        src[i] = called != 0 ? other[i] : origin[i];
        dst[i] = called != 0 ? origin[i] : other[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t called = s->incoming[i] | s->reply[i];
        src_len[i] = called != 0 ? other_len[i] : origin_len[i];
        dst_len[i] = called != 0 ? origin_len[i] : other_len[i];
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

/* 14 digits and a zero: cdr_imei14 in columns. */
static void imei_column(const struct cdr_identities *restrict identities,
                        const uint32_t *restrict owners, const uint32_t *restrict devices,
                        const uint32_t *restrict classes, uint32_t n, uint64_t *restrict values)
{
    uint32_t model[BLOCK], place[BLOCK], tac[BLOCK], serial[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        model[i] = cdr_device_model(identities, owners[i], devices[i]);
    for (uint32_t i = 0; i < n; i++)
        place[i] = cdr_device_place(identities, owners[i], devices[i]);
    for (uint32_t i = 0; i < n; i++)
        tac[i] = identities->model_tac[classes[i] * CDR_MODELS_MAX + model[i]] +
                 place[i] * identities->tac_step;
    for (uint32_t i = 0; i < n; i++)
        serial[i] = cdr_device_serial(identities, owners[i], place[i]);
    for (uint32_t i = 0; i < n; i++)
        values[i] = tac[i] * UINT64_C(10000000) + serial[i] * UINT64_C(10);
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
    imei_column(identities, s->owner, changes, s->best, s->n, values);
    cdr_digits16_column(block->imei, values, s->n);
    luhn_column(block->imei, s->n);
}

/* When records begin, on the clock of their owners' plans. A part of a session that was cut may
 * begin a day after the session. */
static void plan_times(const struct lag_table *restrict table, const struct scratch *restrict s,
                       const struct cdr_block *restrict block, struct whereabouts *restrict w)
{
    uint32_t since_s[BLOCK];
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t since_ms = block->start_ms[i] - block->slot[i] * CDR_QUARTER_MS;
        since_s[i] = (uint32_t)(since_ms < 0 ? 0 : since_ms) / 1000;
    }
    for (uint32_t i = 0; i < s->n; i++)
        w->day[i] = table->plan_day[s->lag[i]];
    for (uint32_t i = 0; i < s->n; i++)
        w->second[i] = table->plan_second[s->lag[i]] + since_s[i];
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t days = w->second[i] / CDR_PLAN_DAY_S;
        w->day[i] += days;
        w->second[i] -= days * CDR_PLAN_DAY_S;
    }
}

static void drawn_apns(const struct cdr_model *model, const struct scratch *restrict s,
                       uint32_t *restrict apn)
{
    for (uint32_t i = 0; i < s->n; i++)
        apn[i] = cdr_threshold_outcome(model->apn_below, CDR_APN_COUNT,
                                       (uint32_t)cdr_draw(s->base[i], CDR_DRAW_DETAIL));
}

/* Whether the device stays back on a lower technology until a call has ended. */
static bool stays_back(const struct cdr_model *model, const struct whereabouts *w, uint32_t i,
                       uint32_t lasts_s)
{
    const uint32_t end = w->second[i] + lasts_s + 1;
    for (uint32_t at = w->second[i]; at <= end; at += 900 - at % 900) {
        const uint32_t days = at / CDR_PLAN_DAY_S;
        const uint64_t base =
            days == 0 ? w->base[i] : cdr_day_base(&model->day_plans, w->owner[i], w->day[i] + days);
        const uint32_t random =
            cdr_quarter_random((uint32_t)(base >> 32), at - days * CDR_PLAN_DAY_S);
        if (cdr_usable_rat(&model->devices, w->best[i], random) == w->best[i])
            return false;
    }
    return true;
}

/* A call over circuits keeps the device on WCDMA, and its sessions and messages know nothing of
 * calls. So a call that would outlast the quarter hours in which its device falls back is not over
 * circuits. Few calls are. */
static void keep_calls_over_lte(const struct cdr_model *restrict model,
                                const struct whereabouts *restrict w,
                                const struct cdr_block *restrict block, uint32_t *restrict ids,
                                uint32_t *restrict rats)
{
    const struct cdr_cells *cells = &model->cells;
    uint32_t back[BLOCK], n = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        back[n] = i;
        n += (uint32_t)(rats[i] == CDR_RAT_WCDMA) & (uint32_t)(w->best[i] != CDR_RAT_WCDMA);
    }
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = back[k], position = w->position[i];
        if (stays_back(model, w, i, block->duration_s[i]))
            continue;
        const uint32_t serving =
            cdr_serving(cells, w->best[i], cdr_nearest_site(&cells->sites, position));
        ids[i] = cdr_serving_cell(cells, serving, position);
        rats[i] = cdr_serving_rat(serving);
    }
}

static void set_cells(const struct cdr_model *model, uint32_t type,
                      const struct lag_table *restrict table, struct scratch *restrict s,
                      struct cdr_block *restrict block)
{
    struct whereabouts w;
    uint32_t ids[BLOCK];
    w.n = s->n;
    w.owner = s->owner;
    plan_times(table, s, block, &w);
    whereabouts_columns(model, &w, ids, s->rat);
    if (type == CDR_TYPE_CALL)
        keep_calls_over_lte(model, &w, block, ids, s->rat);
    memcpy(block->cell_id, ids, s->n * sizeof *ids);
    narrow(block->rat, s->rat, s->n);
    memcpy(s->best, w.best, s->n * sizeof *s->best);
}

#define SCATTER 0x9e3779b1u /* odd: makes of bits that decided already others, as random */
#define DROPPED_BELOW 12u   /* of 4096 answered calls, those that are dropped */

/* What only one type has, and its record_type and cause: finish_WORD of each. */
static void finish_call(const struct cdr_model *model, const struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    static const uint32_t causes[8] = {
        CDR_CAUSE_NORMAL_RELEASE,  CDR_CAUSE_NO_ANSWER, CDR_CAUSE_BUSY,
        CDR_CAUSE_FAILURE,         CDR_CAUSE_FAILURE,   CDR_CAUSE_NO_ANSWER,
        CDR_CAUSE_ABNORMAL_RELEASE};
    const uint64_t dropped_below = model->parameters.classic_records ? 0 : DROPPED_BELOW;
    uint32_t cause[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        block->record_type[i] =
            block->rat[i] == CDR_RAT_WCDMA ? CDR_RECORD_MSC_VOICE : CDR_RECORD_MMTEL;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t dropped = (uint32_t)(s->base[i] >> 52 < dropped_below) &
                           (uint32_t)(s->outcome[i] == CDR_CALL_ANSWERED);
        cause[i] = dropped != 0 ? CDR_CAUSE_ABNORMAL_RELEASE : causes[s->outcome[i]];
    }
    narrow(block->cause, cause, s->n);
}

static void finish_sms(const struct cdr_model *model, const struct scratch *restrict s,
                       struct cdr_block *restrict block)
{
    uint32_t segments[BLOCK], status[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        segments[i] = 1 + cdr_threshold_outcome(model->segments_below, 3,
                                                (uint32_t)cdr_draw(s->base[i], CDR_DRAW_DETAIL));
    narrow(block->sms_segments, segments, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        status[i] = model->sms_status[CDR_SMS_OUTCOME_COUNT * (s->leg[i] | s->incoming[i]) +
                                      (s->outcome[i] & (CDR_SMS_OUTCOME_COUNT - 1))];
    narrow(block->sms_status, status, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        block->record_type[i] = block->rat[i] == CDR_RAT_NR
                                    ? CDR_RECORD_CHF
                                    : (uint8_t)(CDR_RECORD_SGSN_SMO + block->direction[i]);
    for (uint32_t i = 0; i < s->n; i++)
        block->cause[i] = block->sms_status[i] == CDR_SMS_FAILED ? CDR_CAUSE_DELIVERY_FAILURE
                                                                 : CDR_CAUSE_DELIVERY_SUCCESS;
}

/* The technology's of three numbers. */
static inline int64_t of_rat(uint32_t rat, int64_t wcdma, int64_t lte, int64_t nr)
{
    int64_t value = rat == CDR_RAT_LTE ? lte : wcdma;
    return rat == CDR_RAT_NR ? nr : value;
}

/* At best. */
static inline uint64_t bytes_a_second(uint32_t rat)
{
    return (uint64_t)of_rat(rat, 1500000, 12000000, 40000000);
}

/* How much of a session's volume there is by the beginning of a part, as time in 1/1024 s: as much
 * as time has gone by, and up to a third of a part's time more or less. room: how much more the
 * technology could carry, as a share of the volume in 1/1024, at most all of it. */
static uint64_t gone_by(const struct scratch *s, uint32_t i, uint32_t part, uint32_t partial_s,
                        uint32_t room)
{
    const uint32_t at_s = part * partial_s, total_s = s->total_s[i];
    if (part == 0 || at_s >= total_s)
        return part == 0 ? 0 : (uint64_t)total_s << 10;
    const uint32_t left_s = total_s - at_s, near_s = left_s < partial_s ? left_s : partial_s;
    const int64_t away = (int64_t)(cdr_part_random(s->base[i], part) >> 47) - (1 << 16);
    return (uint64_t)(((int64_t)at_s << 10) + away * near_s * room * 23 / (1 << 22));
}

static uint64_t bytes_between(uint64_t bytes, uint64_t total_s, uint64_t from, uint64_t to)
{
    const uint64_t whole = bytes / total_s, rest = bytes % total_s;
    return ((whole * to + rest * to / total_s) >> 10) -
           ((whole * from + rest * from / total_s) >> 10);
}

/* A part has the session's volume between its ends, so that the parts add up exactly. */
static void share_volumes(const struct cdr_model *model, const struct scratch *s,
                          struct cdr_block *block)
{
    const uint32_t partial_s = model->parameters.partial_s;
    const uint8_t closed =
        model->parameters.classic_records ? CDR_CAUSE_PARTIAL_RECORD : CDR_CAUSE_TIME_LIMIT;
    for (uint32_t i = 0; i < s->n; i++) {
        const uint32_t total_s = s->total_s[i];
        if (total_s <= partial_s)
            continue;
        const uint64_t in = block->data_bytes_in[i], out = block->data_bytes_out[i];
        const uint64_t most = bytes_a_second(s->rat[i]) * (uint64_t)total_s;
        const uint64_t more = most > out ? most - out : 0;
        const uint32_t room = more < out ? (uint32_t)(more * 1024 / out) : 1024;
        const uint64_t from = gone_by(s, i, s->part[i], partial_s, room),
                       to = gone_by(s, i, s->part[i] + 1, partial_s, room);
        block->data_bytes_in[i] = bytes_between(in, total_s, from, to);
        block->data_bytes_out[i] = bytes_between(out, total_s, from, to);
        if (s->last[i] == 0)
            block->cause[i] = closed;
    }
}

#define SMALL_RATIO_MIN 22938u  /* uplink by downlink of signalling and pictures: 0.35 … 1.25 */
#define SMALL_RATIO_SPAN 58983u /* in 1/65536 */

/* Signalling and picture messages: lognormal, the technology does not matter. By access point; few
 * records are of one. */
static void small_volumes(const struct cdr_model *restrict model, const uint32_t *restrict apn,
                          const uint32_t *restrict z, const uint32_t *restrict ratio,
                          const struct scratch *restrict s, uint64_t *restrict in,
                          uint64_t *restrict out)
{
    static const uint32_t log2_median[4] = {0, 51436, 72174, 0}; /* 6 kB, 200 kB; 1/4096 */
    static const uint32_t log2_sigma[4] = {0, 5909, 4137, 0};    /* sigma 1.0, 0.7 */
    uint32_t small[BLOCK], n = 0;
    if (!model->parameters.small_apns)
        return;
    for (uint32_t i = 0; i < s->n; i++) {
        small[n] = i;
        n += apn[i] != CDR_APN_INTERNET;
    }
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = small[k];
        int64_t away = ((int64_t)z[i] - CDR_NORMAL_ZERO) * log2_sigma[apn[i]] / 65536;
        uint32_t at = (uint32_t)((int64_t)log2_median[apn[i]] + away);
        uint64_t down = (uint64_t)model->exp2[at & 0xfff] << (at >> 12) >> 20;
        in[i] = down * (SMALL_RATIO_MIN + cdr_below(ratio[i], SMALL_RATIO_SPAN)) >> 16;
        out[i] = down;
    }
}

/* How far, as a power of two, a session is from its technology's usual volume: for its own reasons,
 * and for its subscriber's. */
static void exponent_column(const struct cdr_model *restrict model,
                            const struct scratch *restrict s, int32_t *restrict exponent)
{
    uint32_t user[BLOCK], session[BLOCK];
    for (uint32_t i = 0; i < s->n; i++)
        user[i] = cdr_mix32(cdr_mix32(s->owner[i] + model->user_key));
    for (uint32_t i = 0; i < s->n; i++)
        user[i] = cdr_quantile(model->normal, user[i]);
    for (uint32_t i = 0; i < s->n; i++)
        session[i] = (uint32_t)(cdr_draw(s->base[i], CDR_DRAW_RING) >> 32);
    for (uint32_t i = 0; i < s->n; i++)
        session[i] = cdr_quantile(model->normal, session[i]);
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t of_user = (int64_t)user[i] - CDR_NORMAL_ZERO,
                of_session = (int64_t)session[i] - CDR_NORMAL_ZERO;
        exponent[i] = (int32_t)((of_session * (int64_t)model->session_spread +
                                 of_user * model->user_spread) >>
                                16) -
                      model->mean_shift;
    }
}

/* Bytes below the least: some between it and four times as much, by 32 random bits, so that no
 * value stands out. */
static inline int64_t not_least(int64_t bytes, int64_t least, uint32_t random, uint32_t spread)
{
    int64_t other = least + (int64_t)cdr_below(random, spread + 1);
    return bytes < least ? other : bytes;
}

static void volumes_columns(const struct cdr_model *restrict model,
                            const struct scratch *restrict s, const uint32_t *restrict apn,
                            uint64_t *restrict in, uint64_t *restrict out)
{
    const struct cdr_data_columns *restrict data = &model->data_columns;
    const uint32_t *restrict rat = s->rat;
    const int64_t downlink_min = model->downlink_min, uplink_min = model->uplink_min;
    const bool classic = model->parameters.classic_records;
    const uint32_t down_spread = classic ? 0 : 3 * (uint32_t)downlink_min,
                   up_spread = classic ? 0 : 3 * (uint32_t)uplink_min,
                   rate_spread = classic ? 0 : 1;
    const int64_t mean_0 = data->downlink_mean[0], mean_1 = data->downlink_mean[1],
                  mean_2 = data->downlink_mean[2], sd_0 = data->downlink_sd[0],
                  sd_1 = data->downlink_sd[1], sd_2 = data->downlink_sd[2];
    uint64_t random[BLOCK];
    int64_t usual[BLOCK], most[BLOCK];
    uint32_t low[BLOCK], high[BLOCK], z[BLOCK], ratio[BLOCK], factor[BLOCK], up[BLOCK], down[BLOCK];
    int32_t exponent[BLOCK];
    exponent_column(model, s, exponent);
    for (uint32_t i = 0; i < s->n; i++)
        random[i] = cdr_draw(s->base[i], CDR_DRAW_VOLUME);
    for (uint32_t i = 0; i < s->n; i++) {
        low[i] = (uint32_t)random[i];
        high[i] = (uint32_t)(random[i] >> 32);
    }
    for (uint32_t i = 0; i < s->n; i++)
        z[i] = cdr_quantile(model->normal, low[i]);
    for (uint32_t i = 0; i < s->n; i++)
        ratio[i] = data->ratio_min[rat[i]] + cdr_below(high[i], data->ratio_span[rat[i]] + 1);
    for (uint32_t i = 0; i < s->n; i++)
        factor[i] = cdr_scale_factor(model, exponent[i]);
    for (uint32_t i = 0; i < s->n; i++) {
        up[i] = cdr_scale_up(exponent[i]);
        down[i] = cdr_scale_down(exponent[i]);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t mean = of_rat(rat[i], mean_0, mean_1, mean_2);
        int64_t sd = of_rat(rat[i], sd_0, sd_1, sd_2);
        usual[i] = mean + ((sd * ((int64_t)z[i] - CDR_NORMAL_ZERO)) >> 16);
    }
    /* No more than the bytes a second that a technology has at best, or up to a quarter less. */
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t rate = (int64_t)bytes_a_second(rat[i]);
        int64_t less = (rate >> 2) * (int64_t)(uint32_t)(low[i] * SCATTER) >> 32;
        most[i] = ((int64_t)s->total_s[i] + 1) * (rate - rate_spread * less);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t bytes = usual[i] > 0 ? usual[i] : 0;
        bytes = (int64_t)cdr_scaled((uint64_t)bytes, factor[i], up[i], down[i]);
        bytes = bytes < most[i] ? bytes : most[i];
        bytes = not_least(bytes, downlink_min, high[i] * SCATTER, down_spread);
        int64_t sent = (bytes * (int64_t)ratio[i]) >> 16;
        out[i] = (uint64_t)bytes;
        in[i] = (uint64_t)not_least(sent, uplink_min, low[i] * SCATTER, up_spread);
    }
    small_volumes(model, apn, z, high, s, in, out);
}

static void finish_data(const struct cdr_model *model, const struct scratch *restrict s,
                        struct cdr_block *restrict block)
{
    uint32_t apn[BLOCK], record_type[BLOCK];
    drawn_apns(model, s, apn);
    const uint32_t moved = model->parameters.classic_records ? 0 : 1;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t away = moved & (uint32_t)(apn[i] == CDR_APN_IMS) & (s->rat[i] == CDR_RAT_WCDMA);
        apn[i] = away != 0 ? CDR_APN_INTERNET : apn[i];
    }
    volumes_columns(model, s, apn, block->data_bytes_in, block->data_bytes_out);
    for (uint32_t i = 0; i < s->n; i++)
        record_type[i] = block->rat[i] == CDR_RAT_WCDMA ? CDR_RECORD_SGSN_PDP : CDR_RECORD_PGW;
    for (uint32_t i = 0; i < s->n; i++)
        record_type[i] = block->rat[i] == CDR_RAT_NR ? CDR_RECORD_CHF : record_type[i];
    narrow(block->apn, apn, s->n);
    narrow(block->record_type, record_type, s->n);
    memset(block->cause, CDR_CAUSE_NORMAL_RELEASE, s->n);
    for (uint32_t i = 0; model->world.outage_count != 0 && i < s->n; i++)
        if ((s->outcome[i] & CDR_SESSION_CUT) != 0)
            block->cause[i] = CDR_CAUSE_ABNORMAL_RELEASE;
    if (model->parameters.partial_s != 0)
        share_volumes(model, s, block);
}

#include "model/role_loop.h"

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
    struct roles roles;
    s.n = n;
    block->n = n;
    block->type = type;
    block->has_named_ms = false;
    unpack_keys(keys, &s, block);
    fill_lag_table(model, slots, &s, &table);
    name_records(model, type, &table, &s, block);
    set_times(model, type, keys, emission_slot_ms, &s, block);
    move_offsets(slots, &table, &s, block);
    set_numbers(model, type, &s, block);
    set_cells(model, type, &table, &s, block);
    memset(block->behaviour, CDR_BEHAVIOUR_NONE, n);
    if (model->behaviours.on) {
        find_roles(model, type, &s, block, &roles);
        stay_put(model, &roles, &s, block);
    }
    set_identities(model, &s, block);
    assert(type < CDR_TYPE_COUNT);
    CDR_TYPES_JOINED(FINISH, else, else)
    if (model->behaviours.on) {
        set_role_identities(model, &roles, &s, block);
        set_acts(model, type, &roles, &s, block);
    }
}

#undef BLOCK
#undef FINISH
#undef DROPPED_BELOW
#undef SCATTER
#undef SMALL_RATIO_MIN
#undef SMALL_RATIO_SPAN
