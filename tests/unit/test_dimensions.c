/* Dimension topics without brokers: rows field by field against the C library's printf, in three
 * formats; which rows a day has, against every subscriber's profiles; and the writer, whose logs do
 * not depend on where they are resumed or on the shard. */
#include "engine/engine.h"
#include "pipeline/dimension_writer.h"
#include "sink/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTITIONS 5u
#define SUBSCRIBERS 3000u
#define DAYS 12u
#define LOGS (CDR_DIMENSION_COUNT * PARTITIONS)

static struct cdr_model *make_model(void)
{
    struct cdr_parameters parameters;
    struct cdr_error error = {{0}};
    struct cdr_model *model = NULL;
    cdr_parameters_default(&parameters);
    parameters.subscribers = SUBSCRIBERS;
    parameters.partitions = PARTITIONS;
    parameters.days = DAYS;
    parameters.leave_prob = 0.02;
    parameters.vacant_days = 5;
    parameters.sim_change_prob = 0.01;
    parameters.imei_change_prob = 0.01;
    parameters.start_day = cdr_day_of_date(2025, 3, 26); /* a change of the clock in Europe */
    if (cdr_parameters_check(&parameters, &error) != CDR_OK ||
        cdr_model_create(&model, &parameters, &error) != CDR_OK)
        fail_msg("%s", error.text);
    return model;
}

static struct cdr_encoder *make_encoder(uint32_t dimension, const char *format)
{
    struct cdr_error error = {{0}};
    struct cdr_encoder *encoder = NULL;
    bool framed = strcmp(format, "avro") == 0;
    if (cdr_dimension_encoder_create(&encoder, dimension, format, framed, 0x01020304, &error) !=
        CDR_OK)
        fail_msg("%s", error.text);
    return encoder;
}

/* ---- rows ---- */

static void expect_text(const struct cdr_encoder *encoder, const struct cdr_model *model,
                        uint32_t index, int32_t day, const char *expected)
{
    uint8_t bytes[CDR_DIMENSION_RECORD_MAX];
    size_t len = cdr_dimension_encode(encoder, model, index, day, bytes);
    assert_int_equal(bytes[len - 1], '\n');
    assert_int_equal(len - 1, strlen(expected));
    assert_memory_equal(bytes, expected, len - 1);
}

static void subscriber_text(const struct cdr_model *model, uint32_t s, int32_t day, bool json,
                            char *text, size_t size)
{
    struct cdr_profile p = cdr_profile_on(model, s, (uint32_t)day);
    double activity = model->traits.activity[cdr_activity_class(&model->traits, s)];
    const char *form = json ? "{\"msisdn\":\"%" PRIu64 "\",\"imsi\":\"%015" PRIu64
                              "\",\"mccmnc\":\"%u\",\"imei\":\"%015" PRIu64
                              "\",\"tac\":\"%08u\",\"home_cell_id\":%u,\"contacts\":%u,"
                              "\"activity\":%.3f,\"valid_from_ms\":%" PRId64 "}"
                            : "%" PRIu64 ";%015" PRIu64 ";%u;%015" PRIu64
                              ";%08u;%u;%u;%.3f;%" PRId64;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, size, form, p.msisdn.value, p.imsi.value, p.imsi.mccmnc, p.imei,
             (unsigned)(p.imei / 10000000), p.home_cell_id, p.contacts, activity,
             cdr_calendar_day_start_ms(&model->calendar, day));
#pragma GCC diagnostic pop
}

static void test_subscriber_texts(void **state)
{
    const struct cdr_model *model = *state;
    for (unsigned json = 0; json < 2; json++) {
        struct cdr_encoder *encoder = make_encoder(CDR_DIMENSION_SUBSCRIBER, json ? "json" : "csv");
        for (uint32_t s = 0; s < SUBSCRIBERS; s++) {
            char text[CDR_DIMENSION_RECORD_MAX];
            int32_t day = model->parameters.start_day + (int32_t)(s % DAYS);
            if (!cdr_profile_on(model, s, (uint32_t)day).present)
                continue;
            subscriber_text(model, s, day, json, text, sizeof text);
            expect_text(encoder, model, s, day, text);
        }
        cdr_encoder_destroy(encoder);
    }
}

