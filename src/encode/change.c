#include "encode/change.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct change {
    struct cdr_encoder base;
    struct cdr_encoder_ops ops; /* those of the format, but for what two versions do differently */
    struct cdr_encoder *versions[CDR_VERSIONS];
    int64_t change_ms;
};

/* clang-format off */
/* Every column of a block: with(name). */
#define COLUMNS(with)                                                                              \
    with(origin) with(slot) with(index) with(leg) with(owner) with(start_ms) with(named_ms)        \
    with(end_ms) with(event_ms) with(tz_offset_min) with(duration_s) with(mccmnc) with(cell_id)    \
    with(direction) with(record_type) with(cause) with(behaviour) with(sms_segments)               \
    with(sms_status) with(apn) with(rat) with(data_bytes_in) with(data_bytes_out)                  \
    with(msisdn_src_len) with(msisdn_dst_len) with(msisdn_src) with(msisdn_dst) with(imsi)         \
    with(imei) with(number) with(id) with(emission_ms) with(outcome) with(part) with(ring_s)       \
    with(charge_s) with(answer_ms) with(cell_global)
/* clang-format on */

#define SIZE(name) +sizeof(((struct cdr_block *)0)->name)
static_assert(sizeof(struct cdr_block) <
                  3 * sizeof(uint32_t) + sizeof(cdr_digits) + (COLUMNS(SIZE)) + CDR_BLOCK_RECORDS,
              "a block has a column that is not among COLUMNS");
#undef SIZE

static void copy_run(struct cdr_block *to, const struct cdr_block *from, uint32_t first, uint32_t n)
{
    to->n = n;
    to->type = from->type;
    to->partition = from->partition;
    to->network = from->network;
    to->has_named_ms = from->has_named_ms;
#define COPY(name) memcpy(to->name, from->name + first, n * sizeof to->name[0]);
    COLUMNS(COPY)
#undef COPY
}

static size_t encode_versions(const struct cdr_encoder *encoder, const struct cdr_block *block,
                              uint8_t *bytes, uint32_t *ends)
{
    const struct change *change = (const struct change *)encoder;
    struct cdr_block part;
    uint32_t used = 0;
    for (uint32_t first = 0, n; first < block->n; first += n) {
        n = cdr_change_run(block->event_ms + first, block->n - first, change->change_ms);
        const struct cdr_encoder *version =
            change->versions[block->event_ms[first] >= change->change_ms];
        if (n == block->n)
            return version->ops->encode(version, block, bytes, ends);
        copy_run(&part, block, first, n);
        version->ops->encode(version, &part, bytes + used, ends + first);
        for (uint32_t i = first; i < first + n; i++)
            ends[i] += used;
        used = ends[first + n - 1];
    }
    return used;
}

/* What a file begins with is a matter of its version; of the whole, the first one's. */
static const char *first_header(const struct cdr_encoder *encoder)
{
    const struct cdr_encoder *first = ((const struct change *)encoder)->versions[0];
    return first->ops->file_header(first);
}

static void change_destroy(struct cdr_encoder *encoder)
{
    struct change *change = (struct change *)encoder;
    for (unsigned version = 0; version < CDR_VERSIONS; version++)
        cdr_encoder_destroy(change->versions[version]);
    free(change);
}

enum cdr_result cdr_change_create(struct cdr_encoder **created, struct cdr_encoder *before,
                                  struct cdr_encoder *from_then_on, int64_t change_ms,
                                  struct cdr_error *error)
{
    assert(strcmp(before->ops->name, from_then_on->ops->name) == 0 &&
           before->frame_len == from_then_on->frame_len &&
           before->trailer_len == from_then_on->trailer_len);
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL) {
        cdr_encoder_destroy(before);
        cdr_encoder_destroy(from_then_on);
        return cdr_fail(error, CDR_E_NOMEM, "no memory for an encoder of two schemas");
    }
    change->base = *before;
    if (from_then_on->record_bytes_max > before->record_bytes_max)
        change->base.record_bytes_max = from_then_on->record_bytes_max;
    change->base.details |= from_then_on->details;
    change->base.ops = &change->ops;
    change->ops = *before->ops;
    change->ops.encode = encode_versions;
    change->ops.file_header = first_header;
    change->ops.destroy = change_destroy;
    change->versions[0] = before;
    change->versions[1] = from_then_on;
    change->change_ms = change_ms;
    *created = &change->base;
    return CDR_OK;
}

static const struct change *change_of(const struct cdr_encoder *encoder)
{
    return encoder->ops->encode == encode_versions ? (const struct change *)encoder : NULL;
}

int64_t cdr_change_ms(const struct cdr_encoder *encoder)
{
    const struct change *change = change_of(encoder);
    return change != NULL ? change->change_ms : CDR_CHANGE_NEVER;
}

const struct cdr_encoder *cdr_change_version(const struct cdr_encoder *encoder, unsigned version)
{
    const struct change *change = change_of(encoder);
    assert(version < CDR_VERSIONS);
    if (change != NULL)
        return change->versions[version];
    return version == 0 ? encoder : NULL;
}
