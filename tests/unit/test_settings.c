/* config/: the option table, flags, config files, environment, properties, printing. */
#include "base/parse.h"
#include "base/redact.h"
#include "base/suggest.h"
#include "config/option.h"
#include "config/properties.h"
#include "config/secret.h"
#include "config/settings.h"
#include "encode/encoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ARGUMENTS_MAX 64
/* 2025-03-29 23:30 UTC: in Amsterdam half past midnight of the 30th, the day of the clock change.
 */
#define NOW_MS INT64_C(1743291000000)

static char folder[] = "/tmp/test_settings.XXXXXX";
static struct cdr_settings settings; /* large; freed by every test that loads */
static enum cdr_command command;
static struct cdr_error error;

/* Arguments separated by blanks; %s is the folder of the test's files. */
static enum cdr_result load_with(const char *line, char *const *environment)
{
    static char text[4000];
    char *argv[ARGUMENTS_MAX] = {"cdrgen"};
    int argc = 1;
    const char *percent = strstr(line, "%s");
    if (percent != NULL)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(percent - line), line, folder, percent + 2);
    else
        snprintf(text, sizeof text, "%s", line);
    char *save = NULL;
    for (char *word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        assert_true(argc < ARGUMENTS_MAX);
        argv[argc++] = word;
    }
    error.text[0] = '\0';
    return cdr_settings_load_from(&settings, &command, argc, argv, environment, NOW_MS, &error);
}

static enum cdr_result load(const char *line)
{
    return load_with(line, NULL);
}

static void write_file(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (file == NULL)
        fail_msg("cannot open %s", path);
    assert_non_null(text);
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    assert_true(n > 0);
    fclose(file);
    return text;
}

static char *printed(void (*print)(FILE *, const struct cdr_settings *),
                     const struct cdr_settings *of)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    print(stream, of);
    fclose(stream);
    return text;
}

static char *print_now(void)
{
    return printed(cdr_settings_print, &settings);
}

/* The words of a failure; "%s" in expected is the folder. */
static void assert_error(const char *line, const char *expected)
{
    char full[1200];
    const char *percent = strstr(expected, "%s");
    if (percent != NULL)
        snprintf(full, sizeof full, "%.*s%s%s", (int)(percent - expected), expected, folder,
                 percent + 2);
    else
        snprintf(full, sizeof full, "%s", expected);
    enum cdr_result result = load(line);
    if (result != CDR_E_CONFIG || strcmp(error.text, full) != 0)
        fail_msg("%s\n  gave %d: %s\n  not:   %s", line, result, error.text, full);
    cdr_settings_free(&settings);
}

static void assert_loads(const char *line)
{
    if (load(line) != CDR_OK)
        fail_msg("%s: %s", line, error.text);
}

static void assert_destination(const char *expected)
{
    assert_string_equal(cdr_settings_destination(&settings, command), expected);
}

/* What `cdrgen config` prints holds the fragment. */
static void assert_prints(const char *line, const char *fragment)
{
    assert_loads(line);
    char *text = print_now();
    if (strstr(text, fragment) == NULL)
        fail_msg("%s: no %s in %s", line, fragment, text);
    free(text);
    cdr_settings_free(&settings);
}

static void test_table_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *a = &cdr_options[i];
        bool negated = false;
        char name[96];
        assert_true(a->help != NULL && a->help[0] != '\0');
        assert_true(a->key != NULL || a->flag != NULL);
        if (a->key != NULL) {
            assert_ptr_equal(cdr_option_by_key(a->key), a);
            assert_true(cdr_option_environment_name(a->key, name, sizeof name));
        }
        if (a->also != NULL)
            assert_ptr_equal(cdr_option_by_key(a->also), a);
        if (a->flag != NULL)
            assert_ptr_equal(cdr_option_by_flag(a->flag, strlen(a->flag), &negated), a);
        if (a->letter != '\0')
            assert_ptr_equal(cdr_option_by_letter(a->letter), a);
        if (a->flag != NULL || a->letter != '\0')
            assert_true(a->use != 0);
    }
}

/* A setting of Kafka must not be accepted and ignored by a run that writes files. */
static void test_who_serves_what(void **state)
{
    (void)state;
    static const char *const both[] = {"topic_prefix",
                                       "dimensions"}; /* names of folders; warned of */
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        bool for_both = option->key == NULL || !cdr_command_takes(CDR_COMMAND_RUN, option) ||
                        strncmp(option->key, "schema", 6) == 0 ||
                        strncmp(option->key, "next_", 5) == 0 ||
                        strcmp(option->key, "mapping") == 0 || strcmp(option->key, "fields") == 0;
        for (size_t n = 0; n < COUNT(both); n++)
            for_both = for_both || strcmp(option->key, both[n]) == 0;
        if ((option->group == CDR_GROUP_KAFKA || option->group == CDR_GROUP_REGISTRY) &&
            !for_both && option->only != CDR_FOR_KAFKA)
            fail_msg("%s does not say that it is for Kafka only", option->key);
        for (size_t n = 0; n == 0 || (option->names_need != NULL && option->names[n] != NULL);
             n++) {
            const char *needs = option->names_need != NULL ? option->names_need[n] : option->needs;
            char key[64];
            if (needs == NULL)
                continue;
            snprintf(key, sizeof key, "%.*s", (int)strcspn(needs, "="), needs);
            assert_non_null(cdr_option_by_key(key));
            assert_non_null(cdr_option_by_key(key)->flag);
        }
    }
}

static void test_predecessors_command_line(void **state)
{
    (void)state;
    assert_loads("--subs 10000 --start 2025-01-01 --days 1 --out profile_test");
    assert_int_equal(command, CDR_COMMAND_RUN);
    assert_int_equal(settings.model.subscribers, 10000);
    assert_int_equal(settings.model.start_day, 20089);
    assert_int_equal(settings.model.days, 1);
    assert_string_equal(settings.sink.out, "profile_test");
    assert_true(cdr_settings_by_flag(&settings, "out"));
    assert_null(cdr_settings_where(&settings, "sink"));
    assert_destination("file");
    cdr_settings_free(&settings);
    assert_loads("--subs 10 --seed 1 --prefixes 31612,31613 --rotate-bytes 5000 --workers 2 "
                 "--tz UTC --cells 20 --cell-center 51.5,-0.12 --cell-radius-km 3 "
                 "--mo-share-call 0.4 --mo-share-sms 0.6 --imei-change-prob 0.1");
    assert_int_equal(settings.model.prefix_count, 2);
    assert_string_equal(settings.model.prefixes[1], "31613");
    assert_true(settings.model.cell_center_lat == 51.5 && settings.model.cell_center_lon == -0.12);
    assert_true(settings.model.mo_share[CDR_TYPE_SMS] == 0.6);
    cdr_settings_free(&settings);
}

static void test_defaults(void **state)
{
    static struct cdr_parameters model;
    (void)state;
    cdr_parameters_default(&model);
    assert_loads("run");
    assert_memory_equal(&settings.model, &model, sizeof model);
    assert_string_equal(settings.sink_name, "auto");
    assert_string_equal(settings.format, "csv");
    assert_string_equal(settings.sink.out, "out");
    assert_string_equal(settings.sink.compress, "none");
    assert_string_equal(settings.topic_prefix, "cdr.");
    assert_int_equal(settings.sink.rotate_bytes, 100000000);
    assert_int_equal(settings.sink.retention_ms, -1);
    assert_int_equal(settings.sink.kafka.timeout_ms, 10000);
    assert_int_equal(settings.shard_count, 1);
    assert_int_equal(cdr_settings_topic(&settings, "data")->schema_ids[0], 3);
    assert_true(settings.registry.auto_register);
    assert_null(settings.sink.kafka.brokers);
    assert_null(settings.registry.urls);
    assert_false(settings.sink.create_topics || settings.sink.append || settings.sink.kafka.force);
    assert_int_equal(settings.now_ms, NOW_MS);
    cdr_settings_free(&settings);
}

