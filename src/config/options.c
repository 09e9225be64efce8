/* All settings. The order is that of the help, the reference page and `cdrgen config`. */
#include "config/check.h"
#include "config/option.h"
#include "encode/encoder.h"
#include "sink/sink_table.h"

#include <assert.h>

#define AT(member) .at = offsetof(struct cdr_settings, member)
#define COUNT_AT(member) .at_count = offsetof(struct cdr_settings, member)

static const char *const order_names[] = {"end", "start", NULL};
#define NAME(name) #name,
static const char *const sink_names[] = {CDR_SINK_AUTO,
#if !CDR_KAFKA
                                         "kafka", /* by name, so that a run says what it lacks */
#endif
                                         CDR_SINKS(NAME) NULL};
static const char *const format_names[] = {CDR_FORMATS(NAME) NULL};
#undef NAME
static const char *const key_format_names[] = {"string", "avro", NULL};
static const char *const compress_names[] = {"none", "gzip", "zstd", NULL};
static const char *const strategy_names[] = {"topic", "record", "topic-record", NULL};
static const char *const by_names[] = {"place", "id", NULL};
static const char *const isolation_names[] = {"read_committed", "read_uncommitted", NULL};
static const char *const disposition_names[] = {"ANSWERED", "NO ANSWER",  "BUSY",
                                                "FAILED",   "CONGESTION", NULL};
static const char *const status_names[] = {"SENT", "DELIVERED", "FAILED", NULL};
static const char *const segment_names[] = {"1", "2", "3", NULL};
static const char *const apn_names[] = {"internet", "ims", "mms", NULL};
#define WORD(TYPE, word, ...) #word,
#define TOPIC(TYPE, word, ...) "cdr." #word
#define ID_NEEDS(...) "format=avro",
#define TYPES CDR_TYPE_WORDS(", ", ", ")
static const char *const type_names[] = {CDR_TYPES(WORD) NULL};
const char *const cdr_topic_labels[CDR_LABEL_COUNT + 1] = {CDR_TYPES(WORD) "subscriber", "cell",
                                                           "key", NULL};
static const char *const id_needs[CDR_LABEL_COUNT] = {CDR_TYPES(ID_NEEDS) "dimensions",
                                                      "dimensions", "key_format=avro"};

static_assert(CDR_DIMENSION_COUNT == 2,
              "a new table needs its word in cdr_topic_labels and a place in id_needs");

#define FIRST_ID(TYPE, word, Record, said, parties, holds, records, causes, mean, key, flag,       \
                 counted, id, next)                                                                \
    "" #word "=" #id
#define NEXT_ID(TYPE, word, Record, said, parties, holds, records, causes, mean, key, flag,        \
                counted, id, next)                                                                 \
    "" #word "=" #next

const char *const cdr_group_titles[CDR_GROUP_COUNT] = {
    [CDR_GROUP_DATASET] = "What is generated",
    [CDR_GROUP_OUTPUT] = "Where it goes",
    [CDR_GROUP_KAFKA] = "Kafka",
    [CDR_GROUP_REGISTRY] = "Schema registry",
    [CDR_GROUP_TIME] = "Pace",
    [CDR_GROUP_VERIFY] = "Comparing",
    [CDR_GROUP_TRAFFIC] = "Traffic of the subscribers",
    [CDR_GROUP_NETWORK] = "Numbers and cells",
    [CDR_GROUP_TABLES] = "Distributions",
    [CDR_GROUP_GENERAL] = "General",
};

/* What one radio access technology's sessions are like. */
#define PROFILE(rat, index)                                                                        \
    {.key = "data." rat ".share",                                                                  \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TABLES,                                                                    \
     AT(model.data[index].share),                                                                  \
     .max = 1e6,                                                                                   \
     .help = "weight of " rat " among data sessions"},                                             \
        {.key = "data." rat ".downlink_mean",                                                      \
         .type = CDR_OPTION_VOLUME,                                                                \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].downlink_mean),                                                      \
         .max = 1e12,                                                                              \
         .help = "mean of the downlink bytes of a session (normal)"},                              \
        {.key = "data." rat ".downlink_sd",                                                        \
         .type = CDR_OPTION_VOLUME,                                                                \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].downlink_sd),                                                        \
         .max = 1e12,                                                                              \
         .help = "their standard deviation"},                                                      \
        {.key = "data." rat ".uplink_ratio_min",                                                   \
         .type = CDR_OPTION_DECIMAL,                                                               \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].uplink_ratio_min),                                                   \
         .max = 10,                                                                                \
         .help = "uplink is downlink times a uniform ratio: its least"},                           \
        {.key = "data." rat ".uplink_ratio_max",                                                   \
         .type = CDR_OPTION_DECIMAL,                                                               \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].uplink_ratio_max),                                                   \
         .max = 10,                                                                                \
         .help = "and its greatest"},                                                              \
        {.key = "data." rat ".duration_mean",                                                      \
         .type = CDR_OPTION_SECONDS_F,                                                             \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].duration_mean_s),                                                    \
         .min = 1,                                                                                 \
         .max = 86400,                                                                             \
         .help = "mean duration of a session (normal)"},                                           \
        {.key = "data." rat ".duration_sd",                                                        \
         .type = CDR_OPTION_SECONDS_F,                                                             \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].duration_sd_s),                                                      \
         .max = 86400,                                                                             \
         .help = "its standard deviation"},                                                        \
    {                                                                                              \
        .key = "data." rat ".cell_share", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_TABLES,   \
        AT(model.data[index].cell_share), .max = 1e6, .help = "weight of " rat " among the cells"  \
    }

