/* What a verification holds, shared by verify.c (its course) and verify_report.c (its report). */
#ifndef CDR_APP_VERIFY_STATE_H
#define CDR_APP_VERIFY_STATE_H

#include "app/app.h"
#include "app/topics.h"
#include "base/json_writer.h"
#include "verify/source.h"
#include "verify/verify.h"

struct cdr_verified_dimensions;

struct cdr_verdict {
    enum cdr_result code; /* CDR_OK same, CDR_E_DIFFERENT, others: cannot tell */
    const char *word;     /* "same", "different", "cannot tell" */
    char text[sizeof((struct cdr_error *)0)->text]; /* "" where it is the same */
};

struct cdr_verification {
    const struct cdr_settings *settings;
    struct cdr_model *model;
    unsigned workers;
    bool from_files;
    struct cdr_topics topics;
    struct cdr_payloads payloads;
    struct cdr_source *source;
    struct cdr_verify *verify;
    const struct cdr_added_partition *added; /* the source's memory */
    size_t added_count;
    struct cdr_verified_dimensions *dimensions; /* app/verify_dimensions.h; or NULL */
    char *note;                                 /* what the source says besides, or NULL */
    double wall_s;
    bool complete;    /* compared to the end */
    int64_t *offsets; /* per log, where the dataset was found to begin; NULL: not looked for */
    /* Per log: the offset of the dataset's first record, where others come before it and no run
     * committed that it begins there; −1 elsewhere. NULL: not looked for. */
    int64_t *behind;
    struct cdr_verdict verdict;
};

/* Sum over the logs of a topic; topics.n: of all. */
struct cdr_compare_counts cdr_verification_total(const struct cdr_verification *run, uint32_t type);
/* Partitions that a topic has beyond the dataset's. */
uint32_t cdr_verification_added(const struct cdr_verification *run, uint32_t type);
bool cdr_is_different(const struct cdr_compare_counts *counts);
/* "1 lost, 2 duplicated"; "same" where there is no difference. */
void cdr_counts_text(const struct cdr_compare_counts *counts, char *text, size_t size);

/* What it comes to; result and cause are those of comparing. Where nothing could be opened, there
 * is no run->verify yet. */
struct cdr_verdict cdr_verification_verdict(const struct cdr_verification *run,
                                            enum cdr_result result, const char *cause);
/* Whether runs committed where the dataset begins, in each log that holds anything. Only where
 * Kafka is built in. */
bool cdr_verification_knows_bases(const struct cdr_verification *run);
/* Finds run->offsets, for --append: what runs committed, and by reading where none did.
 * CDR_E_STATE: it cannot be told. run->source is open. Only where Kafka is built in. */
enum cdr_result cdr_verification_find_bases(struct cdr_verification *run, struct cdr_error *error);
/* Whether the dataset is in the topics after other records, no run committed where it begins, and
 * nothing else differs; then text says so. Sets run->behind. Only where Kafka is built in. */
bool cdr_verification_is_behind(struct cdr_verification *run, char *text, size_t size);
/* Puts the JSON report: of a run that has its verdict. context is the run. */
void cdr_put_report(struct cdr_json *json, const void *context);
/* The same for a person, to out. */
void cdr_print_verification(const struct cdr_verification *run, FILE *out);

#endif
