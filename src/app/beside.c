#include "app/beside.h"

#include "base/files.h"

#include <errno.h>

const struct cdr_table cdr_tables[CDR_TABLES] = {{"cells.csv", cdr_write_cells},
                                                 {"subscribers.csv", cdr_write_subscribers}};

enum cdr_result cdr_table_is_changed(const struct cdr_beside *of, const struct cdr_table *table,
                                     char path[CDR_BESIDE_PATH_MAX], bool *changed,
                                     struct cdr_error *error)
{
    char words[CDR_REASON_MAX];
    FILE *right = tmpfile();
    *changed = false;
    snprintf(path, CDR_BESIDE_PATH_MAX, "%s/%s", of->settings->sink.out, table->name);
    const bool written = right != NULL && table->write(right, of->model);
    if (written)
        *changed = cdr_stream_differs(right, path);
    const int reason = errno;
    if (right != NULL)
        fclose(right);
    return written ? CDR_OK
                   : cdr_fail(error, CDR_E_IO,
                              "cannot compare %.500s, for want of a temporary "
                              "file: %s",
                              path, cdr_os_reason(reason, words));
}
