/* What closes the windows that are open at a dataset's end: records of later days. */
#ifndef CDR_APP_CLOSING_H
#define CDR_APP_CLOSING_H

#include "model/model.h"

#include <stdio.h>

/* How many days the dataset must have for records of that time or later in each partition. */
uint32_t cdr_closing_days(const struct cdr_model *model, int64_t until_ms);

/* "end once each partition has records of 2025-01-02T00:10:00Z or later: --days 2 has them", with
 * the end of the line. */
void cdr_closing_print(FILE *file, const struct cdr_model *model, int64_t until_ms);

#endif
