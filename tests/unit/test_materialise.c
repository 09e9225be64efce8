/* Records: fields agree with the functions they come from, both legs agree with each other, parts
 * with their session, and all levels of the instruction set with the base. */
#include "base/math.h"
#include "model/materialise.h"
#include "model/profile.h"
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

static double sum(const double *values, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += values[i];
    return all;
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

static uint32_t class_of_device(const struct cdr_model *model, uint32_t subscriber)
{
    uint64_t traits = cdr_place_traits(&model->towns, subscriber);
    return cdr_device_rat(&model->devices, (uint32_t)(traits >> 32));
}

static void assert_identity(const struct cdr_model *model, const struct record *r)
{
    const struct cdr_identities *identities = &model->identities;
    const struct cdr_number owner = cdr_msisdn(identities, r->owner);
    struct cdr_slot slot = cdr_calendar_slot_at(&model->calendar, r->slot * CDR_QUARTER_MS);
    const uint32_t day = (uint32_t)slot.day;
    struct cdr_imsi imsi =
        cdr_imsi(identities, r->owner, cdr_renewal_number(&identities->sim, r->owner, day));
    uint64_t imei =
        cdr_imei14(identities, r->owner, cdr_renewal_number(&identities->device, r->owner, day),
                   class_of_device(model, r->owner));
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
    assert_int_equal((r->end_ms - r->start_ms) / 1000, r->duration_s);
    assert_int_equal(r->event_ms,
                     model->parameters.order == CDR_ORDER_END ? r->end_ms : r->start_ms);
    if (model->parameters.faults[CDR_FAULT_LATE] == 0)
        assert_int_equal(r->emission_ms, r->event_ms);
    assert_true(r->emission_ms >= r->event_ms);
    if (model->parameters.partial_s == 0) {
        /* Members of a train may begin in the next slot, and the called leg starts later. */
        const int64_t first_ms = r->slot * CDR_QUARTER_MS;
        assert_true(r->type != CDR_TYPE_DATA || slot.name == r->slot);
        assert_true(r->start_ms >= first_ms && r->start_ms < first_ms + 3 * INT64_C(3600000));
        assert_true(slot.name != r->slot || slot.offset_min == r->offset_min);
    }
}

static void assert_symbols(const struct cdr_model *model, const struct record *r)
{
    const struct cdr_cells *cells = &model->cells;
    assert_true(r->cell_id >= CDR_CELL_ID_FIRST && r->cell_id < CDR_CELL_ID_FIRST + cells->count);
    assert_int_equal(cells->cells[r->cell_id - CDR_CELL_ID_FIRST].rat, r->rat);
    if (r->type == CDR_TYPE_CALL) {
        assert_int_equal(r->record_type,
                         r->rat == CDR_RAT_WCDMA ? CDR_RECORD_MSC_VOICE : CDR_RECORD_MMTEL);
        assert_true(r->cause <= CDR_CAUSE_FAILURE || r->cause == CDR_CAUSE_ABNORMAL_RELEASE);
    } else if (r->type == CDR_TYPE_SMS) {
        assert_int_equal(r->record_type, r->rat == CDR_RAT_NR               ? CDR_RECORD_CHF
                                         : r->direction == CDR_DIRECTION_MO ? CDR_RECORD_SGSN_SMO
                                                                            : CDR_RECORD_SGSN_SMT);
        assert_int_equal(r->cause, r->status == CDR_SMS_FAILED ? CDR_CAUSE_DELIVERY_FAILURE
                                                               : CDR_CAUSE_DELIVERY_SUCCESS);
        assert_true(r->segments >= 1 && r->segments <= 3);
        assert_true(r->direction == CDR_DIRECTION_MO || r->status != CDR_SMS_SENT);
    } else {
        static const int record_types[CDR_RAT_COUNT] = {CDR_RECORD_SGSN_PDP, CDR_RECORD_PGW,
                                                        CDR_RECORD_CHF};
        assert_int_equal(r->record_type, record_types[r->rat]);
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
            p.msisdn_digits = 13;
            p.faults[CDR_FAULT_LATE] = 0.3;
            p.partial_s = 300;
            p.trains = 0.5;
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

/* A model of device has one best technology, also where TACs are dense. */
static void a_tac_has_devices_of_one_generation(void **state)
{
    (void)state;
    for (int dense = 0; dense < 2; dense++) {
        struct cdr_parameters p = parameters_of(20000, 1);
        p.imei_change_prob = dense ? 1 : p.imei_change_prob;
        p.subscribers = dense ? 18 << 19 : p.subscribers;
        struct cdr_model *model = model_of(&p);
        uint8_t *seen = calloc(100000000, 1);
        uint32_t tacs = 0, of_class[CDR_RAT_COUNT] = {0}, bodies[3] = {0};
        for (uint32_t s = 0; s < 20000; s++) {
            const uint32_t class = class_of_device(model, s * (p.subscribers / 20000));
            const struct cdr_profile profile =
                cdr_profile_on(model, s * (p.subscribers / 20000), (uint32_t)p.start_day);
            const uint64_t tac = profile.imei / 10000000;
            const uint64_t body = tac / 1000000;
            assert_true(body == 1 || body == 35 || body == 86);
            bodies[body == 1 ? 0 : body == 35 ? 1 : 2]++;
            tacs += seen[tac] == 0;
            assert_true(seen[tac] == 0 || seen[tac] == 1 + class);
            seen[tac] = (uint8_t)(1 + class);
            of_class[class]++;
        }
        printf("    %u models; WCDMA %u, LTE %u, NR %u\n", tacs, of_class[0], of_class[1],
               of_class[2]);
        assert_true(tacs > (dense ? 60 : 200) && of_class[0] > 100 && of_class[1] > 1000 &&
                    of_class[2] > 1000);
        assert_true(dense || (bodies[0] > 1000 && bodies[1] > 4000 && bodies[2] > 1000));
        free(seen);
        cdr_model_destroy(model);
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
    /* Two switches: the called party's sees the call later, and its end within a second. */
    if (mo->type == CDR_TYPE_CALL) {
        assert_true(mt->start_ms >= mo->start_ms + 500);
        assert_true(mt->start_ms < mo->start_ms + 2800);
        assert_true(mt->cause == CDR_CAUSE_BUSY || mt->end_ms > mo->end_ms - 2000);
        assert_true(mt->end_ms < mo->end_ms + 1100);
    }
    assert_int_equal(mo->offset_min, mt->offset_min);
    if (mo->type == CDR_TYPE_CALL)
        assert_int_equal(mo->cause, mt->cause);
    else
        assert_int_equal(mo->status, CDR_SMS_SENT);
    assert_int_equal(mo->segments, mt->segments);
    assert_memory_equal(mo->src, mt->src, 16);
    assert_memory_equal(mo->dst, mt->dst, 16);
    assert_int_equal(mo->type == CDR_TYPE_SMS && mo->party == CDR_PARTY_REPLY ? mt->owner
                                                                              : mo->owner,
                     mo->origin);
    assert_true(mt->owner != mo->owner && mt->owner < model->parameters.subscribers);
    assert_memory_not_equal(mo->imsi, mt->imsi, 16);
    assert_memory_not_equal(mo->imei, mt->imei, 16);
}

static void both_legs_agree(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(4000, 2);
    p.faults[CDR_FAULT_LATE] = 0.2; /* the legs are late each on its own, and still agree */
    p.late_max_s = 1800;
    struct run run = sorted_run(&p, 1u << CDR_TYPE_CALL | 1u << CDR_TYPE_SMS);
    const int64_t start_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day);
    const int64_t end_ms = cdr_calendar_day_start_ms(&run.model->calendar, p.start_day + 2);
    double onnet = 0, alone = 0, lost = 0, same_cell = 0, same_delay = 0, delayed = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->slot * CDR_QUARTER_MS < start_ms || r->slot * CDR_QUARTER_MS >= end_ms)
            continue;
        int pair = i + 1 < run.count && same_event(r, r + 1);
        if (r->party != CDR_PARTY_ONNET && cdr_is_reply(r->type, r->party) == 0) {
            assert_false(pair);
            assert_int_equal(r->direction,
                             r->party == CDR_PARTY_INCOMING ? CDR_DIRECTION_MT : CDR_DIRECTION_MO);
            alone++;
            continue;
        }
        if (r->cause == CDR_CAUSE_FAILURE ||
            (r->cause == CDR_CAUSE_DELIVERY_FAILURE && r->direction == CDR_DIRECTION_MO)) {
            assert_false(pair); /* it did not reach the called party */
            lost++;
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
    assert_true(onnet > 20000 && alone > 5000 && lost > 100);
    assert_true(same_cell < 0.2 * onnet);
    assert_true(delayed > 0.15 * onnet && same_delay < 0.01 * delayed);
    free_run(&run);
}

/* The sender's record is over before the message can have come, so it can't say whether it did. */
static void the_sender_s_record_knows_of_no_delivery(void **state)
{
    (void)state;
    for (int classic = 0; classic < 2; classic++) {
        struct cdr_parameters p = parameters_of(6000, 2);
        p.classic_records = classic;
        double statuses[2][CDR_SMS_STATUS_COUNT] = {{0}}, outside[2] = {0}, pairs = 0;
        struct run run = sorted_run(&p, 1u << CDR_TYPE_SMS);
        for (size_t i = 0; i < run.count; i++) {
            const struct record *r = &run.records[i];
            const int64_t lasts_ms = r->end_ms - r->start_ms;
            statuses[r->direction][r->status]++;
            if (r->leg != 0 || r->party == CDR_PARTY_INCOMING) {
                assert_true(r->status != CDR_SMS_SENT);
                outside[r->status == CDR_SMS_FAILED] += r->party == CDR_PARTY_INCOMING;
                continue;
            }
            int pair = i + 1 < run.count && same_event(r, r + 1);
            pairs += pair;
            assert_true(!pair || r[1].start_ms >= r->end_ms);
            if (classic)
                continue;
            assert_true(lasts_ms >= 300 && lasts_ms < 2000);
            assert_true(r->status != CDR_SMS_DELIVERED && (!pair || r->status == CDR_SMS_SENT));
        }
        const double *mo = statuses[CDR_DIRECTION_MO], *mt = statuses[CDR_DIRECTION_MT];
        double sent = sum(mo, 3), received = sum(mt, 3);
        printf("    FAILED: %.4f of the messages sent, %.4f of those received; pairs %.0f\n",
               mo[CDR_SMS_FAILED] / sent, mt[CDR_SMS_FAILED] / received, pairs);
        assert_true(pairs > 20000);
        if (classic)
            assert_true(fabs(mo[CDR_SMS_DELIVERED] / sent - 0.88) < 0.01);
        const double failed = classic ? 0.02 : 0.01;
        assert_true(fabs(mo[CDR_SMS_FAILED] / sent - failed) < 0.002);
        assert_true(fabs(mt[CDR_SMS_FAILED] / received - failed) < 0.002);
        assert_true(fabs(outside[1] / (outside[0] + outside[1]) - failed) < 0.004);
        assert_true(fabs(received / sent - 1) < 0.02);
        free_run(&run);
    }
}

/* ---- off-net parties ---- */

static uint64_t number_of(const char text[16])
{
    char digits[17] = {0};
    memcpy(digits, text, 16);
    return strtoull(digits, NULL, 10);
}

static void offnet_parties_last(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(300, 60);
    p.interconnect_share = 0.5;
    p.application_share = 0;
    memset(p.called_numbers, 0, sizeof p.called_numbers);
    p.called_numbers[CDR_NUMBER_MOBILE] = 1;
    struct run run = run_model(&p, 1u << CDR_TYPE_SMS, 0);
    double prefixes[4] = {0}, even[4], repeated = 0, calls = 0;
    uint64_t(*seen)[256] = calloc(p.subscribers, sizeof *seen);
    uint32_t *known = calloc(p.subscribers, sizeof *known);
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->party == CDR_PARTY_ONNET || r->party == CDR_PARTY_REPLY)
            continue;
        const char *text = r->direction == CDR_DIRECTION_MO ? r->dst : r->src;
        assert_int_equal(r->direction == CDR_DIRECTION_MO ? r->dst_len : r->src_len, 11);
        uint64_t number = number_of(text);
        uint32_t prefix = 0, k = 0;
        while (prefix < 4 && run.model->number_plan.first[prefix] / 10000000 != number / 10000000)
            prefix++;
        assert_true(prefix < 4);
        while (k < known[r->owner] && seen[r->owner][k] != number)
            k++;
        calls++;
        repeated += k < known[r->owner];
        if (k == known[r->owner] && k < 256) {
            seen[r->owner][known[r->owner]++] = number;
            prefixes[prefix]++;
        }
    }
    for (int i = 0; i < 4; i++)
        even[i] = 1;
    assert_likely(shares_p(prefixes, even, 4), "prefixes of other operators");
    printf("    %.3f of the messages are with an off-net party known before\n", repeated / calls);
    assert_true(repeated > 0.6 * calls);
    free(seen);
    free(known);
    free_run(&run);
}

/* ---- kinds of numbers ---- */

/* Whether the digits after 31 begin with an area of the Netherlands, or 85 or 88, and a local number
 * after it with 2 to 9. */
static bool is_fixed_line(const char *digits)
{
    static const char two[] =
        "10 13 15 20 23 24 26 30 33 35 36 38 40 43 45 46 50 53 55 58 70 71 72 73 "
        "74 75 76 77 78 79 85 88 ";
    const char area[] = {digits[0], digits[1], ' ', '\0'};
    /* Areas of three digits begin as none of two does. */
    const int len = strstr(two, area) != NULL ? 2 : 3;
    return digits[0] != '6' && digits[0] != '9' && digits[len] >= '2';
}

/* The kind of another network's number in the Netherlands; CDR_NUMBER_KIND_COUNT is an
 * application's. */
static unsigned kind_of(uint64_t number, unsigned len)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    assert_int_equal(strlen(text), len);
    if (len == 3) {
        assert_int_equal(number, 112);
        return CDR_NUMBER_EMERGENCY;
    }
    if (len == 4)
        return number == 1233       ? CDR_NUMBER_VOICEMAIL
               : number / 100 == 18 ? CDR_NUMBER_SHORT
                                    : CDR_NUMBER_KIND_COUNT;
    if (len == 9 && number / 10000 == 31800)
        return CDR_NUMBER_SERVICE;
    if (len == 9 && number / 10000 == 31900)
        return CDR_NUMBER_PREMIUM;
    if (len != 11 || number / 1000000000 != 31)
        return CDR_NUMBER_INTERNATIONAL;
    if (text[2] == '6')
        return CDR_NUMBER_MOBILE;
    assert_true(is_fixed_line(text + 2));
    return CDR_NUMBER_FIXED;
}

