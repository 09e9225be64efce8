/* Results and errors: how every fallible function in cdrgen reports.
 *
 * A function that can fail returns enum cdr_result and takes a struct cdr_error of the caller's as
 * its last argument. On CDR_OK the error is untouched; on anything else but CDR_E_AGAIN its text is
 * one sentence without a trailing period that names what is wrong (file, key or flag, value) and
 * what is allowed or what to do. Only src/app turns results into exit statuses and prints text.
 */
#ifndef CDR_BASE_RESULT_H
#define CDR_BASE_RESULT_H

#include <stdarg.h>

/* Never renumbered. */
enum cdr_result {
    CDR_OK = 0,
    CDR_E_AGAIN = -1,  /* no room or nothing there right now: poll, then try again; not a failure */
    CDR_E_NOMEM = -2,  /* memory exhausted */
    CDR_E_CONFIG = -3, /* the user's input is wrong; nothing was written: exit status 2 */
    CDR_E_IO = -4,     /* a file or disk failed while running: exit status 1 */
    CDR_E_KAFKA = -5,  /* the cluster or the registry failed while running: exit status 1 */
    CDR_E_STATE = -6,  /* the destination is not in the state that the run needs: exit status 2 */
    CDR_E_INTERRUPTED = -7, /* stopped by a signal in an orderly way */
    CDR_E_DIFFERENT =
        -8,          /* a proof failed: what is there is not what must be there: exit status 1 */
    CDR_E_AWAY = -9, /* the cluster acknowledged nothing for too long: exit status 1 */
    CDR_E_PRODUCER = -10, /* the Kafka producer cannot go on, but a new one can: exit status 1 */
    /* a run may not go on; no log holds what it must not, and the error says how another run goes
     * on: exit status 1 */
    CDR_E_ENDED = -11,
    CDR_E_REACHED = -12, /* the end that was asked for, before that of the records: no failure */
};

/* Owned by the caller; zero-initialise with {0}. */
struct cdr_error {
    char text[1024]; /* one line: control characters are escaped (shown.h) */
};

/* Formats the text (truncating at the end) and returns code, so that callers can write
 * `return cdr_fail(error, CDR_E_CONFIG, "...")`. error may be NULL. */
enum cdr_result cdr_fail(struct cdr_error *error, enum cdr_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum cdr_result cdr_vfail(struct cdr_error *error, enum cdr_result code, const char *format,
                          va_list arguments) __attribute__((format(printf, 3, 0)));

#endif
