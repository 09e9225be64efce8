/* The hashes of records for x86-64-v4. What is included below is compiled for that level, so only
 * what the loop needs is; cdr_hash_records lets it run only where cdr_level_best finds the CPU able
 * to. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "pipeline/digest.h"

#include <immintrin.h>

#include "base/loops_v4.h"

#define CDR_LOOP(name) name##_v4

typedef uint64_t lanes __attribute__((vector_size(64)));

static inline lanes halves_product(lanes x)
{
    return (lanes)_mm512_mul_epu32((__m512i)x, (__m512i)(x >> 32));
}

#include "pipeline/digest_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_pipeline_loops_v4_are_for_x86_64; /* a source must not be empty */
#endif