/* Contacts are of the kinds that are told, only some kinds call or write, and a number that many
 * call has many callers. */
static void numbers_are_of_their_kinds(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(4000, 10);
    p.interconnect_share = 0.5;
    struct run run = run_model(&p, 1u << CDR_TYPE_CALL | 1u << CDR_TYPE_SMS, 0);
    double called[CDR_NUMBER_KIND_COUNT] = {0}, calling[CDR_NUMBER_KIND_COUNT] = {0}, calls = 0;
    uint8_t *mailbox = calloc(p.subscribers, 1), *top = calloc(p.subscribers, 1);
    double mailboxes = 0, first_service = 0, company = 0;
    double received = 0, of_applications = 0, first_application = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        int mo = r->direction == CDR_DIRECTION_MO;
        if (r->party == CDR_PARTY_ONNET || (r->type == CDR_TYPE_SMS && r->party == CDR_PARTY_REPLY))
            continue;
        uint64_t number = number_of(mo ? r->dst : r->src);
        unsigned kind = kind_of(number, mo ? r->dst_len : r->src_len);
        if (r->type == CDR_TYPE_SMS) {
            const bool application = kind == CDR_NUMBER_KIND_COUNT;
            assert_true(application || (CDR_WRITING_KINDS >> kind & 1) != 0);
            assert_true(!application || !mo); /* nobody replies to one */
            received += !mo;
            of_applications += application;
            first_application += application && number == 2000 + 1237;
            continue;
        }
        assert_true(kind < CDR_NUMBER_KIND_COUNT);
        company +=
            kind == CDR_NUMBER_FIXED && (number / 10000000 == 3185 || number / 10000000 == 3188);
        if (mo)
            called[kind]++;
        else
            calling[kind]++;
        calls += r->type == CDR_TYPE_CALL && mo;
        if (kind == CDR_NUMBER_VOICEMAIL)
            mailboxes += mailbox[r->owner]++ == 0;
        if (kind == CDR_NUMBER_SERVICE && number == 318001237)
            first_service += top[r->owner]++ == 0;
    }
    for (unsigned kind = 0; kind < CDR_NUMBER_KIND_COUNT; kind++) {
        printf("    kind %u: %.4f of the calls made\n", kind, called[kind] / calls);
        assert_true(fabs(called[kind] / calls - p.called_numbers[kind]) <
                    0.02 + 0.1 * p.called_numbers[kind]);
        assert_true((CDR_CONTACT_KINDS >> kind & 1) != 0 || calling[kind] == 0);
    }
    printf("    the mailbox has %.0f callers, the first service %.0f\n", mailboxes, first_service);
    assert_true(mailboxes > 500 && first_service > 50 && first_service < mailboxes);
    printf("    %.3f of the messages from elsewhere are of applications, %.3f of those of one\n",
           of_applications / received, first_application / of_applications);
    assert_true(fabs(of_applications / received - p.application_share) < 0.03);
    assert_true(first_application > 0.1 * of_applications);
    assert_true(company > 100);
    free(mailbox);
    free(top);
    free_run(&run);
}