/* How much there is of a type; and of one of two parties, who begins. */
#define MEAN(TYPE, word, Record, said, parties, holds, records, causes, mean, its_key, its_flag,   \
             counted, ...)                                                                         \
    {.key = its_key,                                                                               \
     .flag = its_flag,                                                                             \
     .value = "X",                                                                                 \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TRAFFIC,                                                                   \
     .use = CDR_USE_MODEL,                                                                         \
     AT(model.records_per_day[CDR_TYPE_##TYPE]),                                                   \
     .max = 1000,                                                                                  \
     .help = "mean " counted " per subscriber and day"},
#define MO_SHARE(TYPE, word, Record, said, parties, ...) MO_SHARE_##parties(TYPE, word, said)
#define MO_SHARE_ONE(TYPE, word, said)
#define MO_SHARE_TWO(TYPE, word, said)                                                             \
    {.key = "mo_share_" #word,                                                                     \
     .flag = "mo-share-" #word,                                                                    \
     .value = "SHARE",                                                                             \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TRAFFIC,                                                                   \
     .use = CDR_USE_MODEL,                                                                         \
     AT(model.mo_share[CDR_TYPE_##TYPE]),                                                          \
     .min = 0.01,                                                                                  \
     .max = 1,                                                                                     \
     .help = "share of " said " records that are mobile-originated (MO)"},

/* A table, one row after the other. */
/* clang-format off */
const struct cdr_option cdr_options[] = {
    {.key = "subs", .also = "subscribers", .flag = "subs", .value = "N",
     .type = CDR_OPTION_COUNT, .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL,
     AT(model.subscribers), .min = 1, .max = CDR_SUBSCRIBERS_MAX, .help = "number of subscribers",
     .brief = "number of subscribers"},
    {.key = "start", .flag = "start", .value = "DATE",
     .type = CDR_OPTION_START, .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL,
     AT(model.start_day),
     .min = 7305, .max = 47846,
     .help = "first local day; today, yesterday and -7d (seven days ago) are days in the zone "
             "--tz",
     .brief = "first local day: a date, today, yesterday or -7d"},
    {.key = "days", .flag = "days", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL, AT(model.days), .min = 1,
     .max = CDR_DAYS_MAX,
     .help = "number of local days; a longer run begins with the same records",
     .brief = "number of local days"},
    {.key = "seed", .flag = "seed", .value = "N", .type = CDR_OPTION_U64,
     .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL, AT(model.seed),
     .help = "the same seed and settings give the same records, byte by byte"},
    {.key = "tz", .also = "tz_name", .flag = "tz", .value = "ZONE", .type = CDR_OPTION_ZONE,
     .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL, AT(model.tz_name),
     .help = "IANA name of the local time zone"},
    {.key = "partitions", .flag = "partitions", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL, AT(model.partitions), .min = 1,
     .max = CDR_PARTITIONS_MAX,
     .help = "partitions of each topic; each subscriber's records are in one of them, in order"},
    {.key = "order", .flag = "order", .value = "end|start", .type = CDR_OPTION_ENUM,
     .group = CDR_GROUP_DATASET, .use = CDR_USE_MODEL, AT(model.order), .names = order_names,
     .help = "whether a record's time, and its place in the log, is the end or the start of its "
             "event"},

    {.key = "sink", .flag = "sink", .value = "NAME",
     .type = CDR_OPTION_CHOICE, .group = CDR_GROUP_OUTPUT, .use = CDR_USE_PLACE, AT(sink_name),
     .names = sink_names, .initial = "auto",
     .help = "where records go. auto: Kafka if brokers are configured, else files; if auto is "
             "given as a flag or variable, also files when no broker answers. stdout: lines of "
             "JSON or CSV. null: count only",
     .brief = "auto, kafka, file, stdout or null"},
    {.key = "format", .flag = "format", .value = "NAME",
     .type = CDR_OPTION_CHOICE, .group = CDR_GROUP_OUTPUT, .use = CDR_USE_RECORDS, AT(format),
     .names = format_names, .initial = "csv",
     .help = "format of the records, in Kafka and in files",
     .brief = "csv, avro or json"},
    {.key = "out", .flag = "out", .value = "FOLDER", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_PLACE, AT(sink.out), .initial = "out",
     .check = cdr_check_folder,
     .only = CDR_FOR_FILES,
     .help = "folder of the file sink",
     .brief = "folder of the files"},
    {.key = "compress", .also = "compression_type", .flag = "compress", .value = "NAME",
     .type = CDR_OPTION_CHOICE, .group = CDR_GROUP_OUTPUT, .use = CDR_USE_RUN, AT(sink.compress),
     .names = compress_names, .initial = "none",
     .only = CDR_FOR_FILES,
     .help = "compression of the file sink's files"},
    {.key = "rotate_bytes", .flag = "rotate-bytes", .value = "SIZE", .type = CDR_OPTION_SIZE,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_RUN, AT(sink.rotate_bytes), .min = 1000, .max = 1e15,
     .initial = "100000000",
     .only = CDR_FOR_FILES,
     .help = "close a file at the first record past this many uncompressed bytes"},
    {.key = "resume", .flag = "resume", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_OUTPUT,
     .use = CDR_USE_RUN, AT(sink.resume), .initial = "false",
     .help = "continue an interrupted run of the same dataset, after checking what it wrote"},
    {.key = "overwrite", .flag = "overwrite", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_RUN, AT(sink.overwrite), .initial = "false",
     .only = CDR_FOR_FILES,
     .help = "replace a dataset that is in the folder, finished or not"},
    {.key = "workers", .flag = "workers", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_PLACE, AT(workers), .max = 1024, .initial = "0",
     .help = "threads; 0: one per CPU. The records are the same for any number"},
    {.key = "shard", .flag = "shard", .value = "i/N", .type = CDR_OPTION_SHARD,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_PLACE, AT(shard_index), COUNT_AT(shard_count),
     .initial = "0/1",
     .help = "write only the partitions p with p mod N = i; N such processes write them all"},
    {.key = "summary", .flag = "summary", .value = "FILE", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_RUN, AT(summary),
     .help = "write counts, digests and rates to this file as JSON; -: standard output"},
    {.key = "dry_run", .flag = "dry-run", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_OUTPUT,
     .use = CDR_USE_RUN, AT(dry_run), .initial = "false",
     .help = "check the settings and estimate the number of records; write nothing"},
    {.key = "quiet", .flag = "quiet", .letter = 'q', .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_OUTPUT, .use = CDR_USE_CLUSTER, AT(quiet), .initial = "false",
     .help = "print no progress and no summary on the terminal"},

    {.key = "brokers", .also = "bootstrap_servers", .flag = "brokers",
     .flag_also = "bootstrap-servers", .letter = 'b', .value = "HOST:PORT,...",
     .type = CDR_OPTION_TEXT, .group = CDR_GROUP_KAFKA, .use = CDR_USE_CLUSTER,
     AT(sink.kafka.brokers), .check = cdr_check_brokers,
     .only = CDR_FOR_KAFKA,
     .help = "bootstrap servers; if given, cdrgen fails when no broker answers (unless --sink "
             "auto)",
     .brief = "Kafka's bootstrap servers"},
    {.key = "topic_prefix", .flag = "topic-prefix", .value = "TEXT", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_TOPICS, AT(topic_prefix),
     .initial = "cdr.", .check = cdr_check_topic_prefix,
     .help = "prefix of the topics' names: " CDR_TYPES_JOINED(TOPIC, ", ", ", ")},
    {.key = "create_topics", .flag = "create-topics", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.create_topics),
     .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "create missing topics",
     .brief = "create topics that are missing"},
    {.key = "replication", .flag = "replication", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.replication), .max = 32767,
     .initial = "0",
     .only = CDR_FOR_KAFKA, .needs = "create_topics",
     .help = "replication factor of topics that cdrgen creates; 0: the broker's default"},
    {.key = "retention_ms", .flag = "retention-ms", .value = "MS",
     .type = CDR_OPTION_RETENTION, .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN,
     AT(sink.retention_ms), .min = 1, .max = 3.1536e12, .initial = "-1",
     .only = CDR_FOR_KAFKA, .needs = "create_topics",
     .help = "retention of topics that cdrgen creates: milliseconds, 7d, or -1 for ever"},
    {.key = "append", .flag = "append", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_KAFKA,
     .use = CDR_USE_PLACE, AT(sink.append), .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "write after the records that the topics already hold; verify: find where that was"},
    {.key = "transactions", .flag = "transactions", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.transactions), .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "write in transactions, which also commit the progress"},
    {.key = "transaction_records", .flag = "transaction-records", .value = "N",
     .type = CDR_OPTION_COUNT, .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN,
     AT(sink.transaction_records), .min = 1, .max = 1e9, .initial = "100000",
     .only = CDR_FOR_KAFKA, .needs = "transactions",
     .help = "commit after this many records"},
    {.key = "transaction_time", .flag = "transaction-time", .value = "TIME",
     .type = CDR_OPTION_TIMEOUT, .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN,
     AT(sink.transaction_ms), .min = 10, .max = 600000, .initial = "1s",
     .only = CDR_FOR_KAFKA, .needs = "transactions",
     .help = "commit at least this often"},
    {.key = "abort_share", .flag = "abort-share", .value = "SHARE", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.abort_share), .max = 1, .initial = "0",
     .only = CDR_FOR_KAFKA, .needs = "transactions",
     .help = "share of transactions whose records are first sent in another one that is aborted"},
    {.key = "dimensions", .flag = "dimensions", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_TOPICS, AT(dimensions),
     .initial = "false",
     .help = "also publish subscribers and cells, with their changes, to the compacted topics "
             "cdr.subscriber and cdr.cell; verify: compare these too"},
    {.key = "id_header", .flag = "id-header", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.id_header), .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "add a header cdrgen-id with the record's id, by which verify can find it"},
    {.key = "headers", .flag = "headers", .value = "LIST", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_PLACE, AT(headers), .check = cdr_check_headers,
     .only = CDR_FOR_KAFKA,
     .help = "add headers with fields of the record: direction,rat,trace=record_uuid; "
             "docs/keys-and-headers.md lists the fields"},
    {.key = "key_format", .flag = "key-format", .value = "NAME", .type = CDR_OPTION_CHOICE,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_TOPICS, AT(key_format),
     .names = key_format_names, .initial = "string",
     .only = CDR_FOR_KAFKA,
     .help = "message keys: the owner's MSISDN as text, or in Avro after a schema id"},
    {.key = "force", .flag = "force", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_KAFKA,
     .use = CDR_USE_SEND, AT(sink.kafka.force), .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "write even if a topic would delete, restamp, reject or compact the records"},
    {.key = "spill", .flag = "spill", .value = "FOLDER", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.spill), .check = cdr_check_folder,
     .only = CDR_FOR_KAFKA,
     .help = "if the brokers stay away, write to files in this folder, for cdrgen replay to "
             "publish"},
    {.key = "spill_after", .flag = "spill-after", .value = "TIME", .type = CDR_OPTION_TIMEOUT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.spill_after_ms), .min = 1000,
     .max = 86400000, .initial = "30s",
     .only = CDR_FOR_KAFKA, .needs = "spill",
     .help = "spill after this long without an acknowledgement from a partition"},
    {.key = "replay_wait", .flag = "wait", .value = "TIME", .type = CDR_OPTION_TIMEOUT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_REPLAY, AT(replay_wait_ms), .min = 0,
     .max = 2592000000, .initial = "5m",
     .help = "wait this long for brokers that do not answer"},
    {.flag = "yes", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_KAFKA,
     .use = CDR_USE_REPAIR, AT(yes), .initial = "false",
     .help = "delete and refill without asking; required if standard input is not a terminal"},
    {.flag = "remove", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_KAFKA,
     .use = CDR_USE_REMOVE, AT(replay_remove),
     .help = "remove the files once all of them are published and the topics' ends are right"},
    {.key = "kafka_timeout", .flag = "kafka-timeout", .value = "TIME",
     .type = CDR_OPTION_TIMEOUT, .group = CDR_GROUP_KAFKA, .use = CDR_USE_CLUSTER,
     AT(sink.kafka.timeout_ms), .min = 100, .max = 3600000, .initial = "10s",
     .only = CDR_FOR_KAFKA,
     .help = "wait this long for a broker at the start, and for each metadata or admin request"},
    {.key = "resume_quiet", .flag = "resume-quiet", .value = "TIME", .type = CDR_OPTION_TIMEOUT,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_RUN, AT(sink.resume_quiet_ms), .min = 0,
     .max = 600000, .initial = "1500ms",
     .only = CDR_FOR_KAFKA, .needs = "resume",
     .help = "with --resume: wait until the topics have not grown for this long (longer if the "
             "brokers answer slowly)"},
    {.key = "properties_file", .flag = "properties-file", .letter = 'F', .value = "FILE",
     .type = CDR_OPTION_PROPERTIES_FILE, .group = CDR_GROUP_KAFKA,
     .use = CDR_USE_CLUSTER,
     .only = CDR_FOR_KAFKA,
     .help = "properties file for librdkafka or Java clients; repeatable"},
    {.key = "kafka", .letter = 'X', .value = "NAME=VALUE", .type = CDR_OPTION_PROPERTY,
     .group = CDR_GROUP_KAFKA, .use = CDR_USE_CLUSTER, AT(sink.kafka),
     .only = CDR_FOR_KAFKA,
     .help = "any librdkafka property; repeatable. In a config file: an object of them; in the "
             "environment: CDRGEN_KAFKA_SASL_PASSWORD and so on. NAME_file reads the value from "
             "a file"},

    {.key = "registry", .flag = "registry", .value = "URL,...", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.urls),
     .check = cdr_check_registry,
     .only = CDR_FOR_KAFKA,
     .help = "URLs of the schema registry that gives Avro schemas their ids",
     .brief = "schema registry, for avro"},
    {.key = "subject_strategy", .flag = "subject-strategy", .value = "NAME",
     .type = CDR_OPTION_CHOICE, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.subject_strategy), .names = strategy_names, .initial = "topic",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "subject names: TOPIC-value (topic), the record's full name (record), or "
             "TOPIC-FULLNAME (topic-record)"},
    {.key = "auto_register", .flag = "auto-register", .flag_also = "register",
     .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.auto_register), .initial = "true",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "register schemas that the registry lacks; --no-register: fail if one is missing"},
    {.key = "registry_normalize", .flag = "registry-normalize", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.normalize),
     .initial = "false",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "ask the registry to normalise schemas (normalize=true), so that a schema that "
             "differs in spelling only is the same version"},
    {.key = "use_latest", .flag = "use-latest", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.use_latest),
     .initial = "false",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "write with the latest version of each subject, unless you give a schema of your "
             "own"},
    {.key = "registry_cache", .flag = "registry-cache", .value = "FOLDER", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.cache),
     .check = cdr_check_folder,
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "keep schema ids in this folder, for runs while the registry does not answer"},
    {.key = "registry_user_info", .type = CDR_OPTION_SECRET, .group = CDR_GROUP_REGISTRY,
     .use = CDR_USE_REGISTRY, AT(registry.user_info), .check = cdr_check_user_info,
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "user:password for basic authentication"},
    {.key = "registry_user_info_file", .flag = "registry-user-info-file", .value = "FILE",
     .type = CDR_OPTION_SECRET_FILE, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.user_info), .check = cdr_check_user_info,
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "file with user:password for basic authentication"},
    {.key = "registry_token", .type = CDR_OPTION_SECRET, .group = CDR_GROUP_REGISTRY,
     .use = CDR_USE_REGISTRY, AT(registry.bearer_token),
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "bearer token"},
    {.key = "registry_token_file", .flag = "registry-token-file", .value = "FILE",
     .type = CDR_OPTION_SECRET_FILE, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.bearer_token),
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "file with a bearer token"},
    {.key = "registry_ca", .flag = "registry-ca", .value = "FILE", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.ca_location),
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "PEM file of the authority that signed the registry's certificate"},
    {.key = "registry_certificate", .flag = "registry-certificate", .value = "FILE",
     .type = CDR_OPTION_TEXT, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.certificate_location),
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "PEM file of the client certificate, for mutual TLS"},
    {.key = "registry_key", .flag = "registry-key", .value = "FILE", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.key_location),
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "PEM file of the client certificate's key"},
    {.key = "registry_timeout", .flag = "registry-timeout", .value = "TIME",
     .type = CDR_OPTION_TIMEOUT, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY,
     AT(registry.timeout_ms), .min = 100, .max = 3600000, .initial = "10s",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "timeout of each request to the registry"},
    {.key = "registry_retries", .flag = "registry-retries", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_REGISTRY, AT(registry.retries), .max = 100,
     .initial = "3",
     .only = CDR_FOR_KAFKA, .needs = "registry",
     .help = "retries when the registry is busy or does not answer"},
    {.key = "schema", .flag = "schema", .value = "NAME=FILE", .type = CDR_OPTION_FILES,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_SCHEMAS, AT(topics[0].schemas[0]),
     .names = type_names,
     .help = "your own Avro schema for a type (" TYPES ") or topic, in any format; "
             "docs/schemas.md explains how its fields are filled; repeatable"},
    {.key = "schema_id", .flag = "schema-id", .value = "NAME=ID", .type = CDR_OPTION_IDS,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_RUN, AT(topics[0].schema_ids[0]),
     .names = cdr_topic_labels, .max = 2147483647,
     .initial = CDR_TYPES_JOINED(FIRST_ID, ",", ",") ",subscriber=4,cell=5,key=6",
     .only = CDR_FOR_KAFKA, .names_need = id_needs,
     .help = "schema id of a type or table in Avro, or of Avro keys, without a registry; "
             "repeatable"},
    {.key = "key_schema", .flag = "key-schema", .value = "FILE", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_TOPICS, AT(key_schema),
     .only = CDR_FOR_KAFKA, .needs = "key_format=avro",
     .help = "your own Avro schema for the keys of all topics, with --key-format avro; without "
             "it keys are strings"},
    {.key = "mapping", .flag = "mapping", .value = "FILE", .type = CDR_OPTION_JSON,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_SCHEMAS, AT(mapping),
     .help = "JSON that maps fields of your own schemas to sources, where their names do not; "
             "an object in a config file"},
    {.key = "fields", .flag = "fields", .value = "LIST", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_SCHEMAS, AT(fields),
     .help = "the fields of the records, in any format, in place of a schema: sources of "
             "docs/schemas.md separated by commas, or name=source"},
    {.key = "next_schema", .flag = "next-schema", .value = "NAME=FILE",
     .type = CDR_OPTION_FILES, .group = CDR_GROUP_REGISTRY,
     .use = CDR_USE_TOPICS, AT(topics[0].schemas[1]), .names = type_names,
     .help = "Avro schema for a type or topic from --schema-change-at on "
             "(docs/schema-change.md); repeatable"},
    {.key = "next_mapping", .flag = "next-mapping", .value = "FILE", .type = CDR_OPTION_JSON,
     .group = CDR_GROUP_REGISTRY, .use = CDR_USE_TOPICS, AT(next_mapping),
     .help = "mapping of the next schemas; default: that of --mapping"},
    {.key = "schema_change_at", .flag = "schema-change-at", .value = "TIME",
     .type = CDR_OPTION_TEXT, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_TOPICS,
     AT(schema_change_at), .check = cdr_check_moment,
     .help = "event time from which records follow the next schemas: 2025-01-02T06:00Z, another "
             "offset, no offset (zone --tz), or +6h (after the start)"},
    {.key = "next_schema_id", .flag = "next-schema-id", .value = "NAME=ID",
     .type = CDR_OPTION_IDS, .group = CDR_GROUP_REGISTRY, .use = CDR_USE_RUN,
     AT(topics[0].schema_ids[1]), .names = type_names, .max = 2147483647,
     .initial = CDR_TYPES_JOINED(NEXT_ID, ",", ","),
     .only = CDR_FOR_KAFKA, .needs = "next_schema",
     .help = "schema id of the next schema of a type, without a registry; repeatable"},

    {.key = "speed", .flag = "speed", .value = "X", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_TIME, .use = CDR_USE_RUN, AT(speed), .max = 1e6, .initial = "0",
     .help = "replay at X times real time; 0: as fast as possible"},
    {.key = "rate", .flag = "rate", .value = "RATE", .type = CDR_OPTION_RATE,
     .group = CDR_GROUP_TIME, .use = CDR_USE_RUN, AT(rate_per_s), .max = 1e9, .initial = "0",
     .help = "records per second, such as 20k/s; 0: as fast as possible"},
    {.key = "live", .flag = "live", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_TIME,
     .use = CDR_USE_RUN, AT(live), .initial = "false",
     .help = "catch up with the present, then continue in real time until stopped"},

    CDR_TYPES(MEAN)
    CDR_TYPES(MO_SHARE)
    {.key = "interconnect_share", .flag = "interconnect-share", .value = "SHARE",
     .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL,
     AT(model.interconnect_share), .max = 1,
     .help = "minimum share of outgoing calls and SMS that go to other operators"},
    {.key = "activity_sigma", .flag = "activity-sigma", .value = "X", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.activity_sigma), .max = 2,
     .help = "standard deviation of the logarithm of a subscriber's activity; 0: all alike"},
    {.key = "burst_share", .flag = "burst-share", .value = "SHARE", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.burst_share), .max = 0.5,
     .help = "share of a subscriber's hours in which events come in bursts"},
    {.key = "late_share", .flag = "late-share", .value = "SHARE", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.late_share), .max = 1,
     .help = "share of records that come late, after records with later times"},
    {.key = "late_mean", .flag = "late-mean", .value = "TIME", .type = CDR_OPTION_SECONDS,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.late_mean_s), .min = 1,
     .max = 86400,
     .needs = "late_share",
     .help = "mean delay of a late record (exponential)"},
    {.key = "late_max", .flag = "late-max", .value = "TIME", .type = CDR_OPTION_SECONDS,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.late_max_s), .max = 86400,
     .needs = "late_share",
     .help = "maximum delay of a late record"},
    {.key = "partial", .flag = "partial", .value = "TIME", .type = CDR_OPTION_SECONDS,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.partial_s), .max = 86400,
     .help = "split data sessions longer than this into partial records; 0: never, else 1m to 1d"},
    {.key = "duration_max", .flag = "duration-max", .value = "TIME", .type = CDR_OPTION_SECONDS,
     .group = CDR_GROUP_TRAFFIC, .use = CDR_USE_MODEL, AT(model.duration_max_s), .min = 60,
     .max = 86400, .help = "maximum duration of a call or session"},

    {.key = "prefixes", .flag = "prefixes", .value = "N,...", .type = CDR_OPTION_DIGITS,
     .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL, AT(model.prefixes),
     COUNT_AT(model.prefix_count), .count = CDR_PREFIXES_MAX, .min = 3, .max = 6,
     .help = "prefixes of the network's numbers; seven digits follow"},
    {.key = "offnet_prefixes", .type = CDR_OPTION_DIGITS, .group = CDR_GROUP_NETWORK,
     .use = CDR_USE_MODEL, AT(model.offnet_prefixes), COUNT_AT(model.offnet_prefix_count),
     .count = CDR_PREFIXES_MAX, .min = 3, .max = 6, .help = "prefixes of other operators' numbers"},
    {.key = "mccmnc_pool", .flag = "mccmnc-pool", .value = "N,...",
     .type = CDR_OPTION_MCCMNC, .group = CDR_GROUP_NETWORK,
     .use = CDR_USE_MODEL, AT(model.mccmnc_pool), COUNT_AT(model.mccmnc_count),
     .count = CDR_MCCMNC_MAX,
     .help = "country and network codes at the start of IMSIs, all of 5 digits or all of 6; in "
             "JSON a code that begins with 0 is a string"},
    {.key = "imei_change_prob", .also = "imei_daily_change_prob", .flag = "imei-change-prob",
     .value = "P", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL,
     AT(model.imei_change_prob), .max = 1,
     .help = "probability per day that a subscriber gets a new device"},
    {.key = "sim_change_prob", .also = "sim_daily_change_prob", .flag = "sim-change-prob",
     .value = "P", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL,
     AT(model.sim_change_prob), .max = 1,
     .help = "probability per day that a subscriber gets a new SIM"},
    {.key = "leave_prob", .flag = "leave-prob", .value = "P", .type = CDR_OPTION_DECIMAL,
     .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL, AT(model.leave_prob), .max = 0.1,
     .help = "probability per day that a subscriber leaves; 0: nobody does"},
    {.key = "vacant_days", .flag = "vacant-days", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL, AT(model.vacant_days), .min = 1, .max = 365,
     .needs = "leave_prob",
     .help = "days until the number of a subscriber who left is given to another"},
    {.key = "cells", .flag = "cells", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL, AT(model.cells), .min = CDR_RAT_COUNT,
     .max = CDR_CELLS_MAX, .help = "number of cells"},
    {.key = "cell_center", .flag = "cell-center", .value = "LAT,LON", .type = CDR_OPTION_PLACE,
     .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL, AT(model.cell_center_lat),
     COUNT_AT(model.cell_center_lon), .help = "centre of the disc that holds the cells"},
    {.key = "center_lat", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_NETWORK, .unlisted = true,
     AT(model.cell_center_lat), .min = -85, .max = 85, .help = "latitude of cell_center"},
    {.key = "center_lon", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_NETWORK, .unlisted = true,
     AT(model.cell_center_lon), .min = -180, .max = 180, .help = "longitude of cell_center"},
    {.key = "cell_radius_km", .also = "radius_km", .flag = "cell-radius-km", .value = "KM",
     .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_NETWORK, .use = CDR_USE_MODEL,
     AT(model.cell_radius_km), .min = 0.1, .max = 2000, .help = "radius of that disc"},

    {.key = "call_dispositions", .type = CDR_OPTION_WEIGHTS, .group = CDR_GROUP_TABLES,
     AT(model.call_dispositions), .count = CDR_CALL_DISPOSITION_COUNT, .names = disposition_names,
     .max = 1e6, .help = "how calls end"},
    {.key = "call_duration_quantiles.p50", .type = CDR_OPTION_SECONDS_F, .group = CDR_GROUP_TABLES,
     AT(model.call_duration_p50_s), .min = 1, .max = 86400,
     .help = "median of the lognormal duration of answered calls"},
    {.key = "call_duration_quantiles.p90", .type = CDR_OPTION_SECONDS_F, .group = CDR_GROUP_TABLES,
     AT(model.call_duration_p90_s), .min = 1, .max = 86400, .help = "its 90th percentile"},
    {.key = "call_duration_quantiles.p99", .type = CDR_OPTION_REFUSED, .group = CDR_GROUP_TABLES,
     .unlisted = true,
     .help = "durations are lognormal, which p50 and p90 fix already; leave p99 out"},
    {.key = "sms_status", .type = CDR_OPTION_WEIGHTS, .group = CDR_GROUP_TABLES,
     AT(model.sms_status), .count = CDR_SMS_STATUS_COUNT, .names = status_names, .max = 1e6,
     .help = "delivery status of SMS"},
    {.key = "sms_segments", .type = CDR_OPTION_WEIGHTS, .group = CDR_GROUP_TABLES,
     AT(model.sms_segments), .count = 3, .names = segment_names, .max = 1e6,
     .help = "segments of an SMS"},
    {.key = "apn_share", .type = CDR_OPTION_WEIGHTS, .group = CDR_GROUP_TABLES,
     AT(model.apn_share), .count = CDR_APN_COUNT, .names = apn_names, .max = 1e6,
     .help = "access points of data sessions"},
    PROFILE("WCDMA", CDR_RAT_WCDMA),
    PROFILE("LTE", CDR_RAT_LTE),
    PROFILE("NR", CDR_RAT_NR),
    {.key = "data.downlink_min", .type = CDR_OPTION_VOLUME, .group = CDR_GROUP_TABLES,
     AT(model.downlink_min), .max = 1e9, .help = "least downlink bytes of a session"},
    {.key = "data.uplink_min", .type = CDR_OPTION_VOLUME, .group = CDR_GROUP_TABLES,
     AT(model.uplink_min), .max = 1e9, .help = "least uplink bytes of a session"},
    {.key = "data.duration_min", .type = CDR_OPTION_SECONDS_F, .group = CDR_GROUP_TABLES,
     AT(model.duration_min_s), .min = 1, .max = 3600, .help = "least duration of a session"},
    {.key = "diurnal_weekday", .type = CDR_OPTION_NUMBERS, .group = CDR_GROUP_TABLES,
     AT(model.diurnal_weekday), .count = 24, .max = 1e6,
     .help = "weights of the local hours 0 to 23, Monday to Friday"},
    {.key = "diurnal_weekend", .type = CDR_OPTION_NUMBERS, .group = CDR_GROUP_TABLES,
     AT(model.diurnal_weekend), .count = 24, .max = 1e6,
     .help = "weights of the local hours 0 to 23, Saturday and Sunday"},
    {.key = "seasonality", .type = CDR_OPTION_NUMBERS, .group = CDR_GROUP_TABLES,
     AT(model.seasonality), .count = 12, .max = 100,
     .help = "factors of the means, January to December"},
    {.key = "special_days", .type = CDR_OPTION_DAYS, .group = CDR_GROUP_TABLES,
     AT(model.special_days), COUNT_AT(model.special_day_count), .count = CDR_SPECIAL_DAYS_MAX,
     .max = 100, .help = "dates, and the factor of the means on each"},

    {.key = "count", .flag = "count", .letter = 'c', .value = "N", .type = CDR_OPTION_COUNT,
     .group = CDR_GROUP_GENERAL, .use = CDR_USE_SAMPLE,
     AT(count), .min = 1, .max = 1e6, .initial = "10",
     .help = "number of records to print"},
    {.key = "by", .flag = "by", .value = "HOW", .type = CDR_OPTION_CHOICE,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(by), .names = by_names,
     .initial = "place",
     .help = "place: compare record k of each partition; id: compare which records are there, "
             "in any order and partition, by the header cdrgen-id"},
    {.key = "topic", .flag = "topic", .value = "NAME,...", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(topic),
     .only = CDR_FOR_KAFKA, .needs = "by=id",
     .help = "with --by id: the topics to look in, such as a pipeline's output"},
    {.key = "types", .flag = "types", .value = "NAME,...", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(types),
     .initial = CDR_TYPE_WORDS(",", ","),
     .only = CDR_FOR_KAFKA, .needs = "by=id",
     .help = "with --by id: the types of records to expect"},
    {.key = "isolation", .flag = "isolation", .value = "LEVEL", .type = CDR_OPTION_CHOICE,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(isolation), .names = isolation_names,
     .initial = "read_committed",
     .only = CDR_FOR_KAFKA,
     .help = "whether to compare records of open and aborted transactions too"},
    {.key = "follow", .flag = "follow", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_VERIFY,
     .use = CDR_USE_VERIFY, AT(follow), .initial = "false",
     .help = "do not stop at the topics' ends: compare new records until stopped"},
    {.key = "transaction_wait", .flag = "transaction-wait", .value = "TIME",
     .type = CDR_OPTION_TIMEOUT, .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY,
     AT(open_wait_ms), .min = 0, .max = 86400000, .initial = "90s",
     .only = CDR_FOR_KAFKA,
     .help = "wait this long for open transactions to end"},
    {.key = "allow_expired", .flag = "allow-expired", .type = CDR_OPTION_BOOLEAN,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(allow_expired), .initial = "false",
     .only = CDR_FOR_KAFKA,
     .help = "accept partitions whose records all expired, if a run committed that it wrote "
             "them all"},
    {.key = "show", .flag = "show", .value = "N", .type = CDR_OPTION_U32,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(show), .max = 1000, .initial = "5",
     .help = "show this many differences of each kind"},
    {.key = "report", .flag = "report", .value = "FILE", .type = CDR_OPTION_TEXT,
     .group = CDR_GROUP_VERIFY, .use = CDR_USE_VERIFY, AT(report),
     .help = "write the findings to this file as JSON; -: standard output"},
    {.flag = "json", .type = CDR_OPTION_BOOLEAN, .group = CDR_GROUP_GENERAL,
     .use = CDR_USE_DOCTOR, AT(json), .initial = "false",
     .help = "print the findings as JSON"},
    {.flag = "config", .value = "FILE", .type = CDR_OPTION_CONFIG_FILE,
     .group = CDR_GROUP_GENERAL, .use = CDR_USE_GENERAL,
     .help = "JSON file of settings (-: standard input); flags and CDRGEN_... variables "
             "override it",
     .brief = "JSON file of settings"},
    {.flag = "help", .letter = 'h', .type = CDR_OPTION_HELP, .group = CDR_GROUP_GENERAL,
     .use = CDR_USE_GENERAL, .help = "print this"},
    {.flag = "version", .letter = 'V', .type = CDR_OPTION_VERSION, .group = CDR_GROUP_GENERAL,
     .use = CDR_USE_GENERAL, .help = "print versions"},
};
/* clang-format on */

const size_t cdr_option_count = sizeof cdr_options / sizeof *cdr_options;
