/* The part of a verification that is about the dimension topics (verify/dimensions.h). */
#ifndef CDR_APP_VERIFY_DIMENSIONS_H
#define CDR_APP_VERIFY_DIMENSIONS_H

#include "app/verify_state.h"
#include "base/json_writer.h"

/* Compares them, where the settings ask for it, into run->dimensions. Errors: as of
 * cdr_dimension_check. */
enum cdr_result cdr_verification_dimensions(struct cdr_verification *run, const atomic_int *stop,
                                            struct cdr_error *error);
void cdr_verification_dimensions_free(struct cdr_verification *run);

/* Whether something differs; then text says what, in numbers. */
bool cdr_verification_dimensions_differ(const struct cdr_verification *run, char *text,
                                        size_t size);
/* Rows that an open transaction may hold back. */
uint64_t cdr_verification_dimensions_unread(const struct cdr_verification *run);
/* Of one table: whether it differs, how many rows it has, how many of them are as they must be, and
 * what differs. */
bool cdr_verification_dimension(const struct cdr_verification *run, uint32_t d, uint64_t *found,
                                uint64_t *same, char *text, size_t size);
/* How many rows one table held before the dataset began in it. */
uint64_t cdr_verification_dimension_before(const struct cdr_verification *run, uint32_t d);
void cdr_print_dimensions(const struct cdr_verification *run, FILE *out);
void cdr_put_dimensions(struct cdr_json *json, const struct cdr_verification *run);

#endif
