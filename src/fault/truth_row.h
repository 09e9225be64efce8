/* A row of the truth about faults, and its bytes.
 *
 * A row says which entry of which log has which fault, and what that changed. As CSV its fields are
 * separated by commas (cdr_truth_header names them), as JSON it is an object, as Avro a datum of
 * schemas/cdr_truth.avsc; nothing comes before or after it.
 */
#ifndef CDR_FAULT_TRUTH_ROW_H
#define CDR_FAULT_TRUTH_ROW_H

#include "fault/fault.h"

struct cdr_truth_row {
    uint32_t log;      /* of the record: type × partitions + partition */
    const char *topic; /* the name */
    uint32_t partition;
    uint64_t offset, id;
    int64_t of_offset; /* negative: none */
    int64_t delay_ms;  /* 0: none */
    const char *fault; /* name of the kind */
    const struct cdr_fault_words *words;
};

enum cdr_truth_format { CDR_TRUTH_CSV, CDR_TRUTH_JSON, CDR_TRUTH_AVRO, CDR_TRUTH_FORMATS };

extern const char *const cdr_truth_format_name[CDR_TRUTH_FORMATS + 1]; /* ended by NULL */
extern const char cdr_truth_header[]; /* the line of CSV that names the fields */

/* No row is longer. */
enum { CDR_TRUTH_ROW_MAX = 1024 };

/* Returns the length. */
size_t cdr_truth_encode(enum cdr_truth_format format, const struct cdr_truth_row *row,
                        uint8_t bytes[CDR_TRUTH_ROW_MAX]);

#endif
