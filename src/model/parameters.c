#include "model/parameters.h"

#include "model/calendar.h"
#include "model/identity.h"

#include <string.h>

static void copy_strings(char (*to)[8], const char *const *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        strncpy(to[i], from[i], 7);
}

static void set_rhythm(struct cdr_parameters *p)
{
    static const double weekday[24] = {.3,  .2,  .15, .1,  .1,  .15, .3,  .6,  1.2, 1.4, 1.3, 1.2,
                                       1.1, 1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.4, 1.2, 1.0, .7,  .5};
    static const double weekend[24] = {.2,  .15, .1,  .1,  .1,  .1,  .2,  .3,  .5,  .8,  1.0, 1.2,
                                       1.3, 1.2, 1.1, 1.0, 1.1, 1.3, 1.4, 1.3, 1.2, 1.0, .6,  .4};
    static const double months[12] = {.95, .9, 1, 1.05, 1.1, 1.15, 1.2, 1.15, 1.05, 1, .95, 1};
    memcpy(p->diurnal_weekday, weekday, sizeof weekday);
    memcpy(p->diurnal_weekend, weekend, sizeof weekend);
    memcpy(p->seasonality, months, sizeof months);
}

#define MEAN(TYPE, word, Record, said, parties, holds, records, causes, mean, ...) mean,
#define MO_SHARE(TYPE, word, Record, said, parties, ...) CDR_PARTIES_##parties != 0 ? 0.5 : 0.0,

void cdr_parameters_default(struct cdr_parameters *parameters)
{
    static const char *const prefixes[] = {"31612", "31613", "31620", "31621"};
    static const char *const offnet[] = {"31610", "31611", "31614", "31615",
                                         "31622", "31627", "31640", "31655"};
    /* One designated initialiser; the larger tables are copied in below. */
    *parameters = (struct cdr_parameters){
        .seed = 42,
        .subscribers = 100000,
        .start_day = 20089, /* 2025-01-01 */
        .days = 1,
        .partitions = 6,
        .order = CDR_ORDER_END,
        .tz_name = "Europe/Amsterdam",
        .prefix_count = 4,
        .offnet_prefix_count = 8,
        .mccmnc_pool = {20408, 20416, 20420},
        .mccmnc_count = 3,
        .records_per_day = {CDR_TYPES(MEAN)},
        .mo_share = {CDR_TYPES(MO_SHARE)},
        .interconnect_share = 0.15,
        .imei_change_prob = 0.02,
        .sim_change_prob = 0.0002,
        .vacant_days = 90,
        .call_dispositions = {.82, .12, .04, .015, .005},
        .call_duration_p50_s = 75,
        .call_duration_p90_s = 240,
        .duration_max_s = 7200,
        .sms_status = {.10, .88, .02},
        .sms_segments = {.85, .13, .02},
        .apn_share = {.8, .1, .1},
        .data = {{.3, 1e6, 0.6e6, .08, .25, 420, 240, .3},
                 {.5, 4e6, 2e6, .1, .3, 300, 180, .5},
                 {.2, 12e6, 8e6, .1, .35, 240, 180, .2}},
        .downlink_min = 2000,
        .uplink_min = 1000,
        .duration_min_s = 5,
        .cells = 2000,
        .cell_center_lat = 52.37,
        .cell_center_lon = 4.895,
        .cell_radius_km = 50,
        .activity_sigma = 0.8,
        .late_mean_s = 600,
        .late_max_s = 7200,
    };
    copy_strings(parameters->prefixes, prefixes, 4);
    copy_strings(parameters->offnet_prefixes, offnet, 8);
    set_rhythm(parameters);
}

struct range {
    const char *key;
    double value, min, max;
};

static enum cdr_result check_ranges(const struct range *ranges, size_t count,
                                    struct cdr_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct range *r = &ranges[i];
        if (!(r->value >= r->min && r->value <= r->max))
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: %.10g is out of range; allowed is %.10g to %.10g", r->key,
                            r->value, r->min, r->max);
    }
    return CDR_OK;
}