static void test_every_flag_arrives(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"config --subs 1.5M", "\"subs\": 1500000"},
        {"config --subs=7 --subs 8", "\"subs\": 8"},
        {"config --start 2024-02-29", "\"start\": \"2024-02-29\""},
        {"config --days 3660", "\"days\": 3660"},
        {"config --seed 18446744073709551615", "\"seed\": \"18446744073709551615\""},
        {"config --tz Asia/Kolkata", "\"tz\": \"Asia/Kolkata\""},
        {"config --partitions 12", "\"partitions\": 12"},
        {"config --order start", "\"order\": \"start\""},
        {"config --sink null", "\"sink\": \"null\""},
        {"config --format avro", "\"format\": \"avro\""},
        {"config --compress zstd", "\"compress\": \"zstd\""},
        {"config --rotate-bytes 64k", "\"rotate_bytes\": 64000"},
        {"config --rotate-bytes=64Ki", "\"rotate_bytes\": 65536"},
        {"config --overwrite", "\"overwrite\": true"},
        {"config --overwrite --no-overwrite", "\"overwrite\": false"},
        {"config --overwrite=no", "\"overwrite\": false"},
        {"config --workers 3", "\"workers\": 3"},
        {"config --shard 2/3", "\"shard\": \"2/3\""},
        {"config --summary -", "\"summary\": \"-\""},
        {"config --dry-run", "\"dry_run\": true"},
        {"config -q", "\"quiet\": true"},
        {"config -b a:1,b:2", "\"brokers\": \"a:1,b:2\""},
        {"config -ba", "\"brokers\": \"a\""},
        {"config -qb [::1]:9092", "\"brokers\": \"[::1]:9092\""},
        {"config --brokers SASL_SSL://h:9", "\"brokers\": \"SASL_SSL://h:9\""},
        {"config --bootstrap-servers h", "\"brokers\": \"h\""},
        {"config --topic-prefix t_1-", "\"topic_prefix\": \"t_1-\""},
        {"config --create-topics", "\"create_topics\": true"},
        {"config --replication 3", "\"replication\": 3"},
        {"config --retention-ms 7d", "\"retention_ms\": \"7d\""},
        {"config --retention-ms 90001", "\"retention_ms\": \"90001ms\""},
        {"config --retention-ms -1", "\"retention_ms\": -1"},
        {"config --append --transactions", "\"append\": true,\n  \"transactions\": true"},
        {"config --force", "\"force\": true"},
        {"config --kafka-timeout 2.5", "\"kafka_timeout\": \"2500ms\""},
        {"config -X linger.ms=5", "\"linger.ms\": \"5\""},
        {"config -Xlinger.ms=5 -X linger.ms=7", "\"linger.ms\": \"7\""},
        {"config --registry http://a:8081,https://b/x/y",
         "\"registry\": \"http://a:8081,https://b/x/y\""},
        {"config --no-auto-register", "\"auto_register\": false"},
        {"config --no-register", "\"auto_register\": false"},
        {"config --use-latest", "\"use_latest\": true"},
        {"config --subject-strategy record", "\"subject_strategy\": \"record\""},
        {"config --registry-cache c", "\"registry_cache\": \"c\""},
        {"config --registry-ca f", "\"registry_ca\": \"f\""},
        {"config --registry-timeout 1m", "\"registry_timeout\": \"1m\""},
        {"config --registry-retries 0", "\"registry_retries\": 0"},
        {"config --schema call=a --schema data=b,cdr.call=c --schema sms=d",
         "\"schema\": {\"call\": \"c\", \"sms\": \"d\", \"data\": \"b\"}"},
        {"config --next-schema sms=a --schema-change-at +1h", "\"next_schema\": {\"sms\": \"a\"}"},
        {"config --schema-id sms=100007 --schema-id key=9,cell=0",
         "\"schema_id\": {\"call\": 1, \"sms\": 100007, \"data\": 3, \"subscriber\": 4, "
         "\"cell\": 0, \"truth\": 10, \"key\": 9}"},
        {"config --next-schema-id data=2147483647",
         "\"next_schema_id\": {\"call\": 7, \"sms\": 8, \"data\": 2147483647}"},
        {"config --speed 60", "\"speed\": 60"},
        {"config --rate 20k/s", "\"rate\": 20000"},
        {"config --live", "\"live\": true"},
        {"config --calls 1 --sms 2.5 --sessions 0",
         "\"avg_calls_per_user\": 1,\n  \"avg_sms_per_user\": 2.5,\n"
         "  \"avg_data_sessions_per_user\": 0"},
        {"config --interconnect-share 1", "\"interconnect_share\": 1"},
        {"config --activity-sigma 0", "\"activity_sigma\": 0"},
        {"config --trains .25", "\"trains\": 0.25"},
        {"config --late-share 0.1 --late-mean 90 --late-max 1h",
         "\"late_share\": 0.1,\n  \"late_mean\": \"90s\",\n  \"late_max\": \"1h\""},
        {"config --partial 15m --duration-max 4h",
         "\"partial\": \"15m\",\n  \"duration_max\": \"4h\""},
        {"config --sim-change-prob 0.01", "\"sim_change_prob\": 0.01"},
        {"config --leave-prob 0.001 --vacant-days 45",
         "\"leave_prob\": 0.001,\n  \"vacant_days\": 45"},
        {"config --count 5", "\"count\": 5"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_prints(cases[i][0], cases[i][1]);
    assert_loads("sample -c 3 --format json");
    assert_int_equal(command, CDR_COMMAND_SAMPLE);
    assert_int_equal(settings.count, 3);
    cdr_settings_free(&settings);
    assert_loads("trace +31612000000 --subs 5");
    assert_int_equal(command, CDR_COMMAND_TRACE);
    assert_int_equal(settings.argument_msisdn, 31612000000);
    cdr_settings_free(&settings);
}

static void test_bad_flags(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"--days 0", "--days: \"0\" is out of range; allowed is 1 to 3660"},
        {"--days -1", "--days: \"-1\" is out of range; allowed is 1 to 3660"},
        {"--days 5x", "--days: \"5x\" is not a whole number; allowed is 1 to 3660"},
        {"--days 99999999999999999999",
         "--days: \"99999999999999999999\" is too large; allowed is 1 to 3660"},
        {"--days", "--days: a value is missing; write --days N; allowed is 1 to 3660"},
        {"--days --subs 3", "--days: a value is missing; write --days N; allowed is 1 to 3660"},
        {"--days=", "--days: the value is empty; allowed is 1 to 3660"},
        {"--subs 2G", "--subs: \"2G\" is out of range; allowed is 1 to 1073741824"},
        {"--subz 3", "--subz is not a flag; did you mean --subs?"},
        {"--subscribers=3", "--subscribers is not a flag; did you mean --subs?"},
        {"--avg-calls-per-user 3", "--avg-calls-per-user is not a flag; did you mean --calls?"},
        {"--no-creat-topics", "--no-creat-topics is not a flag; did you mean --create-topics?"},
        {"--xyzzy", "--xyzzy is not a flag; 'cdrgen help run' lists them"},
        {"-Z", "-Z is not a flag; 'cdrgen help run' lists them"},
        {"--no-subs", "--no-subs is not a flag; did you mean --subs?"},
        {"rnu", "\"rnu\" is not a command; did you mean run?"},
        {"frobnicate", "\"frobnicate\" is not a command; 'cdrgen help' lists them"},
        {"help rum", "\"rum\" is not a command; did you mean run?"},
        {"run extra", "\"extra\": one argument too many; flags begin with --"},
        {"cells --brokers x",
         "--brokers is not a flag of cells; 'cdrgen help cells' lists those that are"},
        {"trace",
         "trace MSISDN: whose records? write cdrgen trace MSISDN; 'cdrgen subscribers' lists "
         "them"},
        {"schema --schema call=x",
         "schema ACTION: an action is missing: list, print, register or check"},
        {"schema --schema call=x lists",
         "schema ACTION: \"lists\" is not something to do; allowed are "
         "list, print, register, check"},
        {"trace 31x", "\"31x\" is not an MSISDN (8 to 15 digits)"},
        {"--overwrite=maybe",
         "--overwrite: \"maybe\" is neither true nor false; allowed is true or false"},
        {"--no-overwrite=true", "--no-overwrite takes no value"},
        {"--sink kafak",
         "--sink: \"kafak\" is not known; allowed is auto, kafka, file, stdout or null"},
        {"--format xml", "--format: \"xml\" is not known; allowed is csv, avro or json"},
        {"--order now", "--order: \"now\" is not known; allowed is end or start"},
        {"--start 2025-02-30",
         "--start: \"2025-02-30\" does not exist: February 2025 has 28 days; allowed is "
         "YYYY-MM-DD from 1990 to 2100, today, yesterday or -7d"},
        {"--start 1989-12-31", "--start: \"1989-12-31\" is out of range; allowed is YYYY-MM-DD "
                               "from 1990 to 2100, today, yesterday or -7d"},
        {"--start -7x", "--start: \"-7x\" is not a date (YYYY-MM-DD); allowed is YYYY-MM-DD from "
                        "1990 to 2100, today, yesterday or -7d"},
        {"--start -20000d", "start: 20000 days before today is before 1990-01-01"},
        {"--rotate-bytes 10", "--rotate-bytes: \"10\" is out of range; allowed is 1k to 1000T "
                              "bytes"},
        {"--rotate-bytes 64q", "--rotate-bytes: \"64q\" is not a size (like 500000, 64k, 100M, 1G "
                               "or 64Ki); allowed is 1k to 1000T bytes"},
        {"--rate -1", "--rate: \"-1\" is not a rate (like 500, 20k/s or 1.5M/s); allowed is 0 to "
                      "1G a second"},
        {"--late-mean 1500ms",
         "--late-mean: \"1500ms\" is not in whole seconds; allowed is 1s to 1d"},
        {"--duration-max 2d", "--duration-max: \"2d\" is out of range; allowed is 1m to 1d"},
        {"--retention-ms 0",
         "--retention-ms: \"0\" is out of range; allowed is 1ms to 36500d, or -1 for ever"},
        {"--shard 3/3", "--shard: \"3/3\" is out of range; allowed is i/N with i from 0 to N-1 "
                        "and N up to 4096"},
        {"--shard 1", "--shard: \"1\" is not of the form i/N; allowed is i/N with i from 0 to N-1 "
                      "and N up to 4096"},
        {"--shard 0/7", "shard: 0/7 is out of range; with 6 partitions there can be at most 6 "
                        "shards"},
        {"--prefixes 31612,12", "--prefixes: \"12\" does not have 3 to 6 digits; allowed is 1 to "
                                "64 items of 3 to 6 digits"},
        {"--cell-center 95,0", "--cell-center: \"95,0\" has a latitude beyond -90 to 90"},
        {"-b host:99999", "-b: \"host:99999\" is not host:port with a port of 1 to 65535"},
        {"-b a,,b", "-b: \"\" is not host:port with a port of 1 to 65535"},
        {"--registry kafka:8081",
         "--registry: \"kafka:8081\" is not http://host:port or https://host:port"},
        {"--registry http://me:secret@h", "--registry: credentials in a URL end up in logs; give "
                                          "them in CDRGEN_REGISTRY_USER_INFO or "
                                          "--registry-user-info-file"},
        {"--topic-prefix a/b", "--topic-prefix: \"a/b\" holds what a topic's name cannot "
                               "(letters, digits, '.', '_', '-')"},
        {"--schema calls=a", "--schema: \"calls\" is not known; did you mean \"call\"?; allowed is "
                             "call, sms or data"},
        {"--schema key=a", "--schema: \"key\" is not known; allowed is call, sms or data"},
        {"--schema a", "--schema: items must be given as NAME=FILE; allowed is call, sms or data"},
        {"--schema=", "--schema: items must be given as NAME=FILE; allowed is call, sms or data"},
        {"--schema sms=", "--schema: the value is empty; allowed is call, sms or data"},
        {"--next-schema-id call=-1",
         "--next-schema-id: \"-1\" is out of range; allowed is call, sms "
         "or data, each 0 to 2147483647"},
        {"--schema-id call=1,cel=2",
         "--schema-id: \"cel\" is not known; did you mean \"cell\"?; allowed is call, sms, data, "
         "subscriber, cell, truth or key, each 0 to 2147483647"},
        {"--schema-sms a", "--schema-sms is not a flag; did you mean --schema?"},
        {"--next-schema-data a", "--next-schema-data is not a flag; did you mean --next-schema?"},
        {"--schema-id-subscriber 4",
         "--schema-id-subscriber is not a flag; did you mean --schema-id?"},
        {"--format-avro", "--format-avro is not a flag; did you mean --format?"},
        {"-X linger", "-X: a property must be given as name=value"},
        {"--speed 2 --rate 3", "speed and rate: only one of them can set the pace"},
        {"--live --rate 3", "live and rate: real time is the pace; leave one of them out"},
        {"--registry-key k", "registry_certificate and registry_key: mutual TLS needs both"},
        {"--config %s/absent.json", "cannot read %s/absent.json: No such file or directory"},
        {"--registry-token-file %s/absent",
         "--registry-token-file: cannot read %s/absent: No such file or directory"},
        {"--mo-share-call 0", "--mo-share-call: \"0\" is out of range; allowed is 0.01 to 1"},
        {"--mo-share-call nan", "--mo-share-call: \"nan\" is not a number; allowed is 0.01 to 1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error(cases[i][0], cases[i][1]);
    /* Checks of the model reach the user, whatever their words. */
    assert_int_equal(load("--subs 50M --prefixes 31612"), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "subs"));
    cdr_settings_free(&settings);
    assert_int_equal(load("--tz Mars/Olympus"), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "Mars/Olympus"));
    cdr_settings_free(&settings);
}

