/* An Avro schema as a tree: what users' own schemas are compiled from.
 *
 * avro-c drops defaults, aliases and logical types, so the text is read here, and checked with
 * limits that keep hostile texts short work: CDR_SCHEMA_TEXT_MAX bytes, CDR_SCHEMA_DEPTH_MAX
 * levels, CDR_SCHEMA_NODES_MAX types and fields. Names follow the specification (Avro 1.11,
 * "Names"): full names are unique, a simple name means the enclosing namespace. avro-c, where it is
 * built in, must accept what passes here. So must the readers of other languages: names, symbols,
 * aliases, orders and defaults are checked as they check them, whether records need them or not.
 *
 * A reference to a named type is the same node as its definition, so a recursive schema is a cyclic
 * graph: every walk must bound itself. Logical types that do not suit their type are ignored,
 * as the specification demands.
 */
#ifndef CDR_SCHEMA_SCHEMA_H
#define CDR_SCHEMA_SCHEMA_H

#include "base/result.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CDR_SCHEMA_TEXT_MAX = 1 << 20,
    CDR_SCHEMA_DEPTH_MAX = 64,
    CDR_SCHEMA_NODES_MAX = 20000,
    CDR_SCHEMA_FIXED_MAX = 16384, /* bytes of a fixed */
    CDR_SCHEMA_ADVICE_MAX = 16,   /* lines */
};

enum cdr_avro_kind {
    CDR_AVRO_NULL,
    CDR_AVRO_BOOLEAN,
    CDR_AVRO_INT,
    CDR_AVRO_LONG,
    CDR_AVRO_FLOAT,
    CDR_AVRO_DOUBLE,
    CDR_AVRO_BYTES,
    CDR_AVRO_STRING,
    CDR_AVRO_RECORD,
    CDR_AVRO_ENUM,
    CDR_AVRO_FIXED,
    CDR_AVRO_ARRAY,
    CDR_AVRO_MAP,
    CDR_AVRO_UNION,
    CDR_AVRO_KIND_COUNT,
};

enum cdr_avro_logical {
    CDR_LOGICAL_NONE,
    CDR_LOGICAL_DATE,
    CDR_LOGICAL_TIME_MILLIS,
    CDR_LOGICAL_TIME_MICROS,
    CDR_LOGICAL_TIMESTAMP_MILLIS,
    CDR_LOGICAL_TIMESTAMP_MICROS,
    CDR_LOGICAL_TIMESTAMP_NANOS,
    CDR_LOGICAL_LOCAL_TIMESTAMP_MILLIS,
    CDR_LOGICAL_LOCAL_TIMESTAMP_MICROS,
    CDR_LOGICAL_LOCAL_TIMESTAMP_NANOS,
    CDR_LOGICAL_DECIMAL,
    CDR_LOGICAL_UUID,
};

struct cdr_schema_node;

struct cdr_schema_field {
    const char *name;
    const json_t *aliases;       /* array of strings, or NULL */
    const json_t *default_value; /* NULL: none */
    const struct cdr_schema_node *type;
};

/* Texts are the schema's own. */
struct cdr_schema_node {
    enum cdr_avro_kind kind;
    enum cdr_avro_logical logical;
    uint32_t precision, scale;              /* of a decimal */
    const char *full_name;                  /* of records, enums and fixed; else NULL */
    uint32_t size;                          /* of a fixed */
    const json_t *symbols;                  /* of an enum: array of strings */
    size_t count;                           /* of fields, branches; 1 of arrays and maps */
    struct cdr_schema_field *fields;        /* of a record */
    const struct cdr_schema_node **members; /* branches, or the type of items and values */
};

struct cdr_schema {
    json_t *json;
    json_t *names; /* full name → place in nodes */
    struct cdr_schema_node **nodes;
    size_t node_count, part_count;       /* nodes; nodes, fields and branches */
    char *advice[CDR_SCHEMA_ADVICE_MAX]; /* what is valid, but probably a mistake */
    size_t advice_count;
    const struct cdr_schema_node *root;
};

/* Reads a text, whose root must be a record; destroy also after an error. Errors: CDR_E_CONFIG with
 * a clause such as "the type \"strin\" of Call.imsi is not known", CDR_E_NOMEM. */
enum cdr_result cdr_schema_parse(struct cdr_schema *schema, const char *text,
                                 struct cdr_error *error);
/* The same of a root of any type. */
enum cdr_result cdr_schema_parse_any(struct cdr_schema *schema, const char *text,
                                     struct cdr_error *error);
/* How many symbols an enum has. */
size_t cdr_schema_symbols(const struct cdr_schema_node *node);
/* Tells what a valid text has that readers ignore or that only some of them take, a line each: a
 * logical type beside a field's type, or one that does not suit it, a default of a union's second
 * type, aliases that clash. */
void cdr_schema_advise(const char *text, void (*say)(void *context, const char *line),
                       void *context);
void cdr_schema_destroy(struct cdr_schema *schema);

/* "string", "record Call", "decimal(10,2) as bytes": for messages. */
const char *cdr_schema_describe(const struct cdr_schema_node *node, char text[160]);

#endif
