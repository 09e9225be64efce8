/* Shared by the sources of the registry client. */
#ifndef CDR_REGISTRY_INTERNAL_H
#define CDR_REGISTRY_INTERNAL_H

#include "registry/http.h"

/* Are there URLs, files of certificates that can be read, and a folder for the cache? */
enum cdr_result cdr_registry_settings_check(const struct cdr_registry_settings *settings,
                                            struct cdr_error *error);

/* Asks for BEFORE + subject + BEHIND. */
enum cdr_result cdr_registry_ask_about(const struct cdr_registry_settings *settings,
                                       const char *subject, const char *before, const char *behind,
                                       const char *query, const char *body,
                                       struct cdr_registry_answer *answer, struct cdr_error *error);

/* The registry must give the wanted schema by the id that it gave: that is how readers get it.
 * CDR_E_CONFIG: it gives another one. note (CDR_REGISTRY_NOTE_MAX bytes, or NULL): a line where it
 * gives none, else untouched. */
enum cdr_result cdr_registry_confirm(const struct cdr_registry_settings *settings,
                                     const char *subject, int32_t id, const char *wanted,
                                     char *note, struct cdr_error *error);

#endif
