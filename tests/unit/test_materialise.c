/* Records: fields agree with the functions they come from, both legs agree with each other, parts
 * with their session, and all levels of the instruction set with the base. */
#include "base/math.h"
#include "model/materialise.h"
#include "statistics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "model_run.h"

/* By event, then leg, then start. */
static int compare_records(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->origin != right->origin)
        return left->origin < right->origin ? -1 : 1;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    if (left->leg != right->leg)
        return left->leg < right->leg ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

static int same_event(const struct record *a, const struct record *b)
{
    return a->origin == b->origin && a->slot == b->slot && a->index == b->index;
}

static struct run sorted_run(const struct cdr_parameters *p, unsigned types)
{
    struct run run = run_model(p, types, 1);
    qsort(run.records, run.count, sizeof *run.records, compare_records);
    return run;
}

/* The text of a number as records hold it: right-aligned, filled up with zeros. */
static void assert_text(const char text[16], uint64_t value)
{
    char wanted[24];
    snprintf(wanted, sizeof wanted, "%016" PRIu64, value);
    assert_memory_equal(text, wanted, 16);
}

static void assert_identity(const struct cdr_model *model, const struct record *r)
{
    const struct cdr_identities *identities = &model->identities;
    const struct cdr_number owner = cdr_msisdn(identities, r->owner);
    struct cdr_slot slot = cdr_calendar_slot_at(&model->calendar, r->start_ms);
    const uint32_t day = (uint32_t)slot.day;
    struct cdr_imsi imsi =
        cdr_imsi(identities, r->owner, cdr_renewal_number(&identities->sim, r->owner, day));
    uint64_t imei =
        cdr_imei14(identities, r->owner, cdr_renewal_number(&identities->device, r->owner, day));
    assert_text(r->direction == CDR_DIRECTION_MO ? r->src : r->dst, owner.value);
    assert_int_equal(r->direction == CDR_DIRECTION_MO ? r->src_len : r->dst_len, owner.len);
    assert_text(r->imsi, imsi.value);
    assert_int_equal(r->mccmnc, imsi.mccmnc);
    assert_text(r->imei, imei * 10 + cdr_luhn_digit(imei));
    if (r->type == CDR_TYPE_DATA)
        assert_int_equal(r->dst_len, 0);
}

static void assert_times(const struct cdr_model *model, const struct record *r)
{
    struct cdr_slot slot = cdr_calendar_slot_at(&model->calendar, r->start_ms);
    assert_int_equal(r->end_ms - r->start_ms, INT64_C(1000) * r->duration_s);
    assert_int_equal(r->event_ms,
                     model->parameters.order == CDR_ORDER_END ? r->end_ms : r->start_ms);
    if (model->parameters.late_share == 0)
        assert_int_equal(r->emission_ms, r->event_ms);
    assert_true(r->emission_ms >= r->event_ms);
    if (model->parameters.partial_s == 0) {
        assert_int_equal(slot.name, r->slot);
        assert_int_equal(slot.offset_min, r->offset_min);
    }
}

static void assert_symbols(const struct cdr_model *model, const struct record *r)
{
    const struct cdr_cells *cells = &model->cells;
    assert_true(r->cell_id >= CDR_CELL_ID_FIRST && r->cell_id < CDR_CELL_ID_FIRST + cells->count);
    assert_int_equal(cells->cells[r->cell_id - CDR_CELL_ID_FIRST].rat, r->rat);
    if (r->type == CDR_TYPE_CALL) {
        assert_int_equal(r->record_type, CDR_RECORD_MSC_VOICE);
        assert_true(r->cause <= CDR_CAUSE_FAILURE);
    } else if (r->type == CDR_TYPE_SMS) {
        assert_int_equal(r->record_type, r->direction == CDR_DIRECTION_MO ? CDR_RECORD_SGSN_SMO
                                                                          : CDR_RECORD_SGSN_SMT);
        assert_int_equal(r->cause, r->status == CDR_SMS_FAILED ? CDR_CAUSE_DELIVERY_FAILURE
                                                               : CDR_CAUSE_DELIVERY_SUCCESS);
        assert_true(r->segments >= 1 && r->segments <= 3);
    } else {
        assert_true(r->record_type == CDR_RECORD_SGSN_PDP || r->record_type == CDR_RECORD_PGW);
        assert_true(r->apn < CDR_APN_COUNT && r->rat < CDR_RAT_COUNT);
        assert_int_equal(r->direction, CDR_DIRECTION_MO);
    }
}

