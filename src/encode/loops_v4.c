/* The hot loops for x86-64-v4. What is included below is compiled for that level, so only what the
 * loops need is; create lets them run only where cdr_level_runs finds the CPU able to. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "base/loops_v4.h"

#define CDR_LOOP(name) name##_v4

#include "encode/avro_loop.h"
#include "encode/csv_loop.h"
#include "encode/json_loop.h"
#include "encode/program_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_loops_v4_are_for_x86_64; /* a source must not be empty */
#endif
