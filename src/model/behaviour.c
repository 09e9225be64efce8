#include "model/behaviour_kinds.h"
#include "model/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(x) #x
#define NAME(ID, name, ...) #name,
const char *const cdr_behaviour_name[CDR_BEHAVIOUR_COUNT + 1] = {CDR_BEHAVIOURS(NAME) NULL};
#define HELP(ID, name, number, label, strategy, period, least, most, traits, records, help) help,
const char *const cdr_behaviour_help[CDR_BEHAVIOUR_COUNT] = {CDR_BEHAVIOURS(HELP)};
#define LABEL(ID, name, number, label, ...) #label,
const char *const cdr_behaviour_label[CDR_BEHAVIOUR_END] = {"none", CDR_BEHAVIOURS(LABEL)};
#define STRATEGY(ID, name, number, label, strategy, ...) TEXT(strategy),
const char *const cdr_behaviour_strategy[CDR_BEHAVIOUR_END] = {"", CDR_BEHAVIOURS(STRATEGY)};
#define TRAITS(ID, name, number, label, strategy, period, least, most, traits, ...) traits,
const unsigned cdr_behaviour_traits[CDR_BEHAVIOUR_END] = {0, CDR_BEHAVIOURS(TRAITS)};

struct times {
    uint32_t number, period, least, most; /* period 0: always */
    double records;                       /* of a day */
};
#define TIMES(ID, name, number, label, strategy, period, least, most, traits, records, ...)        \
    {number, period, least, most, records},
static const struct times times[CDR_BEHAVIOUR_END] = {{0}, CDR_BEHAVIOURS(TIMES)};
#define CALLS(ID, name, ...) &cdr_calls_##name,
static const struct cdr_behaviour_calls *const calls[CDR_BEHAVIOUR_END] = {NULL,
                                                                           CDR_BEHAVIOURS(CALLS)};

#define FADES_DAYS 30u
#define FADES_OF_1000 700u /* of the events, as the last day comes */

/* Subscribers have IMSIs and IMEIs whose lower part is below these; devices and SIMs that are no
 * subscriber's begin there. */
#define IMSI_OTHER 65536u
#define IMSI_OTHERS 34464u
#define OTHER_DEVICE 65535u /* a number that none of a subscriber's devices has */
#define IMEI_BOXES 4096u
#define IMEI_OTHERS 400000u

/* Whether own numbers could begin so. */
static bool meets_own(const struct cdr_parameters *p, uint32_t code)
{
    char text[8];
    size_t len = (size_t)snprintf(text, sizeof text, "%u", (unsigned)code);
    for (uint32_t i = 0; i < p->prefix_count; i++) {
        size_t other = strnlen(p->prefixes[i], sizeof p->prefixes[i]);
        if (strncmp(text, p->prefixes[i], len < other ? len : other) == 0)
            return true;
    }
    return false;
}

static void init_ranges(struct cdr_behaviours *behaviours, const struct cdr_parameters *p)
{
    /* Of three digits each: more than prefixes can meet would not help, so the last one stands. */
    static const uint32_t codes[] = {371, 960, 252, 675, 232, 992, 373, 216, 682, 881};
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes && n < CDR_FRAUD_RANGES; i++)
        if (!meets_own(p, codes[i]))
            behaviours->fraud_ranges[n++] = codes[i];
    while (n < CDR_FRAUD_RANGES)
        behaviours->fraud_ranges[n++] = 979; /* international premium rate service */
}

/* The first of the behaviours that a subscriber drew. */
static uint8_t behaviour_of(const struct cdr_behaviours *behaviours, const uint32_t *below,
                            uint32_t subscriber)
{
    const uint64_t base = cdr_mix(subscriber ^ behaviours->stream);
    for (uint32_t kind = 1; kind < CDR_BEHAVIOUR_END; kind++)
        if (below[kind] != 0 &&
            cdr_is_below((uint32_t)cdr_draw(base, CDR_PURPOSE(times[kind].number)), below[kind]))
            return (uint8_t)kind;
    return CDR_BEHAVIOUR_NONE;
}

