/* Damaged inputs of every reader: properties files, JAAS lines, config files, mappings, folders of the file sink
 * (manifests, CSV and JSON parts, Avro containers), folders of spills. Each input is a good one that is damaged at random:
 * bits flipped, bytes, words and spans put in, taken out, repeated. A reader answers with success or with a refusal of one
 * line; whatever else it does (a crash, a leak, a hang) is for the sanitizers and ctest's time-out to find.
 *
 *   fuzz_readers SECONDS [SEED [READER]]
 *
 * Each reader gets so many seconds. A failure prints reader and seed of the case; 0 seconds repeat that one case. */
#include "tests/unit/sink_harness.h"

#include "config/settings.h"
#include "encode/encoder.h"
#include "sink/slab.h"
#include "sink/spill/spill.h"

#include <time.h>

enum { INPUT_MAX = 1 << 18, FILES_MAX = 64 };

static uint64_t case_seed, state;
static const char *reader_name;
static struct harness scratch; /* its folder is where inputs lie */

static uint64_t below(uint64_t limit)
{
    state += UINT64_C(0x9e3779b97f4a7c15);
    return cdr_mix(state) % limit;
}

static void give_up(const char *what, const char *more)
{
    fprintf(stderr, "reader %s, seed %llu: %s %s\n", reader_name, (unsigned long long)case_seed,
            what, more);
    abort();
}

/* A refusal is one line of something. */
static void judge(enum cdr_result result, const struct cdr_error *error)
{
    if (result == CDR_OK)
        return;
    if (error->text[0] == '\0')
        give_up("refused without a word", "");
    if (strchr(error->text, '\n') != NULL)
        give_up("refused in several lines:", error->text);
}

/* --- damage --- */

struct input {
    char bytes[INPUT_MAX];
    size_t n;
};

static void splice(struct input *input, size_t at, size_t out, const char *in, size_t n)
{
    out = out < input->n - at ? out : input->n - at;
    if (input->n - out + n > sizeof input->bytes)
        return;
    memmove(input->bytes + at + n, input->bytes + at + out, input->n - at - out);
    memcpy(input->bytes + at, in, n);
    input->n += n - out;
}

static const char *const words[] = {"\\",   "\"",   "{",    "}",       "[",
                                    "]",    "null", "-1",   "1e999",   "\n",
                                    "\r",   "\\u0", "=",    ":",       ";",
                                    "#",    "\\\n", ",",    "\xff",    "\t",
                                    "true", "''",   "\x1b", "0",       "18446744073709551616",
                                    "file", "/",    "..",   "\xc3\x28"};

static void damage_once(struct input *input)
{
    char span[256];
    size_t at = input->n > 0 ? below(input->n) : 0, n = 1 + below(below(4) == 0 ? 200 : 8);
    const char *word = words[below(sizeof words / sizeof *words)];
    switch (below(7)) {
    case 0:
        if (input->n > 0)
            input->bytes[at] ^= (char)(1 << below(8));
        break;
    case 1:
        if (input->n > 0)
            input->bytes[at] = (char)below(256);
        break;
    case 2:
        splice(input, at, 0, word, strlen(word));
        break;
    case 3:
        splice(input, at, n, "", 0);
        break;
    case 4:
        n = n < input->n - at ? n : input->n - at;
        memcpy(span, input->bytes + at, n);
        splice(input, input->n > 0 ? below(input->n) : 0, 0, span, n);
        break;
    case 5:
        for (size_t i = 0; i < n && i < sizeof span; i++)
            span[i] = (char)below(256);
        splice(input, at, below(2) * n, span, n < sizeof span ? n : sizeof span);
        break;
    default:
        input->n = below(3) == 0 ? at : input->n; /* torn */
    }
}

static void damage(struct input *input)
{
    for (uint64_t times = 1 + below(4); times > 0; times--)
        damage_once(input);
}

static void set_text(struct input *input, const char *text)
{
    input->n = strlen(text);
    memcpy(input->bytes, text, input->n);
}

