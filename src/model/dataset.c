#include "model/dataset.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything is hashed as 8 bytes, little-endian, or as text with its terminator; in a fixed
 * order. */
static void add_u64(XXH3_state_t *state, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    XXH3_128bits_update(state, bytes, sizeof bytes);
}

static void add_doubles(XXH3_state_t *state, const double *values, size_t count)
{
    add_u64(state, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        add_u64(state, bits);
    }
}

static void add_texts(XXH3_state_t *state, char const (*texts)[8], uint32_t count)
{
    add_u64(state, count);
    for (uint32_t i = 0; i < count; i++)
        XXH3_128bits_update(state, texts[i], strlen(texts[i]) + 1);
}

static int compare_days(const void *a, const void *b)
{
    const struct cdr_special_day *left = a, *right = b;
    int64_t from = left->day * INT64_C(32) + left->hour,
            to = right->day * INT64_C(32) + right->hour;
    return from < to ? -1 : from > to;
}

static void add_days(XXH3_state_t *state, const struct cdr_special_day *given, uint32_t count)
{
    struct cdr_special_day days[CDR_SPECIAL_DAYS_MAX];
    memcpy(days, given, count * sizeof *days);
    qsort(days, count, sizeof *days, compare_days);
    add_u64(state, count);
    for (uint32_t i = 0; i < count; i++) {
        add_u64(state, (uint64_t)(int64_t)days[i].day | (uint64_t)days[i].hour << 32);
        add_doubles(state, &days[i].multiplier, 1);
    }
}

/* Those of one type, and holidays, only where there are any. */
static void add_special_days(XXH3_state_t *state, const struct cdr_parameters *p)
{
    add_days(state, p->special_days, p->special_day_count);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        if (p->type_day_count[type] == 0)
            continue;
        add_u64(state, type);
        add_days(state, p->type_days[type], p->type_day_count[type]);
    }
    for (uint32_t i = 0; i < p->holiday_count; i++)
        add_u64(state, (uint64_t)(int64_t)p->holidays[i]);
}

/* Only where there are any. */
static void add_world(XXH3_state_t *state, const struct cdr_parameters *p)
{
    for (uint32_t i = 0; i < p->outage_count; i++) {
        const struct cdr_outage *outage = &p->outages[i];
        const double circle[] = {outage->lat, outage->lon, outage->radius_km};
        add_u64(state, (uint64_t)outage->from_min);
        add_u64(state, (uint64_t)outage->to_min);
        add_u64(state, outage->cell);
        add_doubles(state, circle, outage->cell == 0 ? 3 : 0);
    }
    for (uint32_t i = 0; i < p->crowd_count; i++) {
        const struct cdr_crowd *crowd = &p->crowds[i];
        const double place[] = {crowd->lat, crowd->lon, crowd->share};
        add_u64(state, (uint64_t)crowd->from_min);
        add_u64(state, (uint64_t)crowd->to_min);
        add_doubles(state, place, 3);
        add_doubles(state, crowd->factor, CDR_TYPE_COUNT);
    }
}

/* One list: mobile-originated shares of the types of two parties, and what follows. */
static void add_shares(XXH3_state_t *state, const struct cdr_parameters *p)
{
    const double others[] = {p->application_share,
                             p->interconnect_share,
                             p->imei_change_prob,
                             p->sim_change_prob,
                             p->call_duration_p50_s,
                             p->call_duration_p90_s,
                             p->call_duration_user_sigma,
                             p->downlink_min,
                             p->uplink_min,
                             p->duration_min_s,
                             p->cell_center_lat,
                             p->cell_center_lon,
                             p->cell_radius_km,
                             p->activity_sigma,
                             p->trains,
                             p->session_sigma,
                             p->user_sigma,
                             p->faults[CDR_FAULT_LATE]};
    double shares[CDR_TYPE_COUNT + sizeof others / sizeof *others];
    size_t count = 0;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        if (cdr_type_has(type, CDR_HOLDS_OTHER))
            shares[count++] = p->mo_share[type];
    memcpy(shares + count, others, sizeof others);
    add_doubles(state, shares, count + sizeof others / sizeof *others);
}

/* Only where there are any: a dataset without faults does not know which kinds exist. Late records
 * are with the other shares. */
static void add_faults(XXH3_state_t *state, const struct cdr_parameters *p)
{
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        if (!(p->faults[kind] > 0) || kind == CDR_FAULT_LATE ||
            (cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) != 0)
            continue;
        XXH3_128bits_update(state, cdr_fault_name[kind], strlen(cdr_fault_name[kind]) + 1);
        add_doubles(state, &p->faults[kind], 1);
    }
    if (p->faults[CDR_FAULT_DUPLICATE] > 0)
        add_u64(state, p->duplicate_copies);
    if (p->faults[CDR_FAULT_LATE_DUPLICATE] > 0)
        add_u64(state, p->duplicate_delay_s);
    if (p->faults[CDR_FAULT_OUTAGE] > 0)
        add_u64(state, p->outage_hours);
    if (p->faults[CDR_FAULT_OVERSIZE] > 0)
        add_u64(state, p->oversize_bytes);
}