enum cdr_result cdr_behaviours_create(struct cdr_behaviours *behaviours,
                                      const struct cdr_parameters *parameters,
                                      struct cdr_error *error)
{
    uint32_t below[CDR_BEHAVIOUR_END] = {0};
    *behaviours =
        (struct cdr_behaviours){.stream = cdr_stream(parameters->seed, CDR_STREAM_BEHAVIOUR)};
    init_ranges(behaviours, parameters);
    for (uint32_t kind = 1; kind < CDR_BEHAVIOUR_END; kind++) {
        below[kind] = cdr_share_threshold(parameters->behaviours[kind - 1]);
        behaviours->on |= below[kind] != 0;
    }
    if (!behaviours->on)
        return CDR_OK;
    behaviours->of = malloc(parameters->subscribers);
    if (behaviours->of == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the behaviours of %u subscribers",
                        parameters->subscribers);
    for (uint32_t s = 0; s < parameters->subscribers; s++)
        behaviours->of[s] = behaviour_of(behaviours, below, s);
    return CDR_OK;
}

void cdr_behaviours_free(struct cdr_behaviours *behaviours)
{
    free(behaviours->of);
    behaviours->of = NULL;
}

enum cdr_result cdr_behaviours_check(const struct cdr_parameters *parameters,
                                     struct cdr_error *error)
{
    double sum = 0;
    for (uint32_t kind = 0; kind < CDR_BEHAVIOUR_COUNT; kind++) {
        const double share = parameters->behaviours[kind];
        if (!(share >= 0 && share <= 1))
            return cdr_fail(error, CDR_E_CONFIG,
                            "behaviours.%s: %.10g is out of range; a share is 0 to 1",
                            cdr_behaviour_name[kind], share);
        sum += share;
        if (share > 0 && !(parameters->leave_prob > 0) &&
            (cdr_behaviour_traits[kind + 1] & CDR_BEHAVIOUR_FADES) != 0)
            return cdr_fail(error, CDR_E_CONFIG,
                            "behaviours.%s: it is about subscribers that leave, and leave_prob is "
                            "0; pass --leave-prob 0.001 as well, or leave it out",
                            cdr_behaviour_name[kind]);
    }
    if (sum > 1)
        return cdr_fail(error, CDR_E_CONFIG,
                        "behaviours: the shares add up to %.10g; a subscriber has one behaviour at "
                        "most, so they may add up to 1",
                        sum);
    return CDR_OK;
}

double cdr_behaviours_expected(const struct cdr_parameters *parameters, double usual)
{
    double others = 1, more = 0;
    for (uint32_t kind = 0; kind < CDR_BEHAVIOUR_COUNT; kind++) {
        const struct times *t = &times[kind + 1];
        const unsigned traits = cdr_behaviour_traits[kind + 1];
        const double share = parameters->behaviours[kind] * others;
        const double active = t->period == 0 ? 1 : (t->least + t->most) / 2.0 / t->period;
        others *= 1 - parameters->behaviours[kind];
        more += share * active * t->records;
        if ((traits & CDR_BEHAVIOUR_ONLY) != 0)
            more -= share * usual;
        else if ((traits & CDR_BEHAVIOUR_INSTEAD) != 0)
            more -= share * active * usual;
    }
    return more;
}

/* A customer's last days, at most FADES_DAYS of them. */
static bool find_last_days(const struct cdr_model *model, uint32_t subscriber, int32_t day,
                           struct cdr_role *role)
{
    const struct cdr_tenures *tenures = &model->identities.tenures;
    const struct cdr_tenure now = cdr_tenure_on(tenures, subscriber, (uint32_t)day);
    const uint32_t left = cdr_tenure_left(tenures, subscriber, (uint32_t)day);
    if (!now.present || left > FADES_DAYS)
        return false;
    role->to = day + (int32_t)left - 1;
    for (role->from = day; role->to - role->from + 1 < (int32_t)FADES_DAYS; role->from--) {
        struct cdr_tenure before = cdr_tenure_on(tenures, subscriber, (uint32_t)role->from - 1);
        if (!before.present || before.number != now.number)
            break;
    }
    return true;
}