static void write_input(const char *path, const struct input *input)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(input->bytes, 1, input->n, file) != input->n || fclose(file) != 0)
        give_up("cannot write", path);
}

static struct input input; /* large */

/* --- texts that settings come from --- */

static void load_settings(char *flag, char *value)
{
    static struct cdr_settings settings;
    enum cdr_command command;
    struct cdr_error error = {{0}};
    char *argv[] = {"cdrgen", "run", flag, value};
    judge(
        cdr_settings_load_from(&settings, &command, 4, argv, NULL, INT64_C(1743291000000), &error),
        &error);
    cdr_settings_free(&settings);
}

static void load_from_file(const char *text, char *flag)
{
    char path[300];
    snprintf(path, sizeof path, "%s/input", scratch.folder);
    set_text(&input, text);
    damage(&input);
    write_input(path, &input);
    load_settings(flag, path);
}

static void read_properties(void)
{
    load_from_file("# a comment\nbootstrap.servers=localhost:9092\nsecurity.protocol = SASL_SSL\n"
                   "sasl.mechanism: SCRAM-SHA-512\nsasl.username=a\\u0041\\\n   b\n"
                   "sasl.password=p\\=\\:\\ \nlinger.ms=20\ncompression.type=zstd\n"
                   "schema.registry.url=http://localhost:8081\nbasic.auth.user.info=u:p\n"
                   "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
                   "required username=\"a\" password=\"b\\\"c\";\n",
                   "-F");
}

static void read_config(void)
{
    load_from_file("{\"subs\": \"10k\", \"seed\": 18446744073709551615, \"days\": 2, \"tz\": "
                   "\"Europe/Amsterdam\", \"start\": \"2025-01-01\",\n \"kafka\": {\"linger.ms\": "
                   "5}, \"data\": {\"LTE\": {\"share\": 0.5}}, \"mccmnc_pool\": [\"20408\"],\n "
                   "\"special_days\": {\"2025-12-25\": 1.5}, \"schema\": {\"call\": \"a.avsc\"}, "
                   "\"center\": [52.37, 4.9], \"fields\": \"a,b=msisdn_src\"}\n",
                   "--config");
}

static void read_jaas(void)
{
    static char text[INPUT_MAX + 64];
    set_text(&input, "org.apache.kafka.common.security.scram.ScramLoginModule required "
                     "username=\"alice\" password='it''s \\\"x\\\"' tokenauth=true;");
    damage(&input);
    snprintf(text, sizeof text, "sasl.jaas.config=%.*s", (int)input.n, input.bytes);
    load_settings("-X", text);
}

static void read_mapping(void)
{
    static char text[INPUT_MAX + 1];
    static const char *const formats[] = {"avro", "csv", "json"};
    set_text(&input, "{\"call\": {\"a\": \"msisdn_src\", \"b\": {\"source\": \"start_ts_ms\", "
                     "\"unit\": \"s\"}, \"c\": {\"value\": 1.5}, \"d\": {\"source\": "
                     "\"direction\", \"map\": {\"MO\": \"out\", \"MT\": \"in\"}}}}");
    damage(&input);
    snprintf(text, sizeof text, "%.*s", (int)input.n, input.bytes);
    struct cdr_encoder_settings settings = {
        .type = CDR_TYPE_CALL,
        .tz_name = "UTC",
        .schema_text = "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":"
                       "\"string\"},{\"name\":\"b\",\"type\":\"long\"},{\"name\":\"c\",\"type\":"
                       "\"double\"},{\"name\":\"d\",\"type\":\"string\"}]}",
        .mapping_text = text,
    };
    struct cdr_encoder *encoder = NULL;
    struct cdr_error error = {{0}};
    judge(cdr_encoder_find(formats[below(3)])->create(&encoder, &settings, &error), &error);
    cdr_encoder_destroy(encoder);
}

/* --- folders --- */