static void fields_come_from_their_functions(void **state)
{
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        struct cdr_parameters p = parameters_of(2500, 3);
        if (variant ==
            1) { /* everything at once, over a change of the clock, keys of several lengths */
            p.order = CDR_ORDER_START;
            p.start_day = cdr_day_of_date(2025, 10, 25);
            memcpy(p.prefixes[1], "491\0\0\0\0", 8);
            p.late_share = 0.3;
            p.partial_s = 300;
            p.burst_share = 0.1;
        } else if (variant == 2) {
            strcpy(p.tz_name, "Australia/Lord_Howe");
            p.start_day = cdr_day_of_date(2025, 4, 5);
            p.mccmnc_pool[0] = 310260;
            p.mccmnc_count = 1;
            p.imei_change_prob = 0.5;
            p.sim_change_prob = 0.005;
        }
        struct run run = run_model(&p, ALL_TYPES, 0);
        for (size_t i = 0; i < run.count; i++) {
            if (variant != 1 || run.records[i].type != CDR_TYPE_DATA)
                assert_identity(run.model, &run.records[i]);
            assert_times(run.model, &run.records[i]);
            assert_symbols(run.model, &run.records[i]);
        }
        assert_true(run.count > 130000);
        free_run(&run);
    }
}

/* ---- legs ---- */

static void assert_legs_agree(const struct cdr_model *model, const struct record *mo,
                              const struct record *mt)
{
    assert_int_equal(mo->direction, CDR_DIRECTION_MO);
    assert_int_equal(mt->direction, CDR_DIRECTION_MT);
    assert_int_equal(mo->leg, 0);
    assert_int_equal(mt->leg, 1);
    assert_int_equal(mo->type, mt->type);
    assert_int_equal(mo->start_ms, mt->start_ms);
    assert_int_equal(mo->end_ms, mt->end_ms);
    assert_int_equal(mo->event_ms, mt->event_ms);
    assert_int_equal(mo->duration_s, mt->duration_s);
    assert_int_equal(mo->offset_min, mt->offset_min);
    assert_int_equal(mo->cause, mt->cause);
    assert_int_equal(mo->status, mt->status);
    assert_int_equal(mo->segments, mt->segments);
    assert_memory_equal(mo->src, mt->src, 16);
    assert_memory_equal(mo->dst, mt->dst, 16);
    assert_int_equal(mo->owner, mo->origin);
    assert_true(mt->owner != mo->owner && mt->owner < model->parameters.subscribers);
    assert_memory_not_equal(mo->imsi, mt->imsi, 16);
    assert_memory_not_equal(mo->imei, mt->imei, 16);
}

static void both_legs_agree(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(4000, 2);
    p.late_share = 0.2; /* the legs are late each on its own, and still agree */
    p.late_max_s = 1800;
    struct run run = sorted_run(&p, 1u << CDR_TYPE_CALL | 1u << CDR_TYPE_SMS);
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    const int64_t end_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day + 2);
    double onnet = 0, alone = 0, same_cell = 0, same_delay = 0, delayed = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->start_ms < start_ms || r->start_ms >= end_ms)
            continue;
        int pair = i + 1 < run.count && same_event(r, r + 1);
        if (r->party != CDR_PARTY_ONNET) {
            assert_false(pair);
            assert_int_equal(r->direction,
                             r->party == CDR_PARTY_INCOMING ? CDR_DIRECTION_MT : CDR_DIRECTION_MO);
            alone++;
            continue;
        }
        assert_true(pair);
        assert_legs_agree(run.model, r, r + 1);
        same_cell += r->cell_id == r[1].cell_id;
        delayed += r->emission_ms > r->event_ms;
        same_delay += r->emission_ms > r->event_ms && r->emission_ms == r[1].emission_ms;
        onnet++;
        i++;
    }
    assert_true(onnet > 20000 && alone > 5000);
    assert_true(same_cell < 0.2 * onnet);
    assert_true(delayed > 0.15 * onnet && same_delay < 0.01 * delayed);
    free_run(&run);
}

