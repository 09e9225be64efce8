#include "app/truth_write.h"

#include "base/files.h"
#include "encode/dimension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64000 };

enum cdr_result cdr_truth_writer_start(struct cdr_truth_writer *writer, FILE *out,
                                       enum cdr_truth_format format, const char *dataset_id,
                                       struct cdr_error *error)
{
    *writer = (struct cdr_truth_writer){.out = out, .format = format};
    if (format == CDR_TRUTH_CSV)
        fputs(cdr_truth_header, out);
    if (format != CDR_TRUTH_AVRO)
        return CDR_OK;
    writer->block = malloc(BLOCK_BYTES + CDR_TRUTH_ROW_MAX);
    if (writer->block == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    enum cdr_result result =
        cdr_container_create(&writer->container, cdr_dimension_schema(CDR_DIMENSION_TRUTH), 0,
                             CDR_COMPRESSION_NONE, dataset_id, error);
    if (result == CDR_OK)
        fwrite(writer->container->header, 1, writer->container->header_len, out);
    return result;
}

static void put_block(struct cdr_truth_writer *writer)
{
    uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX];
    if (writer->block_rows == 0)
        return;
    const size_t len = cdr_container_block_head(head, writer->block_rows, writer->block_len);
    fwrite(head, 1, len, writer->out);
    fwrite(writer->block, 1, writer->block_len, writer->out);
    fwrite(writer->container->sync, 1, sizeof writer->container->sync, writer->out);
    writer->block_rows = writer->block_len = 0;
}

enum cdr_result cdr_truth_writer_row(void *context, const struct cdr_truth_row *row,
                                     struct cdr_error *error)
{
    struct cdr_truth_writer *writer = context;
    uint8_t bytes[CDR_TRUTH_ROW_MAX];
    char words[CDR_REASON_MAX];
    if (writer->format == CDR_TRUTH_AVRO) {
        writer->block_len +=
            cdr_truth_encode(writer->format, row, writer->block + writer->block_len);
        writer->block_rows++;
        if (writer->block_len >= BLOCK_BYTES)
            put_block(writer);
    } else {
        size_t len = cdr_truth_encode(writer->format, row, bytes);
        bytes[len++] = '\n';
        fwrite(bytes, 1, len, writer->out);
    }
    return ferror(writer->out) ? cdr_fail(error, CDR_E_IO, "cannot write the truth: %s",
                                          cdr_os_reason(errno, words))
                               : CDR_OK;
}

bool cdr_truth_writer_finish(struct cdr_truth_writer *writer)
{
    if (writer->format == CDR_TRUTH_AVRO)
        put_block(writer);
    return fflush(writer->out) == 0 && !ferror(writer->out);
}

void cdr_truth_writer_free(struct cdr_truth_writer *writer)
{
    cdr_container_destroy(writer->container);
    free(writer->block);
    *writer = (struct cdr_truth_writer){0};
}