static enum cdr_result check_weights(const char *key, const double *weights, size_t count,
                                     struct cdr_error *error)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0 && weights[i] <= 1e6))
            return cdr_fail(error, CDR_E_CONFIG,
                            "%s: %.10g is out of range; a weight is 0 to 1000000", key, weights[i]);
        sum += weights[i];
    }
    if (!(sum > 0))
        return cdr_fail(error, CDR_E_CONFIG, "%s: all weights are 0; at least one must be greater",
                        key);
    return CDR_OK;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define MEAN_RANGE(TYPE, word, Record, said, parties, holds, records, causes, mean, key, ...)      \
    {key, p->records_per_day[CDR_TYPE_##TYPE], 0, 1000},
#define MO_RANGE(TYPE, word, Record, said, parties, ...) MO_RANGE_##parties(TYPE, word)
#define MO_RANGE_ONE(TYPE, word)
#define MO_RANGE_TWO(TYPE, word) {"mo_share_" #word, p->mo_share[CDR_TYPE_##TYPE], 0.01, 1},

static enum cdr_result check_numbers(const struct cdr_parameters *p, struct cdr_error *error)
{
    const struct range ranges[] = {
        {"subs", p->subscribers, 1, CDR_SUBSCRIBERS_MAX},
        {"days", p->days, 1, CDR_DAYS_MAX},
        {"start (days since 1970-01-01)", p->start_day, 7305, 47846},
        {"partitions", p->partitions, 1, CDR_PARTITIONS_MAX},
        CDR_TYPES(MEAN_RANGE)
            CDR_TYPES(MO_RANGE){"interconnect_share", p->interconnect_share, 0, 1},
        {"imei_change_prob", p->imei_change_prob, 0, 1},
        {"sim_change_prob", p->sim_change_prob, 0, 1},
        {"leave_prob", p->leave_prob, 0, 0.1},
        {"vacant_days", p->vacant_days, 1, 365},
        {"call_duration_quantiles.p50", p->call_duration_p50_s, 1, 86400},
        {"call_duration_quantiles.p90", p->call_duration_p90_s, p->call_duration_p50_s, 86400},
        {"duration_max", p->duration_max_s, 60, 86400},
        {"cells", p->cells, CDR_RAT_COUNT, CDR_CELLS_MAX},
        {"cell_center latitude", p->cell_center_lat, -85, 85},
        {"cell_center longitude", p->cell_center_lon, -180, 180},
        {"cell_radius_km", p->cell_radius_km, 0.1, 2000},
        {"activity_sigma", p->activity_sigma, 0, 2},
        {"burst_share", p->burst_share, 0, 0.5},
        {"late_share", p->late_share, 0, 1},
        {"late_mean", p->late_mean_s, 1, 86400},
        {"late_max", p->late_max_s, 0, 86400},
        {"downlink_min", p->downlink_min, 0, 1e9},
        {"uplink_min", p->uplink_min, 0, 1e9},
        {"duration_min", p->duration_min_s, 1, 3600},
    };
    enum cdr_result result = check_ranges(ranges, COUNT(ranges), error);
    if (result == CDR_OK && p->leave_prob > 0 && p->leave_prob < 1e-6)
        result = cdr_fail(error, CDR_E_CONFIG,
                          "leave_prob: %.10g is out of range; allowed is 0 (never) or 0.000001 to "
                          "0.1",
                          p->leave_prob);
    if (result == CDR_OK && p->partial_s != 0 && (p->partial_s < 60 || p->partial_s > 86400))
        result = cdr_fail(error, CDR_E_CONFIG,
                          "partial: %u s is out of range; allowed is 0 (never) or 60 to 86400",
                          p->partial_s);
    if (result == CDR_OK && p->partial_s != 0 && p->duration_max_s / p->partial_s > 999)
        result = cdr_fail(
            error, CDR_E_CONFIG,
            "partial: %u s would cut a session of duration_max %u s into more than 1000 records",
            p->partial_s, p->duration_max_s);
    return result;
}

static enum cdr_result check_profiles(const struct cdr_parameters *p, struct cdr_error *error)
{
    static const char *const names[CDR_RAT_COUNT] = {"WCDMA", "LTE", "NR"};
    double share = 0;
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        const struct cdr_data_profile *d = &p->data[rat];
        const struct range ranges[] = {
            {"share", d->share, 0, 1e6},
            {"downlink_mean", d->downlink_mean, 0, 1e12},
            {"downlink_sd", d->downlink_sd, 0, 1e12},
            {"uplink_ratio_min", d->uplink_ratio_min, 0, 10},
            {"uplink_ratio_max", d->uplink_ratio_max, d->uplink_ratio_min, 10},
            {"duration_mean", d->duration_mean_s, 1, 86400},
            {"duration_sd", d->duration_sd_s, 0, 86400},
            {"cell_share", d->cell_share, 0, 1e6},
        };
        struct cdr_error inner = {0};
        if (check_ranges(ranges, COUNT(ranges), &inner) != CDR_OK)
            return cdr_fail(error, CDR_E_CONFIG, "data.%s.%s", names[rat], inner.text);
        if (d->share > 0 && !(d->cell_share > 0))
            return cdr_fail(error, CDR_E_CONFIG,
                            "data.%s.cell_share: must be above 0 where data.%s.share is",
                            names[rat], names[rat]);
        share += d->share;
    }
    if (!(share > 0))
        return cdr_fail(error, CDR_E_CONFIG,
                        "data: the share of every technology is 0; at least one must be greater");
    return CDR_OK;
}

#define MEAN_KEY(TYPE, word, Record, said, parties, holds, records, causes, mean, key, ...) key

static enum cdr_result check_means(const struct cdr_parameters *p, struct cdr_error *error)
{
    double records = 0;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        records += p->records_per_day[type];
    if (records > 0)
        return CDR_OK;
    return cdr_fail(
        error, CDR_E_CONFIG,
        CDR_TYPES_JOINED(MEAN_KEY, ", ", " and ") " are all 0; at least one must be greater");
}

static enum cdr_result check_tables(const struct cdr_parameters *p, struct cdr_error *error)
{
    enum cdr_result result =
        check_weights("call_dispositions", p->call_dispositions, CDR_CALL_DISPOSITION_COUNT, error);
    if (result == CDR_OK)
        result = check_weights("sms_status", p->sms_status, CDR_SMS_STATUS_COUNT, error);
    if (result == CDR_OK)
        result = check_weights("sms_segments", p->sms_segments, 3, error);
    if (result == CDR_OK)
        result = check_weights("apn_share", p->apn_share, CDR_APN_COUNT, error);
    if (result == CDR_OK)
        result = check_weights("diurnal_weekday", p->diurnal_weekday, 24, error);
    if (result == CDR_OK)
        result = check_weights("diurnal_weekend", p->diurnal_weekend, 24, error);
    for (int i = 0; result == CDR_OK && i < 12; i++) {
        const struct range month = {"seasonality", p->seasonality[i], 0, 100};
        result = check_ranges(&month, 1, error);
    }
    for (uint32_t i = 0; result == CDR_OK && i < p->special_day_count; i++) {
        const struct range day = {"special_days", p->special_days[i].multiplier, 0, 100};
        result = check_ranges(&day, 1, error);
    }
    return result == CDR_OK ? check_means(p, error) : result;
}

enum cdr_result cdr_parameters_check(const struct cdr_parameters *parameters,
                                     struct cdr_error *error)
{
    enum cdr_result result = check_numbers(parameters, error);
    if (result == CDR_OK)
        result = check_profiles(parameters, error);
    if (result == CDR_OK)
        result = check_tables(parameters, error);
    if (result == CDR_OK)
        result = cdr_identity_check(parameters, error);
    return result;
}
