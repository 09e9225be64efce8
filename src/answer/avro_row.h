/* Avro data as JSON values: records and maps are objects, enums and unions what they hold, numbers
 * and dates numbers, decimals of at most 8 bytes numbers; bytes are null. */
#ifndef CDR_ANSWER_AVRO_ROW_H
#define CDR_ANSWER_AVRO_ROW_H

#include "schema/schema.h"

#include <jansson.h>

/* NULL: the bytes are not, or not only, a datum of the schema; or no memory. */
json_t *cdr_avro_row(const struct cdr_schema_node *schema, const void *bytes, size_t len);

#endif