/* ---- off-net parties ---- */

static void offnet_parties_last(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(300, 60);
    p.interconnect_share = 0.5;
    struct run run = run_model(&p, 1u << CDR_TYPE_SMS, 0);
    double prefixes[8] = {0}, even[8], repeated = 0, calls = 0;
    uint64_t(*seen)[256] = calloc(p.subscribers, sizeof *seen);
    uint32_t *known = calloc(p.subscribers, sizeof *known);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->party == CDR_PARTY_ONNET)
            continue;
        const char *text = r->direction == CDR_DIRECTION_MO ? r->dst : r->src;
        assert_int_equal(r->direction == CDR_DIRECTION_MO ? r->dst_len : r->src_len, 12);
        uint64_t number = strtoull((char[17]){text[0], text[1], text[2], text[3], text[4], text[5],
                                              text[6], text[7], text[8], text[9], text[10],
                                              text[11], text[12], text[13], text[14], text[15], 0},
                                   NULL, 10);
        uint32_t prefix = 0, k = 0;
        while (prefix < 8 && run.model->identities.offnet_prefix[prefix] != number / 10000000)
            prefix++;
        assert_true(prefix < 8);
        while (k < known[r->owner] && seen[r->owner][k] != number)
            k++;
        calls++;
        repeated += k < known[r->owner];
        if (k == known[r->owner] && k < 256) {
            seen[r->owner][known[r->owner]++] = number;
            prefixes[prefix]++;
        }
    }
    for (int i = 0; i < 8; i++)
        even[i] = 1;
    assert_likely(shares_p(prefixes, even, 8), "prefixes of other operators");
    printf("    %.3f of the messages are with an off-net party known before\n", repeated / calls);
    assert_true(repeated > 0.6 * calls);
    free(seen);
    free(known);
    free_run(&run);
}

/* ---- data ---- */

struct volume {
    const struct cdr_data_profile *profile;
    double least; /* conditional on more */
};

static double volume_cdf(double value, const void *state)
{
    const struct volume *v = state;
    double below = normal_cdf((v->least - v->profile->downlink_mean) / v->profile->downlink_sd);
    return (normal_cdf((value - v->profile->downlink_mean) / v->profile->downlink_sd) - below) /
           (1 - below);
}

static double ratio_cdf(double value, const void *state)
{
    const struct volume *v = state;
    double part = (value - v->profile->uplink_ratio_min) /
                  (v->profile->uplink_ratio_max - v->profile->uplink_ratio_min);
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

static void volumes_p(const struct run *run, uint8_t rat)
{
    const struct cdr_parameters *p = &run->model->parameters;
    struct volume v = {.profile = &p->data[rat], .least = p->downlink_min};
    double *down = malloc(run->count * sizeof *down), *ratio = malloc(run->count * sizeof *ratio),
           n = 0, least = 0;
    size_t downs = 0, ratios = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct record *r = &run->records[i];
        if (r->rat != rat)
            continue;
        n++;
        assert_true(r->bytes_out >= 2000 && r->bytes_in >= 1000);
        least += r->bytes_out == 2000;
        if (r->bytes_out > 2000)
            down[downs++] = r->bytes_out;
        if (r->bytes_out > 100000)
            ratio[ratios++] = (double)r->bytes_in / r->bytes_out;
    }
    double below = normal_cdf((2000 - v.profile->downlink_mean) / v.profile->downlink_sd);
    assert_likely(normal_p((least / n - below) / sqrt(below * (1 - below) / n)),
                  "%s: share of the least", cdr_rat_name[rat]);
    assert_likely(distribution_p(down, downs, volume_cdf, &v), "%s: downlink", cdr_rat_name[rat]);
    assert_likely(distribution_p(ratio, ratios, ratio_cdf, &v), "%s: uplink over downlink",
                  cdr_rat_name[rat]);
    free(down);
    free(ratio);
}

