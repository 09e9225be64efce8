/* The dataset generated for its ids alone, without keys and headers, into a sink that compares each
 * id with what was read from a pipeline's topics.
 *
 * Such a sink's struct begins with a struct cdr_id_pipe; its ops have cdr_direct_take_slab and
 * cdr_direct_give_slab (sink/direct.h), cdr_id_pipe_poll, and a write of its own.
 */
#ifndef CDR_VERIFY_ID_PIPE_H
#define CDR_VERIFY_ID_PIPE_H

#include "sink/direct.h"
#include "verify/ids.h"

struct cdr_id_pipe {
    struct cdr_direct_sink sink;
    const struct cdr_verify_ids_settings *settings;
    struct cdr_topics plain; /* those of the dataset, without envelopes */
};

/* Zero-initialise; close also after an error, and where it was not opened. Errors: CDR_E_NOMEM. */
enum cdr_result cdr_id_pipe_open(struct cdr_id_pipe *pipe, const struct cdr_sink_ops *ops,
                                 const struct cdr_verify_ids_settings *settings,
                                 struct cdr_error *error);
void cdr_id_pipe_close(struct cdr_id_pipe *pipe);

/* Generates the dataset once into the sink. May be called again. */
enum cdr_result cdr_id_pipe_run(struct cdr_id_pipe *pipe, struct cdr_error *error);

/* The type of a log's records, and whether the pipeline's topics must have it. */
uint32_t cdr_id_pipe_type(const struct cdr_id_pipe *pipe, uint32_t log);
bool cdr_id_pipe_wants(const struct cdr_id_pipe *pipe, uint32_t log);

enum cdr_result cdr_id_pipe_poll(struct cdr_sink *sink, int timeout_ms, struct cdr_error *error);

#endif
