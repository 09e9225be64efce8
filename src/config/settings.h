/* Settings: everything a command can be told, from one option table.
 *
 * Precedence: built-in defaults < config file (JSON) < environment (CDRGEN_*) < flags. The option
 * table in options.c is the only place where a setting is described: its flag, its JSON key, its
 * environment variable, type, range, default, text and the commands that take it; it yields the
 * parser, the help, `cdrgen config` and the reference page.
 */
#ifndef CDR_CONFIG_SETTINGS_H
#define CDR_CONFIG_SETTINGS_H

#include "config/commands.h"
#include "encode/dimension.h"
#include "model/parameters.h"
#include "registry/registry.h"
#include "sink/sink.h"

#include <stdio.h>

struct cdr_json;

/* What is told of one topic. */
struct cdr_topic_settings {
    char *schemas[CDR_VERSIONS];      /* files of Avro schemas; NULL: none is given */
    int32_t schema_ids[CDR_VERSIONS]; /* fixed ids where there is no registry */
};

/* The topics' names in options: "call", …; "subscriber", …, "truth"; and "key" for the keys of them
 * all. */
enum { CDR_LABEL_COUNT = CDR_TYPE_COUNT + CDR_DIMENSION_TOPICS_MAX + 1 };
extern const char *const cdr_topic_labels[CDR_LABEL_COUNT + 1]; /* NULL at the end */

/* Forms of a job's rows, in the order of enum cdr_output_form (answer/output.h). */
#define CDR_ROWS_FORMS                                                                             \
    "csv", "json", "avro", "streams", "streams-session", "ksqldb", "flink-append", "flink-upsert", \
        "avro-upsert", "debezium", "spark-append", "spark-update", "risingwave", "clickhouse"

struct cdr_settings {
    struct cdr_parameters model; /* first: print.c tells its options by that */
    struct cdr_sink_settings sink;
    struct cdr_registry_settings registry;

    char *sink_name;    /* auto kafka file stdout null; see cdr_settings_destination */
    char *format;       /* csv avro json */
    char *topic_prefix; /* "cdr." : topics cdr.call cdr.sms cdr.data */
    bool dimensions;    /* the topics of subscribers and cells, too */
    struct cdr_topic_settings topics[CDR_LABEL_COUNT]; /* see cdr_settings_topic */
    char *key_format;                                  /* string avro: of message keys */
    char *key_schema;       /* file of an Avro schema of theirs; NULL: "string" */
    char *headers;          /* list of fields that messages have as headers, or NULL */
    char *next_mapping;     /* of the second versions; NULL: mapping */
    char *schema_change_at; /* their beginning, a time as base/moment.h has it; NULL: never */
    char *mapping; /* what their fields are filled from: a file of JSON, or such JSON, which begins
                      with a brace; NULL: by their names */
    char *fields;  /* "name,name=source": all that records hold; NULL: all that there is */

    uint32_t workers;                  /* 0 = one per CPU */
    uint32_t shard_index, shard_count; /* i/N, 0/1 = all */

    double speed;         /* × real time; 0 = as fast as possible */
    double rate_per_s;    /* records a second; 0 = not paced by rate */
    bool live;            /* backfill to the present, then real time until stopped */
    bool even;            /* with a rate: by rank (pipeline/pace.h) */
    char *program;        /* base/programme.h; NULL: none */
    double for_s;         /* end after so long; 0: no limit */
    char *consumer_group; /* lag */
    uint32_t every_ms;    /* lag: between two samples */
    bool quick;           /* loadtest: short trials, a wide result */
    char *width;          /* loadtest: how far the bounds may differ; NULL: 5 %, quick 15 % */
    double max_rate;      /* loadtest: nothing above is tried; 0: no such rate */
    double max_lag_s;     /* loadtest: at a trial's end; 0: two commits and a second */
    char *assertion;      /* loadtest: base/assertion.h; NULL: none */
    uint64_t records;     /* end after so many; 0: no limit */

