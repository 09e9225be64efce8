/* base/failure.h: of the failures of several threads, the first stays. */
#include "base/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8 };

static void without_one_nothing_is_said(void **state)
{
    (void)state;
    struct cdr_failure failure;
    struct cdr_error error = {"as it was"};
    cdr_failure_init(&failure);
    assert_int_equal(cdr_failure_code(&failure), CDR_OK);
    assert_int_equal(cdr_failure_get(&failure, &error), CDR_OK);
    assert_string_equal(error.text, "as it was");
    cdr_failure_destroy(&failure);
}

static void the_first_stays(void **state)
{
    (void)state;
    struct cdr_failure failure;
    struct cdr_error first = {"no space left"}, second = {"interrupted"}, error;
    cdr_failure_init(&failure);
    assert_int_equal(cdr_failure_keep(&failure, CDR_E_IO, &first), CDR_E_IO);
    assert_int_equal(cdr_failure_keep(&failure, CDR_E_INTERRUPTED, &second), CDR_E_IO);
    assert_string_equal(second.text, "no space left");
    assert_int_equal(cdr_failure_get(&failure, NULL), CDR_E_IO);
    assert_int_equal(cdr_failure_get(&failure, &error), CDR_E_IO);
    assert_string_equal(error.text, "no space left");
    cdr_failure_destroy(&failure);
}

struct worker {
    struct cdr_failure *failure;
    pthread_t thread;
    enum cdr_result code;
    struct cdr_error error;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    worker->code = cdr_failure_keep(worker->failure, worker->code, &worker->error);
    return NULL;
}

static void all_threads_say_the_same(void **state)
{
    (void)state;
    struct cdr_failure failure;
    struct worker workers[THREADS];
    cdr_failure_init(&failure);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.failure = &failure, .code = CDR_E_NOMEM - i};
        memset(workers[i].error.text, 'a' + i, sizeof workers[i].error.text - 1);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].code, cdr_failure_code(&failure));
        assert_int_equal(workers[i].error.text[0], 'a' + CDR_E_NOMEM - workers[i].code);
        assert_string_equal(workers[i].error.text, workers[0].error.text);
    }
    cdr_failure_destroy(&failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_one_nothing_is_said),
        cmocka_unit_test(the_first_stays),
        cmocka_unit_test(all_threads_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
