/* The hashes of records for x86-64-v3. What is included below is compiled for that level, so only
 * what the loop needs is; cdr_hash_records lets it run only where cdr_level_best finds the CPU able
 * to. */
#if defined(__x86_64__) && defined(__GNUC__)
#include "pipeline/digest.h"

#include <immintrin.h>

#include "base/loops_v3.h"

#define CDR_LOOP(name) name##_v3

typedef uint64_t lanes __attribute__((vector_size(32)));

static inline lanes halves_product(lanes x)
{
    return (lanes)_mm256_mul_epu32((__m256i)x, (__m256i)(x >> 32));
}

#include "pipeline/digest_loop.h"

#include "base/loops_end.h"
#else
typedef int cdr_pipeline_loops_v3_are_for_x86_64; /* a source must not be empty */
#endif
