/* Churners: customers whose own events become fewer in the last 30 days before they leave, down to
 * three of ten. There are no acts: cdr_role_keeps of behaviour.c takes events away. */
#include "model/behaviour_kinds.h"

const struct cdr_behaviour_calls cdr_calls_churner = {.begin = NULL};
