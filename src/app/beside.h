/* What lies beside the parts of a folder and follows from the dataset: two tables, and the truth
 * about faults (truth_files.h). No manifest lists them, so that they are compared with what they
 * must be. */
#ifndef CDR_APP_BESIDE_H
#define CDR_APP_BESIDE_H

#include "app/app.h"
#include "app/topics.h"

#include <stdio.h>

struct cdr_beside {
    const struct cdr_settings *settings;
    const struct cdr_model *model;
    const struct cdr_topics *topics; /* of records */
};

enum { CDR_TABLES = 2, CDR_BESIDE_PATH_MAX = 4200 };
struct cdr_table {
    const char *name;                                  /* in the folder */
    int (*write)(FILE *out, const struct cdr_model *); /* 0 and errno: it could not */
};
extern const struct cdr_table cdr_tables[CDR_TABLES];

/* Whether the table is there, and is another one than it must be; path is its name. CDR_E_IO. */
enum cdr_result cdr_table_is_changed(const struct cdr_beside *of, const struct cdr_table *table,
                                     char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                     struct cdr_error *error);

#endif
