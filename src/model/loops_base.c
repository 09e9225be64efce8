/* The hot loops for any CPU. */
#define CDR_LOOP(name) name##_base

#include "model/event_loop.h"
#include "model/leg_loop.h"
#include "model/materialise_loop.h"
