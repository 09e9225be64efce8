#include "base/token.h"

#include "base/hash.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void cdr_make_token(char token[CDR_TOKEN_LEN + 1])
{
    uint64_t words[2] = {0};
    FILE *in = fopen("/dev/urandom", "rb");
    size_t read = in != NULL ? fread(words, sizeof words, 1, in) : 0;
    if (in != NULL)
        fclose(in);
    if (read != 1) { /* a system without: what differs between processes */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        words[0] = cdr_mix((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
        words[1] = cdr_mix(words[0] + (uint64_t)getpid());
    }
    snprintf(token, CDR_TOKEN_LEN + 1, "%016llx%016llx", (unsigned long long)words[0],
             (unsigned long long)words[1]);
}