static void data_has_its_distributions(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(15000, 1);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    double apns[CDR_APN_COUNT] = {0}, types[2] = {0}, even[2] = {1, 1};
    for (size_t i = 0; i < run.count; i++) {
        apns[run.records[i].apn]++;
        types[run.records[i].record_type - CDR_RECORD_SGSN_PDP]++;
        assert_int_equal(run.records[i].cause, CDR_CAUSE_NORMAL_RELEASE);
    }
    assert_likely(shares_p(apns, p.apn_share, CDR_APN_COUNT), "access points");
    assert_likely(shares_p(types, even, 2), "record types");
    for (uint8_t rat = 0; rat < CDR_RAT_COUNT; rat++)
        volumes_p(&run, rat);
    free_run(&run);
}

static void calls_and_messages_have_their_distributions(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 1);
    struct run run = run_model(&p, 1u << CDR_TYPE_CALL | 1u << CDR_TYPE_SMS, 0);
    double segments[3] = {0}, rats[CDR_RAT_COUNT] = {0}, shares[CDR_RAT_COUNT], causes[4] = {0};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        rats[r->rat]++;
        if (r->leg != 0)
            continue; /* the other leg has the same */
        if (r->type == CDR_TYPE_SMS)
            segments[r->segments - 1]++;
        else
            causes[r->cause]++;
    }
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        shares[rat] = p.data[rat].share;
    static const double cause_shares[4] = {.82, .12, .04,
                                           .02}; /* FAILED and CONGESTION are both failure */
    assert_likely(shares_p(segments, p.sms_segments, 3), "segments");
    assert_likely(shares_p(causes, cause_shares, 4), "causes");
    assert_likely(shares_p(rats, shares, CDR_RAT_COUNT), "technologies");
    free_run(&run);
}

/* ---- partial records ---- */

static void assert_parts(const struct run *whole, size_t *at, const struct record *parts, size_t n,
                         uint32_t partial_s)
{
    while (!same_event(&whole->records[*at], parts))
        (*at)++;
    const struct record *session = &whole->records[*at];
    uint64_t in = 0, out = 0;
    int64_t next_ms = session->start_ms;
    for (size_t k = 0; k < n; k++) {
        assert_int_equal(parts[k].start_ms, next_ms);
        next_ms = parts[k].end_ms;
        in += parts[k].bytes_in;
        out += parts[k].bytes_out;
        assert_int_equal(parts[k].cause,
                         k + 1 < n ? CDR_CAUSE_PARTIAL_RECORD : CDR_CAUSE_NORMAL_RELEASE);
        assert_true(k + 1 < n ? parts[k].duration_s == partial_s
                              : parts[k].duration_s <= partial_s);
        assert_int_equal(parts[k].cell_id, session->cell_id);
        assert_int_equal(parts[k].apn, session->apn);
        assert_memory_equal(parts[k].imsi, session->imsi, 16);
        assert_memory_equal(parts[k].imei, session->imei, 16);
        assert_int_equal(parts[k].offset_min, session->offset_min);
    }
    assert_int_equal(next_ms, session->end_ms);
    assert_int_equal(in, session->bytes_in);
    assert_int_equal(out, session->bytes_out);
    assert_int_equal(n, session->duration_s <= partial_s
                            ? 1
                            : (session->duration_s + partial_s - 1) / partial_s);
}