static void test_relative_start(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"config --start today", "\"start\": \"2025-03-30\""},
        {"config --start today --tz UTC", "\"start\": \"2025-03-29\""},
        {"config --tz America/Los_Angeles --start yesterday", "\"start\": \"2025-03-28\""},
        {"config --start -7d", "\"start\": \"2025-03-23\""},
        {"config --start=-0d", "\"start\": \"2025-03-30\""},
        {"config --start -7d --start 2025-01-02", "\"start\": \"2025-01-02\""},
        {"config --start 2025-01-02 --start -1d", "\"start\": \"2025-03-29\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_prints(cases[i][0], cases[i][1]);
}

static void test_config_file(void **state)
{
    (void)state;
    write_file("good.json", "{\n"
                            "  \"subscribers\": \"10k\", \"tz_name\": \"UTC\",\n"
                            "  \"start\": \"yesterday\", \"rotate_bytes\": \"1M\",\n"
                            "  \"late_mean\": 90, \"late_max\": \"3h\", \"rate\": \"1k/s\",\n"
                            "  \"center_lat\": 10.5, \"center_lon\": -20, \"radius_km\": 7,\n"
                            "  \"imei_daily_change_prob\": 0.5, \"compression_type\": \"gzip\",\n"
                            "  \"mccmnc_pool\": [\"20404\", 310410], \"prefixes\": [31612],\n"
                            "  \"call_dispositions\": {\"ANSWERED\": 3, \"NO ANSWER\": 1},\n"
                            "  \"call_duration_quantiles\": {\"p90\": \"5m\"},\n"
                            "  \"data\": {\"LTE\": {\"share\": 0, \"downlink_mean\": \"4.5M\"},\n"
                            "           \"uplink_min\": 10},\n"
                            "  \"special_days\": {\"2025-12-31\": 2, \"2025-12-25\": 0.6},\n"
                            "  \"kafka\": {\"linger.ms\": 20, \"enable.idempotence\": true},\n"
                            "  \"brokers\": null\n"
                            "}\n");
    write_file("codes.json", "{\"mccmnc_pool\": [\"20404\", 20410]}");
    assert_int_equal(load("config --config %s/good.json"), CDR_E_CONFIG); /* 5 and 6 digits */
    assert_non_null(strstr(error.text, "mccmnc_pool"));
    cdr_settings_free(&settings);
    char *text =
        read_file((snprintf(error.text, sizeof error.text, "%s/good.json", folder), error.text));
    char *six = strstr(text, "310410");
    memcpy(six, "20410 ", 6);
    write_file("good.json", text);
    free(text);
    assert_loads("--sink null --config %s/good.json");
    const struct cdr_parameters *m = &settings.model;
    assert_int_equal(m->subscribers, 10000);
    assert_string_equal(m->tz_name, "UTC");
    assert_int_equal(m->start_day, 20175); /* 2025-03-28 */
    assert_int_equal(settings.sink.rotate_bytes, 1000000);
    assert_int_equal(m->late_mean_s, 90);
    assert_int_equal(m->late_max_s, 10800);
    assert_true(settings.rate_per_s == 1000);
    assert_true(m->cell_center_lat == 10.5 && m->cell_center_lon == -20 && m->cell_radius_km == 7);
    assert_true(m->imei_change_prob == 0.5);
    assert_string_equal(settings.sink.compress, "gzip");
    assert_int_equal(m->mccmnc_count, 2);
    assert_int_equal(m->mccmnc_pool[0], 20404);
    assert_int_equal(m->prefix_count, 1);
    assert_true(m->call_dispositions[0] == 3 && m->call_dispositions[1] == 1);
    assert_true(m->call_dispositions[2] == 0); /* not named: none of them */
    assert_true(m->call_duration_p50_s == 60 && m->call_duration_p90_s == 300);
    assert_true(m->data[CDR_RAT_LTE].share == 0 && m->data[CDR_RAT_LTE].downlink_mean == 4.5e6);
    assert_true(m->data[CDR_RAT_LTE].downlink_sd == 3.5e6); /* not named: kept */
    assert_true(m->uplink_min == 10);
    assert_int_equal(m->special_day_count, 2);
    assert_int_equal(m->special_days[0].day, cdr_days_from_civil(2025, 12, 25)); /* sorted */
    assert_true(m->special_days[1].multiplier == 2);
    assert_int_equal(settings.sink.kafka.property_count, 2);
    assert_string_equal(settings.sink.kafka.properties[0].value, "20");
    assert_string_equal(settings.sink.kafka.properties[1].value, "true");
    assert_non_null(strstr(settings.sink.kafka.properties[0].source, "good.json:13"));
    assert_null(settings.sink.kafka.brokers);
    cdr_settings_free(&settings);
}

static char *dataset_of(const struct cdr_settings *from)
{
    char *text = NULL;
    size_t len = 0;
    struct cdr_json json;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    cdr_json_start(&json, stream);
    cdr_json_object(&json, NULL);
    cdr_settings_put_dataset(&json, from);
    cdr_json_object_end(&json);
    assert_true(cdr_json_finish(&json));
    fclose(stream);
    return text;
}

/* What a spill keeps: all that makes records, and nothing of where they go. */
static void test_dataset_goes_round(void **state)
{
    (void)state;
    struct cdr_settings again;
    assert_loads("run --seed 18446744073709551615 --start yesterday --tz Asia/Kolkata "
                 "--headers direction,radio=rat -b host:9092 -X sasl.password=pass --live "
                 "--topic-prefix mine. --calls 0.1");
    char *text = dataset_of(&settings);
    assert_int_equal(cdr_settings_read_dataset(&again, "spill.json", text, &error), CDR_OK);
    assert_true(again.model.seed == UINT64_MAX && again.live);
    assert_int_equal(again.model.start_day, settings.model.start_day);
    assert_string_equal(again.headers, "direction,radio=rat");
    assert_string_equal(again.topic_prefix, "cdr.");
    assert_null(again.sink.kafka.brokers);
    assert_null(strstr(text, "sasl"));
    char *same = dataset_of(&again);
    assert_string_equal(text, same);
    cdr_settings_free(&again);
    cdr_settings_free(&settings);
    assert_int_equal(cdr_settings_read_dataset(&again, "spill.json", "{\"subs\": 0}", &error),
                     CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "spill.json:1: subs"));
    cdr_settings_free(&again);
    free(same);
    free(text);
}

