/* The commands: a row each. The enumeration, the command line, the help, the reference and the
 * calls (src/app/main.c) are made from the rows.
 *
 * A new command is a row here and a function cdr_command_NAME in a file of its own in src/app;
 * options.c says which options it takes.
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
};

enum cdr_command_trait {
    CDR_COMMAND_PLAIN = 0,
    CDR_COMMAND_BARE = 1u << 0,   /* reads no settings */
    CDR_COMMAND_HIDDEN = 1u << 1, /* the overview leaves it out */
    CDR_COMMAND_JUDGES = 1u << 2, /* exit statuses: 0 the same, 1 different, 2 cannot tell */
};

/* X(ID, name, argument, its name, traits, what it does, what to say where the argument is missing,
 * examples: lines that follow "cdrgen "), in the order of the help. */
#define CDR_COMMANDS(X)                                                                            \
    X(RUN, run, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                          \
      "generate records (flags alone mean this, too)", "",                                         \
      "run --subs 10000 --start 2025-01-01 --days 1 --out day1\n"                                  \
      "run --subs 10000 -b localhost:9092 --create-topics\n")                                      \
    X(REPLAY, replay, CDR_ARGUMENT_FOLDER, "FOLDER", CDR_COMMAND_PLAIN,                            \
      "publish what a run with --spill left there",                                                \
      "which spill? write cdrgen replay FOLDER, the one that a run's --spill named",               \
      "replay spill -b localhost:9092\n")                                                          \
    X(VERIFY, verify, CDR_ARGUMENT_NONE, "", CDR_COMMAND_JUDGES,                                   \
      "compare topics or files with what must be there", "",                                       \
      "verify --subs 10000 -b localhost:9092\n"                                                    \
      "verify --subs 10000 --start 2025-01-01 --days 1 --out day1\n")                              \
    X(REPAIR, repair, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      "delete and refill topics that are not their logs", "",                                      \
      "repair --subs 10000 -b localhost:9092\n")                                                   \
    X(DOCTOR, doctor, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      "list what would go wrong with a run into Kafka", "",                                        \
      "doctor -b localhost:9092 --registry http://localhost:8081 --format avro\n")                 \
    X(SCHEMA, schema, CDR_ARGUMENT_ACTION, "ACTION", CDR_COMMAND_PLAIN,                            \
      "list, print, register or check the schemas of the topics",                                  \
      "an action is missing: list, print, register or check",                                      \
      "schema print call\n"                                                                        \
      "schema check --registry http://localhost:8081\n")                                           \
    X(SAMPLE, sample, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      "print a few records for a person to read", "", "sample --format json\n")                    \
    X(TRACE, trace, CDR_ARGUMENT_MSISDN, "MSISDN", CDR_COMMAND_PLAIN,                              \
      "print every record of one subscriber",                                                      \
      "whose records? write cdrgen trace MSISDN; 'cdrgen subscribers' lists them",                 \
      "trace 316218543689 --days 2\n")                                                             \
    X(SUBSCRIBERS, subscribers, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                          \
      "print the table of subscribers", "", "subscribers --subs 1000\n")                           \
    X(CELLS, cells, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN, "print the table of cells", "",      \
      "cells --cells 100\n")                                                                       \
    X(CONFIG, config, CDR_ARGUMENT_NONE, "", CDR_COMMAND_PLAIN,                                    \
      "print the effective settings as a config file", "", "config --subs 10000 --days 7\n")       \
    X(REFERENCE, reference, CDR_ARGUMENT_NONE, "", CDR_COMMAND_BARE | CDR_COMMAND_HIDDEN,          \
      "print all settings as a Markdown page", "", "")                                             \
    X(HELP, help, CDR_ARGUMENT_COMMAND, "[COMMAND]", CDR_COMMAND_BARE,                             \
      "print the flags of a command", "", "")                                                      \
    X(VERSION, version, CDR_ARGUMENT_NONE, "", CDR_COMMAND_BARE | CDR_COMMAND_HIDDEN,              \
      "print the versions of cdrgen and its libraries", "", "")

#define CDR_COMMAND_ID(id, ...) CDR_COMMAND_##id,
enum cdr_command { CDR_COMMANDS(CDR_COMMAND_ID) CDR_COMMAND_COUNT };
#undef CDR_COMMAND_ID

struct cdr_command_row {
    const char *name;
    enum cdr_argument argument;
    const char *argument_name; /* "" for none */
    unsigned traits;           /* of enum cdr_command_trait */
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
