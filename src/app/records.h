/* Records of chosen keys, encoded and printed: what sample and trace have in common. */
#ifndef CDR_APP_RECORDS_H
#define CDR_APP_RECORDS_H

#include "app/found.h"
#include "config/settings.h"
#include "model/model.h"

#include <stdio.h>

enum cdr_result cdr_found_add(struct cdr_found_list *list, const struct cdr_found *found,
                              struct cdr_error *error);
/* By emission time, then by the keys' order, then by type. */
void cdr_found_sort(struct cdr_found_list *list);
/* Prints the records from the list's start on, at most count, as the settings have them: Avro as
 * JSON. Where they hold their numbers in their logs, all records before them are counted. Where the
 * types of CSV have headers of their own, one stands before each change. */
enum cdr_result cdr_found_print(FILE *out, const struct cdr_model *model,
                                const struct cdr_settings *settings, struct cdr_found_list *list,
                                size_t count, struct cdr_error *error);

#endif
