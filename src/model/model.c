#include "model/model.h"

#include "base/math.h"
#include "model/dataset.h"
#include "model/event.h"
#include "model/loops.h"
#include "model/streams.h"

#include <stdlib.h>

static double most(const double *values, int count)
{
    double largest = 0;
    for (int i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    return largest;
}

static void init_hours(struct cdr_model *model)
{
    const double *weights[2] = {model->parameters.diurnal_weekday,
                                model->parameters.diurnal_weekend};
    for (int weekend = 0; weekend < 2; weekend++) {
        double sum = 0;
        for (int hour = 0; hour < 24; hour++)
            sum += weights[weekend][hour];
        for (int hour = 0; hour < 24; hour++)
            model->hour_share[weekend][hour] = weights[weekend][hour] / sum;
    }
}

static double offnet_share(double interconnect, double mo)
{
    double least = 1 - (1 - mo) / mo;
    return interconnect > least ? interconnect : least;
}

static void init_kinds(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    double rates[2 * CDR_TYPE_COUNT] = {0};
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        double records = p->records_per_day[type], mo = p->mo_share[type];
        if (!cdr_type_has(type, CDR_HOLDS_OTHER)) {
            rates[2 * type] = records;
            continue;
        }
        double share = offnet_share(p->interconnect_share, mo);
        double incoming = (1 - mo) * records - (1 - share) * mo * records;
        rates[2 * type] = mo * records;
        rates[2 * type + 1] = incoming > 1e-12 ? incoming : 0;
        model->offnet_below[type] = cdr_share_threshold(share);
    }
    model->events_per_day = 0;
    for (int kind = 0; kind < CDR_EVENT_KINDS; kind++)
        model->events_per_day += rates[kind];
    cdr_thresholds_init(model->kind_below, rates, CDR_EVENT_KINDS);
}

struct lognormal {
    double mu, sigma, most;
};

static double lognormal_quantile(const void *state, double p)
{
    const struct lognormal *l = state;
    double value = cdr_exp(l->mu + l->sigma * cdr_normal_quantile(p));
    return CDR_DURATION_SCALE * (value < l->most ? value : l->most);
}

static double normal_quantile(const void *state, double p)
{
    (void)state;
    return (cdr_normal_quantile(p) + 8) * 65536;
}

static double delay_quantile(const void *state, double p)
{
    const struct cdr_parameters *parameters = state;
    double value = -cdr_log(1 - p) * parameters->late_mean_s;
    return CDR_DURATION_SCALE * (value < parameters->late_max_s ? value : parameters->late_max_s);
}

static void init_durations(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    /* p90 = p50 · exp(sigma · z90) */
    double mu = cdr_log(p->call_duration_p50_s);
    struct lognormal call = {.mu = mu,
                             .sigma =
                                 (cdr_log(p->call_duration_p90_s) - mu) / cdr_normal_quantile(0.9),
                             .most = p->duration_max_s};
    cdr_quantiles_init(model->call_duration, lognormal_quantile, &call);
    cdr_quantiles_init(model->normal, normal_quantile, NULL);
    cdr_quantiles_init(model->delay, delay_quantile, p);
    model->late_below = cdr_share_threshold(p->late_share);
}

static void init_data(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    struct cdr_data_columns *columns = &model->data_columns;
    double shares[CDR_RAT_COUNT];
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        const struct cdr_data_profile *profile = &p->data[rat];
        shares[rat] = profile->share;
        columns->downlink_mean[rat] = (int64_t)profile->downlink_mean;
        columns->downlink_sd[rat] = (int64_t)profile->downlink_sd;
        columns->ratio_min[rat] = (uint32_t)(profile->uplink_ratio_min * 65536 + 0.5);
        columns->ratio_span[rat] =
            (uint32_t)((profile->uplink_ratio_max - profile->uplink_ratio_min) * 65536 + 0.5);
        columns->duration_mean[rat] =
            (int32_t)(profile->duration_mean_s * CDR_DURATION_SCALE + 0.5);
        columns->duration_sd[rat] = (int32_t)(profile->duration_sd_s * CDR_DURATION_SCALE + 0.5);
    }
    cdr_thresholds_init(model->rat_below, shares, CDR_RAT_COUNT);
    model->downlink_min = (int64_t)p->downlink_min;
    model->uplink_min = (int64_t)p->uplink_min;
    model->duration_min_s = (int64_t)p->duration_min_s;
    model->duration_max_s = p->duration_max_s;
}

