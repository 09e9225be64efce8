/* trace: every record of one subscriber. Its own events, and those of the subscribers that have
 * it among their contacts: contacts are mutual, so these are its own contacts in every slot.
 * Where there are behaviours, also those of subscribers whose behaviour is to call anybody.
 * Nobody else's events are looked at. */
#include "app/app.h"
#include "app/records.h"
#include "model/event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct trace {
    const struct cdr_model *model;
    uint32_t subscriber;
    uint32_t *callers; /* ascending, each once */
    uint32_t caller_count;
    int64_t start_ms, end_ms;
    struct cdr_found_list list;
    struct cdr_events events;
};

/* Whoever calls or writes to anybody, by its behaviour. */
static uint32_t list_strangers(const struct cdr_model *model, uint32_t subscriber,
                               uint32_t *strangers)
{
    const int32_t day = model->parameters.start_day;
    uint32_t n = 0;
    for (uint32_t s = 0; model->behaviours.on && s < model->parameters.subscribers; s++) {
        const struct cdr_role role = cdr_role_ever(model, s, day);
        if (s == subscriber || !cdr_role_has(&role, CDR_BEHAVIOUR_CALLS))
            continue;
        if (strangers != NULL)
            strangers[n] = s;
        n++;
    }
    return n;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static enum cdr_result list_callers(struct trace *trace, struct cdr_error *error)
{
    const uint32_t slots = 2 * CDR_DEGREE_MAX;
    trace->callers = calloc(slots + list_strangers(trace->model, trace->subscriber, NULL),
                            sizeof *trace->callers);
    if (trace->callers == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for contacts");
    uint32_t n = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint32_t contact = cdr_contact(&trace->model->contacts, trace->subscriber, slot);
        if (contact != CDR_CONTACT_NONE)
            trace->callers[n++] = contact;
    }
    n += list_strangers(trace->model, trace->subscriber, trace->callers + n);
    qsort(trace->callers, n, sizeof *trace->callers, compare_numbers);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || trace->callers[i] != trace->callers[trace->caller_count - 1])
            trace->callers[trace->caller_count++] = trace->callers[i];
    return CDR_OK;
}

static enum cdr_result add(struct trace *trace, const struct cdr_slot *slot, uint32_t i,
                           uint32_t leg, int64_t emission_ms, uint32_t duration_s, uint32_t peer,
                           struct cdr_error *error)
{
    const struct cdr_events *events = &trace->events;
    struct cdr_slot at = *slot;
    uint32_t lag = 0;
    while (emission_ms >= at.start_ms + at.duration_ms) {
        at = cdr_calendar_next(&trace->model->calendar, &at);
        lag++;
    }
    const int64_t held_until_ms = cdr_outage_until_ms(
        &trace->model->faults, &trace->model->calendar, events->type[i], trace->subscriber, &at);
    const int64_t comes_ms = held_until_ms != 0 ? held_until_ms : emission_ms;
    if (comes_ms < trace->start_ms || comes_ms >= trace->end_ms)
        return CDR_OK;
    struct cdr_found found = {
        .emission_slot_ms = at.start_ms,
        .emission_ms = emission_ms,
        .held_until_ms = held_until_ms,
        .type = events->type[i],
        .start_slot = *slot,
        .key = cdr_key_make((uint32_t)(emission_ms - at.start_ms), events->origin[i], lag,
                            events->index[i], leg, events->party[i], events->outcome[i], duration_s,
                            peer),
    };
    return cdr_found_add(&trace->list, &found, error);
}

static enum cdr_result add_leg(struct trace *trace, const struct cdr_slot *slot, uint32_t i,
                               uint32_t leg, struct cdr_error *error)
{
    const struct cdr_events *events = &trace->events;
    struct cdr_legs legs = cdr_leg_records(trace->model, events, i, leg);
    enum cdr_result result = CDR_OK;
    for (uint32_t part = 0; result == CDR_OK && part < legs.parts; part++) {
        struct cdr_leg_record record = cdr_leg_record(trace->model, &legs, part);
        result = add(trace, slot, i, leg, slot->start_ms + record.emission_ms, record.duration_s,
                     events->type[i] == CDR_TYPE_DATA ? cdr_session_part(part, legs.total_s)
                                                      : events->peer[i],
                     error);
    }
    return result;
}

static enum cdr_result scan(struct trace *trace, const struct cdr_counts *counts, uint32_t origin,
                            struct cdr_error *error)
{
    const struct cdr_events *events = &trace->events;
    struct cdr_expansion expansion = {.next = origin, .end = origin + 1};
    enum cdr_result result = CDR_OK;
    while (result == CDR_OK &&
           cdr_events_next(trace->model, counts, NULL, &expansion, &trace->events)) {
        for (uint32_t i = 0; result == CDR_OK && i < events->n; i++) {
            const uint32_t legs =
                1 + cdr_has_called_leg(events->type[i], events->party[i], events->outcome[i]);
            for (uint32_t leg = 0; result == CDR_OK && leg < legs; leg++)
                if (cdr_leg_owner(events, i, leg) == trace->subscriber)
                    result = add_leg(trace, &counts->slot, i, leg, error);
        }
    }
    return result;
}

static enum cdr_result trace_slots(struct trace *trace, struct cdr_error *error)
{
    const struct cdr_calendar *calendar = &trace->model->calendar;
    struct cdr_counts counts;
    enum cdr_result result = cdr_counts_create(&counts, trace->model, error);
    struct cdr_slot slot = cdr_calendar_slot_at(
        calendar, trace->start_ms - cdr_carry_max_ms(&trace->model->parameters));
    for (; result == CDR_OK && slot.start_ms < trace->end_ms;
         slot = cdr_calendar_next(calendar, &slot)) {
        cdr_counts_set(&counts, trace->model, &slot);
        result = scan(trace, &counts, trace->subscriber, error);
        for (uint32_t i = 0; result == CDR_OK && i < trace->caller_count; i++)
            result = scan(trace, &counts, trace->callers[i], error);
    }
    cdr_counts_free(&counts);
    return result;
}

static enum cdr_result trace_subscriber(struct trace *trace, const struct cdr_settings *settings,
                                        struct cdr_error *error)
{
    const struct cdr_model *model = trace->model;
    const struct cdr_parameters *p = &model->parameters;
    if (!cdr_msisdn_subscriber(&model->identities, settings->argument_msisdn, p->subscribers,
                               &trace->subscriber))
        return cdr_fail(
            error, CDR_E_CONFIG,
            "trace: %" PRIu64
            " is the number of no subscriber of this dataset; `cdrgen subscribers` lists them",
            settings->argument_msisdn);
    trace->start_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day);
    trace->end_ms = cdr_calendar_day_start_ms(&model->calendar, p->start_day + (int32_t)p->days);
    enum cdr_result result = list_callers(trace, error);
    if (result == CDR_OK)
        result = trace_slots(trace, error);
    if (result == CDR_OK) {
        cdr_found_sort(&trace->list);
        result = cdr_found_print(stdout, model, settings, &trace->list, trace->list.count, error);
    }
    return result;
}

enum cdr_result cdr_command_trace(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_model *model;
    enum cdr_result result = cdr_model_create(&model, &settings->model, error);
    if (result != CDR_OK)
        return result;
    struct trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL) {
        result = cdr_fail(error, CDR_E_NOMEM, "out of memory");
    } else {
        trace->model = model;
        result = trace_subscriber(trace, settings, error);
        free(trace->callers);
        free(trace->list.items);
    }
    free(trace);
    cdr_model_destroy(model);
    return result;
}
