#include "app/progress.h"

#include "base/clock.h"
#include "base/thread.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct cdr_progress {
    const struct cdr_pipeline *pipeline;
    double expected;
    pthread_t thread;
    atomic_int over;
};

uint64_t cdr_peak_rss_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

double cdr_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

const char *cdr_with_commas(uint64_t value, char text[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static void draw(const struct cdr_progress *progress, double rate)
{
    struct cdr_pipeline_status status;
    char records[32], per_s[32], behind[48] = "", share[64] = "";
    cdr_pipeline_status(progress->pipeline, &status);
    if (status.behind_ns > 100000000)
        snprintf(behind, sizeof behind, ", %.1f s behind schedule", (double)status.behind_ns / 1e9);
    if (progress->expected > 0) {
        double done = (double)status.records / progress->expected;
        double left_s = rate > 0 ? (progress->expected - (double)status.records) / rate : 0;
        if (rate > 0 && left_s > 0)
            snprintf(share, sizeof share, ", %.0f %%, %.0f s left", 100 * (done > 1 ? 1 : done),
                     left_s);
        else
            snprintf(share, sizeof share, ", %.0f %%", 100 * (done > 1 ? 1 : done));
    }
    fprintf(stderr, "\r%s records, %s/s%s%s\033[K", cdr_with_commas(status.records, records),
            cdr_with_commas((uint64_t)rate, per_s), share, behind);
    fflush(stderr);
}

static void *draw_main(void *argument)
{
    struct cdr_progress *progress = argument;
    uint64_t before = 0;
    int64_t before_ns = cdr_monotonic_ns();
    double rate = 0;
    for (unsigned tick = 1; !atomic_load(&progress->over); tick++) {
        cdr_sleep_ns(50000000);
        if (tick % 10 != 0)
            continue;
        struct cdr_pipeline_status status;
        cdr_pipeline_status(progress->pipeline, &status);
        int64_t now_ns = cdr_monotonic_ns();
        double current = (double)(status.records - before) / ((double)(now_ns - before_ns) / 1e9);
        /* Smoothed, but not over the moment when a live run reaches the present. */
        rate = rate > 0 && current > rate / 4 ? 0.7 * rate + 0.3 * current : current;
        before = status.records;
        before_ns = now_ns;
        draw(progress, rate);
    }
    fputs("\r\033[K", stderr);
    return NULL;
}

struct cdr_progress *cdr_progress_start(const struct cdr_pipeline *pipeline, double expected,
                                        bool quiet)
{
    if (quiet || !isatty(STDERR_FILENO))
        return NULL;
    struct cdr_progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    progress->pipeline = pipeline;
    progress->expected = expected;
    if (cdr_thread_start(&progress->thread, draw_main, progress) != 0) {
        free(progress);
        return NULL;
    }
    return progress;
}

void cdr_progress_stop(struct cdr_progress *progress)
{
    if (progress == NULL)
        return;
    atomic_store(&progress->over, 1);
    pthread_join(progress->thread, NULL);
    free(progress);
}
