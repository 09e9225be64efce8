#include "schema/program.h"

#include <stdlib.h>
#include <string.h>

static bool same_op(const struct cdr_op *a, const struct cdr_op *b)
{
    return a->kind == b->kind && a->column == b->column && a->offset == b->offset &&
           a->prefix_len == b->prefix_len && memcmp(a->prefix, b->prefix, sizeof a->prefix) == 0 &&
           a->len == b->len && a->at == b->at && a->stride == b->stride &&
           a->modulus == b->modulus && a->divisor == b->divisor && a->factor == b->factor &&
           a->inner == b->inner && a->absent_len == b->absent_len &&
           memcmp(a->absent, b->absent, sizeof a->absent) == 0 &&
           a->clock_length == b->clock_length && a->quote_after == b->quote_after;
}

bool cdr_program_equal(const struct cdr_program *a, const struct cdr_program *b)
{
    if (a->type != b->type || a->op_count != b->op_count || a->tail != b->tail ||
        a->data_len != b->data_len || (a->data_len > 0 && memcmp(a->data, b->data, a->data_len)))
        return false;
    for (uint32_t i = 0; i < a->op_count; i++)
        if (!same_op(&a->ops[i], &b->ops[i]))
            return false;
    return true;
}

void cdr_program_free(struct cdr_program *program)
{
    free(program->ops);
    free(program->data);
    free(program->header);
    *program = (struct cdr_program){0};
}
