/* The hot loops for x86-64-v3. What is included below is compiled for that level, so only what the
 * loops need is; create lets them run only where cdr_level_runs finds the CPU able to. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "base/loops_v3.h"

#define CDR_LOOP(name) name##_v3

#include "encode/avro_loop.h"
#include "encode/csv_loop.h"
#include "encode/json_loop.h"
#include "encode/program_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_loops_v3_are_for_x86_64; /* a source must not be empty */
#endif
