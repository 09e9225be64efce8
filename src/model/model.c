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
    const struct cdr_parameters *p = &model->parameters;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        const double *weights[2] = {p->diurnal_weekday[type], p->diurnal_weekend[type]};
        for (int weekend = 0; weekend < 2; weekend++) {
            double sum = 0;
            for (int hour = 0; hour < 24; hour++)
                sum += weights[weekend][hour];
            for (int hour = 0; hour < 24; hour++)
                model->hour_share[type][weekend][hour] = weights[weekend][hour] / sum;
        }
    }
}

/* reached: share of MO events that give the called subscriber a record. */
static double offnet_share(double interconnect, double mo, double reached)
{
    double least = reached > 0 ? 1 - (1 - mo) / (mo * reached) : 0;
    return interconnect > least ? interconnect : least;
}

/* Of the messages that fail, half are refused when they are sent, the others are not delivered. */
static void sms_outcomes(const struct cdr_parameters *p, double *weights)
{
    const double refused = p->classic_records ? 0 : p->sms_status[CDR_SMS_FAILED] / 2;
    weights[CDR_SMS_SENT] = p->sms_status[CDR_SMS_SENT];
    weights[CDR_SMS_DELIVERED] = p->sms_status[CDR_SMS_DELIVERED];
    weights[CDR_SMS_FAILED] = p->sms_status[CDR_SMS_FAILED] - refused;
    weights[CDR_SMS_REFUSED] = refused;
}

static double sms_reached(const struct cdr_parameters *p)
{
    double weights[CDR_SMS_OUTCOME_COUNT], sum = 0;
    sms_outcomes(p, weights);
    for (int i = 0; i < CDR_SMS_OUTCOME_COUNT; i++)
        sum += weights[i];
    return 1 - weights[CDR_SMS_REFUSED] / sum;
}

/* Calls that fail or meet congestion do not reach the called party. */
static double reached_share(const struct cdr_parameters *p, uint32_t type)
{
    if (type != CDR_TYPE_CALL)
        return type == CDR_TYPE_SMS ? sms_reached(p) : 1;
    double sum = 0,
           lost = p->call_dispositions[CDR_CALL_FAILED] + p->call_dispositions[CDR_CALL_CONGESTION];
    for (int i = 0; i < CDR_CALL_DISPOSITION_COUNT; i++)
        sum += p->call_dispositions[i];
    return 1 - lost / sum;
}

/* What trains are made from, calls and messages. */
static const struct train_law {
    double alone;  /* share of trains of one */
    double beta;   /* P(k) ~ k^-beta from 2 on */
    uint32_t most; /* k at most */
    double redial; /* chance of another after a call that was not answered, at least */
    double same;   /* the next is with the same party */
    double reply;  /* and the other way round */
    double gap_s, gap_sigma;
    double of_day; /* share of trains with the one contact that the day is about */
} train_laws[2] = {{.988, 3.2, 32, .40, .85, .25, 60, 1.0, .25},
                   {.70, 2.0, 16, 0, .97, .65, 37, 1.2, 0}};

/* Chances that a train of k events has another. */
static void hazards(const struct train_law *law, double scale, double *hazard)
{
    double share[CDR_TRAIN_MAX + 2] = {0}, sum = 0, above = 1;
    for (uint32_t k = 2; k <= law->most; k++)
        sum += share[k] = cdr_exp(-law->beta * cdr_log(k));
    for (uint32_t k = 2; k <= law->most; k++)
        share[k] *= (1 - law->alone) / sum;
    share[1] = law->alone;
    for (uint32_t k = 1; k <= CDR_TRAIN_MAX; k++) {
        double more = above - share[k];
        hazard[k] = k < law->most && above > 1e-12 ? scale * more / above : 0;
        above = more > 0 ? more : 0;
    }
}

/* Mean events of a train, and the share of them that go the other way than its first. */
struct train_means {
    double events, turned;
};

