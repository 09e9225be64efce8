#include "base/failure.h"

void cdr_failure_init(struct cdr_failure *failure)
{
    pthread_mutex_init(&failure->lock, NULL);
    atomic_init(&failure->code, CDR_OK);
}

void cdr_failure_destroy(struct cdr_failure *failure)
{
    pthread_mutex_destroy(&failure->lock);
}

enum cdr_result cdr_failure_keep(struct cdr_failure *failure, enum cdr_result code,
                                 struct cdr_error *error)
{
    pthread_mutex_lock(&failure->lock);
    if (cdr_failure_code(failure) == CDR_OK) {
        failure->error = *error;
        atomic_store_explicit(&failure->code, code, memory_order_release);
    }
    pthread_mutex_unlock(&failure->lock);
    return cdr_failure_get(failure, error);
}
