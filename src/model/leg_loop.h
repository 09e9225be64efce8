/* The keys of a block's legs, for the level of the source that includes this: of every event the
 * calling party's, then the called parties'. */
#include "model/event.h"
#include "model/key.h"

#include <string.h>

#define BLOCK CDR_EVENTS_BLOCK

static void calling_legs(const struct cdr_model *restrict model,
                         const struct cdr_events *restrict events,
                         struct cdr_leg_keys *restrict legs)
{
    const uint32_t n = events->n, at_end = model->parameters.order == CDR_ORDER_END;
    uint32_t emission_ms[BLOCK], other[BLOCK];
    for (uint32_t i = 0; i < n; i++)
        emission_ms[i] = events->offset_ms[i] + at_end * (1000 * events->duration_s[i] +
                                                          cdr_beyond_ms(events->base[i], 0));
    if (model->late_below != 0)
        for (uint32_t i = 0; i < n; i++)
            emission_ms[i] += (uint32_t)cdr_delay_ms(model, events->base[i], 0);
    memcpy(legs->emission_ms, emission_ms, n * sizeof *emission_ms);
    for (uint32_t i = 0; i < n; i++)
        legs->owner[i] = cdr_leg_owner(events, i, 0);
    for (uint32_t i = 0; i < n; i++)
        other[i] = events->type[i] == CDR_TYPE_DATA ? cdr_session_part(0, events->duration_s[i])
                                                    : events->peer[i];
    for (uint32_t i = 0; i < n; i++) {
        struct cdr_key key =
            cdr_key_make(0, events->origin[i], 0, events->index[i], 0, events->party[i],
                         events->outcome[i], events->duration_s[i], other[i]);
        legs->high[i] = key.high;
        legs->low[i] = key.low;
    }
    memcpy(legs->type, events->type, n * sizeof *legs->type);
}

/* The events whose called party has a record, as columns. */
struct called {
    uint32_t n;
    uint32_t event[BLOCK], type[BLOCK], outcome[BLOCK], duration_s[BLOCK];
    uint64_t base[BLOCK], link[BLOCK], random[BLOCK];
    uint32_t low[BLOCK], high[BLOCK], after_ms[BLOCK], lasts_s[BLOCK], emission_ms[BLOCK];
};

static void gather_called(const struct cdr_events *restrict events, struct called *restrict called)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < events->n && events->type[i] != CDR_TYPE_DATA; i++) {
        called->event[n] = i;
        n += cdr_has_called_leg(events->type[i], events->party[i], events->outcome[i]);
    }
    called->n = n;
    for (uint32_t k = 0; k < n; k++)
        called->base[k] = events->base[called->event[k]];
    for (uint32_t k = 0; k < n; k++)
        called->link[k] = events->link[called->event[k]];
    for (uint32_t k = 0; k < n; k++)
        called->type[k] = events->type[called->event[k]];
    for (uint32_t k = 0; k < n; k++)
        called->outcome[k] = events->outcome[called->event[k]];
    for (uint32_t k = 0; k < n; k++)
        called->duration_s[k] = events->duration_s[called->event[k]];
}

/* When they start and how long they last: cdr_called_leg. */
static void time_called(const struct cdr_model *restrict model, struct called *restrict called)
{
    const uint32_t n = called->n;
    uint32_t delivery[BLOCK];
    for (uint32_t k = 0; k < n; k++)
        called->random[k] = cdr_leg_random(called->type[k], called->base[k], called->link[k]);
    for (uint32_t k = 0; k < n; k++) {
        called->low[k] = (uint32_t)called->random[k];
        called->high[k] = (uint32_t)(called->random[k] >> 32);
    }
    for (uint32_t k = 0; k < n; k++)
        delivery[k] = cdr_quantile(model->sms_delay, called->low[k]);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t whole_ms = 1000 * called->duration_s[k] + cdr_beyond_ms(called->base[k], 0);
        struct cdr_leg_time call =
            cdr_called_call(called->outcome[k], whole_ms, called->low[k], called->high[k]);
        struct cdr_leg_time message =
            cdr_called_message(whole_ms, delivery[k], called->high[k], called->base[k]);
        uint32_t is_call = called->type[k] == CDR_TYPE_CALL;
        called->after_ms[k] = is_call != 0 ? call.after_ms : message.after_ms;
        called->lasts_s[k] = is_call != 0 ? call.duration_s : message.duration_s;
    }
}

static void called_legs(const struct cdr_model *restrict model,
                        const struct cdr_events *restrict events, struct called *restrict called,
                        struct cdr_leg_keys *restrict legs)
{
    const uint32_t first = events->n, n = called->n;
    const uint32_t at_end = model->parameters.order == CDR_ORDER_END;
    for (uint32_t k = 0; k < n; k++)
        called->emission_ms[k] = called->after_ms[k] + at_end * (1000 * called->lasts_s[k] +
                                                                 cdr_beyond_ms(called->base[k], 1));
    if (model->late_below != 0)
        for (uint32_t k = 0; k < n; k++)
            called->emission_ms[k] += (uint32_t)cdr_delay_ms(model, called->base[k], 1);
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = called->event[k];
        struct cdr_key key =
            cdr_key_make(0, events->origin[i], 0, events->index[i], 1, events->party[i],
                         events->outcome[i], called->lasts_s[k], events->peer[i]);
        legs->high[first + k] = key.high;
        legs->low[first + k] = key.low;
        legs->owner[first + k] = cdr_leg_owner(events, i, 1);
        legs->emission_ms[first + k] = events->offset_ms[i] + called->emission_ms[k];
    }
    memcpy(legs->type + first, called->type, n * sizeof *legs->type);
}

void CDR_LOOP(cdr_legs)(const struct cdr_model *model, const struct cdr_events *events,
                        struct cdr_leg_keys *legs)
{
    struct called called;
    calling_legs(model, events, legs);
    gather_called(events, &called);
    time_called(model, &called);
    called_legs(model, events, &called, legs);
    legs->n = events->n + called.n;
}

#undef BLOCK
