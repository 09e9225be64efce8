#include "app/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum phase { WORKING, OPENING, LEAVING };

/* The one piece of global state: a signal handler can be given nothing else. */
static atomic_int stop_signal, phase = WORKING, opening_status;
static _Atomic(const char *) opening_words;

static void put(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, text, left);
        if (written <= 0)
            return;
        text += written;
        left -= (size_t)written;
    }
}

static void on_alarm(int number)
{
    int expected = OPENING;
    (void)number;
    if (!atomic_compare_exchange_strong(&phase, &expected, LEAVING))
        return;
    put("cdrgen: ");
    put(atomic_load(&opening_words));
    put("\n");
    _exit(atomic_load(&opening_status));
}

static void on_signal(int number)
{
    if (atomic_exchange(&stop_signal, number) != 0)
        _exit(128 + number);
    if (atomic_load(&phase) == OPENING)
        alarm(CDR_STOP_WAIT_S);
}

const atomic_int *cdr_stop_on_signals(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* nohup: a terminal that is closed is not to stop it. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    return &stop_signal;
}

void cdr_stop_opening(const char *words, int exit_status)
{
    if (atomic_load(&phase) == OPENING)
        return;
    atomic_store(&opening_words, words);
    atomic_store(&opening_status, exit_status);
    atomic_store(&phase, OPENING);
    cdr_stop_on_signals();
    /* A command that was stopped before it opens again. */
    if (atomic_load(&stop_signal) != 0)
        alarm(CDR_STOP_WAIT_S);
}

enum cdr_result cdr_stop_check(struct cdr_error *error)
{
    return atomic_load(&stop_signal) == 0
               ? CDR_OK
               : cdr_fail(error, CDR_E_INTERRUPTED, "%s", atomic_load(&opening_words));
}

enum cdr_result cdr_stop_began(struct cdr_error *error)
{
    int expected = OPENING;
    if (!atomic_compare_exchange_strong(&phase, &expected, WORKING))
        while (expected == LEAVING)
            pause(); /* another thread is in on_alarm and ends the process */
    return cdr_stop_check(error);
}