/* The tables of counts have a bound, so that a slot's events can be named by 11 bits. */
static enum cdr_result check_rate(const struct cdr_model *model, struct cdr_error *error)
{
    const struct cdr_parameters *p = &model->parameters;
    double special = 1;
    for (uint32_t i = 0; i < p->special_day_count; i++)
        special = p->special_days[i].multiplier > special ? p->special_days[i].multiplier : special;
    double mean = model->events_per_day * most(&model->hour_share[0][0], 48) *
                  most(p->seasonality, 12) * special *
                  most(model->traits.activity, CDR_ACTIVITY_CLASSES) * cdr_burst_factor(p, 1);
    if (mean > CDR_EVENTS_PER_SLOT_MEAN_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "the most active subscribers would have %.0f events in their busiest hour; "
                        "at most %.0f can be counted: lower "
                        "avg_*_per_user, special_days, activity_sigma or burst (raise burst_share)",
                        mean, CDR_EVENTS_PER_SLOT_MEAN_MAX);
    return CDR_OK;
}

enum cdr_result cdr_model_create(struct cdr_model **out, const struct cdr_parameters *parameters,
                                 struct cdr_error *error)
{
    *out = NULL;
    struct cdr_model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the model");
    model->parameters = *parameters;
    model->loops = cdr_loops_of(cdr_level_best());
    model->event_stream = cdr_stream(parameters->seed, CDR_STREAM_EVENT);
    model->count_stream = cdr_stream(parameters->seed, CDR_STREAM_COUNT_);
    model->offnet_stream = cdr_stream(parameters->seed, CDR_STREAM_OFFNET);
    init_hours(model);
    init_kinds(model);
    init_durations(model);
    init_data(model);
    cdr_thresholds_init(model->disposition_below, parameters->call_dispositions,
                        CDR_CALL_DISPOSITION_COUNT);
    cdr_thresholds_init(model->status_below, parameters->sms_status, CDR_SMS_STATUS_COUNT);
    cdr_thresholds_init(model->segments_below, parameters->sms_segments, 3);
    cdr_thresholds_init(model->apn_below, parameters->apn_share, CDR_APN_COUNT);
    cdr_identities_init(&model->identities, parameters);
    cdr_traits_init(&model->traits, parameters);
    enum cdr_result result = check_rate(model, error);
    if (result == CDR_OK)
        result = cdr_calendar_create(&model->calendar, parameters->tz_name, parameters->start_day,
                                     error);
    if (result == CDR_OK)
        result = cdr_cells_create(&model->cells, parameters, error);
    if (result == CDR_OK)
        result = cdr_contacts_create(&model->contacts, parameters, &model->traits, error);
    if (result == CDR_OK)
        cdr_dataset_id(model, model->dataset_id);
    if (result == CDR_OK)
        *out = model;
    else
        cdr_model_destroy(model);
    return result;
}

void cdr_model_destroy(struct cdr_model *model)
{
    if (model == NULL)
        return;
    cdr_calendar_free(&model->calendar);
    cdr_cells_free(&model->cells);
    cdr_contacts_free(&model->contacts);
    free(model);
}

/* Of a local day: month × special day. */
static double day_multiplier(const struct cdr_model *model, int32_t day)
{
    const struct cdr_parameters *p = &model->parameters;
    double multiplier = p->seasonality[cdr_date_of_day(day).month - 1];
    for (uint32_t i = 0; i < p->special_day_count; i++)
        if (p->special_days[i].day == day)
            multiplier *= p->special_days[i].multiplier;
    return multiplier;
}

double cdr_slot_rate(const struct cdr_model *model, const struct cdr_slot *slot)
{
    return model->events_per_day * model->hour_share[cdr_is_weekend(slot->day)][slot->hour] *
           day_multiplier(model, slot->day) * ((double)slot->duration_ms / 3600000.0);
}

/* Of a number, on a plain day. */
static double records_per_day(const struct cdr_parameters *p)
{
    const double present = cdr_present_share(p), *mo = p->mo_share;
    double records = 0;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        double onnet = 0;
        if (cdr_type_has(type, CDR_HOLDS_OTHER))
            onnet = 2 * mo[type] * (1 - offnet_share(p->interconnect_share, mo[type]));
        records += p->records_per_day[type] * present * (1 - onnet * (1 - present));
    }
    return records;
}

double cdr_expected_records(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    double records = 0;
    struct cdr_slot slot = cdr_calendar_slot_at(
        &model->calendar, cdr_calendar_day_start_ms(&model->calendar, p->start_day));
    double mean = records_per_day(p);
    for (; slot.day < p->start_day + (int32_t)p->days;
         slot = cdr_calendar_next(&model->calendar, &slot))
        records += cdr_slot_rate(model, &slot) / model->events_per_day * mean;
    return records * p->subscribers;
}
