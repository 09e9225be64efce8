/* Levels of the instruction set that hot loops are built for, and which of them this CPU runs.
 *
 * A hot loop is a header that three sources include, one a level, so that the compiler vectorises
 * it for each; its user chooses the best level once at start. All levels give the same
 * bytes.
 */
#ifndef CDR_BASE_LEVEL_H
#define CDR_BASE_LEVEL_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define CDR_LEVELS_X86 1
#else
#define CDR_LEVELS_X86 0
#endif

/* x86-64-v3 has vectors of 32 bytes (AVX2), x86-64-v4 of 64 (AVX-512). Elsewhere there is the base
 * only. */
enum cdr_level { CDR_LEVEL_BASE = 0, CDR_LEVEL_V3 = 1, CDR_LEVEL_V4 = 2, CDR_LEVEL_COUNT = 3 };

/* Whether the program has this level and the CPU runs it; the base always. */
bool cdr_level_runs(enum cdr_level level);
enum cdr_level cdr_level_best(void);

#endif
