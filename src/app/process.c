#define _GNU_SOURCE /* pthread_setattr_default_np */

#include "app/process.h"

#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Libraries start threads with the default size, which is the limit at the program's start. */
static void raise_default(void)
{
#ifdef __GLIBC__
    pthread_attr_t attributes;
    size_t bytes = 0;
    if (pthread_getattr_default_np(&attributes) != 0)
        return;
    if (pthread_attr_getstacksize(&attributes, &bytes) == 0 && bytes < CDR_STACK_BYTES &&
        pthread_attr_setstacksize(&attributes, CDR_STACK_BYTES) == 0)
        (void)pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
#endif
}

/* A file that is opened while one of the three is closed would take its number, and what is meant
 * for the terminal would go into it. */
static void open_standard(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
        if (fcntl(number, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

static bool stack_is_enough(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           limit.rlim_cur >= CDR_STACK_BYTES;
}

void cdr_process_prepare(void)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    open_standard();
    raise_default();
    if (stack_is_enough() || getrlimit(RLIMIT_STACK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > CDR_STACK_BYTES
                         ? CDR_STACK_BYTES
                         : limit.rlim_max;
    (void)setrlimit(RLIMIT_STACK, &limit);
}

struct call {
    enum cdr_result (*work)(void *context);
    void *context;
    enum cdr_result result;
};

static void *call_main(void *argument)
{
    struct call *call = argument;
    call->result = call->work(call->context);
    return NULL;
}

enum cdr_result cdr_process_call(enum cdr_result (*work)(void *context), void *context,
                                 struct cdr_error *error)
{
    struct call call = {.work = work, .context = context};
    pthread_t thread;
    if (stack_is_enough())
        return work(context);
    int os_error = cdr_thread_start(&thread, call_main, &call);
    if (os_error != 0)
        return cdr_fail(error, CDR_E_NOMEM,
                        "the stack of this process is too small (ulimit -s), and no thread with a "
                        "larger one can be started: %s",
                        strerror(os_error));
    pthread_join(thread, NULL);
    return call.result;
}

unsigned cdr_process_workers(unsigned wanted)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return wanted != 0 ? wanted : processors > 0 ? (unsigned)processors : 1;
}