static void parts_add_up_to_their_session(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct cdr_parameters p = parameters_of(3000, 1);
        p.order = order ? CDR_ORDER_START : CDR_ORDER_END;
        p.data[CDR_RAT_LTE].duration_mean_s = 3000; /* some across hours */
        p.data[CDR_RAT_LTE].duration_sd_s = 2500;
        struct run whole = sorted_run(&p, 1u << CDR_TYPE_DATA);
        p.partial_s = 300;
        struct run cut = sorted_run(&p, 1u << CDR_TYPE_DATA);
        const int64_t start_ms = cdr_calendar_day_start_ms(&whole.model->calendar, p.start_day);
        const int64_t end_ms = cdr_calendar_day_start_ms(&whole.model->calendar, p.start_day + 1);
        size_t at = 0, sessions = 0, most = 0;
        for (size_t i = 0, n; i < cut.count; i += n) {
            const struct record *first = &cut.records[i];
            for (n = 1; i + n < cut.count && same_event(first, first + n);)
                n++;
            struct cdr_slot slot =
                cdr_calendar_slot_at(&cut.model->calendar, first->slot * CDR_QUARTER_MS);
            if (slot.start_ms < start_ms || slot.start_ms >= end_ms)
                continue; /* begun before the run, or planned after it */
            assert_parts(&whole, &at, first, n, 300);
            sessions++;
            most = n > most ? n : most;
        }
        printf("    %zu sessions in %zu records, at most %zu each\n", sessions, cut.count, most);
        assert_true(sessions > 30000 && most > 15);
        assert_true(cut.count > 2 * sessions);
        free_run(&whole);
        free_run(&cut);
    }
}

/* ---- late records ---- */

static double delay_cdf(double value, const void *state)
{
    return 1 - exp(-value / 1000 / *(const double *)state);
}

static void late_records_are_late_as_told(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(6000, 1);
    struct run punctual = sorted_run(&p, ALL_TYPES);
    p.late_share = 0.1;
    p.late_mean_s = 600;
    p.late_max_s = 3600;
    struct run run = sorted_run(&p, ALL_TYPES);
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    double *delays = malloc(run.count * sizeof *delays), late = 0, n = 0, at_most = 0, mean = 600;
    size_t below = 0, j = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->start_ms < start_ms)
            continue;
        int64_t delay_ms = r->emission_ms - r->event_ms;
        assert_true(delay_ms >= 0 && delay_ms <= 3600000);
        n++;
        late += delay_ms > 0;
        at_most += delay_ms == 3600000;
        if (delay_ms > 0 && delay_ms < 3600000)
            delays[below++] = delay_ms;
        /* The record itself is the one that a run without late records has. */
        while (j < punctual.count && compare_records(&punctual.records[j], r) < 0)
            j++;
        struct record same = *r;
        same.emission_ms = same.event_ms;
        if (j < punctual.count && same_event(r, &punctual.records[j]) &&
            r->leg == punctual.records[j].leg)
            assert_memory_equal(&same, &punctual.records[j],
                                offsetof(struct record, imei) + sizeof same.imei);
    }
    double beyond = exp(-6);
    assert_likely(normal_p((late / n - 0.1) / sqrt(0.09 / n)), "a tenth is late");
    assert_likely(normal_p((at_most / late - beyond) / sqrt(beyond * (1 - beyond) / late)),
                  "share at the bound");
    /* Conditional on less than the bound: rescale, so that the exponential's cdf is that of what
     * was kept. */
    for (size_t i = 0; i < below; i++)
        delays[i] = -mean * 1000 * log(1 - (1 - exp(-delays[i] / 1000 / mean)) / (1 - beyond));
    assert_likely(distribution_p(delays, below, delay_cdf, &mean), "exponential");
    free(delays);
    free_run(&run);
    free_run(&punctual);
}

static void all_records_can_be_late(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(500, 1);
    p.late_share = 1;
    p.late_mean_s = 86400;
    p.late_max_s = 86400;
    struct run run = run_model(&p, ALL_TYPES, 1);
    size_t late = 0;
    for (size_t i = 0; i < run.count; i++)
        late += run.records[i].emission_ms > run.records[i].event_ms;
    assert_true(late > run.count * 999 / 1000); /* a delay may round to 0 */
    free_run(&run);
}

/* ---- logs ---- */

