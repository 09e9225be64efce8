#include "app/stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The one piece of global state: a signal handler can be given nothing else. */
static atomic_int stop_signal;

static void on_signal(int number)
{
    if (atomic_exchange(&stop_signal, number) != 0)
        _exit(128 + number);
}

const atomic_int *cdr_stop_on_signals(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* nohup: a terminal that is closed is not to stop it. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    return &stop_signal;
}