/* A machine answers, or somebody whose work it is. */
static void numbers_that_many_call_nearly_always_answer(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(8000, 10);
    p.interconnect_share = 0.5;
    struct run run = run_model(&p, 1u << CDR_TYPE_CALL, 0);
    double calls[2] = {0}, answered[2] = {0}, mailbox = 0, short_ = 0, long_ = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->direction != CDR_DIRECTION_MO || r->party == CDR_PARTY_ONNET)
            continue;
        const unsigned kind = kind_of(number_of(r->dst), r->dst_len);
        const int service = (CDR_CONTACT_KINDS >> kind & 1) == 0;
        const int answers =
            r->cause == CDR_CAUSE_NORMAL_RELEASE || r->cause == CDR_CAUSE_ABNORMAL_RELEASE;
        calls[service]++;
        answered[service] += answers;
        if (kind != CDR_NUMBER_VOICEMAIL || !answers)
            continue;
        mailbox++;
        short_ += r->duration_s < 20;
        long_ += r->duration_s > 60;
    }
    printf(
        "    answered: %.4f of services' calls, %.4f of others; mailbox: %.0f calls, %.0f shorter "
        "than 20 s, %.0f longer than a minute\n",
        answered[1] / calls[1], answered[0] / calls[0], mailbox, short_, long_);
    assert_true(calls[1] > 5000 && answered[1] > 0.97 * calls[1]);
    assert_true(fabs(answered[0] / calls[0] - 0.74) < 0.02);
    assert_true(mailbox > 1000 && long_ == 0 && short_ < 0.03 * mailbox);
    free_run(&run);
}

