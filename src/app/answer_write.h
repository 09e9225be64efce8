/* Where the rows of an answer go: a stream (CSV with a header line, JSON lines, or an Avro
 * container), or a topic.
 *
 * A row's message has as its key what names the row (cdr_row_key), and as its timestamp the end of
 * its window; of no windows, the end of the dataset. Keys decide the partition as Kafka's default
 * partitioner does.
 */
#ifndef CDR_APP_ANSWER_WRITE_H
#define CDR_APP_ANSWER_WRITE_H

#include "answer/row.h"
#include "config/settings.h"

struct cdr_answer_writer;

struct cdr_answer_target {
    const struct cdr_settings *settings;
    const struct cdr_model *model;
    const struct cdr_query *query;
    bool late;
    FILE *out; /* where the settings name no topic */
};

/* Opens the target; destroy also after an error. Errors: CDR_E_CONFIG, CDR_E_STATE, CDR_E_NOMEM,
 * the sink's. */
enum cdr_result cdr_answer_writer_create(struct cdr_answer_writer **writer,
                                         const struct cdr_answer_target *target,
                                         struct cdr_error *error);
/* As cdr_answer_settings.row; context is the writer. */
enum cdr_result cdr_answer_writer_row(void *context, const struct cdr_answer_row *row,
                                      struct cdr_error *error);
/* Returns when all rows are safe. */
enum cdr_result cdr_answer_writer_finish(struct cdr_answer_writer *writer, struct cdr_error *error);
void cdr_answer_writer_destroy(struct cdr_answer_writer *writer);

#endif