/* What a good folder holds, to be put back before each case. */
struct folder {
    bool made;
    char out[256];
    char *names[FILES_MAX], *bytes[FILES_MAX];
    size_t n[FILES_MAX], count;
};

static void remember(struct folder *folder, const struct harness *harness)
{
    char *list = harness_list(harness), *save = NULL;
    for (char *name = strtok_r(list, "\n", &save); name != NULL;
         name = strtok_r(NULL, "\n", &save)) {
        assert_true(folder->count < FILES_MAX);
        folder->names[folder->count] = strdup(name);
        folder->bytes[folder->count] = harness_read(harness, name, &folder->n[folder->count]);
        folder->count++;
    }
    free(list);
    folder->made = true;
}

static void put_back(const struct folder *folder, const struct harness *harness)
{
    harness_remove(harness->out);
    for (size_t i = 0; i < folder->count; i++) {
        char path[512];
        harness_make_file(harness, folder->names[i], "");
        harness_path(harness, path, folder->names[i]);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(folder->bytes[i], 1, folder->n[i], file), folder->n[i]);
        assert_int_equal(fclose(file), 0);
    }
}

/* One of the files; every second time the one whose name begins so. */
static void damage_one(const struct folder *folder, const struct harness *harness,
                       const char *favourite)
{
    char path[512];
    size_t which = below(folder->count);
    bool choose = below(2) == 0;
    for (size_t i = 0; choose && i < folder->count; i++)
        if (strncmp(folder->names[i], favourite, strlen(favourite)) == 0)
            which = i;
    if (folder->n[which] > INPUT_MAX)
        return;
    memcpy(input.bytes, folder->bytes[which], folder->n[which]);
    input.n = folder->n[which];
    damage(&input);
    harness_path(harness, path, folder->names[which]);
    write_input(path, &input);
}

static void resume_folder(struct folder *folder, const char *format, const char *compress)
{
    struct harness harness;
    harness_start(&harness, format);
    harness.settings.compress = (char *)(uintptr_t)compress;
    if (!folder->made) {
        harness_must_open(&harness, "file");
        for (uint32_t log = 0; log < CDR_TYPE_COUNT * HARNESS_PARTITIONS; log += 2)
            harness_must_write(&harness, 0, log, HARNESS_DAY, 40, 7);
        harness_close(&harness, false, NULL);
        remember(folder, &harness);
    }
    put_back(folder, &harness);
    damage_one(folder, &harness, "manifest");
    harness.settings.resume = true;
    struct cdr_error error = {{0}};
    judge(harness_open(&harness, "file", &error), &error);
    harness_end(&harness);
}

static void resume_csv(void)
{
    static struct folder folder;
    resume_folder(&folder, "csv", "none");
}

static void resume_json_zstd(void)
{
    static struct folder folder;
    resume_folder(&folder, "json", "zstd");
}

static void resume_avro_gzip(void)
{
    static struct folder folder;
    resume_folder(&folder, "avro", "gzip");
}

static void resume_avro(void)
{
    static struct folder folder;
    resume_folder(&folder, "avro", "none");
}

static void put_settings(struct cdr_json *json, const void *settings)
{
    cdr_json_text(json, "subs", settings);
}

