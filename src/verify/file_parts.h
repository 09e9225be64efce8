/* Which parts a folder of the file sink holds, by log, and what its manifests say. */
#ifndef CDR_VERIFY_FILE_PARTS_H
#define CDR_VERIFY_FILE_PARTS_H

#include "sink/file/compress.h"
#include "verify/source.h"

struct cdr_part_file {
    char *path;
    uint32_t number;
    int32_t day; /* of the folder that it lies in, since 1970-01-01; INT32_MIN: there is no such */
    enum cdr_compression compression;
};

struct cdr_part_list {
    struct cdr_part_file *parts; /* in the order of their numbers */
    uint32_t n, capacity;
};

/* lists[log] of topics × partitions, zeroed before. Parts of partitions that the dataset does not
 * have, of other formats and unfinished ones are counted, not listed. *note: what a reader should
 * know, or NULL; to be freed. CDR_E_STATE: the folder is none of ours, of another dataset or
 * format; CDR_E_CONFIG: it cannot be read. */
enum cdr_result cdr_find_parts(struct cdr_part_list *lists, const char *out,
                               const struct cdr_source_setup *setup, char **note,
                               struct cdr_error *error);
void cdr_free_parts(struct cdr_part_list *list);

#endif
