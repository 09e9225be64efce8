/* Time zones: every zone of the machine against libc, damaged files, rules, and no memory.
 *
 * The program defines malloc, so that it can fail, where no sanitizer has put its own there. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "model/zone.h"

#include "model/calendar.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ZONES "/usr/share/zoneinfo"
#define FILE_MAX 65536

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAILS_MEMORY 1
static unsigned mallocs, malloc_fails_at;
void *__libc_malloc(size_t size);
void *malloc(size_t size)
{
    return malloc_fails_at != 0 && ++mallocs == malloc_fails_at ? NULL : __libc_malloc(size);
}
#else
#define FAILS_MEMORY 0
#endif

static const int64_t day_s = 86400;
static unsigned zones_seen;
static unsigned long instants_seen;

static int32_t libc_offset_at(int64_t utc_s)
{
    time_t instant = (time_t)utc_s;
    struct tm local;
    assert_non_null(localtime_r(&instant, &local));
    return (int32_t)local.tm_gmtoff;
}

static void compare_at(const struct cdr_zone *zone, const char *name, int64_t utc_s)
{
    int32_t ours = cdr_zone_offset_at(zone, utc_s), libcs = libc_offset_at(utc_s);
    if (ours != libcs)
        fail_msg("%s at %lld: %d s from UTC, and libc says %d", name, (long long)utc_s, ours,
                 libcs);
    instants_seen++;
}

/* Every fortnight of 1970 to 2100, and around each change. */
static void compare_zone(const char *name)
{
    struct cdr_zone zone;
    struct cdr_error error = {{0}};
    char value[256];
    if (cdr_zone_load(&zone, name, &error) != CDR_OK)
        fail_msg("%s", error.text);
    snprintf(value, sizeof value, ":%s", name);
    setenv("TZ", value, 1);
    tzset();
    const int64_t end_s = cdr_day_of_date(2101, 1, 1) * day_s;
    int64_t before_s = 0;
    int32_t offset_s = cdr_zone_offset_at(&zone, 0);
    for (int64_t at_s = 0; at_s < end_s; at_s += 14 * day_s) {
        compare_at(&zone, name, at_s);
        if (cdr_zone_offset_at(&zone, at_s) != offset_s) {
            int64_t low = before_s, high = at_s;
            while (high - low > 1) {
                int64_t middle = low + (high - low) / 2;
                *(cdr_zone_offset_at(&zone, middle) == offset_s ? &low : &high) = middle;
            }
            for (int64_t near_s = -2; near_s <= 2; near_s++)
                compare_at(&zone, name, high + near_s);
        }
        offset_s = cdr_zone_offset_at(&zone, at_s);
        before_s = at_s;
    }
    for (size_t i = 0; i < zone.transition_count; i++)
        for (int64_t near_s = -1; near_s <= 1; near_s++)
            if (zone.transitions[i].utc_s > 0)
                compare_at(&zone, name, zone.transitions[i].utc_s + near_s);
    cdr_zone_free(&zone);
    zones_seen++;
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    char magic[4] = {0};
    (void)status;
    (void)walk;
    const char *name = path + strlen(ZONES) + 1;
    if (kind != FTW_F || strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0)
        return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    bool zone = fread(magic, 1, 4, file) == 4 && memcmp(magic, "TZif", 4) == 0;
    fclose(file);
    if (zone)
        compare_zone(name);
    return 0;
}

static void every_zone_agrees_with_libc(void **state)
{
    (void)state;
    assert_int_equal(nftw(ZONES, visit, 16, 0), 0);
    unsetenv("TZ");
    tzset();
    if (zones_seen == 0)
        skip();
    assert_true(zones_seen > 300);
    printf("%u zones, %lu instants\n", zones_seen, instants_seen);
}