static struct train_means init_train(struct cdr_trains *trains, const struct train_law *law,
                                     double scale, double unanswered)
{
    double hazard[CDR_TRAIN_MAX + 1], alive = 1, turned = 0, redial = scale * law->redial;
    struct train_means means = {0, 0};
    hazards(law, scale, hazard);
    for (uint32_t k = 1; k <= CDR_TRAIN_MAX; k++) {
        double again = hazard[k] > redial || k >= law->most ? hazard[k] : redial;
        trains->goes_on[0][k] = cdr_share_threshold(hazard[k]);
        trains->goes_on[1][k] = cdr_share_threshold(again);
        means.events += alive;
        means.turned += alive * turned;
        double answered = (1 - unanswered) * hazard[k], redialled = unanswered * again;
        double goes_on = answered + redialled;
        if (goes_on <= 0)
            break;
        double turns = law->same * (turned * (1 - law->reply) + (1 - turned) * law->reply);
        turned = (answered * turns + redialled * turned) / goes_on;
        alive *= goes_on;
    }
    means.turned /= means.events;
    trains->of_day_below = cdr_share_threshold(scale * law->of_day);
    trains->same_below[0] = cdr_share_threshold(law->same);
    trains->same_below[1] = cdr_share_threshold(law->redial > 0 ? 1 : law->same);
    return means;
}

struct gap_law {
    double mu, sigma;
};

static double gap_quantile(const void *state, double p)
{
    const struct gap_law *law = state;
    double value = cdr_exp(law->mu + law->sigma * cdr_normal_quantile(p));
    return CDR_DURATION_SCALE * (value < CDR_TRAIN_SPAN_S ? value : CDR_TRAIN_SPAN_S);
}

/* Messages a day that applications send: as many as configured, or as replies from other networks
 * leave room for. Nobody replies to an application. */
static double applications(const struct cdr_parameters *p, uint32_t type, double in, double out,
                           double turned)
{
    double most_of_them = in - out * turned / (1 - turned);
    if (type != CDR_TYPE_SMS || most_of_them <= 0)
        return 0;
    return p->application_share * in < most_of_them ? p->application_share * in : most_of_them;
}

/* Replies turn calls to other networks into calls from them and back, so what trains begin with is
 * chosen so that the totals are as configured; where that cannot be, there are no such replies. */
static void init_type(struct cdr_model *model, uint32_t type)
{
    const struct cdr_parameters *p = &model->parameters;
    const struct train_law *law = &train_laws[type];
    struct cdr_trains *trains = &model->trains[type];
    double mo = p->mo_share[type];
    double records = p->records_per_day[type], reached = reached_share(p, type);
    double share = offnet_share(p->interconnect_share, mo, reached);
    double onnet = (1 - share) * mo * records, out = share * mo * records;
    double in = (1 - mo) * records - onnet * reached, sum = 0;
    for (int i = 0; i < CDR_CALL_DISPOSITION_COUNT; i++)
        sum += p->call_dispositions[i];
    double answered = p->call_dispositions[CDR_CALL_ANSWERED] / sum;
    struct train_means means =
        init_train(trains, law, p->trains, type == CDR_TYPE_CALL ? 1 - answered : 0);
    in = in > 1e-12 ? in : 0;
    const double turned = means.turned, spread = 1 - 2 * turned;
    double written = applications(p, type, in, out, turned), others = in - written;
    double first_out = (out * (1 - turned) - others * turned) / spread;
    double first_in = (others * (1 - turned) - out * turned) / spread;
    bool replies = first_out >= 0 && first_in >= -1e-12;
    written = replies ? written : p->application_share * in;
    out = replies ? first_out : out;
    in = replies ? (first_in > 0 ? first_in : 0) + written : in;
    /* A call back from a subscriber would be one that its own calls know nothing of. */
    trains->reply_below[0] = type == CDR_TYPE_SMS ? cdr_share_threshold(law->reply) : 0;
    trains->reply_below[1] = replies ? cdr_share_threshold(law->reply) : 0;
    double all = onnet + out + in;
    model->seeds_per_day[type] = all / means.events;
    trains->incoming_below = cdr_share_threshold(all > 0 ? in / all : 0);
    double offnet = onnet + out > 0 ? out / (onnet + out) : 0;
    model->offnet_below[type] = cdr_share_threshold(offnet);
    if (type == CDR_TYPE_SMS)
        model->application_below = cdr_share_threshold(in > 0 ? written / in : 0);
    else
        model->service_below = cdr_share_threshold(offnet * model->number_plan.services);
    struct gap_law gap = {cdr_log(law->gap_s), law->gap_sigma};
    cdr_quantiles_init(trains->gap, gap_quantile, &gap);
}

static void init_kinds(struct cdr_model *model)
{
    for (uint32_t type = 0; type < 2; type++)
        init_type(model, type);
    model->seeds_per_day[CDR_TYPE_DATA] = model->parameters.records_per_day[CDR_TYPE_DATA];
}

struct loglogistic {
    double scale, shape, most;
};

