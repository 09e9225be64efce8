/* The option table: the only place where a setting is described.
 *
 * A row names a setting's key in a config file, its flag, its type, range, place in struct
 * cdr_settings and its help; the loader, the flag parser, the environment, the help, `cdrgen
 * config` and docs/configuration.md are all made from the rows. A new setting is a field in
 * settings.h and a row in options.c (and its default: the row's initial text, or
 * cdr_parameters_default for the model's).
 *
 * Names. key is the path in the config file ("data.LTE.share" is share in LTE in data), also is a
 * second name that is accepted (the predecessor's). The environment variable is CDRGEN_ and the key
 * in upper case with '_' for '.': CDRGEN_DATA_LTE_SHARE. An empty variable counts as not given.
 *
 * Layers. Values are set layer by layer, later ones over earlier ones: defaults, config file,
 * properties files (-F), environment, flags. Inside of this folder only.
 */
#ifndef CDR_CONFIG_OPTION_H
#define CDR_CONFIG_OPTION_H

#include "base/json_writer.h"
#include "base/redact.h"
#include "config/settings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The type says how text and JSON become the field and back; types.c has a line for each. */
enum cdr_option_type {
    CDR_OPTION_BOOLEAN,     /* bool */
    CDR_OPTION_U32,         /* uint32_t */
    CDR_OPTION_I32,         /* int32_t */
    CDR_OPTION_COUNT,       /* uint32_t, takes 10k, 1M */
    CDR_OPTION_COUNT_U64,   /* uint64_t, the same */
    CDR_OPTION_U64,         /* uint64_t, whole range */
    CDR_OPTION_DECIMAL,     /* double */
    CDR_OPTION_VOLUME,      /* double bytes, takes 64k */
    CDR_OPTION_SIZE,        /* uint64_t bytes, takes 64k */
    CDR_OPTION_RATE,        /* double per second, takes 20k/s */
    CDR_OPTION_SECONDS,     /* uint32_t seconds, takes 90s, 7d; plain numbers are seconds */
    CDR_OPTION_SECONDS_F,   /* double seconds, the same */
    CDR_OPTION_TIMEOUT,     /* uint32_t milliseconds; plain numbers are seconds */
    CDR_OPTION_RETENTION,   /* int64_t milliseconds, or −1; plain numbers are milliseconds */
    CDR_OPTION_CHOICE,      /* char *, one of names */
    CDR_OPTION_ENUM,        /* int, index into names */
    CDR_OPTION_TEXT,        /* char *, NULL = not given */
    CDR_OPTION_SECRET,      /* char *, never shown */
    CDR_OPTION_SECRET_FILE, /* path of a file whose content goes into the char * of a secret */
    CDR_OPTION_START,    /* int32_t day; today, yesterday, -7d are resolved at the end of loading */
    CDR_OPTION_ZONE,     /* char[64] */
    CDR_OPTION_PLACE,    /* two doubles, lat and lon */
    CDR_OPTION_SHARD,    /* two uint32_t, index and count, as i/N */
    CDR_OPTION_DIGITS,   /* char[][8] and its uint32_t count at at_count: a list of digit strings */
    CDR_OPTION_MCCMNC,   /* uint32_t[] and its count: a list of 5 or 6 digits */
    CDR_OPTION_NUMBERS,  /* double[count] */
    CDR_OPTION_WEIGHTS,  /* double[count], named by names; those that are not named become 0 */
    CDR_OPTION_FAULTS,   /* double[count], named by names; those that are not named stay */
    CDR_OPTION_DAYS,     /* cdr_special_day[] and its count: dates or hours and multipliers */
    CDR_OPTION_OUTAGES,  /* cdr_outage[] and its count */
    CDR_OPTION_CROWDS,   /* cdr_crowd[] and its count */
    CDR_OPTION_DATES,    /* int32_t[] and its count: a list of days */
    CDR_OPTION_PROPERTY, /* librdkafka properties: -X name=value, an object in a config file */
    CDR_OPTION_FILES,    /* char * of each topic in names: call=FILE, an object of files */
    CDR_OPTION_IDS,      /* int32_t of each topic in names: call=1, an object of numbers */
    CDR_OPTION_JSON,     /* char *: a path or JSON; an object in a config file is its JSON */
    CDR_OPTION_PROPERTIES_FILE, /* -F */
    CDR_OPTION_CONFIG_FILE,     /* --config */
    CDR_OPTION_HELP,
    CDR_OPTION_VERSION,
    CDR_OPTION_REFUSED, /* a known key that cannot be set: help says why */
    CDR_OPTION_TYPE_COUNT,
};

enum cdr_option_group {
    CDR_GROUP_DATASET,
    CDR_GROUP_OUTPUT,
    CDR_GROUP_KAFKA,
    CDR_GROUP_REGISTRY,
    CDR_GROUP_TIME,
    CDR_GROUP_TRAFFIC,
    CDR_GROUP_NETWORK,
    CDR_GROUP_TABLES,
    CDR_GROUP_BEHAVIOURS,
    CDR_GROUP_FAULTS,
    CDR_GROUP_VERIFY,
    CDR_GROUP_GENERAL,
    CDR_GROUP_COUNT,
};

enum cdr_layer {
    CDR_LAYER_DEFAULT,
    CDR_LAYER_CONFIG_FILE,
    CDR_LAYER_PROPERTIES_FILE,
    CDR_LAYER_ENVIRONMENT,
    CDR_LAYER_FLAG,
};

