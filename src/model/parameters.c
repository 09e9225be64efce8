#include "model/parameters.h"

#include "model/calendar.h"
#include "model/behaviour.h"
#include "model/fault.h"
#include "model/identity.h"

#include <string.h>

static void copy_strings(char (*to)[8], const char *const *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        strncpy(to[i], from[i], 7);
}

/* Calls have two peaks of the working day, messages a longer evening, sessions a night. */
static void set_rhythm(struct cdr_parameters *p)
{
    static const double weekday[CDR_TYPE_COUNT][24] = {
        {.25,  .16,  .10,  .07,  .07,  .11,  .21,  .42,  .82,  1.25, 1.50, 1.50,
         1.35, 1.30, 1.40, 1.45, 1.55, 1.70, 1.60, 1.35, 1.10, .85,  .58,  .38},
        {.45,  .31,  .21,  .14,  .10,  .13,  .24,  .46,  .82,  1.10, 1.20, 1.25,
         1.25, 1.20, 1.20, 1.25, 1.35, 1.45, 1.50, 1.45, 1.40, 1.25, .95,  .66},
        {.65,  .45,  .33,  .28,  .28,  .35,  .60,  .95,  1.05, 1.05, 1.05, 1.08,
         1.15, 1.12, 1.10, 1.15, 1.25, 1.32, 1.30, 1.32, 1.40, 1.45, 1.35, 1.00}};
    static const double weekend[CDR_TYPE_COUNT][24] = {
        {.32,  .22,  .15,  .10,  .08,  .09,  .15,  .28,  .52,  .85, 1.10, 1.25,
         1.30, 1.25, 1.20, 1.20, 1.25, 1.40, 1.45, 1.30, 1.10, .85, .63,  .46},
        {.58,  .41,  .28,  .19,  .13,  .13,  .20,  .36,  .60,  .85,  1.05, 1.20,
         1.25, 1.20, 1.15, 1.15, 1.20, 1.30, 1.40, 1.40, 1.35, 1.25, 1.05, .80},
        {.85,  .65,  .48,  .38,  .32,  .30,  .36,  .50,  .70,  .88,  1.02, 1.12,
         1.18, 1.18, 1.15, 1.18, 1.22, 1.28, 1.30, 1.34, 1.40, 1.45, 1.38, 1.15}};
    /* People call less at weekends, above all on Sundays, and are online more. */
    static const double week[CDR_TYPE_COUNT][7] = {{1.06, 1.07, 1.07, 1.07, 1.12, .88, .73},
                                                   {1.02, 1.03, 1.03, 1.03, 1.07, .96, .86},
                                                   {.967, .967, .967, .967, .98, 1.07, 1.082}};
    static const double months[12] = {.95, .9, 1, 1.05, 1.1, 1.15, 1.2, 1.15, 1.05, 1, .95, 1};
    memcpy(p->diurnal_weekday, weekday, sizeof weekday);
    memcpy(p->diurnal_weekend, weekend, sizeof weekend);
    memcpy(p->week, week, sizeof week);
    memcpy(p->seasonality, months, sizeof months);
}

#define MEAN(TYPE, word, Record, said, parties, holds, records, causes, mean, ...) mean,
#define MO_SHARE(TYPE, word, Record, said, parties, ...) CDR_PARTIES_##parties != 0 ? 0.5 : 0.0,

