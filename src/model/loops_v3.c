/* The hot loops for x86-64-v3. What is included below is compiled for that level. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "base/loops_v3.h"

#define CDR_LOOP(name) name##_v3

#include "model/event_loop.h"
#include "model/leg_loop.h"
#include "model/materialise_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_model_loops_v3_are_for_x86_64; /* a source must not be empty */
#endif