static double loglogistic_quantile(const void *state, double p)
{
    const struct loglogistic *l = state;
    double value = l->scale * cdr_exp(cdr_log(p / (1 - p)) / l->shape);
    return CDR_DURATION_SCALE * (value < l->most ? value : l->most);
}

struct lognormal {
    double median, sigma, most;
};

static double lognormal_quantile(const void *state, double p)
{
    const struct lognormal *l = state;
    double value = l->median * cdr_exp(l->sigma * cdr_normal_quantile(p));
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

static double copy_delay_quantile(const void *state, double p)
{
    const struct cdr_parameters *parameters = state;
    const double value = -cdr_log(1 - p) * parameters->duplicate_delay_s;
    const double most = cdr_copy_delay_max_s(parameters);
    return CDR_DURATION_SCALE * (value < most ? value : most);
}

/* A median of 3 s; one of fifty waits until the phone is reachable again, for an hour at most: the
 * law has no more, so that no value stands out. */
static double sms_delay_quantile(const void *state, double p)
{
    (void)state;
    const double at_once = 0.98, longest_at_once = 40, mean_wait = 1200;
    if (p >= at_once) {
        const double all = 1 - cdr_exp((longest_at_once - CDR_SMS_DELAY_MAX_S) / mean_wait);
        double value =
            longest_at_once - mean_wait * cdr_log(1 - all * (p - at_once) / (1 - at_once));
        return CDR_DURATION_SCALE * (value < CDR_SMS_DELAY_MAX_S ? value : CDR_SMS_DELAY_MAX_S);
    }
    /* 0.9952 of those with a median of 3 s are below 40 s. */
    double value = 3 * cdr_exp(cdr_normal_quantile(0.9952 * p / at_once));
    return CDR_DURATION_SCALE * (value < longest_at_once ? value : longest_at_once);
}

static void init_durations(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    /* p90 = p50 · 9^(1 / shape). The tail is cut by duration_max_s where the subscriber's own scale
     * is known; the table's steps have a bound. */
    double ratio = p->call_duration_p90_s / p->call_duration_p50_s;
    struct loglogistic call = {p->call_duration_p50_s,
                               ratio > 1.001 ? cdr_log(9) / cdr_log(ratio) : 2000,
                               p->duration_max_s};
    struct lognormal other = {p->call_duration_p50_s, cdr_log(ratio) / cdr_normal_quantile(0.9),
                              p->duration_max_s};
    if (p->call_duration_law == CDR_LAW_LOGNORMAL)
        cdr_quantiles_init(model->call_duration, lognormal_quantile, &other);
    else
        cdr_quantiles_init(model->call_duration, loglogistic_quantile, &call);
    model->talk_spread = (int32_t)(p->call_duration_user_sigma * CDR_EXP2_CELLS / cdr_log(2) + 0.5);
    cdr_quantiles_init(model->normal, normal_quantile, NULL);
    cdr_quantiles_init(model->delay, delay_quantile, p);
    if (p->faults[CDR_FAULT_LATE_DUPLICATE] > 0)
        cdr_quantiles_init(model->copy_delay, copy_delay_quantile, p);
    cdr_quantiles_init(model->sms_delay, sms_delay_quantile, NULL);
    for (uint32_t i = 0; i < CDR_EXP2_CELLS; i++)
        model->exp2[i] = (uint32_t)(cdr_exp(i * cdr_log(2) / CDR_EXP2_CELLS) * 1048576 + 0.5);
    model->late_below = cdr_share_threshold(p->faults[CDR_FAULT_LATE]);
}

/* Who sends a message gets to know that it was taken, and who it is for, that it came. */
static void init_messages(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    double weights[CDR_SMS_OUTCOME_COUNT];
    sms_outcomes(p, weights);
    cdr_thresholds_init(model->sms_below, weights, CDR_SMS_OUTCOME_COUNT);
    for (uint32_t outcome = 0; outcome < CDR_SMS_OUTCOME_COUNT; outcome++) {
        uint32_t *sender = &model->sms_status[outcome],
                 *receiver = &model->sms_status[CDR_SMS_OUTCOME_COUNT + outcome];
        *sender = outcome == CDR_SMS_REFUSED ? CDR_SMS_FAILED : CDR_SMS_SENT;
        if (p->classic_records)
            *sender = outcome == CDR_SMS_REFUSED ? CDR_SMS_FAILED : outcome;
        *receiver = outcome < CDR_SMS_FAILED ? CDR_SMS_DELIVERED : CDR_SMS_FAILED;
    }
}

static void init_data(struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    struct cdr_data_columns *columns = &model->data_columns;
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) {
        const struct cdr_data_profile *profile = &p->data[rat];
        columns->downlink_mean[rat] = (int64_t)profile->downlink_mean;
        columns->downlink_sd[rat] = (int64_t)profile->downlink_sd;
        columns->ratio_min[rat] = (uint32_t)(profile->uplink_ratio_min * 65536 + 0.5);
        columns->ratio_span[rat] =
            (uint32_t)((profile->uplink_ratio_max - profile->uplink_ratio_min) * 65536 + 0.5);
        columns->duration_mean[rat] =
            (int32_t)(profile->duration_mean_s * CDR_DURATION_SCALE + 0.5);
        columns->duration_sd[rat] = (int32_t)(profile->duration_sd_s * CDR_DURATION_SCALE + 0.5);
    }
    const double doubling = CDR_EXP2_CELLS / cdr_log(2);
    double variance = p->session_sigma * p->session_sigma + p->user_sigma * p->user_sigma;
    model->session_spread = (int32_t)(p->session_sigma * doubling + 0.5);
    model->user_spread = (int32_t)(p->user_sigma * doubling + 0.5);
    model->mean_shift = (int32_t)(variance / 2 * doubling + 0.5);
    model->user_key = (uint32_t)(model->habit_stream >> 32);
    model->downlink_min = (int64_t)p->downlink_min;
    model->uplink_min = (int64_t)p->uplink_min;
    model->duration_min_s = (int64_t)p->duration_min_s;
    model->duration_max_s = p->duration_max_s;
}