static void test_bad_config_files(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\n\"subz\": 1}", "%s/bad.json:2: subz is not a setting; did you mean \"subs\"?"},
        {"{\"schema_sms\": \"a\"}",
         "%s/bad.json:1: schema_sms is not a setting; did you mean \"schema\"?"},
        {"{\"schema\": {\"call\": \"a\",\n\"sms\": 5}}",
         "%s/bad.json:2: schema.sms: a number where a string is needed; allowed is call, sms or "
         "data"},
        {"{\"schema_id\": {\"sms\": 5.5}}",
         "%s/bad.json:1: schema_id.sms: a number with a fraction where a whole number is needed; "
         "allowed "
         "is call, sms, data, subscriber, cell, truth or key, each 0 to 2147483647"},
        {"{\n\n\"xyzzy\": 1}",
         "%s/bad.json:3: xyzzy is not a setting; docs/configuration.md has all of them"},
        {"{\"days\":\n \"1\"}", "%s/bad.json:1: days: a string where a whole number is needed; "
                                "allowed is 1 to 3660"},
        {"{\n\"seed\": 1,\n\"days\": 1.5\n}",
         "%s/bad.json:3: days: a number with a fraction where a whole number is needed; allowed "
         "is 1 to 3660"},
        {"{\"days\": 0}", "%s/bad.json:1: days: \"0\" is out of range; allowed is 1 to 3660"},
        {"{\"days\": null}",
         "%s/bad.json:1: days: null where a whole number is needed; allowed is 1 to 3660"},
        {"{\"sink\": null}", "%s/bad.json:1: sink: null where a string is needed; allowed is "
                             "auto, kafka, file, stdout or null"},
        {"{\"overwrite\": 1}", "%s/bad.json:1: overwrite: a number where true or false is needed; "
                               "allowed is true or false"},
        {"{\"days\": 1,\n\"days\": 2}", "%s/bad.json:2:6: duplicate object key near '\"days\"'"},
        {"{\"subs\": 1,\n\"subscribers\": 2}",
         "%s/bad.json:2: subscribers is given twice: subs and subscribers are the same setting"},
        {"{\"days\": 1,}", "%s/bad.json:1:12: string or '}' expected near '}'"},
        {"[1]", "%s/bad.json:1: a config file must be one JSON object"},
        {"", "%s/bad.json:1:0: '[' or '{' expected near end of file"},
        {"{\"data\": {\n \"LTE\": {\n  \"shar\": 1}}}",
         "%s/bad.json:3: data.LTE.shar is not a setting; did you mean \"share\"?"},
        {"{\"data\": {\n \"LTA\": {}}}",
         "%s/bad.json:2: data.LTA is not a setting; did you mean \"LTE\"?"},
        {"{\"data\":\n {\"LTE\": {\"share\":\n  -1}}}",
         "%s/bad.json:2: data.LTE.share: \"-1\" is out of range; allowed is 0 to 1000000"},
        {"{\"data\": 5}", "%s/bad.json:1: data: an object is needed"},
        {"{\"data.LTE.share\": 5}",
         "%s/bad.json:1: data.LTE.share: write objects in objects instead of a key with dots"},
        {"{\"call_dispositions\": {\n\"ANSWERED\": 1,\n\"answerd\": 1}}",
         "%s/bad.json:3: call_dispositions.answerd: \"answerd\" is not known; did you mean "
         "\"ANSWERED\"?; allowed is ANSWERED, NO ANSWER, BUSY, FAILED or CONGESTION, each 0 to "
         "1000000"},
        {"{\"sms_status\": {\"SENT\": 0}}",
         "%s/bad.json:1: sms_status: all of it is 0; allowed is SENT, DELIVERED or FAILED, each 0 "
         "to 1000000"},
        {"{\"call_duration_quantiles\": {\n\"p99\": 600}}",
         "%s/bad.json:2: call_duration_quantiles.p99: p50 and p90 fix the "
         "law already; leave p99 out"},
        {"{\"seasonality\": [1,\n1,\n\"x\"]}",
         "%s/bad.json:3: seasonality[2]: a string where a number is needed; allowed is 0 to 100 "
         "each"},
        {"{\"seasonality\": [1, 1]}",
         "%s/bad.json:1: seasonality: 2 numbers where 12 are needed; allowed is 0 to 100 each"},
        {"{\"seasonality\": [1,1,1,1,1,1,1,1,1,1,1,1,\n1]}",
         "%s/bad.json:2: seasonality[12]: more than 12 items; allowed is 0 to 100 each"},
        {"{\"special_days\": {\"2025-12-25\": 1,\n\"2025-02-30\": 1}}",
         "%s/bad.json:2: special_days.2025-02-30: \"2025-02-30\" does not exist: February 2025 has "
         "28 days; allowed is dates (YYYY-MM-DD) and hours (YYYY-MM-DDTHH), each with 0 to 100"},
        {"{\"special_days_sms\": {\"2025-12-25T24\": 1}}",
         "%s/bad.json:1: special_days_sms.2025-12-25T24: \"2025-12-25T24\" does not end with an "
         "hour, T00 to T23; allowed is dates (YYYY-MM-DD) and hours (YYYY-MM-DDTHH), each with 0 "
         "to 100"},
        {"{\"holidays\": [\"2025-12-25\", \"2025-12-25\"]}",
         "%s/bad.json:1: holidays[1]: \"2025-12-25\" is given twice; allowed is up to 128 dates "
         "(YYYY-MM-DD)"},
        {"{\"week\": {\"call\": [1, 1]}}",
         "%s/bad.json:1: week.call: 2 numbers where 7 are needed; allowed is 0 to 100 each"},
        {"{\"special_days\": {\"2025-12-25\": 101}}",
         "%s/bad.json:1: special_days.2025-12-25: \"101\" is out of range; allowed is dates "
         "(YYYY-MM-DD) and hours (YYYY-MM-DDTHH), each with 0 to 100"},
        {"{\"prefixes\": []}", "%s/bad.json:1: prefixes: the list is empty; allowed is 1 to 64 "
                               "items of 3 to 6 digits"},
        {"{\"prefixes\": \"31612\"}",
         "%s/bad.json:1: prefixes: a string where an array of strings is needed; allowed is 1 to "
         "64 items of 3 to 6 digits"},
        {"{\"cell_center\": [1]}", "%s/bad.json:1: cell_center: an array where an array of "
                                   "latitude and longitude is needed"},
        {"{\"kafka\": {\n\"ssl.truststore.location\": \"a.jks\"}}",
         "%s/bad.json:2: kafka.ssl.truststore.location: ssl.truststore.location: a Java key store "
         "cannot be read; give the authority's certificate as PEM in ssl.ca.location (keytool "
         "-exportcert -rfc -keystore a.jks -alias NAME > ca.pem)"},
        {"{\"registry_user_info\": \"[hidden]\"}",
         "registry_user_info: \"[hidden]\" stands for a secret that printed settings leave out; "
         "give it in the environment or as a file"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("bad.json", cases[i][0]);
        assert_error("run --config %s/bad.json", cases[i][1]);
    }
    assert_error("run --config %s", "cannot read %s: Is a directory");
}

/* Lines are right whatever stands around a key: escapes, nested values, the same word elsewhere. */
static void test_line_of_a_key(void **state)
{
    (void)state;
    write_file("bad.json", "\n{ \"out\": \"da\\\"ys\\\\\", \"summary\" : \"{[days: ,\",\n"
                           "\"apn_share\": {\"internet\": 1,\n"
                           "\"ims\": 2},\n"
                           "\"d\\u0061ys\"\n:\n0 }");
    assert_error("run --config %s/bad.json",
                 "%s/bad.json:5: days: \"0\" is out of range; allowed is 1 to 3660");
    write_file("bad.json", "{\"kafka\": {\"days\": 1, \"a\": \"\\ud83d\\ude00\"},\n"
                           "\"data\": {\"NR\": {\"share\": 1}, \"LTE\":\n{\"share\": 1, "
                           "\"cell_share\":\n1, \"duration_sd\": -1}}}");
    assert_error(
        "run --config %s/bad.json",
        "%s/bad.json:4: data.LTE.duration_sd: \"-1\" is out of range; allowed is 0s to 1d");
}

static void test_precedence(void **state)
{
    (void)state;
    char *environment[] = {"HOME=/",
                           "CDRGEN_DAYS=3",
                           "CDRGEN_SEED=9",
                           "CDRGEN_OUT=",
                           "CDRGEN_DATA_LTE_SHARE=0.7",
                           "CDRGEN_PREFIXES=31699, 31698",
                           "CDRGEN_CALL_DISPOSITIONS=NO ANSWER=1,BUSY=2",
                           "CDRGEN_SPECIAL_DAYS=2025-12-25=0.5",
                           "CDRGEN_SUBSCRIBERS=77",
                           "CDRGEN_SCHEMA=call=a.avsc,sms=b.avsc",
                           "CDRGEN_BROKERS=h:1",
                           "CDRGEN_SERVICE_HOST=10.0.0.1",
                           "CDRGEN_PORT=tcp://10.0.0.1:80",
                           "CDRGEN_DRY_RUN=1",
                           NULL};
    write_file("layers.json", "{\"days\": 2, \"seed\": 8, \"workers\": 5, \"out\": \"x\", "
                              "\"schema\": {\"call\": \"x.avsc\", \"data\": \"c.avsc\"}}");
    assert_int_equal(load_with("--config %s/layers.json --days 4 --schema sms=d.avsc", environment),
                     CDR_OK);
    assert_string_equal(cdr_settings_topic(&settings, "call")->schemas[0], "a.avsc");
    assert_string_equal(cdr_settings_topic(&settings, "sms")->schemas[0], "d.avsc");
    assert_string_equal(cdr_settings_topic(&settings, "data")->schemas[0], "c.avsc");
    assert_int_equal(settings.model.days, 4);
    assert_int_equal(settings.model.seed, 9);
    assert_int_equal(settings.workers, 5);
    assert_string_equal(settings.sink.out, "x"); /* an empty variable gives nothing */
    assert_true(settings.model.data[CDR_RAT_LTE].share == 0.7);
    assert_string_equal(settings.model.prefixes[1], "31698");
    assert_true(settings.model.call_dispositions[CDR_CALL_BUSY] == 2);
    assert_true(settings.model.call_dispositions[CDR_CALL_ANSWERED] == 0);
    assert_int_equal(settings.model.special_day_count, 1);
    assert_int_equal(settings.model.subscribers, 77);
    assert_string_equal(settings.sink.kafka.brokers, "h:1");
    assert_string_equal(cdr_settings_where(&settings, "brokers"), "CDRGEN_BROKERS");
    assert_destination("kafka");
    assert_true(settings.dry_run);
    cdr_settings_free(&settings);
    char *config[] = {"CDRGEN_CONFIG=", NULL};
    char path[400];
    snprintf(path, sizeof path, "CDRGEN_CONFIG=%s/layers.json", folder);
    config[0] = path;
    assert_int_equal(load_with("run", config), CDR_OK);
    assert_int_equal(settings.model.days, 2);
    cdr_settings_free(&settings);
}

