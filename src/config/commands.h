/* The commands: a row each. The enumeration, the command line, the help, the reference and the
 * calls (src/app/main.c) are made from the rows.
 *
 * A new command is a row here and a function cdr_command_NAME in a file of its own in src/app. The
 * row says which options it takes, by what they are of use for.
 */
#ifndef CDR_CONFIG_COMMANDS_H
#define CDR_CONFIG_COMMANDS_H

#include "base/result.h"

/* What may follow the command besides flags. */
enum cdr_argument {
    CDR_ARGUMENT_NONE,
    CDR_ARGUMENT_FOLDER,  /* settings.argument_dir */
    CDR_ARGUMENT_MSISDN,  /* settings.argument_msisdn */
    CDR_ARGUMENT_ACTION,  /* settings.argument_action, and maybe argument_type */
    CDR_ARGUMENT_COMMAND, /* settings.help_about; may be left out */
    CDR_ARGUMENT_QUERY,   /* settings.argument_query; may be left out */
};

enum cdr_command_trait {
    CDR_COMMAND_PLAIN = 0,
    CDR_COMMAND_BARE = 1u << 0,   /* reads no settings */
    CDR_COMMAND_HIDDEN = 1u << 1, /* the overview leaves it out */
    CDR_COMMAND_JUDGES = 1u << 2, /* exit statuses: 0 the same, 1 different, 2 cannot tell */
};

/* What an option is of use for. A row of options.c names one; a command takes the options of each
 * use that its row lists. */
enum cdr_use {
    CDR_USE_GENERAL = 1u << 0,   /* of no dataset: where settings are, help */
    CDR_USE_MODEL = 1u << 1,     /* the dataset: which records there are */
    CDR_USE_RECORDS = 1u << 2,   /* how a record is written */
    CDR_USE_SCHEMAS = 1u << 3,   /* by which schema */
    CDR_USE_REGISTRY = 1u << 4,  /* where schemas are registered */
    CDR_USE_TOPICS = 1u << 5,    /* which topics there are */
    CDR_USE_PLACE = 1u << 6,     /* where the records are, or go */
    CDR_USE_CLUSTER = 1u << 7,   /* how Kafka is reached, and how much is said */
    CDR_USE_RUN = 1u << 8,       /* how records are written there, and how fast */
    CDR_USE_SEND = 1u << 9,      /* how records get into Kafka, from a run or a spill */
    CDR_USE_VERIFY = 1u << 10,   /* how topics or files are compared */
    CDR_USE_REPLAY = 1u << 11,   /* how a spill is published */
    CDR_USE_REMOVE = 1u << 12,   /* what becomes of the spill */
    CDR_USE_SAMPLE = 1u << 13,   /* how many records are printed */
    CDR_USE_REPAIR = 1u << 14,   /* the confirmation */
    CDR_USE_DOCTOR = 1u << 15,   /* the form of the doctor's list */
    CDR_USE_ANSWER = 1u << 16,   /* in which words a query is answered */
    CDR_USE_JUDGE = 1u << 17,    /* what a query's answer is compared with */
    CDR_USE_TRUTH = 1u << 18,    /* which rows of the truth are printed */
    CDR_USE_LAG = 1u << 19,      /* whose lag is measured, and how often */
    CDR_USE_LOADTEST = 1u << 20, /* how a consumer's capacity is looked for */
};

/* The doctor and the repair take what a run takes: they are about that run. */
#define CDR_USES_OF_RUN                                                                            \
    (CDR_USE_GENERAL | CDR_USE_MODEL | CDR_USE_RECORDS | CDR_USE_SCHEMAS | CDR_USE_REGISTRY |      \
     CDR_USE_TOPICS | CDR_USE_PLACE | CDR_USE_CLUSTER | CDR_USE_RUN | CDR_USE_SEND)
#define CDR_USES_OF_VERIFY                                                                         \
    (CDR_USE_GENERAL | CDR_USE_MODEL | CDR_USE_RECORDS | CDR_USE_SCHEMAS | CDR_USE_TOPICS |        \
     CDR_USE_PLACE | CDR_USE_CLUSTER | CDR_USE_VERIFY)