/* Likewise. */
static void add_behaviours(XXH3_state_t *state, const struct cdr_parameters *p)
{
    for (uint32_t kind = 0; kind < CDR_BEHAVIOUR_COUNT; kind++) {
        const char *name = cdr_behaviour_name[kind];
        if (!(p->behaviours[kind] > 0))
            continue;
        XXH3_128bits_update(state, name, strlen(name) + 1);
        add_doubles(state, &p->behaviours[kind], 1);
    }
}

static void add_model(XXH3_state_t *state, const struct cdr_parameters *p)
{
    add_u64(state, CDR_DATA_MODEL_VERSION);
    add_u64(state, p->seed);
    add_u64(state, p->subscribers);
    add_u64(state, (uint64_t)(int64_t)p->start_day);
    add_u64(state, p->partitions);
    add_u64(state, (uint64_t)p->order);
    add_u64(state, (uint64_t)p->call_duration_law);
    add_u64(state, p->small_apns);
    add_u64(state, p->classic_records);
    XXH3_128bits_update(state, p->tz_name, strlen(p->tz_name) + 1);
    add_texts(state, p->prefixes, p->prefix_count);
    add_texts(state, p->offnet_prefixes, p->offnet_prefix_count);
    add_u64(state, p->msisdn_digits);
    add_u64(state, p->mccmnc_count);
    for (uint32_t i = 0; i < p->mccmnc_count; i++)
        add_u64(state, p->mccmnc_pool[i]);
    add_doubles(state, p->records_per_day, CDR_TYPE_COUNT);
    add_shares(state, p);
    add_doubles(state, p->called_numbers, CDR_NUMBER_KIND_COUNT);
    add_doubles(state, p->call_dispositions, CDR_CALL_DISPOSITION_COUNT);
    add_doubles(state, p->sms_status, CDR_SMS_STATUS_COUNT);
    add_doubles(state, p->sms_segments, 3);
    add_doubles(state, p->apn_share, CDR_APN_COUNT);
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        const struct cdr_data_profile *d = &p->data[rat];
        const double profile[] = {d->share,
                                  d->downlink_mean,
                                  d->downlink_sd,
                                  d->uplink_ratio_min,
                                  d->uplink_ratio_max,
                                  d->duration_mean_s,
                                  d->duration_sd_s,
                                  d->cell_share};
        add_doubles(state, profile, sizeof profile / sizeof *profile);
    }
    for (int type = 0; type < CDR_TYPE_COUNT; type++) {
        add_doubles(state, p->diurnal_weekday[type], 24);
        add_doubles(state, p->diurnal_weekend[type], 24);
    }
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        add_doubles(state, p->week[type], 7);
    add_doubles(state, p->seasonality, 12);
    add_special_days(state, p);
    add_u64(state, p->cells);
    add_u64(state, p->duration_max_s);
    add_u64(state, p->faults[CDR_FAULT_LATE] > 0 ? p->late_mean_s : 0);
    add_u64(state, p->faults[CDR_FAULT_LATE] > 0 ? p->late_max_s : 0);
    add_u64(state, p->partial_s);
    if (p->leave_prob > 0) {
        add_doubles(state, &p->leave_prob, 1);
        add_u64(state, p->vacant_days);
    }
    add_world(state, p);
    add_faults(state, p);
    add_behaviours(state, p);
}

/* What is recorded after the start may have begun a week before at most (duration_max and late_max
 * are a day each, and an hour's weight depends on the local day). */
enum { BEFORE_S = 7 * 86400 };

static int32_t offset_at(const struct cdr_calendar *calendar, int64_t utc_s)
{
    return cdr_calendar_slot_at(calendar, utc_s * 1000).offset_min;
}

/* The offset at the start and every change that matters to a record. */
static void add_offsets(XXH3_state_t *state, const struct cdr_model *model)
{
    const struct cdr_calendar *calendar = &model->calendar;
    const int64_t start_s = cdr_calendar_day_start_ms(calendar, model->parameters.start_day) / 1000;
    bool before = false;
    add_u64(state, (uint64_t)(int64_t)offset_at(calendar, start_s));
    for (size_t i = 1; i < calendar->transition_count; i++) { /* the first one is no change */
        const struct cdr_transition *transition = &calendar->transitions[i];
        if (transition->utc_s <= start_s - BEFORE_S)
            continue;
        if (transition->utc_s <= start_s && !before)
            add_u64(state, (uint64_t)(int64_t)offset_at(calendar, start_s - BEFORE_S));
        before = true;
        add_u64(state, (uint64_t)transition->utc_s);
        add_u64(state, (uint64_t)(int64_t)transition->offset_s);
    }
}

void cdr_dataset_id(const struct cdr_model *model, char id[33])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    add_model(&state, &model->parameters);
    add_offsets(&state, model);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(id, 33, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}
