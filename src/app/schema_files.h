/* The files of users' own Avro schemas and of their mapping, read as they are; or both as --fields
 * asks for them. */
#ifndef CDR_APP_SCHEMA_FILES_H
#define CDR_APP_SCHEMA_FILES_H

#include "config/settings.h"

/* NULL where nothing is given; with a mapping, every type has a text. */
struct cdr_schema_files {
    char *texts[CDR_TYPE_COUNT];
    char *mapping;
};

/* Reads what the settings name; free also after an error. Errors: CDR_E_CONFIG names the file, or
 * says what is wrong with the fields; CDR_E_NOMEM. */
enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error);
void cdr_schema_files_free(struct cdr_schema_files *files);

/* The text of a mapping, which is a file's name or the JSON itself; to be freed. */
enum cdr_result cdr_mapping_load(char **text, const char *mapping, struct cdr_error *error);

/* Whether the user says what the type's records hold. */
static inline bool cdr_schema_is_given(const struct cdr_settings *settings, uint32_t type)
{
    return settings->schemas[type] != NULL || settings->fields != NULL;
}

/* Can a type's records be written by this schema? name stands for it in the error. */
enum cdr_result cdr_schema_compiles(const struct cdr_settings *settings, uint32_t type,
                                    const char *text, const char *name, const char *mapping,
                                    struct cdr_error *error);

/* The schema of a type's records, the built-in one where no other is given. */
static inline const char *cdr_schema_files_text(const struct cdr_schema_files *files, uint32_t type)
{
    return files->texts[type] != NULL ? files->texts[type] : cdr_builtin_schema(type);
}

#endif