static bool is_holiday(const struct cdr_model *model, int32_t day)
{
    return cdr_is_holiday(model->parameters.holidays, model->parameters.holiday_count, day);
}

static double product_of(const struct cdr_special_day *days, uint32_t count, int32_t day,
                         uint32_t hour)
{
    double product = 1;
    for (uint32_t i = 0; i < count; i++)
        if (days[i].day == day && days[i].hour == hour)
            product *= days[i].multiplier;
    return product;
}

/* Of all hours of a day (hour 0), or of one of them beside (struct cdr_special_day). */
static double special(const struct cdr_parameters *p, int32_t day, uint32_t hour, uint32_t type)
{
    return product_of(p->special_days, p->special_day_count, day, hour) *
           product_of(p->type_days[type], p->type_day_count[type], day, hour);
}

/* Most that is special at any time. */
static double most_special(const struct cdr_parameters *p, uint32_t type)
{
    const struct cdr_special_day *lists[2] = {p->special_days, p->type_days[type]};
    const uint32_t counts[2] = {p->special_day_count, p->type_day_count[type]};
    double largest = 1;
    for (uint32_t list = 0; list < 2; list++)
        for (uint32_t i = 0; i < counts[list]; i++) {
            const struct cdr_special_day *day = &lists[list][i];
            double all = special(p, day->day, 0, type);
            all *= day->hour != 0 ? special(p, day->day, day->hour, type) : 1;
            largest = all > largest ? all : largest;
        }
    return largest;
}

static double largest_crowd(const struct cdr_parameters *p, uint32_t type)
{
    double largest = 1;
    for (uint32_t i = 0; i < p->crowd_count; i++)
        largest = p->crowds[i].factor[type] > largest ? p->crowds[i].factor[type] : largest;
    return largest;
}

