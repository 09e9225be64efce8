/* wrong_key: the other party's number, or of sessions, which have none, the IMSI; in the partition
 * of the owner's. */
#include "fault/kinds.h"

#include <string.h>

static void bytes(struct cdr_fault_target *target)
{
    const struct cdr_block *block = target->block;
    const uint32_t i = target->i;
    const bool mt = block->direction[i] == CDR_DIRECTION_MT;
    uint8_t len = mt ? block->msisdn_src_len[i] : block->msisdn_dst_len[i];
    const char *text = (mt ? block->msisdn_src[i] : block->msisdn_dst[i]) + 16 - len;
    if (len == 0) {
        text = block->imsi[i] + 1;
        len = 15;
    }
    char key[17] = "";
    memcpy(key, text, len);
    cdr_fault_say_key(target, key);
    memcpy(target->slab->keys[target->record], key, 16);
    target->slab->key_lens[target->record] = len;
}

const struct cdr_fault_ops cdr_fault_wrong_key = {.bytes = bytes};