static void test_cell_texts(void **state)
{
    const struct cdr_model *model = *state;
    struct cdr_encoder *csv = make_encoder(CDR_DIMENSION_CELL, "csv"),
                       *json = make_encoder(CDR_DIMENSION_CELL, "json");
    for (uint32_t c = 0; c < model->cells.count; c++) {
        const struct cdr_cell *cell = &model->cells.cells[c];
        char text[CDR_DIMENSION_RECORD_MAX];
        snprintf(text, sizeof text, "%u;%s;%.6f;%.6f", CDR_CELL_ID_FIRST + c,
                 cdr_rat_name[cell->rat], cell->lat, cell->lon);
        expect_text(csv, model, c, 0, text);
        snprintf(text, sizeof text, "{\"cell_id\":%u,\"rat\":\"%s\",\"lat\":%.6f,\"lon\":%.6f}",
                 CDR_CELL_ID_FIRST + c, cdr_rat_name[cell->rat], cell->lat, cell->lon);
        expect_text(json, model, c, 0, text);
    }
    cdr_encoder_destroy(csv);
    cdr_encoder_destroy(json);
}

static uint64_t take_long(const uint8_t **at)
{
    uint64_t folded = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        folded |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    assert_int_equal(folded & 1, 0); /* nothing in a row is below zero, but for doubles */
    return folded >> 1;
}

static void take_string(const uint8_t **at, const char *expected)
{
    assert_int_equal(take_long(at), strlen(expected));
    assert_memory_equal(*at, expected, strlen(expected));
    *at += strlen(expected);
}