static void make_spill(struct harness *harness)
{
    static const uint64_t firsts[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    static const int64_t bases[CDR_TYPE_COUNT * HARNESS_PARTITIONS];
    const struct cdr_spill_settings settings = {.dir = harness->out,
                                                .segment_bytes = 3000,
                                                .firsts = firsts,
                                                .bases = bases,
                                                .put_settings = put_settings,
                                                .settings = "many"};
    struct cdr_error error = {{0}};
    if (cdr_spill_open(&harness->sink, &settings, &harness->setup, &error) != CDR_OK)
        give_up("cannot spill:", error.text);
    for (uint32_t log = 0; log < CDR_TYPE_COUNT * HARNESS_PARTITIONS; log += 4) {
        struct cdr_slab *slab = NULL;
        uint32_t taken = 0, end = 0;
        assert_int_equal(harness->sink->ops->take_slab(harness->sink, 0, &slab, NULL), CDR_OK);
        for (slab->n = 0; slab->n < 60; slab->n++) {
            end += harness_record(&harness->encoder, slab->bytes + end, log, slab->n);
            slab->ends[slab->n] = end;
            slab->event_ms[slab->n] = INT64_C(1735686000000) + slab->n;
            memcpy(slab->keys[slab->n], "31612345678\0\0\0\0", 16);
            slab->key_lens[slab->n] = 11;
        }
        slab->log = log;
        slab->position = 0;
        assert_int_equal(harness->sink->ops->write(harness->sink, 0, slab, slab->n, &taken, &error),
                         CDR_OK);
        harness->sink->ops->give_slab(harness->sink, 0, slab);
    }
    harness_close(harness, below(2) == 0, NULL);
}

static void read_all_of(struct cdr_spill *spill, const struct harness *harness)
{
    const struct cdr_spill_manifest *manifest = cdr_spill_manifest_of(spill);
    struct cdr_slab_pool *pool = NULL;
    struct cdr_slab *slab = NULL;
    struct cdr_slab_settings settings = cdr_slab_settings_of(&harness->setup, 2);
    assert_int_equal(cdr_slab_pool_create(&pool, &settings, NULL), CDR_OK);
    assert_int_equal(cdr_slab_take(pool, 0, &slab, NULL), CDR_OK);
    for (uint32_t log = 0; log < cdr_spill_logs(manifest); log++) {
        if (!cdr_spill_mine(manifest, log))
            continue;
        cdr_spill_seek(spill, log, manifest->logs[log].first);
        struct cdr_error error = {{0}};
        do
            judge(cdr_spill_fill(spill, log, slab, &error), &error);
        while (slab->n > 0 && error.text[0] == '\0');
    }
    cdr_slab_give(pool, slab);
    cdr_slab_pool_destroy(pool);
}

static void read_spill(void)
{
    static struct folder folder;
    struct harness harness;
    harness_start(&harness, "csv");
    harness.setup.last_event_ms = INT64_C(1735772399999);
    if (!folder.made) {
        make_spill(&harness);
        remember(&folder, &harness);
    }
    put_back(&folder, &harness);
    damage_one(&folder, &harness, "spill.json");
    struct cdr_spill *spill = NULL;
    struct cdr_error error = {{0}};
    enum cdr_result result = cdr_spill_read_open(&spill, harness.out, &error);
    judge(result, &error);
    if (result == CDR_OK) {
        free(cdr_spill_manifest_settings(cdr_spill_manifest_of(spill)));
        if (cdr_spill_manifest_of(spill)->partitions == HARNESS_PARTITIONS)
            read_all_of(spill, &harness);
        cdr_spill_read_close(spill);
    }
    harness_end(&harness);
}

/* --- life --- */

static const struct reader {
    const char *name;
    void (*read)(void);
} readers[] = {
    {"properties", read_properties}, {"config", read_config}, {"jaas", read_jaas},
    {"mapping", read_mapping},       {"csv", resume_csv},     {"json-zstd", resume_json_zstd},
    {"avro-gzip", resume_avro_gzip}, {"avro", resume_avro},   {"spill", read_spill},
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(const struct reader *reader, double seconds, uint64_t seed)
{
    const double end_s = now_s() + seconds;
    uint64_t cases = 0;
    reader_name = reader->name;
    do {
        case_seed = seed + cases++;
        state = cdr_mix(case_seed + 1);
        reader->read();
    } while (now_s() < end_s);
    printf("%s: %llu inputs from seed %llu on\n", reader->name, (unsigned long long)cases,
           (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: fuzz_readers SECONDS [SEED [READER]]\n");
        return 2;
    }
    const double seconds = atof(argv[1]);
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) << 20;
    harness_start(&scratch, "csv");
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (argc < 4 || strcmp(readers[i].name, argv[3]) == 0)
            run(&readers[i], seconds, seed);
    harness_end(&scratch);
    return 0;
}