/* Own numbers are never those of another kind, whatever the prefixes are. */
static void no_kind_has_subscribers_numbers(void **state)
{
    (void)state;
    static const char *const prefixes[][2] = {{"3120", "3163"},  {"318", "3165"},  {"3190", "3161"},
                                              {"49151", "4917"}, {"1212", "1718"}, {"9999", "9998"},
                                              {"351", "352"},    {"317", "316"}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        struct cdr_parameters p = parameters_of(1000, 1);
        p.prefix_count = p.offnet_prefix_count = 1;
        strcpy(p.prefixes[0], prefixes[i][0]);
        strcpy(p.offnet_prefixes[0], prefixes[i][1]);
        struct cdr_model *model = model_of(&p);
        uint64_t random = 1;
        for (int k = 0; k < 100000; k++) {
            random = cdr_mix(random);
            const struct cdr_number_plan *plan = &model->number_plan;
            struct cdr_number n =
                k % 2 ? cdr_other_number(plan, random, CDR_CONTACT_KINDS)
                      : cdr_service_number(plan, cdr_service(plan, random), cdr_mix(random));
            char text[24];
            snprintf(text, sizeof text, "%" PRIu64, n.value);
            assert_int_equal(strlen(text), n.len);
            assert_true(n.len < 10 || strncmp(text, prefixes[i][0], strlen(prefixes[i][0])) != 0);
            assert_true(n.len >= 3 && n.len <= 15);
        }
        cdr_model_destroy(model);
    }
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
    /* Below the least some have up to four times as much. */
    struct volume v = {.profile = &p->data[rat], .least = 4 * p->downlink_min};
    double *down = malloc(run->count * sizeof *down), *ratio = malloc(run->count * sizeof *ratio),
           n = 0, least = 0;
    size_t downs = 0, ratios = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct record *r = &run->records[i];
        if (r->rat != rat || r->apn != CDR_APN_INTERNET)
            continue;
        n++;
        assert_true(r->bytes_out >= 2000 && r->bytes_in >= 1000);
        least += r->bytes_out <= 8000;
        if (r->bytes_out > 8000)
            down[downs++] = r->bytes_out;
        if (r->bytes_out > 100000)
            ratio[ratios++] = (double)r->bytes_in / r->bytes_out;
    }
    double below = normal_cdf((v.least - v.profile->downlink_mean) / v.profile->downlink_sd);
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
    p.session_sigma = p.user_sigma = 0;
    p.data[CDR_RAT_WCDMA].downlink_sd = 4e6; /* some have the least */
    p.data[CDR_RAT_LTE].downlink_sd = 12e6;
    p.data[CDR_RAT_NR].downlink_sd = 50e6;
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    double apns[CDR_APN_COUNT] = {0};
    for (size_t i = 0; i < run.count; i++) {
        apns[run.records[i].apn] += run.records[i].rat != CDR_RAT_WCDMA;
        assert_int_equal(run.records[i].cause, CDR_CAUSE_NORMAL_RELEASE);
    }
    assert_likely(shares_p(apns, p.apn_share, CDR_APN_COUNT), "access points on LTE and NR");
    for (uint8_t rat = 0; rat < CDR_RAT_COUNT; rat++)
        volumes_p(&run, rat);
    free_run(&run);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Share of the commonest value. */