static void test_bad_environment(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"CDRGEN_DAYS=0", "CDRGEN_DAYS: \"0\" is out of range; allowed is 1 to 3660"},
        {"CDRGEN_BROKER=x", "CDRGEN_BROKER is not a setting; did you mean CDRGEN_BROKERS?"},
        {"CDRGEN_NEXT_SCHEMA_ID_SMS=8",
         "CDRGEN_NEXT_SCHEMA_ID_SMS is not a setting; did you mean CDRGEN_NEXT_SCHEMA_ID?"},
        {"CDRGEN_SCHEMA=call",
         "CDRGEN_SCHEMA: items must be given as NAME=FILE; allowed is call, sms or data"},
        {"CDRGEN_CONFG=x", "CDRGEN_CONFG is not a setting; did you mean CDRGEN_CONFIG?"},
        {"CDRGEN_APN_SHARE=internet",
         "CDRGEN_APN_SHARE: items must be given as name=number; allowed is internet, ims or mms, "
         "each 0 to 1000000"},
        {"CDRGEN_KAFKA_SASL_JAAS_CONFIG=x required;",
         "CDRGEN_KAFKA_SASL_JAAS_CONFIG: sasl.jaas.config: understood are PlainLoginModule, "
         "ScramLoginModule, OAuthBearerLoginModule and Krb5LoginModule; else give "
         "sasl.mechanisms, sasl.username and sasl.password"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *environment[] = {(char *)cases[i][0], NULL};
        assert_int_equal(load_with("run", environment), CDR_E_CONFIG);
        assert_string_equal(error.text, cases[i][1]);
        cdr_settings_free(&settings);
    }
}

/* Any value that is printed can be given in the environment. */
static void test_every_variable_works(void **state)
{
    (void)state;
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        char name[96], text[700], variable[900], again[700];
        assert_int_equal(cdr_settings_default(&settings, &error), CDR_OK);
        if (option->unlisted || option->type == CDR_OPTION_PROPERTY ||
            !cdr_option_text(option, &settings, text, sizeof text) || strcmp(text, "{}") == 0) {
            cdr_settings_free(&settings);
            continue;
        }
        cdr_settings_free(&settings);
        /* JSON to what a variable holds: no quotes and brackets, '=' for ': '. */
        char *out = text;
        for (const char *in = text; *in != '\0'; in++) {
            if (in[0] == ':' && in[1] == ' ' && text[0] == '{') {
                *out++ = '=';
                in++;
            } else if (strchr("\"[]{}", *in) == NULL || (in == text && *in == '{')) {
                *out++ = *in;
            }
        }
        *out = '\0';
        cdr_option_environment_name(option->key, name, sizeof name);
        snprintf(variable, sizeof variable, "%s=%s", name, text + (text[0] == '{'));
        char *environment[] = {variable, NULL};
        if (load_with("config", environment) != CDR_OK)
            fail_msg("%s: %s", variable, error.text);
        assert_true(cdr_option_text(option, &settings, again, sizeof again));
        struct cdr_settings *defaults = calloc(1, sizeof *defaults);
        assert_int_equal(cdr_settings_default(defaults, NULL), CDR_OK);
        cdr_option_text(option, defaults, text, sizeof text);
        assert_string_equal(again, text);
        cdr_settings_free(defaults);
        free(defaults);
        cdr_settings_free(&settings);
    }
}

static void test_who_chose_the_sink(void **state)
{
    (void)state;
    write_file("file.json", "{\"sink\": \"file\"}");
    write_file("auto.json", "{\"sink\": \"auto\", \"out\": \"out\", \"brokers\": \"a:1\"}");
    write_file("empty.properties", "");
    assert_loads("-b h:1");
    assert_destination("kafka");
    cdr_settings_free(&settings);
    assert_loads("-b h:1 --sink auto");
    assert_destination("auto");
    cdr_settings_free(&settings);
    assert_loads("-b h:1 --config %s/file.json"); /* the command line wins */
    assert_destination("kafka");
    cdr_settings_free(&settings);
    assert_loads("-X bootstrap.servers=h:1");
    assert_destination("kafka");
    assert_string_equal(settings.sink.kafka.brokers, "h:1");
    cdr_settings_free(&settings);
    assert_loads("--config %s/auto.json");
    assert_destination("kafka"); /* a file that repeats a default gives nothing */
    assert_null(cdr_settings_where(&settings, "sink"));
    cdr_settings_free(&settings);
    assert_loads("--config %s/file.json");
    assert_destination("file");
    cdr_settings_free(&settings);
    char *brokers[] = {"CDRGEN_BROKERS=h:1", NULL};
    assert_int_equal(load_with("run --config %s/file.json", brokers), CDR_OK);
    assert_destination("file");
    cdr_settings_free(&settings);
    char *automatic[] = {"CDRGEN_BROKERS=h:1", "CDRGEN_SINK=auto", NULL};
    assert_int_equal(load_with("run --out x", automatic), CDR_OK);
    assert_destination("auto");
    cdr_settings_free(&settings);
    assert_loads("run --sink auto");
    assert_destination("file");
    cdr_settings_free(&settings);
    assert_int_equal(load_with("verify --out x", brokers), CDR_OK);
    assert_destination("file");
    cdr_settings_free(&settings);
    assert_int_equal(load_with("verify", brokers), CDR_OK);
    assert_destination("kafka");
    cdr_settings_free(&settings);
}

static const char *property(const char *name)
{
    for (size_t i = 0; i < settings.sink.kafka.property_count; i++)
        if (strcmp(settings.sink.kafka.properties[i].name, name) == 0)
            return settings.sink.kafka.properties[i].value;
    return "(none)";
}

static void test_java_properties(void **state)
{
    (void)state;
    write_file("java.properties",
               "# a comment = with equals\n"
               "! another\r\n"
               "bootstrap.servers=h1:9092,h2:9092\r\n"
               "key.serializer=org.apache.kafka.common.serialization.StringSerializer\n"
               "\n"
               "security.protocol : SASL_SSL\n"
               "sasl.mechanism=PLAIN\n"
               "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \\\n"
               "    required username=\"ali ce\" \\\n"
               "    password=\"s;e=\\\\\"c\\u00e9\";\n"
               "ssl.truststore.location=/etc/ca.bundle\n"
               "ssl.keystore.location=/etc/client.pem\n"
               "ssl.keystore.type=PEM\n"
               "ssl.truststore.type=PEM\n"
               "ssl.endpoint.identification.algorithm=\n"
               "max.request.size=2000000\n"
               "buffer.memory=33554432\n"
               "partitioner.class=org.apache.kafka.clients.producer.internals.DefaultPartitioner\n"
               "schema.registry.url=https://r:8081\n"
               "basic.auth.user.info=bob:hunter2\n"
               "  linger.ms = 5  \n"
               "client.id=a\\:b\\q");
    assert_loads("--format avro -F %s/java.properties");
    assert_string_equal(settings.sink.kafka.brokers, "h1:9092,h2:9092");
    assert_destination("kafka");
    assert_string_equal(property("security.protocol"), "SASL_SSL");
    assert_string_equal(property("sasl.mechanisms"), "PLAIN");
    assert_string_equal(property("sasl.username"), "ali ce");
    assert_string_equal(property("sasl.password"), "s;e=\"c\xc3\xa9");
    assert_string_equal(property("ssl.ca.location"), "/etc/ca.bundle");
    assert_string_equal(property("ssl.certificate.location"), "/etc/client.pem");
    assert_string_equal(property("ssl.key.location"), "/etc/client.pem");
    assert_string_equal(property("ssl.endpoint.identification.algorithm"), "none");
    assert_string_equal(property("message.max.bytes"), "2000000");
    assert_string_equal(property("queue.buffering.max.kbytes"), "32768");
    assert_string_equal(property("linger.ms"), "5");
    assert_string_equal(property("client.id"), "a:b\\q");
    assert_string_equal(property("key.serializer"), "(none)");
    assert_string_equal(property("partitioner.class"), "(none)");
    assert_string_equal(settings.registry.urls, "https://r:8081");
    assert_string_equal(settings.registry.user_info, "bob:hunter2");
    char *text = print_now();
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "s;e="));
    assert_non_null(strstr(text, "\"sasl.password\": \"[hidden]\""));
    assert_non_null(strstr(text, "\"registry_user_info\": \"[hidden]\""));
    free(text);
    cdr_settings_free(&settings);
}

