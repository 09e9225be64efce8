/* Finished parts, read back: their checksums, and how many records are in them.
 *
 * A part is whole if it begins with its format's header (of an Avro file: schema, codec and, as
 * sync marker, the dataset id), if what compressed it finds its end and its own checksums right,
 * and if it ends with a whole record (CSV, JSON: a line) or block (Avro: counts, sizes and sync
 * markers agree). Records are counted, not compared.
 *
 * A checker is for one thread at a time and for parts of one compression, all in files or all in
 * containers; it holds a buffer of about 150 KB.
 */
#ifndef CDR_SINK_FILE_CHECK_H
#define CDR_SINK_FILE_CHECK_H

#include "sink/file/part.h"

struct cdr_part_content {
    uint64_t records;
    uint64_t bytes; /* of the payloads */
    bool begun;     /* it has the format's header; set also where the rest is not whole */
    struct cdr_part_result file;
};

struct cdr_part_checker;

/* Errors: CDR_E_NOMEM. */
enum cdr_result cdr_part_checker_create(struct cdr_part_checker **checker,
                                        const struct cdr_part_format *format,
                                        struct cdr_error *error);
void cdr_part_checker_destroy(struct cdr_part_checker *checker);

/* Size and checksum of the file. Errors: CDR_E_IO. */
enum cdr_result cdr_part_measure(struct cdr_part_checker *checker, const char *path,
                                 struct cdr_part_result *file, struct cdr_error *error);
/* Counts what is in it. Errors: CDR_E_IO; CDR_E_NOMEM; CDR_E_DIFFERENT where the part is not
 * whole, "PATH: REASON". */
enum cdr_result cdr_part_count(struct cdr_part_checker *checker,
                               const struct cdr_part_format *format, const char *path,
                               struct cdr_part_content *content, struct cdr_error *error);

#endif
