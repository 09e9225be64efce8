/* The hot loops for x86-64-v4. What is included below is compiled for that level. */
#if defined(__x86_64__) && defined(__GNUC__)
#define CDR_LOOPS_WIDE
#include "base/loops_v4.h"

#define CDR_LOOP(name) name##_v4

#include "model/event_loop.h"
#include "model/leg_loop.h"
#include "model/materialise_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_model_loops_v4_are_for_x86_64; /* a source must not be empty */
#endif