static void test_bad_properties(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a=1\n\nnonsense\n", "%s/bad.properties:3: a line must be name=value"},
        {"=1\n", "%s/bad.properties:1: a line must be name=value"},
        {"a b=1\n", "%s/bad.properties:1: \"a b\" is not the name of a property"},
        {"a=\\\n1\n#\nbuffer.memory=lots\n",
         "%s/bad.properties:4: buffer.memory: \"lots\" is not a whole number"},
        {"ssl.keystore.location=c.jks\n",
         "%s/bad.properties:1: ssl.keystore.location: a JKS key store cannot be read; convert it "
         "(keytool -importkeystore -srckeystore c.jks -destkeystore client.p12 -deststoretype "
         "PKCS12)"},
        {"ssl.keystore.location=c.ks\nssl.keystore.type=JKS\n",
         "%s/bad.properties:1: ssl.keystore.location: a JKS key store cannot be read; convert it "
         "(keytool -importkeystore -srckeystore c.ks -destkeystore client.p12 -deststoretype "
         "PKCS12)"},
        {"interceptor.classes=x.Y\n", "%s/bad.properties:1: interceptor.classes: interceptors are "
                                      "Java code, which cannot run here"},
        {"partitioner=random\n",
         "%s/bad.properties:1: partitioner: \"random\" is not possible; the partition is always "
         "murmur2(key) mod partitions, as Java's default partitioner and murmur2_random have it"},
        {"sasl.jaas.config=a.b.PlainLoginModule required password=\"hunter2\";\n",
         "%s/bad.properties:1: sasl.jaas.config: PlainLoginModule needs username=\"...\""},
        {"bootstrap.servers=h:x\n", "%s/bad.properties:1: bootstrap.servers: \"h:x\" is not "
                                    "host:port with a port of 1 to 65535"},
        {"basic.auth.user.info=hunter2\n", "%s/bad.properties:1: basic.auth.user.info: the value "
                                           "is not of the form user:password"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("bad.properties", cases[i][0]);
        assert_error("run -F %s/bad.properties", cases[i][1]);
        assert_null(strstr(error.text, "hunter2"));
    }
    assert_error("-F %s/absent", "cannot read %s/absent: No such file or directory");
}

static void test_other_jaas_modules(void **state)
{
    (void)state;
    write_file("scram.properties",
               "sasl.jaas.config=x.scram.ScramLoginModule required password='p w' username=u;\n");
    assert_loads("-b h:1 --format avro -F %s/scram.properties");
    assert_string_equal(property("sasl.username"), "u");
    assert_string_equal(property("sasl.password"), "p w");
    cdr_settings_free(&settings);
    write_file("oauth.properties",
               "sasl.jaas.config=x.OAuthBearerLoginModule required clientId=\"c\" "
               "clientSecret=\"s\" scope=\"k\";\n"
               "sasl.login.callback.handler.class=org.x.OAuthBearerLoginCallbackHandler\n"
               "sasl.oauthbearer.token.endpoint.url=https://idp/token\n");
    assert_loads("config -F %s/oauth.properties");
    assert_string_equal(property("sasl.oauthbearer.client.secret"), "s");
    assert_string_equal(property("sasl.oauthbearer.method"), "oidc");
    char *text = print_now();
    assert_non_null(strstr(text, "\"sasl.oauthbearer.client.secret\": \"[hidden]\""));
    assert_non_null(strstr(text, "\"https://idp/token\"")); /* a place, no secret */
    free(text);
    cdr_settings_free(&settings);
    static const char jaas[] = "M required a = \"x\\\"y\" username_x=1 user=\"\" z='q';";
    char *value = cdr_jaas_setting(jaas, "a");
    assert_string_equal(value, "x\"y");
    free(value);
    value = cdr_jaas_setting(jaas, "user");
    assert_string_equal(value, "");
    free(value);
    assert_null(cdr_jaas_setting(jaas, "username"));
    assert_null(cdr_jaas_setting("M required password=\"open", "username"));
    value = cdr_jaas_setting(jaas, "z");
    assert_string_equal(value, "q");
    free(value);
}

static const char *warning(size_t i)
{
    return i < settings.warning_count ? settings.warnings[i] : "(none)";
}

/* What Java's producers are usually given. */
static void test_java_producer_settings(void **state)
{
    (void)state;
    write_file("producer.properties", "acks=all\n"
                                      "retries=2147483647\n"
                                      "request.timeout.ms=30000\n"
                                      "delivery.timeout.ms=120000\n"
                                      "max.block.ms=60000\n"
                                      "compression.type=zstd\n"
                                      "compression.zstd.level=3\n"
                                      "receive.buffer.bytes=-1\n"
                                      "send.buffer.bytes=131072\n"
                                      "buffer.memory=1000\n"
                                      "metrics.num.samples=2\n"
                                      "max.poll.records=500\n"
                                      "sasl.login.refresh.window.factor=0.8\n"
                                      "partitioner.ignore.keys=false\n"
                                      "value.subject.name.strategy=io.x.TopicRecordNameStrategy\n"
                                      "ssl.enabled.protocols=TLSv1.3\n"
                                      "ssl.cipher.suites=ECDHE-RSA-AES256-GCM-SHA384\n"
                                      "ssl.endpoint.identification.algorithm=HTTPS\n"
                                      "use.latest.version=true\n");
    assert_loads("-b h:1 --format avro -F %s/producer.properties");
    assert_string_equal(settings.registry.subject_strategy, "topic-record");
    assert_true(settings.registry.use_latest);
    assert_string_equal(property("acks"), "all");
    assert_string_equal(property("retries"), "2147483647");
    assert_string_equal(property("request.timeout.ms"), "30000");
    assert_string_equal(property("delivery.timeout.ms"), "120000");
    assert_string_equal(property("max.block.ms"), "(none)");
    assert_string_equal(property("compression.level"), "3");
    assert_string_equal(property("socket.receive.buffer.bytes"), "0");
    assert_string_equal(property("socket.send.buffer.bytes"), "131072");
    assert_string_equal(property("queue.buffering.max.kbytes"), "1");
    assert_string_equal(property("metrics.num.samples"), "(none)");
    assert_string_equal(property("max.poll.records"), "(none)");
    assert_string_equal(property("sasl.login.refresh.window.factor"), "(none)");
    assert_string_equal(property("ssl.endpoint.identification.algorithm"), "https");
    assert_int_equal(settings.warning_count, 2);
    assert_non_null(strstr(warning(0), "producer.properties:5: max.block.ms has no effect here; "
                                       "how long brokers may be away is delivery.timeout.ms"));
    assert_non_null(strstr(warning(1), ":16: ssl.enabled.protocols has no effect here; OpenSSL"));
    cdr_settings_free(&settings);
}

static void test_refused_java_settings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"sasl.password=${file:/secrets.properties:password}\n",
         "%s/bad.properties:1: sasl.password: \"${...}\" is for Java's configuration providers, "
         "which cannot run here; give sasl.password_file=PATH, or the value in the environment"},
        {"config.providers=file\n",
         "%s/bad.properties:1: config.providers: configuration providers are Java code, which "
         "cannot run here; give NAME_file=PATH, or the value in the environment"},
        {"partitioner.ignore.keys=true\n",
         "%s/bad.properties:1: partitioner.ignore.keys: keys always decide: the partition is "
         "murmur2(key) mod partitions"},
        {"ssl.cipher.suites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n",
         "%s/bad.properties:1: ssl.cipher.suites: give OpenSSL's names, such as "
         "ECDHE-RSA-AES256-GCM-SHA384 (openssl ciphers -stdname shows both)"},
        {"value.subject.name.strategy=io.x.TenantNameStrategy\n",
         "%s/bad.properties:1: value.subject.name.strategy: \"io.x.TenantNameStrategy\" is not "
         "possible; allowed are TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy"},
        {"sasl.login.callback.handler.class=software.amazon.msk.auth.iam."
         "IAMClientCallbackHandler\n",
         "%s/bad.properties:1: sasl.login.callback.handler.class: callback handlers are Java code, "
         "which cannot run here; use SASL/PLAIN, SCRAM, OAUTHBEARER with "
         "sasl.oauthbearer.method=oidc, or TLS certificates"},
        {"sasl.jaas.config=a.ScramLoginModule required username=\"hunter2\";\n",
         "%s/bad.properties:1: sasl.jaas.config: ScramLoginModule needs password=\"...\""},
        {"ssl.keystore.key=hunter2\n",
         "%s/bad.properties:1: ssl.keystore.key: it must be PEM, from -----BEGIN on"},
        {"ssl.keystore.key=-----BEGIN KEY-----hunter2\n",
         "%s/bad.properties:1: ssl.keystore.key: a -----BEGIN has no -----END"},
        {"ssl.truststore.location=t.p12\n",
         "%s/bad.properties:1: ssl.truststore.location: a PKCS#12 trust store cannot be read; give "
         "the authority's certificate as PEM in ssl.ca.location (openssl pkcs12 -nokeys -in t.p12 "
         "-out ca.pem)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file("bad.properties", cases[i][0]);
        assert_error("run -F %s/bad.properties", cases[i][1]);
        assert_null(strstr(error.text, "hunter2"));
    }
}

/* The type of a store is seen in the file where nobody says it. */
static void test_stores(void **state)
{
    (void)state;
    char text[900];
    write_file("trust", "# of the authority\n-----BEGIN CERTIFICATE-----\nAAAA\n");
    write_file("jks", "\xfe\xed\xfe\xed....");
    write_file("pkcs12", "0\x82\x0a....");
    snprintf(text, sizeof text,
             "ssl.truststore.location=%s/trust\nssl.keystore.location=%s/pkcs12\n"
             "ssl.keystore.type=JKS\nssl.keystore.password=p\nssl.key.password=q\n",
             folder, folder);
    write_file("stores.properties", text);
    assert_loads("-b h:1 --format avro -F %s/stores.properties");
    assert_non_null(strstr(property("ssl.ca.location"), "/trust"));
    assert_non_null(strstr(property("ssl.keystore.location"), "/pkcs12"));
    assert_string_equal(property("ssl.keystore.password"), "p");
    assert_string_equal(property("ssl.key.password"), "q");
    cdr_settings_free(&settings);
    assert_int_equal(load("-X ssl.keystore.location=%s/jks"), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "a JKS key store cannot be read"));
    cdr_settings_free(&settings);
    assert_int_equal(load("-X ssl.truststore.location=%s/pkcs12"), CDR_E_CONFIG);
    assert_non_null(strstr(error.text, "a PKCS#12 trust store cannot be read"));
    cdr_settings_free(&settings);
}

