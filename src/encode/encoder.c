#include "encode/encoder.h"

#include "encode/loops.h"

#include <string.h>

const struct cdr_encoder_ops *const cdr_encoders[] = {
#define ROW(name) &cdr_##name##_ops[CDR_LEVEL_BASE],
    CDR_FORMATS(ROW) NULL,
#undef ROW
};

const struct cdr_encoder_ops *cdr_encoder_find(const char *name)
{
    for (size_t i = 0; cdr_encoders[i] != NULL; i++)
        if (strcmp(cdr_encoders[i]->name, name) == 0)
            return cdr_encoders[i];
    return NULL;
}

bool cdr_format_is(const char *name, enum cdr_format_trait trait)
{
    const struct cdr_encoder_ops *ops = cdr_encoder_find(name);
    return ops != NULL && (ops->traits & trait) != 0;
}