void cdr_parameters_default(struct cdr_parameters *parameters)
{
    static const char *const prefixes[] = {"3161", "3162"};
    static const char *const offnet[] = {"3163", "3164", "3165", "3168"};
    /* One designated initialiser; the larger tables are copied in below. */
    *parameters = (struct cdr_parameters){
        .seed = 42,
        .subscribers = 100000,
        .start_day = 20089, /* 2025-01-01 */
        .days = 1,
        .partitions = 6,
        .order = CDR_ORDER_END,
        .tz_name = "Europe/Amsterdam",
        .prefix_count = 2,
        .offnet_prefix_count = 4,
        .msisdn_digits = 11,
        .mccmnc_pool = {20408},
        .mccmnc_count = 1,
        .records_per_day = {CDR_TYPES(MEAN)},
        .mo_share = {CDR_TYPES(MO_SHARE)},
        .application_share = 0.6,
        .interconnect_share = 0.15,
        .imei_change_prob = 0.00097,
        .sim_change_prob = 0.0002,
        .vacant_days = 90,
        .called_numbers = {.5545, .25, .06, .03, .06, .04, .005, .0005},
        .call_dispositions = {.74, .20, .04, .015, .005},
        .call_duration_p50_s = 60,
        .call_duration_p90_s = 248,
        .call_duration_user_sigma = 0.5,
        .duration_max_s = 7200,
        .sms_status = {.10, .88, .02},
        .sms_segments = {.85, .13, .02},
        .apn_share = {.959, .04, .001},
        .data = {{.06, 4.5e6, 1.1e6, .08, .25, 420, 140, .4},
                 {.64, 14e6, 3.5e6, .1, .3, 300, 100, .4},
                 {.3, 42e6, 12e6, .1, .35, 240, 80, .2}},
        .downlink_min = 2000,
        .uplink_min = 1000,
        .duration_min_s = 5,
        .small_apns = true,
        .session_sigma = 2.08,
        .user_sigma = 1.3,
        .cells = 2000,
        .cell_center_lat = 52.37,
        .cell_center_lon = 4.895,
        .cell_radius_km = 50,
        .activity_sigma = 0.8,
        .trains = 1,
        .late_mean_s = 600,
        .late_max_s = 7200,
        .duplicate_copies = 1,
        .duplicate_delay_s = 600,
        .outage_hours = 1,
        .oversize_bytes = 100000,
    };
    copy_strings(parameters->prefixes, prefixes, 2);
    copy_strings(parameters->offnet_prefixes, offnet, 4);
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
        {"application_share", p->application_share, 0, 1},
        {"msisdn_digits", p->msisdn_digits, 10, 15},
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
        {"trains", p->trains, 0, 1},
        {"late_share", p->faults[CDR_FAULT_LATE], 0, 1},
        {"late_mean", p->late_mean_s, 1, 86400},
        {"late_max", p->late_max_s, 0, 86400},
        {"duplicate_copies", p->duplicate_copies, 1, CDR_FAULT_COPIES_MAX},
        {"duplicate_delay", p->duplicate_delay_s, 1, 86400},
        {"outage_hours", p->outage_hours, 1, CDR_OUTAGE_HOURS_MAX},
        {"oversize_bytes", p->oversize_bytes, CDR_OVERSIZE_MIN, CDR_OVERSIZE_MAX},
        {"downlink_min", p->downlink_min, 0, 1e9},
        {"uplink_min", p->uplink_min, 0, 1e9},
        {"duration_min", p->duration_min_s, 1, 3600},
        {"data.session_sigma", p->session_sigma, 0, 3},
        {"data.user_sigma", p->user_sigma, 0, 3},
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
        result = check_weights("called_numbers", p->called_numbers, CDR_NUMBER_KIND_COUNT, error);
    if (result == CDR_OK)
        result = check_weights("sms_status", p->sms_status, CDR_SMS_STATUS_COUNT, error);
    if (result == CDR_OK)
        result = check_weights("sms_segments", p->sms_segments, 3, error);
    if (result == CDR_OK)
        result = check_weights("apn_share", p->apn_share, CDR_APN_COUNT, error);
    static const char *const weekday[] = {"diurnal_weekday.call", "diurnal_weekday.sms",
                                          "diurnal_weekday.data"},
                             *const weekend[] = {"diurnal_weekend.call", "diurnal_weekend.sms",
                                                 "diurnal_weekend.data"},
                             *const weeks[] = {"week.call", "week.sms", "week.data"},
                             *const days[] = {"special_days_call", "special_days_sms",
                                              "special_days_data"};
    for (int type = 0; result == CDR_OK && type < CDR_TYPE_COUNT; type++) {
        result = check_weights(weekday[type], p->diurnal_weekday[type], 24, error);
        if (result == CDR_OK)
            result = check_weights(weekend[type], p->diurnal_weekend[type], 24, error);
    }
    for (int i = 0; result == CDR_OK && i < 7 * CDR_TYPE_COUNT; i++) {
        const struct range factor = {weeks[i / 7], p->week[i / 7][i % 7], 0, 100};
        result = check_ranges(&factor, 1, error);
    }
    for (int i = 0; result == CDR_OK && i < 12; i++) {
        const struct range month = {"seasonality", p->seasonality[i], 0, 100};
        result = check_ranges(&month, 1, error);
    }
    for (uint32_t i = 0; result == CDR_OK && i < p->special_day_count; i++) {
        const struct range day = {"special_days", p->special_days[i].multiplier, 0, 100};
        result = check_ranges(&day, 1, error);
    }
    for (int type = 0; type < CDR_TYPE_COUNT; type++)
        for (uint32_t i = 0; result == CDR_OK && i < p->type_day_count[type]; i++) {
            const struct range day = {days[type], p->type_days[type][i].multiplier, 0, 100};
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
    if (result == CDR_OK)
        result = cdr_faults_check(parameters, error);
    if (result == CDR_OK)
        result = cdr_behaviours_check(parameters, error);
    return result;
}
