/* Ids and schemas that a registry once gave, in a folder, for runs that cannot reach it.
 *
 * One file for each registry (text of its URLs), subject and wanted schema: SUBJECT-HASH.json, an
 * object with these, the id, the schema that the registry has, and when it was asked last. A file
 * is written under another name and renamed, so that runs at the same time do no harm. A file that
 * is damaged or of something else counts as none.
 *
 * Inside of the registry client only.
 */
#ifndef CDR_REGISTRY_CACHE_H
#define CDR_REGISTRY_CACHE_H

#include "registry/registry.h"

#include <stdbool.h>

struct cdr_registry_cached {
    int32_t id;
    char *schema;   /* as the registry has it; stands alone */
    char saved[32]; /* 2025-01-31T12:00:00Z */
};

/* Makes the folder where it is missing. CDR_E_CONFIG: it cannot be one. */
enum cdr_result cdr_registry_cache_open(const struct cdr_registry_settings *settings,
                                        struct cdr_error *error);

/* wanted: the schema's text; NULL: the subject's latest version. False where there is nothing;
 * the caller frees cached after true. */
bool cdr_registry_cache_read(const struct cdr_registry_settings *settings, const char *subject,
                             const char *wanted, struct cdr_registry_cached *cached);

/* CDR_E_IO: the text says which file and why. */
enum cdr_result cdr_registry_cache_write(const struct cdr_registry_settings *settings,
                                         const char *subject, const char *wanted, int32_t id,
                                         const char *schema, struct cdr_error *error);

/* The line that says that it was used. */
void cdr_registry_note_cached(char note[CDR_REGISTRY_NOTE_MAX], const char *subject,
                              const struct cdr_registry_cached *cached, const char *why);

void cdr_registry_cached_free(struct cdr_registry_cached *cached);

#endif