/* Java joins the lines of a PEM text, OpenSSL needs them. */
static void test_pem_texts(void **state)
{
    (void)state;
    write_file("pem.properties",
               "ssl.keystore.type=PEM\n"
               "ssl.truststore.certificates=-----BEGIN CERTIFICATE----- \\\n"
               "  AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLLMMMMNNNNOOOOPPPP \\\n"
               "  QQQQ== -----END CERTIFICATE----- -----BEGIN CERTIFICATE-----RRRR\\\n"
               "-----END CERTIFICATE-----\n"
               "ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\n\\\n"
               "AAAA\\n\\\n"
               "-----END CERTIFICATE-----\\n\n"
               "ssl.keystore.key=-----BEGIN PRIVATE KEY-----hunter2-----END PRIVATE KEY-----\n");
    assert_loads("-b h:1 --format avro -F %s/pem.properties");
    assert_string_equal(property("ssl.ca.pem"),
                        "-----BEGIN CERTIFICATE-----\n"
                        "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLLMMMMNNNNOOOOPPPP\n"
                        "QQQQ==\n-----END CERTIFICATE-----\n"
                        "-----BEGIN CERTIFICATE-----\nRRRR\n-----END CERTIFICATE-----\n");
    assert_string_equal(property("ssl.certificate.pem"),
                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_string_equal(property("ssl.key.pem"),
                        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    char *text = print_now();
    assert_null(strstr(text, "hunter2"));
    free(text);
    cdr_settings_free(&settings);
}

static void test_oauth_lines(void **state)
{
    (void)state;
    write_file("unsecured.properties", "sasl.mechanism=OAUTHBEARER\n"
                                       "sasl.jaas.config=x.OAuthBearerLoginModule required "
                                       "unsecuredLoginStringClaim_sub=\"alice\";\n");
    assert_loads("-b h:1 --format avro -F %s/unsecured.properties");
    assert_string_equal(property("enable.sasl.oauthbearer.unsecure.jwt"), "true");
    assert_string_equal(property("sasl.oauthbearer.config"), "principal=alice");
    assert_string_equal(property("sasl.oauthbearer.method"), "(none)");
    cdr_settings_free(&settings);
    write_file("cloud.properties",
               "sasl.jaas.config=x.OAuthBearerLoginModule required clientId='c' clientSecret='s' "
               "extension_logicalCluster='lkc-1' extension_identityPoolId=\"pool-2\";\n"
               "sasl.oauthbearer.client.credentials.client.id=other\n");
    assert_loads("config -F %s/cloud.properties");
    assert_string_equal(property("sasl.oauthbearer.method"), "oidc");
    assert_string_equal(property("sasl.oauthbearer.client.id"), "other");
    assert_string_equal(property("sasl.oauthbearer.extensions"),
                        "logicalCluster=lkc-1,identityPoolId=pool-2");
    cdr_settings_free(&settings);
}

static void test_secrets_on_the_command_line(void **state)
{
    (void)state;
    write_file("password", "from a file\n");
    assert_loads("-b h:1 -X sasl.username=me -X sasl.password_file=%s/password -X linger.ms=5");
    assert_int_equal(settings.warning_count, 0);
    cdr_settings_free(&settings);
    assert_loads("-b h:1 -X sasl.password=hunter2 -X sasl.username=me");
    assert_int_equal(settings.warning_count, 1);
    assert_string_equal(warning(0), "-X sasl.password: others on this machine may have seen the "
                                    "value in the list of processes; give it as "
                                    "sasl.password_file=PATH, in a properties file or in the "
                                    "environment");
    assert_string_equal(property("sasl.password"), "hunter2");
    cdr_settings_free(&settings);

    char program[] = "ssl.key.password=x", apart[] = "-X", value[] = "sasl.password=hunter2",
         joined[] = "-Xssl.key.password=hunter2", among[] = "-qXsasl.jaas.config=a b=c",
         plain[] = "-Xlinger.ms=5", file[] = "sasl.password_file=/a", flag[] = "--registry=h=1";
    char *argv[] = {program, apart, value, joined, among, plain, file, flag, NULL};
    cdr_settings_hide_arguments(8, argv);
    assert_string_equal(program, "ssl.key.password=x"); /* the name of the program */
    assert_string_equal(value, "sasl.password=*******");
    assert_string_equal(joined, "-Xssl.key.password=*******");
    assert_string_equal(among, "-qXsasl.jaas.config=*****");
    assert_string_equal(plain, "-Xlinger.ms=5");
    assert_string_equal(file, "sasl.password_file=/a");
    assert_string_equal(flag, "--registry=h=1");
}

static void test_redaction(void **state)
{
    (void)state;
    char out[32];
    cdr_redact("user hunter2, again hunter2", "hunter2", out, sizeof out);
    assert_string_equal(out, "user [hidden], again [hidden]");
    cdr_redact("hunter2hunter2hunter2hunter2", "hunter2", out, sizeof out);
    assert_string_equal(out, "[hidden][hidden][hidden][hidden"); /* cut off */
    cdr_redact("nothing of it", "hunter2", out, sizeof out);
    assert_string_equal(out, "nothing of it");
    cdr_redact("a b a", "a", out, sizeof out); /* too short to be looked for */
    assert_string_equal(out, "a b a");
    cdr_redact("", "hunter2", out, sizeof out);
    assert_string_equal(out, "");
}

static void test_order_of_properties(void **state)
{
    (void)state;
    char variable[400];
    char *environment[] = {"CDRGEN_KAFKA_LINGER_MS=3", "CDRGEN_KAFKA_RETRIES=3", variable, NULL};
    snprintf(variable, sizeof variable, "CDRGEN_KAFKA_SASL_PASSWORD_FILE=%s/secret", folder);
    write_file("secret", "top secret\r\n");
    write_file("order.json", "{\"kafka\": {\"client.id\": \"json\", \"batch.size\": 1}}");
    write_file("order.properties", "batch.size=2\nlinger.ms=2\n");
    assert_int_equal(load_with("-b h:1 -X retries=4 -F %s/order.properties", environment), CDR_OK);
    assert_string_equal(property("batch.size"), "2");
    assert_string_equal(property("linger.ms"), "3");
    assert_string_equal(property("retries"), "4");
    assert_string_equal(property("sasl.password"), "top secret");
    cdr_settings_free(&settings);
    char both[900];
    snprintf(both, sizeof both, "-b h:1 --config %s/order.json -F %s/order.properties", folder,
             folder);
    assert_int_equal(load_with(both, environment), CDR_OK);
    assert_string_equal(property("client.id"), "json");
    assert_string_equal(property("batch.size"), "2");
    cdr_settings_free(&settings);
}

static void test_secrets_from_files(void **state)
{
    (void)state;
    write_file("user", "me:pass:word\n");
    write_file("nobody", "hunter2\n");
    write_file("empty", "\n");
    assert_loads("config --registry-user-info-file %s/user");
    assert_string_equal(settings.registry.user_info, "me:pass:word");
    char *text = print_now();
    assert_null(strstr(text, "pass:word"));
    free(text);
    cdr_settings_free(&settings);
    assert_error("--registry-user-info-file %s/nobody",
                 "--registry-user-info-file: the value is not of the form user:password");
    assert_error("--registry-token-file %s/empty", "--registry-token-file: %s/empty is empty");
    static const char *const secret[] = {"sasl.password",        "ssl.key.password",
                                         "ssl.key.pem",          "sasl.oauthbearer.client.secret",
                                         "sasl.jaas.config",     "ssl.keystore.password",
                                         "basic.auth.user.info", "bearer.auth.token",
                                         "SSL.KEY.PASSWORD"};
    static const char *const open[] = {"linger.ms", "ssl.key.location", "sasl.username",
                                       "sasl.oauthbearer.token.endpoint.url", "client.id"};
    for (size_t i = 0; i < COUNT(secret); i++)
        assert_true(cdr_secret_name(secret[i]));
    for (size_t i = 0; i < COUNT(open); i++)
        assert_false(cdr_secret_name(open[i]));
}

static void round_trip(const char *what)
{
    static struct cdr_parameters model;
    char *text = print_now();
    model = settings.model;
    cdr_settings_free(&settings);
    write_file("printed.json", text);
    if (load("config --config %s/printed.json") != CDR_OK)
        fail_msg("%s: %s\n%s", what, error.text, text);
    char *again = print_now();
    assert_string_equal(again, text);
    assert_memory_equal(&settings.model, &model, sizeof model);
    free(again);
    free(text);
    cdr_settings_free(&settings);
}

static void test_round_trip(void **state)
{
    (void)state;
    assert_loads("config");
    round_trip("defaults");
    assert_loads("config --subs 12345 --start today --days 7 --seed 18446744073709551615 --tz "
                 "Asia/Kathmandu --partitions 7 --shard 3/7 --sink file --format json --out a\"b "
                 "--compress gzip --late-share 0.1 --partial 900 --retention-ms 123456789 "
                 "--kafka-timeout 1234ms --rate 0.1 -X client.rack=c -X acks=1 --summary \xc3\xa9 "
                 "--cell-center -0.1,0.3 -q");
    round_trip("flags");
    assert_loads("config -X sasl.password=x -b h:1");
    round_trip("secrets");
}

/* Doubles come back bit by bit, whatever they are. */
static void test_round_trip_of_random_numbers(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 200; round++) {
        assert_loads("config");
        struct cdr_parameters *m = &settings.model;
        double *numbers[] = {m->call_dispositions,
                             m->diurnal_weekday[CDR_TYPE_CALL],
                             m->diurnal_weekend[CDR_TYPE_DATA],
                             m->seasonality,
                             m->apn_share,
                             m->sms_segments,
                             &m->mo_share[CDR_TYPE_SMS],
                             &m->imei_change_prob};
        static const size_t counts[] = {5, 24, 24, 12, 3, 3, 1, 1};
        for (size_t n = 0; n < COUNT(numbers); n++)
            for (size_t i = 0; i < counts[n]; i++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                numbers[n][i] = 0.02 + (double)(random >> 11) / 9007199254740992.0 * 0.9;
            }
        m->data[CDR_RAT_NR].downlink_mean = numbers[0][0] * 1e7;
        m->call_duration_p50_s = 1 + numbers[0][1] * 100;
        m->imei_change_prob *= 0.01;
        round_trip("random");
    }
}

static void test_committed_files_are_fresh(void **state)
{
    (void)state;
    assert_loads("config");
    char *text = print_now();
    cdr_settings_free(&settings);
    char *file = read_file(CDR_SOURCE_DIR "/config/default.json");
    if (strcmp(file, text) != 0)
        fail_msg("config/default.json is not what `cdrgen config` prints: write it anew");
    free(file);
    assert_loads("config --config " CDR_SOURCE_DIR "/config/default.json");
    file = print_now();
    assert_string_equal(file, text);
    assert_null(cdr_settings_where(&settings, "sink"));
    assert_null(cdr_settings_where(&settings, "out"));
    cdr_settings_free(&settings);
    free(file);
    free(text);
}

/* No config file, however cut off, does more than fail with its name. */
static void test_cut_off_config(void **state)
{
    (void)state;
    char *text = read_file(CDR_SOURCE_DIR "/config/default.json");
    size_t len = strlen(text);
    for (size_t end = 0; end + 2 < len; end += 7) {
        char kept = text[end];
        text[end] = '\0';
        write_file("cut.json", text);
        text[end] = kept;
        assert_int_equal(load("config --config %s/cut.json"), CDR_E_CONFIG);
        assert_memory_equal(error.text, folder, strlen(folder));
        cdr_settings_free(&settings);
    }
    free(text);
    char path[300];
    snprintf(path, sizeof path, "%s/nul.json", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite("{\"days\": 1}\0", 1, 12, file);
    fclose(file);
    assert_error("--config %s/nul.json", "%s/nul.json holds a NUL byte: it is not a text");
}

static char *help_text(enum cdr_command about)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    cdr_settings_help(stream, about);
    fclose(stream);
    return text;
}

/* Whether a help text has the flag, and not only a longer one. */
static bool lists_flag(const char *text, const char *flag)
{
    for (; (text = strstr(text, flag)) != NULL; text++)
        if (strchr(" \n", text[strlen(flag)]) != NULL)
            return true;
    return false;
}

static void test_help(void **state)
{
    (void)state;
    char *overview = help_text(CDR_COMMAND_HELP);
    size_t lines = 0;
    assert_memory_equal(overview, "Examples:\n  cdrgen ", 19);
    for (const char *line = overview; *line != '\0'; lines++) {
        size_t len = strcspn(line, "\n");
        assert_true(len <= 80);
        line += len + 1;
    }
    assert_true(lines <= 36);
    free(overview);
    static const enum cdr_command all[] = {CDR_COMMAND_RUN,         CDR_COMMAND_SAMPLE,
                                           CDR_COMMAND_SUBSCRIBERS, CDR_COMMAND_CELLS,
                                           CDR_COMMAND_TRACE,       CDR_COMMAND_CONFIG};
    for (size_t c = 0; c < COUNT(all); c++) {
        char *text = help_text(all[c]);
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
        for (size_t i = 0; i < cdr_option_count; i++) {
            char flag[80];
            if (cdr_options[i].flag == NULL)
                continue;
            snprintf(flag, sizeof flag, "--%s", cdr_options[i].flag);
            bool takes = cdr_command_takes(all[c], &cdr_options[i]);
            if (takes != lists_flag(text, flag) && strcmp(flag, "--config") != 0 &&
                strcmp(flag, "--tz") != 0)
                fail_msg("help of %d and %s", all[c], flag);
        }
        free(text);
    }
}

/* What the help shows must be what the command takes. */
static void test_examples_in_the_help(void **state)
{
    (void)state;
    for (int c = 0; c < CDR_COMMAND_COUNT; c++) {
        const char *line = cdr_commands[c].examples;
        for (; *line != '\0'; line += strcspn(line, "\n") + 1) {
            char example[200];
            const int length = (int)strcspn(line, "\n");
            assert_in_range(length, 1, sizeof example - 1);
            assert_int_equal(line[length], '\n');
            snprintf(example, sizeof example, "%.*s", length, line);
            assert_loads(example);
            if ((int)command != c)
                fail_msg("%s: %s is not %s", example, cdr_commands[command].name,
                         cdr_commands[c].name);
            cdr_settings_free(&settings);
        }
    }
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum cdr_command command, about;
    } cases[] = {
        {"", CDR_COMMAND_HELP, CDR_COMMAND_HELP},
        {"--help", CDR_COMMAND_HELP, CDR_COMMAND_HELP},
        {"-h", CDR_COMMAND_HELP, CDR_COMMAND_HELP},
        {"--subs 5 -h --bogus", CDR_COMMAND_HELP, CDR_COMMAND_HELP},
        {"help", CDR_COMMAND_HELP, CDR_COMMAND_HELP},
        {"help run", CDR_COMMAND_HELP, CDR_COMMAND_RUN},
        {"run --help", CDR_COMMAND_HELP, CDR_COMMAND_RUN},
        {"cells -h", CDR_COMMAND_HELP, CDR_COMMAND_CELLS},
        {"trace --help", CDR_COMMAND_HELP, CDR_COMMAND_TRACE},
        {"--version", CDR_COMMAND_VERSION, CDR_COMMAND_HELP},
        {"-V", CDR_COMMAND_VERSION, CDR_COMMAND_HELP},
        {"run -qV", CDR_COMMAND_VERSION, CDR_COMMAND_HELP},
        {"version", CDR_COMMAND_VERSION, CDR_COMMAND_HELP},
        {"reference", CDR_COMMAND_REFERENCE, CDR_COMMAND_HELP},
        {"run", CDR_COMMAND_RUN, CDR_COMMAND_HELP},
        {"subscribers", CDR_COMMAND_SUBSCRIBERS, CDR_COMMAND_HELP},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_loads(cases[i].line);
        if (command != cases[i].command || settings.help_about != cases[i].about)
            fail_msg("%s: %d about %d", cases[i].line, command, settings.help_about);
        cdr_settings_free(&settings);
    }
}

