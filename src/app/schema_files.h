/* The files of users' own Avro schemas and of their mapping, read as they are, or both as --fields
 * asks for them; and the encoders that follow from them, of one schema or of one that changes
 * (docs/schema-change.md). */
#ifndef CDR_APP_SCHEMA_FILES_H
#define CDR_APP_SCHEMA_FILES_H

#include "config/settings.h"
#include "encode/change.h"
#include "model/model.h"

/* NULL where nothing is given; with a mapping, every type has a text. */
struct cdr_schema_files {
    char *texts[CDR_TYPE_COUNT];
    char *mapping;
    /* From change_ms on; NULL: the type's records stay as they are. */
    char *next_texts[CDR_TYPE_COUNT];
    char *next_mapping; /* NULL: mapping */
    int64_t change_ms;  /* once resolved; else CDR_CHANGE_NEVER */
};

/* Reads what the settings name; free also after an error. Errors: CDR_E_CONFIG names the file, or
 * says what is wrong with the fields; CDR_E_NOMEM. */
enum cdr_result cdr_schema_files_load(struct cdr_schema_files *files,
                                      const struct cdr_settings *settings, struct cdr_error *error);
/* Sets change_ms from what the settings say and the model's days and zone. */
enum cdr_result cdr_schema_files_resolve(struct cdr_schema_files *files,
                                         const struct cdr_settings *settings,
                                         const struct cdr_model *model, struct cdr_error *error);
void cdr_schema_files_free(struct cdr_schema_files *files);

/* What readers would ignore or refuse in schemas that the user gave, line by line.
 * key_text: the keys' schema, or NULL. */
typedef void (*cdr_advice_say)(void *context, const char *file, const char *line);
void cdr_schema_files_advise(const struct cdr_schema_files *files,
                             const struct cdr_settings *settings, const char *key_text,
                             cdr_advice_say say, void *context);
/* The same as warnings on standard error. */
void cdr_schema_files_warn(const struct cdr_schema_files *files,
                           const struct cdr_settings *settings, const char *key_text);

/* The text of a mapping, which is a file's name or the JSON itself; to be freed. */
enum cdr_result cdr_mapping_load(char **text, const char *mapping, struct cdr_error *error);

/* Whether the user says what the type's records hold. */
static inline bool cdr_schema_is_given(const struct cdr_settings *settings, uint32_t type)
{
    return settings->schemas[type] != NULL || settings->fields != NULL;
}

/* The encoder of a type. settings are those of the first version; the second one has next_id in its
 * frame. */
enum cdr_result cdr_schema_files_encoder(const struct cdr_schema_files *files,
                                         const struct cdr_settings *settings,
                                         const struct cdr_encoder_settings *encoder,
                                         int32_t next_id, struct cdr_encoder **created,
                                         struct cdr_error *error);
/* The settings of its second version. */
struct cdr_encoder_settings cdr_schema_files_next(const struct cdr_schema_files *files,
                                                  const struct cdr_settings *settings,
                                                  const struct cdr_encoder_settings *encoder,
                                                  int32_t next_id);

/* The mapping of second versions: the rules of --fields are of its own schemas. */
static inline const char *cdr_schema_files_next_mapping(const struct cdr_schema_files *files,
                                                        const struct cdr_settings *settings)
{
    return files->next_mapping != NULL || settings->fields != NULL ? files->next_mapping
                                                                   : files->mapping;
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
