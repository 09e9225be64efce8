#include "model/details.h"

#include "model/event.h"
#include "model/streams.h"

/* By outcome of a call: whether a telephone rang for as long as it lasted. */
static const uint8_t rings[8] = {
    [CDR_CALL_NO_ANSWER] = 1,
    [CDR_CALL_REJECTED] = 1,
};

static uint64_t base_of(const struct cdr_model *model, const struct cdr_block *block, uint32_t i)
{
    return cdr_mix(cdr_event_name(block->origin[i], block->slot[i], block->index[i]) ^
                   model->event_stream);
}

/* How long an answered call rang, as draw_call of timeline_loop.h draws it, where it was not cut
 * short. */
static uint32_t drawn_ring_s(uint64_t base, uint32_t party)
{
    const uint32_t random = (uint32_t)cdr_draw(base, CDR_DRAW_RING);
    return party == CDR_PARTY_SERVICE ? 1 + cdr_below(random, 6) : 5 + cdr_below(random, 21);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static int64_t floor_s(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

/* Of the calling party's leg: from its start to the answer. It talks for a second at least. */
static int64_t answer_after_ms(uint64_t base, uint32_t party, uint32_t duration_s)
{
    const uint32_t ring_s = least(drawn_ring_s(base, party), duration_s > 0 ? duration_s - 1 : 0);
    const uint32_t odd_ms =
        cdr_below((uint32_t)cdr_draw(base, CDR_DRAW_ANSWER), cdr_beyond_ms(base, 0) + 1);
    return INT64_C(1000) * ring_s + odd_ms;
}

/* How long the calling party's leg lasts: cdr_called_call turned round. */
static uint32_t calling_duration_s(uint64_t base, uint32_t called_s)
{
    const uint64_t random = cdr_draw(base, CDR_DRAW_LEG);
    const int64_t more_ms = (int64_t)cdr_beyond_ms(base, 0) - cdr_setup_ms(random) +
                            cdr_below((uint32_t)(random >> 32), 600) - 500;
    const int64_t seconds = (int64_t)called_s - floor_s(more_ms);
    return seconds > 0 ? (uint32_t)seconds : 0;
}

/* The same of the called party's leg, whose switch sees the answer first. */
static int64_t called_after_ms(uint64_t base, uint32_t party, uint32_t duration_s)
{
    const int64_t setup_ms = cdr_setup_ms(cdr_draw(base, CDR_DRAW_LEG));
    const int64_t sooner_ms =
        20 + cdr_below((uint32_t)(cdr_draw(base, CDR_DRAW_ANSWER) >> 32), 181);
    const int64_t at_ms =
        answer_after_ms(base, party, calling_duration_s(base, duration_s)) - setup_ms - sooner_ms;
    const uint32_t whole_s = at_ms > 0 ? (uint32_t)(at_ms / 1000) : 0;
    const uint32_t odd_ms = at_ms > 0 ? (uint32_t)(at_ms % 1000) : 0;
    /* The conversation has milliseconds of its own, whatever the whole seconds are. */
    const uint32_t room_ms = cdr_beyond_ms(base, 1),
                   sooner = cdr_mix32((uint32_t)cdr_draw(base, CDR_DRAW_ANSWER));
    return INT64_C(1000) * least(whole_s, duration_s > 0 ? duration_s - 1 : 0) +
           (odd_ms <= room_ms ? odd_ms : cdr_below(sooner, room_ms + 1));
}

static void fill_answers(const struct cdr_model *model, const struct cdr_key *keys,
                         struct cdr_block *block)
{
    for (uint32_t i = 0; i < block->n; i++) {
        const uint32_t outcome = cdr_key_outcome(&keys[i]), party = cdr_key_party(&keys[i]),
                       duration_s = cdr_key_duration_s(&keys[i]);
        block->outcome[i] = (uint8_t)outcome;
        block->ring_s[i] = rings[outcome] != 0 ? block->duration_s[i] : 0;
        block->charge_s[i] = 0;
        block->answer_ms[i] = INT64_MIN;
        if (outcome != CDR_CALL_ANSWERED)
            continue;
        const uint64_t base = base_of(model, block, i);
        const int64_t after_ms = block->leg[i] == 0 ? answer_after_ms(base, party, duration_s)
                                                    : called_after_ms(base, party, duration_s);
        block->ring_s[i] = (uint32_t)(after_ms / 1000);
        block->charge_s[i] = block->duration_s[i] - block->ring_s[i];
        block->answer_ms[i] = block->start_ms[i] + after_ms;
    }
}

static void fill_from_keys(const struct cdr_model *model, const struct cdr_details_source *source,
                           struct cdr_block *block)
{
    const uint32_t partial_s = model->parameters.partial_s;
    for (uint32_t i = 0; i < block->n; i++) {
        const struct cdr_key *key = &source->keys[i];
        const uint32_t peer = cdr_key_peer(key);
        block->id[i] = cdr_key_id(key, block->type, block->slot[i]);
        block->emission_ms[i] = source->held_until_ms != 0
                                    ? source->held_until_ms
                                    : source->emission_slot_ms + cdr_key_ms(key);
        block->outcome[i] = (uint8_t)cdr_key_outcome(key);
        block->part[i] = cdr_part_count(partial_s, peer & 0x1ffff) > 1 ? 1 + (peer >> 17) : 0;
    }
}

/* A site is a base station, or one of the hundred of a location area. */
static void fill_cells(const struct cdr_model *model, struct cdr_block *block)
{
    const struct cdr_cells *cells = &model->cells;
    for (uint32_t i = 0; i < block->n; i++) {
        const uint32_t number = block->cell_id[i] - CDR_CELL_ID_FIRST;
        /* A record with a fault can name a cell that there is not. */
        const uint64_t site = number < cells->count ? cells->cells[number].site : number;
        const uint64_t sector = number < cells->count ? cells->cells[number].sector + 1u : 9;
        block->cell_global[i] = block->rat[i] == CDR_RAT_WCDMA
                                    ? (site / 100 + 1) << 16 | (site % 100 * 10 + sector)
                                : block->rat[i] == CDR_RAT_LTE ? (site + 1) << 8 | sector
                                                               : (site + 1) << 14 | sector;
    }
}

void cdr_details_fill(const struct cdr_model *model, unsigned wanted,
                      const struct cdr_details_source *source, struct cdr_block *block)
{
    if ((wanted & CDR_DETAIL_KEY) != 0)
        fill_from_keys(model, source, block);
    if ((wanted & CDR_DETAIL_ANSWER) != 0)
        fill_answers(model, source->keys, block);
    if ((wanted & CDR_DETAIL_CELL) != 0)
        fill_cells(model, block);
    block->partition = source->partition;
    block->network = model->identities.mccmnc[0];
    if ((wanted & CDR_DETAIL_NUMBER) != 0)
        for (uint32_t i = 0; i < block->n; i++)
            block->number[i] =
                (uint32_t)(source->first + (source->numbers != NULL ? source->numbers[i] : i));
}