static size_t read_zone(const char *name, uint8_t bytes[FILE_MAX])
{
    char path[256];
    snprintf(path, sizeof path, ZONES "/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        skip();
    size_t n = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return n;
}

static void a_file_cut_short_anywhere_is_an_error(void **state)
{
    (void)state;
    static uint8_t bytes[FILE_MAX];
    struct cdr_zone zone;
    size_t n = read_zone("Europe/Amsterdam", bytes);
    for (size_t length = 0; length < n; length++) {
        struct cdr_error error = {{0}};
        uint8_t *copy = malloc(length + 1); /* so that a sanitizer sees what is read behind it */
        assert_non_null(copy);
        memcpy(copy, bytes, length);
        copy = realloc(copy, length > 0 ? length : 1);
        assert_int_equal(cdr_zone_parse(&zone, copy, length, "/zones/Here", &error), CDR_E_CONFIG);
        assert_non_null(strstr(error.text, "tz: /zones/Here cannot be used: "));
        free(copy);
    }
    assert_int_equal(cdr_zone_parse(&zone, bytes, n, "", NULL), CDR_OK);
    cdr_zone_free(&zone);
}

/* Whatever a byte becomes, there is an error or a zone, and nothing else is read. */
static void any_damaged_byte_is_safe(void **state)
{
    (void)state;
    static uint8_t bytes[FILE_MAX];
    static const char *const names[] = {"Europe/Amsterdam", "America/New_York", "UTC"};
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t z = 0; z < sizeof names / sizeof names[0]; z++) {
        size_t n = read_zone(names[z], bytes);
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        for (size_t at = 0; at < n; at++)
            for (size_t v = 0; v < sizeof values; v++) {
                struct cdr_zone zone;
                memcpy(copy, bytes, n);
                copy[at] = values[v];
                if (cdr_zone_parse(&zone, copy, n, "", NULL) != CDR_OK)
                    continue;
                for (int64_t at_s = 0; at_s < 4102444800; at_s += 250 * day_s) {
                    int32_t offset_s = cdr_zone_offset_at(&zone, at_s);
                    assert_true(offset_s > -90000 && offset_s < 93600);
                }
                cdr_zone_free(&zone);
            }
        free(copy);
    }
}

/* A version 2 file without transitions, with a rule. */
static enum cdr_result parse_rule(struct cdr_zone *zone, const char *rule)
{
    static const uint8_t block[] = {'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0,   0,   0,   0, 0, 0,
                                    0,   0,   0,   0,   0,   0, 0, 0, 0,   0,   0,   0, 0, 0,
                                    0,   0,   0,   0,   0,   0, 0, 0, 0,   0,   0,   1, 0, 0,
                                    0,   4,   0,   0,   0,   0, 0, 0, 'U', 'T', 'C', 0};
    uint8_t bytes[256];
    size_t n = 2 * sizeof block;
    memcpy(bytes, block, sizeof block);
    memcpy(bytes + sizeof block, block, sizeof block);
    n += (size_t)sprintf((char *)bytes + n, "\n%s\n", rule);
    return cdr_zone_parse(zone, bytes, n, "rule", NULL);
}

static int64_t at(int32_t year, uint32_t month, uint32_t day, int32_t hour)
{
    return cdr_day_of_date(year, month, day) * day_s + hour * 3600;
}

static void expect(const char *rule, int64_t utc_s, int32_t offset_s)
{
    struct cdr_zone zone;
    if (parse_rule(&zone, rule) != CDR_OK)
        fail_msg("%s is refused", rule);
    int32_t found = cdr_zone_offset_at(&zone, utc_s);
    if (found != offset_s)
        fail_msg("%s at %lld: %d instead of %d", rule, (long long)utc_s, found, offset_s);
    cdr_zone_free(&zone);
}

