/* Nanoseconds that a record takes to encode, by format, type and level of the instruction set.
 *
 * Blocks hold values such as the model draws; four of them pass in turn, so that they come from the
 * L2 cache, as blocks do that have just been filled. Each figure is the least of several rounds:
 * the machine's noise only adds. "mix" is weighted as the default model's records are, 3.5
 * calls, 5.2 messages and 12 sessions. "own" is Avro by a compiled program for the
 * built-in schema, the way of any other schema of the user's.
 */
#include "encode/loops.h"
#include "encode/program.h"
#include "tests/unit/encode_blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCKS = 4, ROUNDS = 100, PASSES = 100 };

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Narrows a random block to what a run of the default model holds. */
static void make_usual(struct cdr_block *block, uint32_t type, uint64_t seed)
{
    static const uint8_t record_types[CDR_TYPE_COUNT][2] = {
        {CDR_RECORD_MSC_VOICE, CDR_RECORD_MMTEL},
        {CDR_RECORD_SGSN_SMO, CDR_RECORD_SGSN_SMT},
        {CDR_RECORD_SGSN_PDP, CDR_RECORD_PGW},
    };
    uint64_t state = seed;
    blocks_make(block, type, CDR_BLOCK_RECORDS, 1000 + seed);
    for (uint32_t i = 0; i < block->n; i++) {
        uint64_t r = blocks_random(&state);
        block->direction[i] = type == CDR_TYPE_DATA ? CDR_DIRECTION_MO : (uint8_t)(r & 1);
        block->duration_s[i] = type == CDR_TYPE_SMS ? 1 + (r >> 1) % 5 : 5 + (r >> 1) % 700;
        block->end_ms[i] = INT64_C(1735689600000) + (int64_t)seed * 10000 + i * 40;
        block->start_ms[i] = block->end_ms[i] - block->duration_s[i] * 1000;
        block->tz_offset_min[i] = 60;
        block->mccmnc[i] = 20408;
        block->msisdn_src_len[i] = 12;
        block->msisdn_dst_len[i] = type == CDR_TYPE_DATA ? 0 : 12;
        block->record_type[i] = record_types[type][r >> 16 & 1];
        block->cause[i] =
            type == CDR_TYPE_SMS ? CDR_CAUSE_DELIVERY_SUCCESS : CDR_CAUSE_NORMAL_RELEASE;
        if (type == CDR_TYPE_CALL && r >> 17 & 3)
            block->cause[i] = (uint8_t)((r >> 19) % 4);
        block->sms_segments[i] = (uint8_t)(1 + (r >> 24) % 3);
        block->data_bytes_out[i] = 2000 + (r >> 20) % 12000000;
        block->data_bytes_in[i] = block->data_bytes_out[i] / 5;
    }
}

static double measure(const struct cdr_encoder *encoder, const struct cdr_encoder_ops *ops,
                      const struct cdr_block *blocks, uint8_t *bytes, size_t *record_bytes)
{
    uint32_t ends[CDR_BLOCK_RECORDS];
    double best = 1e99;
    for (int round = 0; round < ROUNDS; round++) {
        size_t total = 0;
        double start = now_ns();
        for (int pass = 0; pass < PASSES; pass++)
            for (int i = 0; i < BLOCKS; i++)
                total += ops->encode(encoder, &blocks[i], bytes, ends);
        double time = (now_ns() - start) / (PASSES * BLOCKS * CDR_BLOCK_RECORDS);
        best = time < best ? time : best;
        *record_bytes = total / (PASSES * BLOCKS * CDR_BLOCK_RECORDS);
    }
    return best;
}

static void bench(const char *format, const struct cdr_encoder_ops *ops, enum cdr_level level,
                  struct cdr_block *const blocks[CDR_TYPE_COUNT])
{
    static const char *const level_names[CDR_LEVEL_COUNT] = {"base", "v3", "v4"};
    static const double weights[CDR_TYPE_COUNT] = {3.5 / 20.7, 5.2 / 20.7, 12.0 / 20.7};
    double mix = 0;
    if (!cdr_level_runs(level))
        return;
    printf("%-5s %-5s", format, level_names[level]);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {
            .type = type, .tz_name = "Europe/Amsterdam", .framed = true, .schema_id = 1};
        struct cdr_encoder *encoder;
        struct cdr_error error;
        char schema[20000];
        if (strcmp(format, "own") == 0) {
            snprintf(schema, sizeof schema, " %s", cdr_builtin_schema(type));
            settings.schema_text = schema;
        }
        if (ops->create(&encoder, &settings, &error) != CDR_OK) {
            fprintf(stderr, "%s\n", error.text);
            exit(1);
        }
        uint8_t *bytes = malloc(encoder->record_bytes_max * CDR_BLOCK_RECORDS);
        if (bytes == NULL)
            exit(1);
        size_t record_bytes;
        double time = measure(encoder, ops, blocks[type], bytes, &record_bytes);
        printf("  %s %5.1f ns (%3zu bytes)", cdr_type_name[type], time, record_bytes);
        mix += time * weights[type];
        free(bytes);
        cdr_encoder_destroy(encoder);
    }
    printf("  mix %5.1f ns\n", mix);
}

int main(void)
{
    static const struct {
        const char *name;
        const struct cdr_encoder_ops *ops;
    } formats[] = {{"csv", cdr_csv_ops},
                   {"avro", cdr_avro_ops},
                   {"own", cdr_program_ops},
                   {"json", cdr_json_ops}};
    struct cdr_block *blocks[CDR_TYPE_COUNT];
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        blocks[type] = calloc(BLOCKS, sizeof *blocks[type]);
        if (blocks[type] == NULL)
            return 1;
        for (uint64_t i = 0; i < BLOCKS; i++)
            make_usual(&blocks[type][i], type, i);
    }
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (int level = 0; level < CDR_LEVEL_COUNT; level++)
            bench(formats[f].name, &formats[f].ops[level], (enum cdr_level)level, blocks);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++)
        free(blocks[type]);
    return 0;
}