static double commonest(uint64_t *values, size_t n)
{
    size_t most = 0, alike = 0;
    qsort(values, n, sizeof *values, by_number);
    for (size_t i = 0; i < n; i++) {
        alike = i > 0 && values[i] == values[i - 1] ? alike + 1 : 1;
        most = alike > most ? alike : most;
    }
    return (double)most / (double)n;
}

/* Not the least bytes, not those of the best rate; and uplink by downlink differs. */
static void no_volume_stands_out(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(10000, 2);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    uint64_t *in = malloc(run.count * sizeof *in), *out = malloc(run.count * sizeof *out),
             *rate = malloc(run.count * sizeof *rate), *ratio = malloc(run.count * sizeof *ratio);
    size_t small = 0, fast = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        in[i] = r->bytes_in;
        out[i] = r->bytes_out;
        if (r->bytes_out / (r->duration_s + 1) > 1000000)
            rate[fast++] = r->bytes_out / (r->duration_s + 1);
        if (r->apn != CDR_APN_INTERNET)
            ratio[small++] = 1000 * r->bytes_in / r->bytes_out;
    }
    const double shares[4] = {commonest(in, run.count), commonest(out, run.count),
                              commonest(rate, fast), commonest(ratio, small)};
    printf("    commonest: %.5f uplink, %.5f downlink, %.5f rate, %.5f ratio of ims and mms\n",
           shares[0], shares[1], shares[2], shares[3]);
    assert_true(shares[0] < 0.001 && shares[1] < 0.001 && shares[3] < 0.01);
    assert_true(shares[2] < fmax(0.001, 2.5 / (double)fast)); /* two may be alike */
    free(in);
    free(out);
    free(rate);
    free(ratio);
    free_run(&run);
}