/* The tables of counts have a bound, so that a slot's events can be named by 11 bits. */
static enum cdr_result check_rate(const struct cdr_model *model, struct cdr_error *error)
{
    const struct cdr_parameters *p = &model->parameters;
    double mean = 0;
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        mean += p->records_per_day[type] * most(&model->hour_share[type][0][0], 48) *
                most(p->seasonality, 12) * most(p->week[type], 7) * most_special(p, type) *
                largest_crowd(p, type) * most(model->traits.activity, CDR_ACTIVITY_CLASSES);
    if (mean > CDR_EVENTS_PER_SLOT_MEAN_MAX)
        return cdr_fail(error, CDR_E_CONFIG,
                        "the most active subscribers would have %.0f events in their busiest hour; "
                        "at most %.0f can be counted: lower "
                        "avg_*_per_user, special_days or activity_sigma",
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
    model->habit_stream = cdr_stream(parameters->seed, CDR_STREAM_HABIT);
    cdr_number_plan_init(&model->number_plan, parameters);
    init_hours(model);
    init_kinds(model);
    init_durations(model);
    init_messages(model);
    init_data(model);
    cdr_thresholds_init(model->disposition_below, parameters->call_dispositions,
                        CDR_CALL_DISPOSITION_COUNT);
    for (uint32_t type = 0; type < 2; type++)
        model->reached_below[type] = cdr_share_threshold(reached_share(parameters, type));
    cdr_thresholds_init(model->segments_below, parameters->sms_segments, 3);
    cdr_thresholds_init(model->apn_below, parameters->apn_share, CDR_APN_COUNT);
    cdr_identities_init(&model->identities, parameters);
    cdr_traits_init(&model->traits, parameters);
    cdr_faults_init(&model->faults, parameters);
    enum cdr_result result = check_rate(model, error);
    if (result == CDR_OK)
        result = cdr_behaviours_create(&model->behaviours, parameters, error);
    if (result == CDR_OK)
        result = cdr_calendar_create(&model->calendar, parameters->tz_name, parameters->start_day,
                                     error);
    if (result == CDR_OK)
        result = cdr_contacts_create(&model->contacts, parameters, &model->traits, error);
    if (result == CDR_OK)
        cdr_towns_init(&model->towns, parameters, &model->contacts.coordinates);
    if (result == CDR_OK)
        result = cdr_cells_create(&model->cells, parameters, &model->towns, error);
    if (result == CDR_OK)
        result = cdr_day_plans_create(&model->day_plans, &model->parameters, error);
    if (result == CDR_OK)
        cdr_devices_init(&model->devices, parameters, &model->towns, &model->cells);
    if (result == CDR_OK)
        result = cdr_world_create(&model->world, model, error);
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
    cdr_world_free(&model->world);
    cdr_behaviours_free(&model->behaviours);
    free(model);
}

double cdr_hour_weight(const struct cdr_model *model, int32_t day, int32_t hour, uint32_t type)
{
    const bool rest = cdr_is_weekend(day) || is_holiday(model, day);
    const int32_t other = hour < 0 ? day - 1 : hour > 23 ? day + 1 : day;
    const uint32_t on_clock = (uint32_t)(hour + 24) % 24;
    return model->hour_share[type][rest][on_clock] *
           special(&model->parameters, other, on_clock + 1, type);
}

/* Of a local day: day of the week × month × special day. */
static double day_multiplier(const struct cdr_model *model, int32_t day, uint32_t type)
{
    const struct cdr_parameters *p = &model->parameters;
    const struct cdr_date date = cdr_date_of_day(day);
    const uint32_t weekday = is_holiday(model, day) ? 6 : (date.weekday + 6) % 7;
    return p->week[type][weekday] * p->seasonality[date.month - 1] * special(p, day, 0, type);
}

/* Of a type, of all of an average day. */
static double slot_share(const struct cdr_model *model, const struct cdr_slot *slot, uint32_t type)
{
    return cdr_hour_weight(model, slot->day, (int32_t)slot->hour, type) *
           day_multiplier(model, slot->day, type) * ((double)slot->duration_ms / 3600000.0);
}

double cdr_slot_rate(const struct cdr_model *model, const struct cdr_slot *slot, uint32_t type)
{
    return model->seeds_per_day[type] * slot_share(model, slot, type);
}

/* Of a number, on a plain day. */
static double records_per_day(const struct cdr_parameters *p, uint32_t type)
{
    const double present = cdr_present_share(p), mo = p->mo_share[type];
    double onnet = 0;
    if (cdr_type_has(type, CDR_HOLDS_OTHER)) {
        double reached = reached_share(p, type);
        onnet = (1 + reached) * mo * (1 - offnet_share(p->interconnect_share, mo, reached));
    }
    return p->records_per_day[type] * present * (1 - onnet * (1 - present));
}

double cdr_expected_records(const struct cdr_model *model)
{
    const struct cdr_parameters *p = &model->parameters;
    double records = 0, mean[CDR_TYPE_COUNT];
    struct cdr_slot slot = cdr_calendar_slot_at(
        &model->calendar, cdr_calendar_day_start_ms(&model->calendar, p->start_day));
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        mean[type] = records_per_day(p, type);
    for (; slot.day < p->start_day + (int32_t)p->days;
         slot = cdr_calendar_next(&model->calendar, &slot))
        for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
            records += slot_share(model, &slot, type) * mean[type];
    const double usual = mean[CDR_TYPE_CALL] + mean[CDR_TYPE_SMS] + mean[CDR_TYPE_DATA];
    records += cdr_behaviours_expected(p, usual) * p->days;
    return (records > 0 ? records : 0) * p->subscribers;
}
