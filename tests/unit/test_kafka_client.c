/* The end of a client: one that librdkafka does not end is left behind. */
#include "kafka/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static atomic_bool stuck;
static atomic_uint ended;

/* In place of librdkafka's own. */
void rd_kafka_destroy_flags(rd_kafka_t *rk, int flags)
{
    (void)flags;
    while (atomic_load(&stuck))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    rd_kafka_destroy(rk);
    atomic_fetch_add(&ended, 1);
}

static rd_kafka_t *make_instance(void)
{
    char reason[512];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), reason, sizeof reason);
    assert_non_null(rk);
    return rk;
}

static void one_that_ends_is_waited_for(void **state)
{
    (void)state;
    atomic_store(&ended, 0);
    assert_true(cdr_kafka_end(make_instance(), 60000));
    assert_int_equal(atomic_load(&ended), 1);
}

static void one_that_hangs_is_left_behind(void **state)
{
    (void)state;
    atomic_store(&ended, 0);
    atomic_store(&stuck, true);
    const int64_t begun_ms = cdr_kafka_clock_ms();
    assert_false(cdr_kafka_end(make_instance(), 200));
    assert_true(cdr_kafka_clock_ms() - begun_ms >= 200);
    assert_int_equal(atomic_load(&ended), 0);
    /* It may still end later: nobody has freed what it needs for that. */
    atomic_store(&stuck, false);
    while (atomic_load(&ended) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_ends_is_waited_for),
        cmocka_unit_test(one_that_hangs_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
