/* Users' own schemas: what is compiled from them must write what avro-c would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode/program.h"
#include "encode_checks.h"

/* A space in front is another text, so the built-in schema is compiled, too. */
static void check_builtin(const struct cdr_block *block, const char *tz_name)
{
    char text[20000];
    struct cdr_encoder_settings settings = {
        .type = block->type, .tz_name = tz_name, .framed = true, .schema_id = 7};
    struct encoded expected = check_levels(cdr_avro_ops, &settings, block);
    snprintf(text, sizeof text, " %s", cdr_builtin_schema(block->type));
    settings.schema_text = text;
    struct encoded compiled = check_levels(cdr_program_ops, &settings, block);
    assert_int_equal(compiled.encoder->frame_len, 5);
    assert_memory_equal(compiled.ends, expected.ends, block->n * sizeof compiled.ends[0]);
    assert_memory_equal(compiled.bytes, expected.bytes, compiled.ends[block->n - 1]);
    encoded_free(&compiled);
    encoded_free(&expected);
}

static void test_the_builtin_schema_compiled(void **state)
{
    (void)state;
    check_blocks(check_builtin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_builtin_schema_compiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