static void logs_are_in_order_of_emission(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(2000, 2);
    p.late_share = 0.1;
    p.partial_s = 600;
    struct run run = run_model(&p, ALL_TYPES, 0);
    int64_t before[CDR_TYPE_COUNT * 6] = {0};
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    const int64_t end_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day + 2);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        assert_int_equal(r->log, r->type * 6 + cdr_partition_of(run.model, r->owner));
        assert_true(r->emission_ms >= before[r->log]);
        assert_true(r->emission_ms >= start_ms && r->emission_ms < end_ms);
        before[r->log] = r->emission_ms;
    }
    free_run(&run);
}

/* ---- all levels of the instruction set ---- */

struct levels {
    struct cdr_block *blocks[CDR_LEVEL_COUNT];
    size_t compared;
    int levels;
};

static enum cdr_result compare_levels(void *state, unsigned worker, const struct cdr_task *task,
                                      struct cdr_error *error)
{
    struct levels *levels = state;
    (void)worker;
    (void)error;
    for (uint32_t from = 0, n; from < task->n; from += n) {
        n = task->n - from < CDR_BLOCK_RECORDS ? task->n - from : CDR_BLOCK_RECORDS;
        levels->levels = 0;
        for (int level = 0; level < CDR_LEVEL_COUNT; level++) {
            if (!cdr_level_runs((enum cdr_level)level))
                continue;
            memset(levels->blocks[level], 0, sizeof *levels->blocks[level]);
            cdr_loops_of((enum cdr_level)level)
                ->materialise(task->model, task->type, task->keys + from, n,
                              task->slots[0].start_ms, task->slots, levels->blocks[level]);
            assert_memory_equal(levels->blocks[level], levels->blocks[CDR_LEVEL_BASE],
                                sizeof *levels->blocks[level]);
            levels->levels++;
        }
        levels->compared += n;
    }
    return CDR_OK;
}

static void levels_give_the_same_records(void **state)
{
    (void)state;
    for (int variant = 0; variant < 3; variant++) {
        struct cdr_parameters p = parameters_of(3001, 1);
        p.partitions = 2;
        p.leave_prob = variant == 2 ? 0.01 : 0;
        p.vacant_days = 9;
        if (variant == 1) {
            p.late_share = 0.2;
            p.partial_s = 120;
            p.order = CDR_ORDER_START;
            memcpy(p.prefixes[3], "491\0\0\0\0", 8);
        }
        struct cdr_model *model = model_of(&p);
        struct levels levels = {.compared = 0};
        for (int level = 0; level < CDR_LEVEL_COUNT; level++)
            levels.blocks[level] = malloc(sizeof *levels.blocks[level]);
        struct cdr_error error = {0};
        struct cdr_engine *engine = NULL;
        struct cdr_engine_settings settings = {
            .workers = 1,
            .shard_count = 1,
            .end_ms = cdr_calendar_day_start_ms(&model->calendar, p.start_day + 1),
        };
        struct cdr_consumer consumer = {.state = &levels, .task = compare_levels};
        assert_int_equal(cdr_engine_create(&engine, model, &settings, &error), CDR_OK);
        assert_int_equal(cdr_engine_run(engine, &consumer, &error), CDR_OK);
        printf("    %zu records, %d levels\n", levels.compared, levels.levels);
        assert_true(levels.compared > 50000);
        for (int level = 0; level < CDR_LEVEL_COUNT; level++)
            free(levels.blocks[level]);
        cdr_engine_destroy(engine);
        cdr_model_destroy(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_from_their_functions),
        cmocka_unit_test(both_legs_agree),
        cmocka_unit_test(offnet_parties_last),
        cmocka_unit_test(data_has_its_distributions),
        cmocka_unit_test(calls_and_messages_have_their_distributions),
        cmocka_unit_test(parts_add_up_to_their_session),
        cmocka_unit_test(late_records_are_late_as_told),
        cmocka_unit_test(all_records_can_be_late),
        cmocka_unit_test(logs_are_in_order_of_emission),
        cmocka_unit_test(levels_give_the_same_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
