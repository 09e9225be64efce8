/* Threads with a stack of their own size, whatever the limits of the shell (`ulimit -s`) and the
 * defaults of libc are.
 *
 * The largest frames are those of the loops that make records: about 95 KB, and 35 KB more for
 * encoding; with a sanitizer's red zones a few times as much.
 */
#ifndef CDR_BASE_THREAD_H
#define CDR_BASE_THREAD_H

#include <pthread.h>

#define CDR_STACK_BYTES (2u << 20)

/* As pthread_create: 0, or an error number. */
static inline int cdr_thread_start(pthread_t *thread, void *(*start)(void *), void *argument)
{
    pthread_attr_t attributes;
    int os_error = pthread_attr_init(&attributes);
    if (os_error != 0)
        return os_error;
    os_error = pthread_attr_setstacksize(&attributes, CDR_STACK_BYTES);
    if (os_error == 0)
        os_error = pthread_create(thread, &attributes, start, argument);
    pthread_attr_destroy(&attributes);
    return os_error;
}

#endif