static int by_session_start(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    if (left->owner != right->owner)
        return left->owner < right->owner ? -1 : 1;
    if (left->apn != right->apn)
        return left->apn < right->apn ? -1 : 1;
    return left->start_ms < right->start_ms ? -1 : left->start_ms > right->start_ms;
}

/* Not of a device without LTE, nor of one that falls back, nor in a later part. Whatever such a
 * session is instead, no two of an access point overlap. */
static void no_ims_session_is_on_wcdma(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct cdr_parameters p = parameters_of(4000, 2);
        p.apn_share[CDR_APN_IMS] = 0.5;
        p.partial_s = variant == 1 ? 120 : 0;
        p.classic_records = variant == 3;
        if (variant == 2) { /* sites without LTE */
            p.data[CDR_RAT_LTE].cell_share = 0.1;
            p.data[CDR_RAT_NR].cell_share = 0.05;
        }
        struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
        double ims = 0, wrong = 0;
        qsort(run.records, run.count, sizeof *run.records, by_session_start);
        for (size_t i = 0; i < run.count; i++) {
            const struct record *r = &run.records[i];
            ims += r->apn == CDR_APN_IMS;
            wrong += r->apn == CDR_APN_IMS && r->rat == CDR_RAT_WCDMA;
            assert_true(i == 0 || r->owner != r[-1].owner || r->apn != r[-1].apn ||
                        r->start_ms >= r[-1].end_ms);
        }
        printf("    %.0f sessions of ims, %.0f on WCDMA\n", ims, wrong);
        assert_true(ims > 10000 && (variant == 3 ? wrong > 1000 : wrong == 0));
        free_run(&run);
    }
}

static int descending(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return *left < *right ? 1 : *left > *right ? -1 : 0;
}

static double top_share(double *values, size_t n, size_t top)
{
    double sum = 0, first = 0;
    qsort(values, n, sizeof *values, descending);
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
        first += i < top ? values[i] : 0;
    }
    return first / sum;
}

/* A tenth of the sessions carries most of the bytes, and a tenth of the subscribers. */
static void volumes_have_heavy_tails(void **state)
{
    (void)state;
    enum { N = 5000, DAYS = 3 };
    struct cdr_parameters p = parameters_of(N, DAYS);
    struct run run = run_model(&p, 1u << CDR_TYPE_DATA, 0);
    double *sessions = malloc(run.count * sizeof *sessions), of_user[N] = {0};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        sessions[i] = (double)(r->bytes_in + r->bytes_out);
        of_user[r->owner] += sessions[i];
        assert_true((double)r->bytes_out / (r->duration_s + 1) <= 40e6);
    }
    double session_share = top_share(sessions, run.count, run.count / 10),
           user_share = top_share(of_user, N, N / 10);
    printf("    top tenth: %.3f of the bytes in sessions, %.3f of subscribers\n", session_share,
           user_share);
    assert_true(session_share > 0.85 && session_share < 0.94);
    assert_true(user_share > 0.62 && user_share < 0.78); /* of three days; of two weeks 0.66 */
    free(sessions);
    free_run(&run);
}

