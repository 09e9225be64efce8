#include "base/level.h"

bool cdr_level_runs(enum cdr_level level)
{
    if (level == CDR_LEVEL_BASE)
        return true;
#if CDR_LEVELS_X86
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
              __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
    return level == CDR_LEVEL_V3 ? v3 : v4;
#else
    return false;
#endif
}

enum cdr_level cdr_level_best(void)
{
    if (cdr_level_runs(CDR_LEVEL_V4))
        return CDR_LEVEL_V4;
    return cdr_level_runs(CDR_LEVEL_V3) ? CDR_LEVEL_V3 : CDR_LEVEL_BASE;
}
