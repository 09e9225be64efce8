/* Who decides, while a run goes on, when its records are due. */
#ifndef CDR_APP_STEERER_H
#define CDR_APP_STEERER_H

#include "base/result.h"
#include "pipeline/steering.h"

struct cdr_steerer {
    struct cdr_steering *steering;
    /* Called once the destination is open and before the first record; anything but CDR_OK ends the
     * run there. */
    enum cdr_result (*begin)(void *context, struct cdr_error *error);
    void *context;
};

#endif