static double take_double(const uint8_t **at)
{
    uint64_t bits = 0;
    double value;
    for (unsigned i = 0; i < 8; i++)
        bits |= (uint64_t)(*at)[i] << 8 * i;
    *at += 8;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The datum after the frame, by the schema's order. */
static void test_avro(void **state)
{
    const struct cdr_model *model = *state;
    const int32_t day = model->parameters.start_day;
    struct cdr_encoder *encoder = make_encoder(CDR_DIMENSION_SUBSCRIBER, "avro");
    uint8_t bytes[CDR_DIMENSION_RECORD_MAX];
    for (uint32_t s = 0; s < 500; s++) {
        struct cdr_profile p = cdr_profile_on(model, s, (uint32_t)day);
        char text[32];
        const uint8_t *at = bytes + 5;
        if (!p.present)
            continue;
        size_t len = cdr_dimension_encode(encoder, model, s, day, bytes);
        assert_memory_equal(bytes, "\0\1\2\3\4", 5);
        snprintf(text, sizeof text, "%" PRIu64, p.msisdn.value);
        take_string(&at, text);
        snprintf(text, sizeof text, "%015" PRIu64, p.imsi.value);
        take_string(&at, text);
        snprintf(text, sizeof text, "%u", p.imsi.mccmnc);
        take_string(&at, text);
        snprintf(text, sizeof text, "%015" PRIu64, p.imei);
        take_string(&at, text);
        text[8] = '\0';
        take_string(&at, text);
        assert_int_equal(take_long(&at), p.home_cell_id);
        assert_int_equal(take_long(&at), p.contacts);
        double off =
            take_double(&at) - model->traits.activity[cdr_activity_class(&model->traits, s)];
        assert_true(off >= -0.0005001 && off <= 0.0005001);
        assert_int_equal(take_long(&at), cdr_calendar_day_start_ms(&model->calendar, day));
        assert_ptr_equal(at + 1, bytes + len);
    }
    assert_int_equal(cdr_dimension_encode_tombstone(encoder, bytes), 6);
    cdr_encoder_destroy(encoder);
    assert_non_null(strstr(cdr_dimension_schema(CDR_DIMENSION_SUBSCRIBER), "CdrSubscriber"));
    assert_non_null(strstr(cdr_dimension_schema(CDR_DIMENSION_CELL), "CdrCell"));
}

/* ---- which rows a day has ---- */

struct day_seen {
    const struct cdr_model *model;
    int32_t day;
    uint32_t cells, next; /* cells so far; lowest subscriber that may come */
    uint32_t kinds[CDR_DIMENSION_KINDS];
    uint8_t *seen; /* 1 + kind of each subscriber, 0 = nothing */
};

static enum cdr_result see(void *context, const struct cdr_dimension_record *record,
                           struct cdr_error *error)
{
    struct day_seen *seen = context;
    char digits[24];
    (void)error;
    assert_int_equal(record->time_ms, cdr_calendar_day_start_ms(&seen->model->calendar, seen->day));
    assert_int_equal(record->key_len, strlen(record->key));
    if (record->dimension == CDR_DIMENSION_CELL) {
        snprintf(digits, sizeof digits, "%u", CDR_CELL_ID_FIRST + record->index);
        assert_string_equal(record->key, digits);
        assert_int_equal(record->index, seen->cells++);
        assert_int_equal(seen->next, 0); /* cells come first: logs of their own, so it is no rule */
        return CDR_OK;
    }
    assert_true(record->index >= seen->next);
    seen->next = record->index + 1;
    assert_int_equal(record->partition, cdr_partition_of(seen->model, record->index));
    snprintf(digits, sizeof digits, "%" PRIu64,
             cdr_msisdn(&seen->model->identities, record->index).value);
    assert_string_equal(record->key, digits);
    seen->seen[record->index] = (uint8_t)(1 + record->kind);
    seen->kinds[record->kind]++;
    return CDR_OK;
}

static bool same(const struct cdr_profile *a, const struct cdr_profile *b)
{
    return a->imsi.value == b->imsi.value && a->imei == b->imei &&
           a->imsi.mccmnc == b->imsi.mccmnc && a->home_cell_id == b->home_cell_id &&
           a->contacts == b->contacts;
}

static void test_days(void **state)
{
    const struct cdr_model *model = *state;
    uint32_t all[CDR_DIMENSION_KINDS] = {0};
    uint8_t *kinds = malloc(SUBSCRIBERS);
    assert_non_null(kinds);
    for (uint32_t d = 0; d < DAYS; d++) {
        const int32_t day = model->parameters.start_day + (int32_t)d;
        struct day_seen seen = {.model = model, .day = day, .seen = kinds};
        struct cdr_error error = {{0}};
        memset(kinds, 0, SUBSCRIBERS);
        assert_int_equal(cdr_dimension_day(model, day, see, &seen, &error), CDR_OK);
        assert_int_equal(seen.cells, d == 0 ? model->cells.count : 0);
        for (uint32_t s = 0; s < SUBSCRIBERS; s++) {
            struct cdr_profile now = cdr_profile_on(model, s, (uint32_t)day),
                               before = cdr_profile_on(model, s, (uint32_t)day - 1);
            unsigned expected = 0;
            if (d == 0)
                expected = now.present ? 1 + CDR_DIMENSION_START : 0;
            else if (now.present && !before.present)
                expected = 1 + CDR_DIMENSION_ARRIVAL;
            else if (!now.present && before.present)
                expected = 1 + CDR_DIMENSION_TOMBSTONE;
            else if (now.present && !same(&now, &before))
                expected = 1 + CDR_DIMENSION_UPDATE;
            assert_int_equal(kinds[s], expected);
        }
        for (unsigned kind = 0; kind < CDR_DIMENSION_KINDS; kind++)
            all[kind] += seen.kinds[kind];
    }
    for (unsigned kind = 0; kind <= CDR_DIMENSION_TOMBSTONE; kind++)
        assert_true(all[kind] > 50); /* or nothing was tested */
    free(kinds);
}

/* ---- the writer ---- */

struct kept {
    uint64_t records, hash; /* of all records of the log in their order */
};

/* Keeps a hash of each log from its start on; has no room every other time, and few slabs. */
struct sieve {
    struct cdr_sink base;
    struct cdr_slab_pool *pool;
    struct kept logs[LOGS];
    uint64_t next[LOGS];
    unsigned calls;
};

static enum cdr_result sieve_take(struct cdr_sink *base, unsigned worker, struct cdr_slab **slab,
                                  struct cdr_error *error)
{
    struct sieve *sink = (struct sieve *)base;
    if (sink->calls++ % 2 == 0)
        return CDR_E_AGAIN;
    return cdr_slab_take(sink->pool, worker, slab, error);
}

static enum cdr_result sieve_write(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab,
                                   uint32_t end, uint32_t *taken, struct cdr_error *error)
{
    struct sieve *sink = (struct sieve *)base;
    struct kept *log = &sink->logs[slab->log];
    (void)worker, (void)error;
    assert_int_equal(slab->position + *taken, sink->next[slab->log]);
    uint32_t until = sink->calls++ % 3 == 0 && end - *taken > 7 ? *taken + 7 : end;
    for (; *taken < until; ++*taken) {
        uint32_t i = *taken, from = i == 0 ? 0 : slab->ends[i - 1];
        log->records++;
        log->hash =
            log->hash * UINT64_C(0x9e3779b97f4a7c15) +
            cdr_hash_record(slab->bytes + from, slab->ends[i] - from,
                            (const uint8_t *)slab->keys[i], slab->key_lens[i], slab->event_ms[i]);
        sink->next[slab->log]++;
    }
    return until < end ? CDR_E_AGAIN : CDR_OK;
}

static void sieve_give(struct cdr_sink *base, unsigned worker, struct cdr_slab *slab)
{
    (void)worker;
    cdr_slab_give(((struct sieve *)base)->pool, slab);
}

static enum cdr_result sieve_poll(struct cdr_sink *base, int timeout_ms, struct cdr_error *error)
{
    (void)base, (void)timeout_ms, (void)error;
    return CDR_OK;
}

static const struct cdr_sink_ops sieve_ops = {.name = "sieve",
                                              .take_slab = sieve_take,
                                              .write = sieve_write,
                                              .give_slab = sieve_give,
                                              .poll = sieve_poll,
                                              .flush = sieve_poll};

/* Writes all days into a sieve whose logs have what is below starts; digests are from digest_starts
 * on. */
static void write_days(const struct cdr_model *model, struct sieve *sink, uint32_t shard,
                       uint32_t shards, const uint64_t *starts, const uint64_t *digest_starts,
                       struct cdr_digest digests[LOGS])
{
    struct cdr_error error = {{0}};
    struct cdr_topics topics;
    struct cdr_slab_settings slabs = {
        .bytes_max = 8 * CDR_DIMENSION_RECORD_MAX, /* so that slabs fill within a day */
        .records_max = 1000,
        .workers = 1,
        .slabs_max = LOGS + 2};
    struct cdr_dimension_writer_settings settings = {.model = model,
                                                     .topics = &topics,
                                                     .sink = &sink->base,
                                                     .shard_index = shard,
                                                     .shard_count = shards,
                                                     .starts = starts,
                                                     .digest_starts = digest_starts};
    struct cdr_dimension_writer *writer = NULL;
    sink->base.ops = &sieve_ops;
    memcpy(sink->next, starts, sizeof sink->next);
    assert_int_equal(cdr_slab_pool_create(&sink->pool, &slabs, &error), CDR_OK);
    assert_int_equal(cdr_dimension_topics(&topics, "cdr.", NULL, false, &error), CDR_OK);
    assert_int_equal(cdr_dimension_topics_encode(&topics, "avro", &error), CDR_OK);
    assert_int_equal(cdr_dimension_writer_create(&writer, &settings, &error), CDR_OK);
    for (uint32_t d = 0; d < DAYS; d++)
        assert_int_equal(
            cdr_dimension_write_day(writer, model->parameters.start_day + (int32_t)d, &error),
            CDR_OK);
    for (uint32_t log = 0; log < LOGS; log++) {
        digests[log] = *cdr_dimension_digest(writer, log);
        if (log % PARTITIONS % shards == shard)
            assert_int_equal(cdr_dimension_position(writer, log),
                             starts[log] + sink->logs[log].records);
        else
            assert_int_equal(sink->logs[log].records, 0);
    }
    cdr_dimension_writer_destroy(writer);
    cdr_topics_free(&topics);
    cdr_slab_pool_destroy(sink->pool);
}

static void test_writer(void **state)
{
    const struct cdr_model *model = *state;
    static struct sieve whole, resumed, shard;
    const uint64_t zeros[LOGS] = {0};
    uint64_t starts[LOGS];
    struct cdr_digest digests[LOGS], others[LOGS];
    write_days(model, &whole, 0, 1, zeros, zeros, digests);
    for (uint32_t log = 0; log < LOGS; log++) {
        assert_true(whole.logs[log].records > 300);
        assert_int_equal(digests[log].records, whole.logs[log].records);
        starts[log] = cdr_mix(log) % whole.logs[log].records;
    }
    /* Resumed somewhere: the digests of all records are the same, and only the rest is written. */
    write_days(model, &resumed, 0, 1, starts, zeros, others);
    assert_memory_equal(digests, others, sizeof digests);
    for (uint32_t log = 0; log < LOGS; log++)
        assert_int_equal(starts[log] + resumed.logs[log].records, whole.logs[log].records);
    /* Two shards: each has its logs, and they are the same. */
    for (uint32_t i = 0; i < 2; i++) {
        memset(&shard, 0, sizeof shard);
        write_days(model, &shard, i, 2, zeros, zeros, others);
        for (uint32_t log = 0; log < LOGS; log++)
            if (log % PARTITIONS % 2 == i)
                assert_memory_equal(&shard.logs[log], &whole.logs[log], sizeof shard.logs[log]);
    }
}

static int set_up(void **state)
{
    *state = make_model();
    return 0;
}

static int tear_down(void **state)
{
    cdr_model_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subscriber_texts),
        cmocka_unit_test(test_cell_texts),
        cmocka_unit_test(test_avro),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_writer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
