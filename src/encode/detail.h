/* What fields beyond the usual ones are put as (program_detail.c): numbers and texts that only
 * users' schemas, lists of fields, headers and queries ask for. Texts are right-aligned in 16
 * bytes; those of several lengths give theirs.
 */
#ifndef CDR_ENCODE_DETAIL_H
#define CDR_ENCODE_DETAIL_H

#include "model/record.h"
#include "schema/source.h"

void cdr_program_hex_text(uint8_t *to, uint32_t digits, uint64_t value);
void cdr_program_imeisv(char text[16], const char imei[16]);
uint32_t cdr_program_node(char text[16], uint32_t type, uint32_t partition);
uint32_t cdr_program_cell(char text[16], const struct cdr_block *block, uint32_t i);
/* The number of record i, or CDR_ABSENT. */
int64_t cdr_program_detail(const struct cdr_block *block, enum cdr_column column, uint32_t i);

#endif