/* The destination that a setting is for; the null sink takes all of them. */
enum cdr_destination {
    CDR_FOR_ANY = 0,
    CDR_FOR_KAFKA,
    CDR_FOR_FILES,
};

struct cdr_option {
    const char *key;       /* NULL: only a flag */
    const char *also;      /* second name of the key, or NULL */
    const char *flag;      /* long flag without dashes, NULL: none */
    const char *flag_also; /* second long flag, or NULL */
    char letter;           /* short flag, 0: none */
    bool unlisted;         /* accepted, but neither printed nor in the help */
    enum cdr_option_type type;
    enum cdr_option_group group;
    unsigned use;             /* of enum cdr_use: commands that list one of them take the flag */
    size_t at, at_count;      /* offsets in struct cdr_settings */
    size_t count;             /* items: exactly (NUMBERS, WEIGHTS), at most (lists) */
    const char *const *names; /* choices or items, ended by NULL */
    double min, max;          /* of numbers; in the field's unit */
    enum cdr_destination only;
    /* The key of the setting without which this one has no effect: it must be on (true, not 0, not
     * left out), or with "KEY=NAME" be that choice. NULL: none. */
    const char *needs;
    /* Of FILES and IDS: the same for each of names; NULL: none. */
    const char *const *names_need;
    const char *initial; /* default as text; NULL: cdr_parameters_default's, or none */
    const char *value;   /* what the help calls the value: N, FILE */
    /* More about a text; the error is a clause as in base/parse.h. */
    enum cdr_result (*check)(const char *text, struct cdr_error *error);
    const char *help;
    const char *brief; /* shorter help, for those in the overview; else NULL */
};

static inline bool cdr_command_takes(enum cdr_command command, const struct cdr_option *option)
{
    return (cdr_commands[command].uses & option->use) != 0;
}

extern const struct cdr_option cdr_options[];
extern const size_t cdr_option_count;
extern const char *const cdr_group_titles[CDR_GROUP_COUNT];

/* State of one cdr_settings_load. */
struct cdr_loading {
    struct cdr_settings *settings;
    enum cdr_layer layer;
    const char *where;      /* of the value that is being set */
    bool start_is_relative; /* settings->model.start_day is relative to today */
    char truststore_type[16], keystore_type[16]; /* Java's ssl.*store.type seen so far */
};

const struct cdr_option *cdr_option_by_key(const char *key);
const struct cdr_option *cdr_option_by_letter(char letter);
/* By long name without dashes. *negated is set for --no-NAME of a boolean. */
const struct cdr_option *cdr_option_by_flag(const char *name, size_t len, bool *negated);
/* The key of the setting that other programs call so ("registry-url", "REGISTRY_URL"), or whose
 * value was written into its name ("schema-id-call", "format-avro"); NULL: none. */
const char *cdr_option_meant(const char *name);
/* CDRGEN_… of a key. False where it does not fit. */
bool cdr_option_environment_name(const char *key, char *name, size_t name_max);

/* Where a value comes from: the highest layer that gave it. A config file that repeats a default
 * gives nothing, since one that cdrgen printed has all of them. */
struct cdr_origin {
    enum cdr_layer layer;
    char *where;    /* "--days", "CDRGEN_DAYS", "demo.json:3: days"; NULL: of the default */
    unsigned names; /* of FILES and IDS: 1 << i for each name given by environment or flags */
};
const struct cdr_origin *cdr_option_origin(const struct cdr_settings *settings,
                                           const struct cdr_option *option);
/* Notes where the value that was just set comes from. */
enum cdr_result cdr_option_note(struct cdr_loading *loading, const struct cdr_option *option,
                                const char *where, struct cdr_error *error);

/* One line for the user of what loads, but not as written; kept in settings->warnings. */
enum cdr_result cdr_loading_warn(struct cdr_loading *loading, struct cdr_error *error,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets a value given as text. where ("--days", "CDRGEN_DAYS", "demo.json:3: days") starts the
 * message of a failure, which goes on with what is wrong and what is allowed. */
enum cdr_result cdr_option_set(struct cdr_loading *loading, const struct cdr_option *option,
                               const char *where, const char *text, struct cdr_error *error);

/* Sets a value from JSON. locate(context, member, index) writes where into a buffer: of the value
 * (member NULL, index −1), of a member or of an item of it. */
struct cdr_json_place {
    void (*locate)(void *context, const char *member, int index, char *where, size_t where_max);
    void *context;
};
enum cdr_result cdr_option_set_json(struct cdr_loading *loading, const struct cdr_option *option,
                                    const struct cdr_json_place *place, const json_t *value,
                                    struct cdr_error *error);

/* Writes the value under its key, as a config file takes it; secrets as "[hidden]". */
void cdr_option_print(const struct cdr_option *option, const struct cdr_settings *settings,
                      struct cdr_json *json, const char *key);

/* The value as JSON in one line. False where it has none: not given, or no value at all. */
bool cdr_option_text(const struct cdr_option *option, const struct cdr_settings *settings,
                     char *text, size_t text_max);

/* What is allowed, as in "1 to 3660" or "auto, kafka, file or null"; "" where there is nothing to
 * say. */
void cdr_option_allowed(const struct cdr_option *option, char *text, size_t text_max);

/* Replaces *field by a copy of text (NULL: by NULL). */
enum cdr_result cdr_replace_text(char **field, const char *text, struct cdr_error *error);

#endif