static void find_time(const struct cdr_model *model, uint32_t subscriber, int32_t day,
                      struct cdr_role *role)
{
    const struct times *t = &times[role->behaviour];
    role->active = true;
    if (cdr_role_has(role, CDR_BEHAVIOUR_FADES))
        role->active = find_last_days(model, subscriber, day, role);
    if (t->period == 0)
        return;
    const uint32_t phase =
        cdr_below((uint32_t)(cdr_draw(role->base, CDR_ROLE_PHASE) >> 32), t->period);
    const uint32_t at = (uint32_t)day + phase, period = at / t->period;
    const uint64_t random = cdr_draw(role->base, CDR_PURPOSE(CDR_ROLE_PERIOD + (uint64_t)period));
    const uint32_t lasts = t->least + cdr_below((uint32_t)random, t->most - t->least + 1);
    const uint32_t begins = cdr_below((uint32_t)(random >> 32), t->period - lasts + 1);
    role->from = (int32_t)(period * t->period + begins) - (int32_t)phase;
    role->to = role->from + (int32_t)lasts - 1;
    role->active = day >= role->from && day <= role->to;
}

struct cdr_role cdr_role_ever(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    const struct cdr_behaviours *behaviours = &model->behaviours;
    struct cdr_role role = {.behaviour = behaviours->of[subscriber]};
    if (role.behaviour == CDR_BEHAVIOUR_NONE)
        return role;
    role.base = cdr_mix(subscriber ^ behaviours->stream);
    find_time(model, subscriber, day, &role);
    return role;
}

struct cdr_role cdr_role_found(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    struct cdr_role role = {.behaviour = model->behaviours.of[subscriber]};
    if (role.behaviour == CDR_BEHAVIOUR_NONE)
        return role;
    role = cdr_role_ever(model, subscriber, day);
    if (!role.active && !cdr_role_has(&role, CDR_BEHAVIOUR_ONLY))
        role.behaviour = CDR_BEHAVIOUR_NONE;
    return role;
}

void cdr_acts_of(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                 const struct cdr_near_slot *slot, struct cdr_acts *acts)
{
    acts->n = 0;
    if (role->active && calls[role->behaviour]->begin != NULL)
        calls[role->behaviour]->begin(model, role, subscriber, slot, acts);
}

uint32_t cdr_act_callee(const struct cdr_model *model, const struct cdr_role *role,
                        uint32_t subscriber, uint64_t base)
{
    const uint32_t others = model->parameters.subscribers - 1;
    uint64_t random = cdr_draw(base, CDR_DRAW_ACT_PARTY);
    if (calls[role->behaviour]->callee != NULL)
        random = calls[role->behaviour]->callee(model, role, subscriber, base);
    const uint32_t other = cdr_below((uint32_t)random, others);
    return other + (other >= subscriber);
}

struct cdr_number cdr_act_number(const struct cdr_model *model, const struct cdr_role *role,
                                 uint32_t subscriber, uint64_t base)
{
    if (calls[role->behaviour]->number != NULL)
        return calls[role->behaviour]->number(model, role, subscriber, base);
    return cdr_other_number(&model->number_plan, cdr_draw(base, CDR_DRAW_ACT_PARTY),
                            CDR_WRITING_KINDS);
}

uint32_t cdr_role_position(const struct cdr_model *model, const struct cdr_role *role,
                           uint32_t subscriber, int32_t day)
{
    if (calls[role->behaviour]->position != NULL)
        return calls[role->behaviour]->position(model, role, subscriber, day);
    return cdr_home(&model->towns, subscriber, cdr_place_traits(&model->towns, subscriber));
}

/* 0.2 to 5 kB, up to half of it down. */
struct cdr_act_volume cdr_act_volumes(uint64_t base)
{
    const uint64_t random = cdr_draw(base, CDR_DRAW_ACT);
    const uint32_t low = (uint32_t)random, high = (uint32_t)(random >> 32);
    const uint32_t in =
        200 + cdr_below(cdr_mix32(low), 1 + cdr_below(low, 4800)); /* mostly small */
    return (struct cdr_act_volume){in, in / 4 + cdr_below(high, in / 4 + 1)};
}