static void test_suggestions(void **state)
{
    (void)state;
    struct cdr_suggestion near = {.given = "rotate_byte"};
    cdr_suggest(&near, "retries");
    assert_null(near.best);
    cdr_suggest(&near, "rotate-bytes");
    cdr_suggest(&near, "rotate-bits");
    assert_string_equal(near.best, "rotate-bytes");
    near = (struct cdr_suggestion){.given = "dasy"};
    cdr_suggest(&near, "days");
    assert_string_equal(near.best, "days"); /* swapped letters are one mistake */
    near = (struct cdr_suggestion){.given = ""};
    cdr_suggest(&near, "days");
    assert_null(near.best);
}

/* The names that options.c lists are those of the tables behind them. */
static void test_names_of_formats(void **state)
{
    (void)state;
    const struct cdr_option *format = cdr_option_by_key("format");
    size_t known = 0, listed = 0;
    for (; format->names[listed] != NULL; listed++)
        assert_non_null(cdr_encoder_find(format->names[listed]));
    while (cdr_encoders[known] != NULL)
        known++;
    assert_int_equal(known, listed);
    const struct cdr_option *sink = cdr_option_by_key("sink");
    for (size_t i = 0; cdr_sinks[i] != NULL; i++) {
        bool found = false;
        for (size_t n = 0; sink->names[n] != NULL; n++)
            found = found || strcmp(sink->names[n], cdr_sinks[i]->name) == 0;
        assert_true(found);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char line[300];
    (void)state;
    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_consistent),
        cmocka_unit_test(test_who_serves_what),
        cmocka_unit_test(test_predecessors_command_line),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_flag_arrives),
        cmocka_unit_test(test_bad_flags),
        cmocka_unit_test(test_relative_start),
        cmocka_unit_test(test_config_file),
        cmocka_unit_test(test_dataset_goes_round),
        cmocka_unit_test(test_bad_config_files),
        cmocka_unit_test(test_line_of_a_key),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_bad_environment),
        cmocka_unit_test(test_every_variable_works),
        cmocka_unit_test(test_who_chose_the_sink),
        cmocka_unit_test(test_java_properties),
        cmocka_unit_test(test_bad_properties),
        cmocka_unit_test(test_other_jaas_modules),
        cmocka_unit_test(test_order_of_properties),
        cmocka_unit_test(test_secrets_from_files),
        cmocka_unit_test(test_java_producer_settings),
        cmocka_unit_test(test_refused_java_settings),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_pem_texts),
        cmocka_unit_test(test_oauth_lines),
        cmocka_unit_test(test_secrets_on_the_command_line),
        cmocka_unit_test(test_redaction),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_round_trip_of_random_numbers),
        cmocka_unit_test(test_committed_files_are_fresh),
        cmocka_unit_test(test_cut_off_config),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_examples_in_the_help),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_names_of_formats),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
