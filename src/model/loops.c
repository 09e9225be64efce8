#include "model/loops.h"

#include "model/event.h"
#include "model/materialise.h"

const struct cdr_loops *cdr_loops_of(enum cdr_level level)
{
    static const struct cdr_loops loops[CDR_LEVEL_COUNT] = {
        [CDR_LEVEL_BASE] = {cdr_events_next_base, cdr_legs_base, cdr_materialise_base},
#if CDR_LEVELS_X86
        [CDR_LEVEL_V3] = {cdr_events_next_v3, cdr_legs_v3, cdr_materialise_v3},
        [CDR_LEVEL_V4] = {cdr_events_next_v4, cdr_legs_v4, cdr_materialise_v4},
#endif
    };
    return &loops[level];
}
