/* Whether the schemas of one run have distinct ids. A reader finds a schema by its id, so two
 * different schemas with one id make records that are read wrongly, or not at all. The same schema
 * (names, types and logical types; not documentation and defaults) may have its id in several
 * topics. */
#ifndef CDR_APP_SCHEMA_IDS_H
#define CDR_APP_SCHEMA_IDS_H

#include "app/run_state.h"

enum { CDR_SCHEMA_USES_MAX = 24 };

struct cdr_schema_use {
    int32_t id;
    const char *text;
    char what[300]; /* "the values of cdr.call (--schema-id-call)" */
};

struct cdr_schema_uses {
    size_t n;
    struct cdr_schema_use items[CDR_SCHEMA_USES_MAX];
};

/* topic: whose values or keys they are. option: the flag that sets the id, NULL where a registry
 * gave it. */
void cdr_schema_uses_add(struct cdr_schema_uses *uses, int32_t id, const char *text,
                         const char *part, const char *topic, const char *option);

/* CDR_E_CONFIG names the first two that differ and have the same id. from: the registry that gave
 * the ids, NULL where settings fix them. */
enum cdr_result cdr_schema_uses_check(const struct cdr_schema_uses *uses, const char *from,
                                      struct cdr_error *error);

/* Sets a run's ids to those that the settings fix, 0 where the format has none. */
void cdr_run_take_fixed_ids(struct cdr_run *run);
/* The check of a run whose ids are known, its dimensions' among them. */
enum cdr_result cdr_run_check_schema_ids(const struct cdr_run *run, struct cdr_error *error);

#endif
