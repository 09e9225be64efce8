#include "sink/sink_table.h"

#include <string.h>

const struct cdr_sink_ops *const cdr_sinks[] = {
#define ROW(name) &cdr_##name##_sink_ops,
    CDR_SINKS(ROW) NULL,
#undef ROW
};

const struct cdr_sink_ops *cdr_sink_find(const char *name)
{
    for (size_t i = 0; cdr_sinks[i] != NULL; i++)
        if (strcmp(cdr_sinks[i]->name, name) == 0)
            return cdr_sinks[i];
    return NULL;
}

bool cdr_sink_is(const char *name, enum cdr_sink_trait trait)
{
    const struct cdr_sink_ops *ops = cdr_sink_find(name);
    return ops != NULL && (ops->traits & trait) != 0;
}
