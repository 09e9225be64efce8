/* The first failure of several threads: it says why a run ended, and later ones are its
 * consequences.
 *
 * All functions but init and destroy may be called by any thread. Asking costs one atomic load. */
#ifndef CDR_BASE_FAILURE_H
#define CDR_BASE_FAILURE_H

#include "base/result.h"

#include <pthread.h>
#include <stdatomic.h>

struct cdr_failure {
    pthread_mutex_t lock;   /* of keeping */
    atomic_int code;        /* CDR_OK: none; set once, after the error */
    struct cdr_error error; /* of the first */
};

void cdr_failure_init(struct cdr_failure *failure);
void cdr_failure_destroy(struct cdr_failure *failure);

/* Keeps code and *error if they are the first. Returns the code of the first, whose text *error
 * has then. */
enum cdr_result cdr_failure_keep(struct cdr_failure *failure, enum cdr_result code,
                                 struct cdr_error *error);

/* The code of the first, or CDR_OK. */
static inline enum cdr_result cdr_failure_code(const struct cdr_failure *failure)
{
    return (enum cdr_result)atomic_load_explicit(&failure->code, memory_order_acquire);
}

/* The same; after a failure, *error becomes its text. error may be NULL. */
static inline enum cdr_result cdr_failure_get(const struct cdr_failure *failure,
                                              struct cdr_error *error)
{
    enum cdr_result code = cdr_failure_code(failure);
    if (code != CDR_OK && error != NULL)
        *error = failure->error;
    return code;
}

#endif
