/* What a user's Avro schema is compiled to: a flat program, which encode/program_loop.h runs. It
 * writes Avro, JSON or CSV.
 *
 * An operation puts one value of every record of a step before the next operation comes, so that
 * the records' addresses do not wait for each other, and so that what an operation is, is looked at
 * once a step. Each record has a room and a cursor in it; the rooms are packed at the end.
 * An operation begins `offset` bytes after the cursor and moves the cursor only where its length
 * varies from record to record. Before its value it puts its prefix: the constants that precede it.
 *
 * Constants and tables are in data. A table is lengths (CDR_SOURCE_SYMBOLS_MAX of uint32_t) and
 * then as many entries of `stride` bytes.
 */
#ifndef CDR_SCHEMA_PROGRAM_H
#define CDR_SCHEMA_PROGRAM_H

#include "schema/source.h"

enum cdr_op_kind {
    CDR_OP_CONSTANT16,  /* len bytes of data, 16 copied */
    CDR_OP_CONSTANT32,  /* 32 copied */
    CDR_OP_CONSTANT,    /* any number */
    CDR_OP_TABLE_FIXED, /* entries of one length ≤ 16 */
    CDR_OP_TABLE16,     /* entries ≤ 16 */
    CDR_OP_TABLE,       /* any */
    CDR_OP_VARINT32,    /* number of no sign below 2^27 */
    CDR_OP_VARINT,      /* number of magnitude below 2^55 */
    CDR_OP_VARINT_WIDE, /* any */
    CDR_OP_FLOAT,
    CDR_OP_DOUBLE,
    CDR_OP_NUMBER_TEXT,   /* a string of decimal digits */
    CDR_OP_DECIMAL_BYTES, /* big-endian two's complement, as short as it goes, with its length */
    CDR_OP_DECIMAL_FIXED, /* in len bytes */
    CDR_OP_DIGITS,        /* a string */
    CDR_OP_DIGITS_FIXED,  /* len digits alone: the length, if any, is in the prefix */
    CDR_OP_CLOCK,         /* len bytes: 23, or 24 with a Z; the length is in the prefix */
    CDR_OP_UUID_TEXT,     /* 36 bytes */
    CDR_OP_UUID_BYTES,    /* 16 bytes */
    /* Of texts: */
    CDR_OP_TEXT8,         /* decimal digits of a number of no sign below 10^8 */
    CDR_OP_TEXT16,        /* below 10^16 */
    CDR_OP_TEXT,          /* of any number */
    CDR_OP_TEXT_DIGITS,   /* digits as they are, without a length */
    CDR_OP_BASE64_DIGITS, /* base64 of what the operations above put, stride bytes, 0: varies */
    CDR_OP_BASE64_CLOCK,
    CDR_OP_BASE64_UUID, /* 36 bytes of text or 16 */
    /* A number or a clock that may be absent. `inner` says how it is put where it is there: after
     * the prefix, and if it is a clock in Avro after its length. Otherwise the absent bytes stand
     * in place of prefix and value. */
    CDR_OP_OPTIONAL,
};

struct cdr_op {
    enum cdr_op_kind kind;
    enum cdr_column column;
    uint32_t offset;
    uint32_t prefix_len;
    uint8_t prefix[8];
    uint32_t len;    /* 0 where it varies */
    uint32_t at;     /* in data */
    uint32_t stride; /* of a table; of base64: what goes in */
    /* A number is first reduced by modulus (0: not), divided, rounding down, and multiplied. */
    int64_t modulus, divisor, factor;
    /* CDR_OP_OPTIONAL */
    enum cdr_op_kind inner;
    uint32_t absent_len;
    uint8_t absent[4];
    bool clock_length, quote_after;
};

/* Zero-initialise. */
struct cdr_program {
    uint32_t type;
    uint32_t op_count;
    uint32_t tail;      /* bytes after the cursor at the end */
    uint32_t bytes_max; /* of a record */
    struct cdr_op *ops;
    uint8_t *data;
    size_t data_len;
    char *header; /* of CSV files, with its newline; NULL: none */
};

enum {
    CDR_PROGRAM_ROOMS = 32 << 10, /* bytes of the records of a step: half of a usual L1 cache */
    CDR_PROGRAM_RECORD_MAX = CDR_PROGRAM_ROOMS - 64, /* frame and payload of the longest record */
    CDR_PROGRAM_OPS_MAX = 4096,
};

void cdr_program_free(struct cdr_program *program);
/* Whether both put the same bytes, by the same operations. */
bool cdr_program_equal(const struct cdr_program *left, const struct cdr_program *right);

#endif
