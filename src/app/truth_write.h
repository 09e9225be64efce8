/* The truth as a stream: CSV with a header line, JSON lines, or an Avro container. */
#ifndef CDR_APP_TRUTH_WRITE_H
#define CDR_APP_TRUTH_WRITE_H

#include "fault/truth_row.h"
#include "sink/file/container.h"

#include <stdio.h>

struct cdr_truth_writer {
    FILE *out;
    enum cdr_truth_format format;
    struct cdr_container *container; /* of Avro */
    uint8_t *block;                  /* of Avro: rows that are not written yet */
    size_t block_len;
    uint64_t block_rows;
};

/* dataset_id: in Avro, the sync marker. Errors: CDR_E_NOMEM. To be freed also after an error. */
enum cdr_result cdr_truth_writer_start(struct cdr_truth_writer *writer, FILE *out,
                                       enum cdr_truth_format format, const char *dataset_id,
                                       struct cdr_error *error);
/* A visit of the truth (pipeline/truth.h); context is the writer. Errors: CDR_E_IO, with errno. */
enum cdr_result cdr_truth_writer_row(void *context, const struct cdr_truth_row *row,
                                     struct cdr_error *error);
/* Writes what is left and flushes. False, with errno, where something could not be written. */
bool cdr_truth_writer_finish(struct cdr_truth_writer *writer);
void cdr_truth_writer_free(struct cdr_truth_writer *writer);

#endif