#define CDR_USES_OF_REPLAY                                                                         \
    (CDR_USE_GENERAL | CDR_USE_CLUSTER | CDR_USE_SEND | CDR_USE_REPLAY | CDR_USE_REMOVE)
#define CDR_USES_OF_SCHEMA (CDR_USE_GENERAL | CDR_USE_SCHEMAS | CDR_USE_REGISTRY | CDR_USE_TOPICS)
#define CDR_USES_OF_TRACE (CDR_USE_GENERAL | CDR_USE_MODEL | CDR_USE_RECORDS | CDR_USE_SCHEMAS)
#define CDR_USES_OF_TABLES (CDR_USE_GENERAL | CDR_USE_MODEL)
#define CDR_USES_OF_CONFIG (CDR_USES_OF_RUN | CDR_USES_OF_VERIFY | CDR_USE_REPLAY | CDR_USE_SAMPLE)

/* X(ID, name, argument, its name, traits, uses, what it does, what to say where the argument is
 * missing, examples: lines that follow "cdrgen "), in the order of the help. */
#define CDR_COMMANDS(X)                                                                            \
    X(RUN, run, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_RUN,                         \
      "generate records (flags alone mean this, too)", "",                                         \
      "run --subs 10000 --start 2025-01-01 --days 1 --out day1\n"                                  \
      "run --subs 10000 -b localhost:9092 --create-topics\n")                                      \
    X(REPLAY, replay, CDR_ARGUMENT_FOLDER, "FOLDER", CDR_COMMAND_PLAIN, CDR_USES_OF_REPLAY,        \
      "publish what a run with --spill left there",                                                \
      "which spill? write cdrgen replay FOLDER, the one that a run's --spill named",               \
      "replay spill -b localhost:9092\n")                                                          \
    X(VERIFY, verify, CDR_ARGUMENT_NONE, "", CDR_COMMAND_JUDGES, CDR_USES_OF_VERIFY,               \
      "compare topics or files with what must be there", "",                                       \
      "verify --subs 10000 -b localhost:9092\n"                                                    \
      "verify --subs 10000 --start 2025-01-01 --days 1 --out day1\n")                              \
    X(REPAIR, repair, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_RUN | CDR_USE_REPAIR,  \
      "delete and refill topics that are not their logs", "",                                      \
      "repair --subs 10000 -b localhost:9092\n")                                                   \
    X(DOCTOR, doctor, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_RUN | CDR_USE_DOCTOR,  \
      "list what would go wrong with a run into Kafka", "",                                        \
      "doctor -b localhost:9092 --registry http://localhost:8081 --format avro\n")                 \
    X(SCHEMA, schema, CDR_ARGUMENT_ACTION, "ACTION", CDR_COMMAND_PLAIN, CDR_USES_OF_SCHEMA,        \
      "list, print, register or check the schemas of the topics",                                  \
      "an action is missing: list, print, register or check",                                      \
      "schema print call\n"                                                                        \
      "schema check --registry http://localhost:8081\n")                                           \
    X(SAMPLE, sample, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      CDR_USES_OF_TRACE | CDR_USE_SAMPLE, "print a few records for a person to read", "",          \
      "sample --format json\n")                                                                    \
    X(TRACE, trace, CDR_ARGUMENT_MSISDN, "MSISDN", CDR_COMMAND_PLAIN, CDR_USES_OF_TRACE,           \
      "print every record of one subscriber",                                                      \
      "whose records? write cdrgen trace MSISDN; 'cdrgen subscribers' lists them",                 \
      "trace 316218543689 --days 2\n")                                                             \
    X(TRUTH, truth, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                      \
      CDR_USES_OF_RUN | CDR_USE_DOCTOR | CDR_USE_TRUTH,                                            \
      "print what is wrong on purpose with which record", "",                                      \
      "truth --subs 1000 --fault truncate=0.001 --fault duplicate=0.01\n")                         \
    X(EXPECT, expect, CDR_ARGUMENT_QUERY, "[QUERY]", CDR_COMMAND_PLAIN,                            \
      CDR_USES_OF_RUN | CDR_USE_DOCTOR | CDR_USE_ANSWER, "print the right answer to a query", "",  \
      "expect\n"                                                                                   \
      "expect cell_load --subs 10000 --days 2\n"                                                   \
      "expect my_query.json --subs 10000 --days 2 --json\n")                                       \
    X(JUDGE, judge, CDR_ARGUMENT_QUERY, "QUERY", CDR_COMMAND_JUDGES,                               \
      CDR_USES_OF_RUN | CDR_USE_DOCTOR | CDR_USE_JUDGE,                                            \
      "compare a job's output with the right answer", "which query? 'cdrgen expect' lists them",   \
      "judge cell_load --subs 10000 --days 2 --in rows.csv\n"                                      \
      "judge my_query.json --subs 10000 --in - --as json --fold upsert\n")                         \
    X(LABELS, labels, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      CDR_USES_OF_TABLES | CDR_USE_DOCTOR, "print who has which behaviour, and when", "",          \
      "labels --subs 100000 --days 14 --behaviour fraud\n")                                        \
    X(LAG, lag, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                          \
      CDR_USE_GENERAL | CDR_USE_TOPICS | CDR_USE_CLUSTER | CDR_USE_DOCTOR | CDR_USE_LAG,           \
      "show how far a consumer group is behind", "",                                               \
      "lag --group my-app -b localhost:9092\n"                                                     \
      "lag --group my-app -b localhost:9092 --topic cdr.call --every 250ms --for 1m --json\n")     \
    X(LOADTEST, loadtest, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                \
      CDR_USES_OF_RUN | CDR_USE_DOCTOR | CDR_USE_LOADTEST,                                         \
      "find the rate that a consumer group sustains", "",                                          \
      "loadtest --group my-app -b localhost:9092 --subs 10000\n"                                   \
      "loadtest --group my-app -b localhost:9092 --quick --report capacity.json\n")                \
    X(SUBSCRIBERS, subscribers, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_TABLES,      \
      "print the table of subscribers", "", "subscribers --subs 1000\n")                           \
    X(CELLS, cells, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_TABLES,                  \
      "print the table of cells", "", "cells --cells 100\n")                                       \
    X(CONFIG, config, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, CDR_USES_OF_CONFIG,                \
      "print the effective settings as a config file", "", "config --subs 10000 --days 7\n")       \
    X(REFERENCE, reference, CDR_ARGUMENT_NONE, "", CDR_COMMAND_BARE | CDR_COMMAND_HIDDEN,          \
      CDR_USE_GENERAL, "print all settings as a Markdown page", "", "")                            \
    X(HELP, help, CDR_ARGUMENT_COMMAND, "[COMMAND]", CDR_COMMAND_BARE, CDR_USE_GENERAL,            \
      "print the flags of a command", "", "")                                                      \
    X(VERSION, version, CDR_ARGUMENT_NONE, "", CDR_COMMAND_BARE | CDR_COMMAND_HIDDEN,              \
      CDR_USE_GENERAL, "print the versions of cdrgen and its libraries", "", "")

#define CDR_COMMAND_ID(id, ...) CDR_COMMAND_##id,
enum cdr_command { CDR_COMMANDS(CDR_COMMAND_ID) CDR_COMMAND_COUNT };
#undef CDR_COMMAND_ID

struct cdr_command_row {
    const char *name;
    enum cdr_argument argument;
    const char *argument_name; /* "" for none */
    unsigned traits;           /* of enum cdr_command_trait */
    unsigned uses;             /* of enum cdr_use: the options that it takes */
    const char *help;
    const char *missing; /* what is said where the argument is missing; "" where it may be */
    const char *examples;
};

extern const struct cdr_command_row cdr_commands[CDR_COMMAND_COUNT];

/* The command and where its flags begin. Without one, flags alone mean run; no arguments at all
 * mean help. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_command_find(int argc, char **argv, enum cdr_command *command, int *first,
                                 struct cdr_error *error);

#endif
