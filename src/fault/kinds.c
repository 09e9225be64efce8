#include "fault/kinds.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <string.h>

#define OPS(ID, name) [CDR_FAULT_##ID] = &cdr_fault_##name,
const struct cdr_fault_ops *const cdr_fault_ops[CDR_FAULT_COUNT] = {CDR_FAULT_FILES(OPS)};

void cdr_fault_say(const struct cdr_fault_target *target, const char *field, const char *expected,
                   const char *found)
{
    struct cdr_fault_words *words = target->words;
    if (words == NULL)
        return;
    snprintf(words->field, sizeof words->field, "%s", field);
    snprintf(words->expected, sizeof words->expected, "%s", expected);
    snprintf(words->found, sizeof words->found, "%s", found);
}

void cdr_fault_say_number(const struct cdr_fault_target *target, const char *field,
                          int64_t expected, int64_t found)
{
    char texts[2][24];
    if (target->words == NULL)
        return;
    snprintf(texts[0], sizeof texts[0], "%" PRId64, expected);
    snprintf(texts[1], sizeof texts[1], "%" PRId64, found);
    cdr_fault_say(target, field, texts[0], texts[1]);
}

void cdr_fault_say_length(const struct cdr_fault_target *target, uint32_t len)
{
    uint32_t old;
    cdr_fault_payload(target, &old);
    cdr_fault_say_number(target, "bytes", old, len);
}

void cdr_fault_say_key(const struct cdr_fault_target *target, const char *found)
{
    const struct cdr_slab *slab = target->slab;
    char key[17];
    snprintf(key, sizeof key, "%.*s", slab->key_lens[target->record], slab->keys[target->record]);
    cdr_fault_say(target, "key", key, found);
}

bool cdr_fault_is_text(const struct cdr_fault_target *target)
{
    return (target->topic->encoder->ops->traits & CDR_FORMAT_BINARY) == 0;
}

uint8_t *cdr_fault_frame(const struct cdr_fault_target *target)
{
    const struct cdr_slab *slab = target->slab;
    return slab->bytes + (target->record == 0 ? 0 : slab->ends[target->record - 1]);
}

void cdr_fault_set_schema_id(const struct cdr_fault_target *target, uint32_t id)
{
    uint8_t *at = cdr_fault_frame(target) + 1;
    uint32_t right;
    memcpy(&right, at, sizeof right);
    cdr_fault_say_number(target, "schema id", (int64_t)cdr_be32(right), id);
    cdr_store_be32(at, id);
}
