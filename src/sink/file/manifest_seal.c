/* The checksum of a manifest: of what it says, not of its text, so that its layout may change. */
#include "base/bytes.h"
#include "sink/file/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void add_number(XXH3_state_t *state, uint64_t number)
{
    uint8_t bytes[8];
    cdr_store_le64(bytes, number);
    XXH3_128bits_update(state, bytes, sizeof bytes);
}

static void add_log(XXH3_state_t *state, const struct cdr_manifest *manifest, uint32_t number)
{
    struct cdr_manifest_log log;
    manifest->log(manifest->context, number, &log);
    add_number(state, number);
    add_number(state, log.first_record);
    add_number(state, log.part_count);
    for (uint32_t i = 0; i < log.part_count; i++) {
        const struct cdr_manifest_part *part = &log.parts[i];
        add_number(state, (uint64_t)part->day);
        add_number(state, part->version);
        add_number(state, part->records);
        add_number(state, part->bytes);
        add_number(state, part->file.file_bytes);
        XXH3_128bits_update(state, part->file.checksum, sizeof part->file.checksum);
    }
}

void cdr_manifest_seal(char text[CDR_MANIFEST_SEAL_MAX], const struct cdr_manifest *manifest)
{
    const struct cdr_file_folder *folder = manifest->folder;
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, folder->dataset_id, strlen(folder->dataset_id));
    add_number(&state, manifest->complete);
    add_number(&state, manifest->days);
    for (unsigned topic = 0; topic < folder->topics->n; topic++)
        for (uint32_t partition = folder->shard_index; partition < manifest->partitions;
             partition += folder->shard_count)
            add_log(&state, manifest, topic * manifest->partitions + partition);
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(text, CDR_MANIFEST_SEAL_MAX, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}