static void rules_are_those_of_posix(void **state)
{
    (void)state;
    expect("", 0, 0);
    expect("<-03>3", 0, -3 * 3600);
    expect("<+0545>-5:45", 0, 20700);
    /* The northern and the southern summer, and the hours of the change. */
    expect("CET-1CEST,M3.5.0,M10.5.0/3", at(2050, 3, 27, 1) - 1, 3600);
    expect("CET-1CEST,M3.5.0,M10.5.0/3", at(2050, 3, 27, 1), 7200);
    expect("CET-1CEST,M3.5.0,M10.5.0/3", at(2050, 10, 30, 1) - 1, 7200);
    expect("CET-1CEST,M3.5.0,M10.5.0/3", at(2050, 10, 30, 1), 3600);
    expect("NZST-12NZDT,M9.5.0,M4.1.0/3", at(2050, 1, 1, 0), 13 * 3600);
    expect("NZST-12NZDT,M9.5.0,M4.1.0/3", at(2050, 7, 1, 0), 12 * 3600);
    /* Half an hour; times before midnight and after the day; days of the year. */
    expect("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", at(2050, 1, 1, 0), 11 * 3600);
    expect("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", at(2050, 3, 27, 1) - 1, -7200);
    expect("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", at(2050, 3, 27, 1), -3600);
    expect("IST-2IDT,M3.4.4/26,M10.5.0", at(2050, 3, 25, 0) - 1, 7200);
    expect("IST-2IDT,M3.4.4/26,M10.5.0", at(2050, 3, 25, 0), 10800);
    expect("XXX0YYY,J60,J300", at(2048, 3, 1, 2) - 1, 0); /* J60 is 1 March, always */
    expect("XXX0YYY,J60,J300", at(2048, 3, 1, 2), 3600);
    expect("XXX0YYY,59,299", at(2048, 2, 29, 2) - 1, 0); /* 59 is 29 February in leap years */
    expect("XXX0YYY,59,299", at(2048, 2, 29, 2), 3600);
    /* Summer all year. */
    for (int32_t day = 1; day < 800; day++)
        expect("XXX3EDT4,0/0,J365/23", at(2050, 1, 1, 3) + day * day_s, -4 * 3600);
    static const char *const wrong[] = {"X",
                                        "UT",
                                        "UTC",
                                        "UTC0EDT",
                                        "UTC25",
                                        "<+1>",
                                        "UTC0EDT,M1",
                                        "UTC0 ",
                                        "UTC0EDT,,",
                                        "UTC0EDT,M3.5.0",
                                        "UTC0EDT,M13.1.0,M4.1.0",
                                        "UTC0EDT,M3.6.0,M4.1.0",
                                        "UTC0EDT,M3.5.7,M4.1.0",
                                        "UTC0EDT,J0,J9",
                                        "UTC0EDT,366,1",
                                        "UTC0EDT,1/168,2",
                                        "UTC0EDT,1,2,3"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cdr_zone zone;
        if (parse_rule(&zone, wrong[i]) == CDR_OK)
            fail_msg("%s is a rule", wrong[i]);
    }
}

/* What tzset takes for UTC without a word. */
static void files_that_are_no_zones_are_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/cdrgen-zones-XXXXXX", path[128];
    struct cdr_zone zone;
    struct cdr_error error = {{0}};
    assert_non_null(mkdtemp(folder));
    setenv("TZDIR", folder, 1);
    assert_int_equal(cdr_zone_load(&zone, "Here", &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "\"Here\" is no time zone that "));
    snprintf(path, sizeof path, "%s/Here", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(cdr_zone_load(&zone, "Here", &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "/Here is a FIFO where a file is needed"));
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("TZif2 and then nothing of use", file);
    fclose(file);
    assert_int_equal(cdr_zone_load(&zone, "Here", &error), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "/Here cannot be used: "));
    assert_int_equal(cdr_zone_load(&zone, "UTC", &error), CDR_OK); /* needs no file */
    cdr_zone_free(&zone);
    unlink(path);
    unsetenv("TZDIR");
    rmdir(folder);
}

static void short_memory_is_never_utc(void **state)
{
    (void)state;
#if FAILS_MEMORY
    for (unsigned at_call = 1;; at_call++) {
        struct cdr_calendar calendar;
        struct cdr_error error = {{0}};
        mallocs = 0;
        malloc_fails_at = at_call;
        enum cdr_result result = cdr_calendar_create(&calendar, "Europe/Amsterdam", 20089, &error);
        unsigned calls = mallocs;
        malloc_fails_at = 0;
        if (calls < at_call) {
            assert_true(at_call > 2);
            assert_int_equal(result, CDR_OK);
            cdr_calendar_free(&calendar);
            return;
        }
        if (result == CDR_OK)
            fail_msg("allocation %u failed, and nobody noticed", at_call);
        assert_int_equal(result, CDR_E_CONFIG);
        assert_non_null(strstr(error.text, "Europe/Amsterdam"));
        assert_non_null(strstr(error.text, "no memory"));
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_zone_agrees_with_libc),
        cmocka_unit_test(a_file_cut_short_anywhere_is_an_error),
        cmocka_unit_test(any_damaged_byte_is_safe),
        cmocka_unit_test(rules_are_those_of_posix),
        cmocka_unit_test(files_that_are_no_zones_are_named),
        cmocka_unit_test(short_memory_is_never_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
