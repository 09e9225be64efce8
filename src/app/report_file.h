/* The JSON report of a verification as a file: whole or not there. It is written under a temporary
 * name beside it and renamed; what is no regular file (a device, a pipe, a link) is written as it
 * is. */
#ifndef CDR_APP_REPORT_FILE_H
#define CDR_APP_REPORT_FILE_H

#include "base/json_writer.h"
#include "base/result.h"

/* Whether a report could be written to path, before anything else is done; leaves what is there as
 * it is. NULL (none) and "-" (standard output) are good; a file of a dataset in the folder out is
 * not. Errors: CDR_E_CONFIG. */
enum cdr_result cdr_report_check(const char *path, const char *out, struct cdr_error *error);

/* Writes what put writes. Errors: CDR_E_STATE; then path is what it was before. */
enum cdr_result cdr_report_write(const char *path,
                                 void (*put)(struct cdr_json *json, const void *context),
                                 const void *context, struct cdr_error *error);

/* Checks that all that was printed to a stream has arrived. Errors: CDR_E_STATE. */
enum cdr_result cdr_report_printed(FILE *out, struct cdr_error *error);

#endif