    char *summary;            /* path of the JSON summary, "-" = stdout */
    bool dry_run;             /* check, estimate, write nothing */
    bool yes;                 /* repair: do not ask */
    bool json;                /* doctor: findings as JSON */
    bool quiet;               /* no progress, no closing words */
    uint32_t count;           /* sample: how many records */
    char *by;                 /* verify: place id */
    char *topic;              /* verify by id, truth: topics, with commas between them */
    bool clean;               /* verify by id: what a cleaner made of the dataset's faults */
    char *partition;          /* truth: numbers, with commas between them; NULL: all */
    char *truth_format;       /* csv json avro; see cdr_truth_format_of */
    char *truth_topic;        /* name of the topic of the truth; NULL: none */
    bool truth_files;         /* the truth beside the files, too */
    char *dead_letters;       /* verify clean: topics, with commas between them */
    char *types;              /* verify by id: "call,sms,data" */
    char *isolation;          /* verify: read_committed read_uncommitted */
    bool beginning;           /* verify: what is missing at the topics' ends is still to come */
    bool follow;              /* verify: compare what comes until stopped */
    uint32_t open_wait_ms;    /* verify: for open transactions to end */
    bool allow_expired;       /* verify: of a partition, nothing may be left to compare */
    uint32_t show;            /* verify: differences of each kind that are shown */
    char *report;             /* verify: path of the JSON report, "-" = stdout */
    uint64_t argument_msisdn; /* trace MSISDN */
    char *argument_dir;       /* replay FOLDER */
    char *argument_query;     /* expect, judge QUERY: a built-in one or a file; NULL: the list */
    char *judge_topic;        /* judge: the topic of rows */
    char *judge_in;           /* judge: the file of rows, "-" = standard input */
    int judge_as;             /* judge: csv json …, as enum cdr_output_form */
    int answer_rows;          /* expect: csv json avro, as enum cdr_row_format */
    char *to_topic;           /* expect: where the answer goes; NULL: standard output */
    int judge_fold;           /* judge: as the form, append …, as enum cdr_fold */
    char *judge_schema;       /* judge: a file with the schema of rows in Avro */
    char *late;               /* expect, judge: what an engine may leave out */
    char *sql;                /* expect: print the query in this dialect */
    char *argument_action;    /* schema ACTION: list print register check */
    char *argument_type;      /* schema … TYPE: call sms data key subscriber cell; NULL = all */
    uint32_t replay_wait_ms;  /* for brokers that do not answer */
    bool replay_remove;       /* remove the spill once it is published */
    int64_t now_ms;           /* wall clock when the settings were read; resolves relative dates */
    char (*warnings)[512];    /* what was left out or is unwise, one line each */
    size_t warning_count;
    struct cdr_origin *origins; /* of each option's value; config/option.h */
    /* With CDR_COMMAND_HELP: whose help; CDR_COMMAND_HELP is the overview. */
    enum cdr_command help_about;
};

/* Reads everything. The first argument may be a subcommand; without one, flags alone mean `run`
 * (the predecessor's command line). Errors: CDR_E_CONFIG. The settings must be freed also after an
 * error. */
enum cdr_result cdr_settings_load(struct cdr_settings *settings, enum cdr_command *command,
                                  int argc, char **argv, struct cdr_error *error);
/* The same with an environment (NULL-terminated, "NAME=value"; NULL: none) and a clock given, for
 * tests. */
enum cdr_result cdr_settings_load_from(struct cdr_settings *settings, enum cdr_command *command,
                                       int argc, char **argv, char *const *environment,
                                       int64_t now_ms, struct cdr_error *error);
/* Overwrites the values of secrets among the arguments (-X sasl.password=…), once they are loaded,
 * so that the list of processes shows them no longer than it takes to start. */
void cdr_settings_hide_arguments(int argc, char **argv);
/* The built-in defaults; to be freed like the loaded ones. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_settings_default(struct cdr_settings *settings, struct cdr_error *error);
void cdr_settings_free(struct cdr_settings *settings);

/* What is told of the topic that options call so. */
const struct cdr_topic_settings *cdr_settings_topic(const struct cdr_settings *settings,
                                                    const char *label);

/* Where a run's records go, or verify reads them: "kafka", "file" or "null". -b on the command line
 * means Kafka, unless --sink is there, too; else a sink that was given is taken. Where none was,
 * brokers that are configured anywhere mean Kafka, and none mean files (to verify, so does --out).
 * "auto": it was given, on the command line or in the environment, and brokers are configured: a
 * run may fall back to files where they do not answer. */
#define CDR_SINK_AUTO "auto"
const char *cdr_settings_destination(const struct cdr_settings *settings, enum cdr_command command);
/* Whether a run has topics of rows beside those of records: tables, or the truth. */
static inline bool cdr_settings_has_rows(const struct cdr_settings *settings)
{
    return settings->dimensions || settings->truth_topic != NULL;
}
/* The key of what ends a run before its last record: programme, time or number; NULL: nothing. */
const char *cdr_settings_end(const struct cdr_settings *settings);
/* Whether a run has no last day: it is live, or has an end of another kind (programme, time, number
 * of records) and was not told how many days there are. */
bool cdr_settings_is_endless(const struct cdr_settings *settings);
/* Where the value of a key was given ("CDRGEN_BROKERS"); NULL where it was not. */
const char *cdr_settings_where(const struct cdr_settings *settings, const char *key);
bool cdr_settings_by_flag(const struct cdr_settings *settings, const char *key);

/* An error that begins with a setting's key ("tz: …") begins with where it was given then ("--tz",
 * "demo.json:3: tz"). */
void cdr_settings_say_where(const struct cdr_settings *settings, struct cdr_error *error);

/* Help of a command (all of them: an overview that fits a screen). */
void cdr_settings_help(FILE *out, enum cdr_command about);
/* The effective settings as JSON that a config file accepts; secrets as "[hidden]". */
void cdr_settings_print(FILE *out, const struct cdr_settings *settings);
/* Of them, those that say which records a run makes, and which headers these have: members of the
 * object that json is in. Schemas, keys and format are not among them. */
void cdr_settings_put_dataset(struct cdr_json *json, const struct cdr_settings *settings);
/* The defaults, and over them an object that the function above filled, as text; name stands for it
 * in errors. To be freed also after an error. CDR_E_CONFIG, CDR_E_NOMEM. */
enum cdr_result cdr_settings_read_dataset(struct cdr_settings *settings, const char *name,
                                          const char *text, struct cdr_error *error);
/* docs/configuration.md. */
void cdr_settings_reference(FILE *out);

#endif