static void calls_and_messages_have_their_distributions(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 1);
    struct run run = run_model(&p, 1u << CDR_TYPE_CALL | 1u << CDR_TYPE_SMS, 0);
    double segments[3] = {0}, rats[CDR_RAT_COUNT] = {0}, shares[CDR_RAT_COUNT],
           causes[CDR_CAUSE_COUNT] = {0};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        rats[r->rat]++;
        if (r->leg != 0)
            continue; /* the other leg has the same */
        if (r->type == CDR_TYPE_CALL && r->party == CDR_PARTY_INCOMING)
            assert_true(r->cause != CDR_CAUSE_FAILURE);
        else if (r->type == CDR_TYPE_SMS)
            segments[r->segments - 1]++;
        else
            causes[r->cause]++;
    }
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++)
        shares[rat] = p.data[rat].share;
    assert_likely(shares_p(segments, p.sms_segments, 3), "segments");
    /* Rejected calls have no cause of their own; FAILED and CONGESTION are both failure. */
    causes[CDR_CAUSE_NORMAL_RELEASE] += causes[CDR_CAUSE_ABNORMAL_RELEASE];
    double calls = causes[0] + causes[1] + causes[2] + causes[3];
    assert_true(fabs(causes[CDR_CAUSE_NORMAL_RELEASE] / calls - 0.745) < 0.015);
    assert_true(fabs(causes[CDR_CAUSE_NO_ANSWER] / calls - 0.24) < 0.015);
    assert_true(causes[CDR_CAUSE_BUSY] / calls > 0.002 && causes[CDR_CAUSE_BUSY] / calls < 0.01);
    assert_true(fabs(causes[CDR_CAUSE_FAILURE] / calls - 0.02) < 0.006);
    double all = rats[0] + rats[1] + rats[2];
    for (int rat = 0; rat < CDR_RAT_COUNT; rat++) /* devices and sites, not records, are drawn */
        assert_true(fabs(rats[rat] / all - shares[rat]) < 0.04);
    free_run(&run);
}

/* Three of a thousand answered calls, for both parties; none of the predecessor's. */
static void some_calls_are_dropped(void **state)
{
    (void)state;
    for (int classic = 0; classic < 2; classic++) {
        struct cdr_parameters p = parameters_of(20000, 2);
        p.classic_records = classic;
        struct run run = run_model(&p, 1u << CDR_TYPE_CALL, 0);
        double answered = 0, dropped = 0;
        for (size_t i = 0; i < run.count; i++) {
            dropped += run.records[i].cause == CDR_CAUSE_ABNORMAL_RELEASE;
            answered += run.records[i].cause == CDR_CAUSE_NORMAL_RELEASE;
        }
        printf("    %.4f of the answered calls are dropped\n", dropped / (answered + dropped));
        if (classic)
            assert_true(dropped == 0);
        else
            assert_true(dropped / answered > 0.002 && dropped / answered < 0.004);
        free_run(&run);
    }
}

static void a_busy_line_turns_calls_away_at_once(void **state)
{
    (void)state;
    struct cdr_parameters p = parameters_of(20000, 2);
    struct run run = run_model(&p, 1u << CDR_TYPE_CALL, 0);
    double busy[2] = {0}, longer[2] = {0};
    for (size_t i = 0; i < run.count; i++) {
        const struct record *r = &run.records[i];
        if (r->cause != CDR_CAUSE_BUSY)
            continue;
        busy[r->direction]++;
        longer[r->direction] += r->end_ms - r->start_ms >= 1000;
    }
    printf("    busy: %.0f calls made, %.0f received\n", busy[0], busy[1]);
    assert_true(busy[0] > 100 && busy[1] > busy[0]);
    assert_true(longer[CDR_DIRECTION_MO] == busy[CDR_DIRECTION_MO]);
    assert_true(longer[CDR_DIRECTION_MT] == 0);
    free_run(&run);
}

/* ---- partial records ---- */

