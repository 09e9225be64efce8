/* Records of chosen keys, encoded and printed: what sample and trace have in common. */
#ifndef CDR_APP_RECORDS_H
#define CDR_APP_RECORDS_H

#include "config/settings.h"
#include "model/key.h"
#include "model/model.h"

#include <stdio.h>

/* A record to print: its key, in the slot of its emission. */
struct cdr_found {
    int64_t emission_slot_ms;
    int64_t emission_ms;
    uint32_t type;
    struct cdr_slot start_slot;
    struct cdr_key key;
};

struct cdr_found_list {
    struct cdr_found *items;
    size_t count, capacity;
};

enum cdr_result cdr_found_add(struct cdr_found_list *list, const struct cdr_found *found,
                              struct cdr_error *error);
/* By emission time, then by the keys' order, then by type. */
void cdr_found_sort(struct cdr_found_list *list);
/* Prints the records from the list's start on, at most count, as the settings have them: Avro as
 * JSON. Where the types of CSV have headers of their own, one stands before each change. */
enum cdr_result cdr_found_print(FILE *out, const struct cdr_model *model,
                                const struct cdr_settings *settings,
                                const struct cdr_found_list *list, size_t count,
                                struct cdr_error *error);

#endif