void cdr_role_identity(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, uint32_t class, struct cdr_imsi *imsi, uint64_t *imei14)
{
    const struct cdr_identities *identities = &model->identities;
    if (cdr_role_has(role, CDR_BEHAVIOUR_DEVICE) && role->active) {
        const bool shared = cdr_role_has(role, CDR_BEHAVIOUR_ONLY); /* by the SIMs of a box */
        const uint32_t box = (uint32_t)(cdr_draw(role->base, CDR_ROLE_GROUP) & (IMEI_BOXES - 1));
        const uint32_t device = shared ? box & 15 : subscriber;
        *imei14 =
            cdr_imei14_other(identities, shared ? device : IMEI_BOXES + subscriber % IMEI_OTHERS,
                             shared ? 0 : subscriber / IMEI_OTHERS,
                             cdr_device_model(identities, device, OTHER_DEVICE), class);
    }
    if (cdr_role_has(role, CDR_BEHAVIOUR_SIM)) {
        const uint32_t share = subscriber / identities->mccmnc_count;
        *imsi = cdr_imsi_at(identities, imsi->mccmnc, IMSI_OTHER + share % IMSI_OTHERS,
                            share / IMSI_OTHERS % identities->msin_b_scale);
    }
}

bool cdr_role_reached(const struct cdr_model *model, uint32_t subscriber, int32_t day)
{
    if (!model->behaviours.on)
        return true;
    const struct cdr_role role = cdr_role_found(model, subscriber, day);
    return !cdr_role_has(&role, CDR_BEHAVIOUR_UNREACHABLE);
}

bool cdr_role_keeps(const struct cdr_model *model, uint32_t subscriber, int32_t day, uint64_t base)
{
    if (!model->behaviours.on)
        return true;
    const struct cdr_role role = cdr_role_found(model, subscriber, day);
    if (!cdr_role_has(&role, CDR_BEHAVIOUR_FADES))
        return true;
    const uint32_t left = (uint32_t)(role.to - day),
                   gone = FADES_OF_1000 * (FADES_DAYS - left) / FADES_DAYS;
    return cdr_below((uint32_t)cdr_draw(base, CDR_DRAW_FADE), 1000) >= gone;
}

void cdr_role_campaign(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, char text[32])
{
    text[0] = '\0';
    if (calls[role->behaviour]->campaign != NULL)
        calls[role->behaviour]->campaign(model, role, subscriber, text);
}

void cdr_act_call(const struct cdr_act_outcomes *outcomes, uint32_t talk_s,
                  struct cdr_act_draws *draws, struct cdr_act *act)
{
    const uint32_t drawn = cdr_below(cdr_next_draw(draws), 1000);
    act->outcome = CDR_CALL_FAILED;
    act->duration_s = cdr_next_between(draws, 1, 5);
    if (drawn < outcomes->answered) {
        act->outcome = CDR_CALL_ANSWERED;
        act->duration_s = talk_s + cdr_next_between(draws, 5, 25);
    } else if (drawn < outcomes->answered + outcomes->no_answer) {
        act->outcome = CDR_CALL_NO_ANSWER;
        act->duration_s = cdr_next_between(draws, 5, 30);
    } else if (drawn < outcomes->answered + outcomes->no_answer + outcomes->rejected) {
        act->outcome = CDR_CALL_REJECTED;
        act->duration_s = cdr_next_between(draws, 4, 12);
    }
}

struct cdr_number cdr_fraud_number(const struct cdr_model *model, uint32_t range, uint32_t random)
{
    const uint64_t first = model->behaviours.fraud_ranges[range % CDR_FRAUD_RANGES];
    return (struct cdr_number){first * 10000000 + 9000000 + random % 1000, 10};
}

uint32_t cdr_home_of_any(const struct cdr_model *model, uint64_t random)
{
    const uint32_t anybody = cdr_below((uint32_t)random, model->parameters.subscribers);
    return cdr_home(&model->towns, anybody, cdr_place_traits(&model->towns, anybody));
}
