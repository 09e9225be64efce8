/* The encoders' hot loops, built once for every level of the CPU's instruction set. Inside
 * src/encode only (and its tests, which compare the levels).
 *
 * A loop is a header, X_loop.h, that loops_base.c, loops_v3.c and loops_v4.c include for their
 * level; the compiler vectorises it for each. All levels write the same bytes. An encoder keeps one
 * table of ops for each level, and create chooses the best that this CPU runs.
 */
#ifndef CDR_ENCODE_LOOPS_H
#define CDR_ENCODE_LOOPS_H

#include "base/level.h"
#include "encode/encoder.h"

typedef size_t cdr_encode_loop(const struct cdr_encoder *encoder, const struct cdr_block *block,
                               uint8_t *bytes, uint32_t *ends);

cdr_encode_loop cdr_csv_encode_base, cdr_csv_encode_v3, cdr_csv_encode_v4;
cdr_encode_loop cdr_avro_encode_base, cdr_avro_encode_v3, cdr_avro_encode_v4;
cdr_encode_loop cdr_json_encode_base, cdr_json_encode_v3, cdr_json_encode_v4;

/* An encoder's table, cdr_NAME_ops, by level; [CDR_LEVEL_BASE] is what cdr_encoder_find returns. */
#define CDR_FORMAT_OPS(name) extern const struct cdr_encoder_ops cdr_##name##_ops[CDR_LEVEL_COUNT];
CDR_FORMATS(CDR_FORMAT_OPS)
#undef CDR_FORMAT_OPS

/* The loop of an encoder at each level, for the initialisers of those tables. */
#if CDR_LEVELS_X86
#define CDR_LOOP_V3(encode) encode##_v3
#define CDR_LOOP_V4(encode) encode##_v4
#else
#define CDR_LOOP_V3(encode) encode##_base
#define CDR_LOOP_V4(encode) encode##_base
#endif

#endif
