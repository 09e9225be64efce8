/* The encoder of a user's schema, which runs the program that the schema is compiled to. Inside
 * src/encode only.
 */
#ifndef CDR_ENCODE_PROGRAM_H
#define CDR_ENCODE_PROGRAM_H

#include "encode/detail.h"
#include "encode/loops.h"
#include "schema/program.h"

struct cdr_program_encoder {
    struct cdr_encoder base;
    struct cdr_program program;
    uint32_t room;         /* of a record, with CDR_PUT_SLACK */
    uint32_t step_records; /* that fit CDR_PROGRAM_ROOMS */
};

cdr_encode_loop cdr_program_encode_base, cdr_program_encode_v3, cdr_program_encode_v4;
extern const struct cdr_encoder_ops cdr_program_ops[CDR_LEVEL_COUNT];
extern const struct cdr_encoder_ops cdr_program_json_ops[CDR_LEVEL_COUNT];
extern const struct cdr_encoder_ops cdr_program_csv_ops[CDR_LEVEL_COUNT];

/* The encoder of a user's schema; where settings->schema_text is NULL, of the type's built-in one.
 * Errors: CDR_E_CONFIG names the schema, the field, its type and the sources there are;
 * CDR_E_NOMEM. */
enum cdr_result cdr_program_create(struct cdr_encoder **encoder,
                                   const struct cdr_encoder_settings *settings,
                                   struct cdr_error *error);
/* The same as lines of text. */
enum cdr_result cdr_program_create_json(struct cdr_encoder **encoder,
                                        const struct cdr_encoder_settings *settings,
                                        struct cdr_error *error);
enum cdr_result cdr_program_create_csv(struct cdr_encoder **encoder,
                                       const struct cdr_encoder_settings *settings,
                                       struct cdr_error *error);

/* Whether two of these encoders write the same bytes, by the same operations. */
bool cdr_program_same(const struct cdr_encoder *left, const struct cdr_encoder *right);

/* For values that change too seldom, or cost too much, to be worth a loop of each level. */
void cdr_program_clock(uint8_t *to, int64_t ms);
void cdr_program_uuid(uint8_t bytes[16], const struct cdr_block *block, uint32_t i);
void cdr_program_uuid_text(uint8_t *to, const uint8_t bytes[16]);
uint32_t cdr_program_number(uint8_t *to, int64_t value);
uint32_t cdr_program_number_text(uint8_t *to, int64_t value);
uint32_t cdr_program_decimal(uint8_t *to, int64_t value);

/* Puts what an optional operation puts of a number that is there, without its prefix; how long. */
uint32_t cdr_program_put_optional(uint8_t *to, const struct cdr_op *op, int64_t value);

#endif