/* Whether the session lasts as long as without parts. */
static bool assert_parts(const struct run *whole, size_t *at, const struct record *parts, size_t n,
                         uint32_t partial_s)
{
    const int closed =
        whole->model->parameters.classic_records ? CDR_CAUSE_PARTIAL_RECORD : CDR_CAUSE_TIME_LIMIT;
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
        assert_int_equal(parts[k].cause, k + 1 < n ? closed : CDR_CAUSE_NORMAL_RELEASE);
        assert_true(k + 1 < n ? parts[k].duration_s == partial_s
                              : parts[k].duration_s <= partial_s);
        if (k == 0) /* later its owner may be elsewhere */
            assert_int_equal(parts[k].cell_id, session->cell_id);
        assert_int_equal(parts[k].apn, session->apn);
        assert_memory_equal(parts[k].imsi, session->imsi, 16);
        assert_memory_equal(parts[k].imei, session->imei, 16);
        assert_int_equal(parts[k].offset_min, session->offset_min);
    }
    if (next_ms != session->end_ms) { /* the technology was another one then */
        const int64_t lasts_s = (int64_t)n * partial_s;
        assert_true(lasts_s < session->duration_s &&
                    (next_ms - session->start_ms) / 1000 == lasts_s);
        assert_true(in <= session->bytes_in && out <= session->bytes_out);
        return false;
    }
    assert_int_equal(in, session->bytes_in);
    assert_int_equal(out, session->bytes_out);
    assert_int_equal(n, session->duration_s <= partial_s
                            ? 1
                            : (session->duration_s + partial_s - 1) / partial_s);
    return true;
}

static void parts_add_up_to_their_session(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct cdr_parameters p = parameters_of(3000, 1);
        p.order = order ? CDR_ORDER_START : CDR_ORDER_END;
        p.data[CDR_RAT_LTE].duration_mean_s = 3000; /* some across hours */
        p.data[CDR_RAT_LTE].duration_sd_s = 2500;
        p.classic_records = order;
        struct run whole = sorted_run(&p, 1u << CDR_TYPE_DATA);
        p.partial_s = 300;
        struct run cut = sorted_run(&p, 1u << CDR_TYPE_DATA);
        const int64_t start_ms = cdr_calendar_day_start_ms(&whole.model->calendar, p.start_day);
        const int64_t end_ms = cdr_calendar_day_start_ms(&whole.model->calendar, p.start_day + 1);
        size_t at = 0, sessions = 0, most = 0, ended = 0;
        for (size_t i = 0, n; i < cut.count; i += n) {
            const struct record *first = &cut.records[i];
            for (n = 1; i + n < cut.count && same_event(first, first + n);)
                n++;
            struct cdr_slot slot =
                cdr_calendar_slot_at(&cut.model->calendar, first->slot * CDR_QUARTER_MS);
            if (slot.start_ms < start_ms || slot.start_ms >= end_ms)
                continue; /* begun before the run, or planned after it */
            ended += !assert_parts(&whole, &at, first, n, 300);
            sessions++;
            most = n > most ? n : most;
        }
        printf("    %zu sessions in %zu records, at most %zu each\n", sessions, cut.count, most);
        assert_true(sessions > 30000 && most > 15);
        assert_true(cut.count > 2 * sessions);
        assert_true(ended > 100 && ended < sessions / 3);
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
    p.faults[CDR_FAULT_LATE] = 0.1;
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
    p.faults[CDR_FAULT_LATE] = 1;
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
    p.faults[CDR_FAULT_LATE] = 0.1;
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
            p.faults[CDR_FAULT_LATE] = 0.2;
            p.partial_s = 120;
            p.order = CDR_ORDER_START;
            p.msisdn_digits = 10;
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
        cmocka_unit_test(a_tac_has_devices_of_one_generation),
        cmocka_unit_test(both_legs_agree),
        cmocka_unit_test(the_sender_s_record_knows_of_no_delivery),
        cmocka_unit_test(offnet_parties_last),
        cmocka_unit_test(numbers_are_of_their_kinds),
        cmocka_unit_test(numbers_that_many_call_nearly_always_answer),
        cmocka_unit_test(no_kind_has_subscribers_numbers),
        cmocka_unit_test(data_has_its_distributions),
        cmocka_unit_test(no_ims_session_is_on_wcdma),
        cmocka_unit_test(no_volume_stands_out),
        cmocka_unit_test(volumes_have_heavy_tails),
        cmocka_unit_test(calls_and_messages_have_their_distributions),
        cmocka_unit_test(some_calls_are_dropped),
        cmocka_unit_test(a_busy_line_turns_calls_away_at_once),
        cmocka_unit_test(parts_add_up_to_their_session),
        cmocka_unit_test(late_records_are_late_as_told),
        cmocka_unit_test(all_records_can_be_late),
        cmocka_unit_test(logs_are_in_order_of_emission),
        cmocka_unit_test(levels_give_the_same_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
