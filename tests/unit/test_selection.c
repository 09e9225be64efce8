/* Lists of fields become schemas that every encoder takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode/program.h"
#include "schema/schema.h"
#include "encode/selection.h"
#include "schema/source.h"
#include "encode_checks.h"

static void test_schemas(void **state)
{
    (void)state;
    struct cdr_topics topics;
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_topics_create(&topics, CDR_TYPE_COUNT, &error), CDR_OK);
    assert_int_equal(
        cdr_selection_make(&topics, " imsi,seconds=duration_sec ,start_ts_ms,apn,is_mo", &error),
        CDR_OK);
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        static const char *const names[] = {"imsi", "seconds", "start_ts_ms", "apn", "is_mo"};
        static const enum cdr_avro_kind kinds[] = {CDR_AVRO_STRING, CDR_AVRO_INT, CDR_AVRO_LONG,
                                                   CDR_AVRO_STRING, CDR_AVRO_BOOLEAN};
        static const char *const full[CDR_TYPE_COUNT] = {
            "io.cdrgen.fields.Call", "io.cdrgen.fields.Sms", "io.cdrgen.fields.Data"};
        struct cdr_schema schema;
        assert_int_equal(cdr_schema_parse(&schema, topics.items[type].layouts[0].schema, &error),
                         CDR_OK);
        assert_string_equal(schema.root->full_name, full[type]);
        assert_int_equal(schema.root->count, 5);
        for (size_t i = 0; i < 5; i++) {
            const struct cdr_schema_field *field = &schema.root->fields[i];
            assert_string_equal(field->name, names[i]);
            bool lacks = i == 3 && type != CDR_TYPE_DATA;
            assert_int_equal(field->type->kind, lacks ? CDR_AVRO_UNION : kinds[i]);
            assert_int_equal(json_is_null(field->default_value), lacks);
        }
        assert_int_equal(schema.root->fields[2].type->logical, CDR_LOGICAL_TIMESTAMP_MILLIS);
        cdr_schema_destroy(&schema);
    }
    cdr_topics_free(&topics);
}

/* All that there is, and names that are other sources': the type that lacks one has null. */
static void test_encoders_take_them(void **state)
{
    (void)state;
    static struct cdr_block block;
    static const struct cdr_encoder_ops *const levels[] = {cdr_program_ops, cdr_program_json_ops,
                                                           cdr_program_csv_ops};
    char list[4000] = "apn=sms_status";
    for (size_t i = 0; i < cdr_source_count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), ",%s_=%s", cdr_sources[i].name,
                 cdr_sources[i].name);
    struct cdr_topics topics;
    struct cdr_error error = {{0}};
    assert_int_equal(cdr_topics_create(&topics, CDR_TYPE_COUNT, &error), CDR_OK);
    assert_int_equal(cdr_selection_make(&topics, list, &error), CDR_OK);
    char header[4000] = "";
    for (uint32_t type = 0; type < CDR_TYPE_COUNT; type++) {
        struct cdr_encoder_settings settings = {.type = type,
                                                .tz_name = "UTC",
                                                .schema_text = topics.items[type].layouts[0].schema,
                                                .mapping_text = topics.mappings[0]};
        blocks_make(&block, type, 100, 7);
        for (size_t i = 0; i < 3; i++) {
            struct encoded encoded = check_levels(levels[i], &settings, &block);
            const char *format = levels[i]->name,
                       *now = encoded.encoder->ops->file_header(encoded.encoder);
            if (strcmp(format, "csv") == 0 && header[0] == '\0')
                snprintf(header, sizeof header, "%s", now);
            if (strcmp(format, "csv") == 0)
                assert_string_equal(now, header);
            const char *first = strcmp(format, "csv") == 0 ? ";" : "{\"apn\":null,";
            bool null = strncmp((const char *)encoded.bytes, first, strlen(first)) == 0;
            if (strcmp(format, "avro") != 0)
                assert_int_equal(null, type != CDR_TYPE_SMS);
            encoded_free(&encoded);
        }
    }
    cdr_topics_free(&topics);
}

static void test_bad_lists(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } bad[] = {
        {"", "there is no source \"\"; there are event_type, msisdn_src"},
        {"imsi,", "there is no source \"\""},
        {"imsi,imsy", "there is no source \"imsy\""},
        {"a=", "there is no source \"\""},
        {"=imsi", "\"\" is no name of a field"},
        {"1=imsi", "\"1\" is no name of a field"},
        {"a.b=imsi", "\"a.b\" is no name of a field"},
        {"imsi,imei,imsi", "there are two fields \"imsi\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cdr_topics topics;
        struct cdr_error error = {{0}};
        assert_int_equal(cdr_topics_create(&topics, CDR_TYPE_COUNT, &error), CDR_OK);
        assert_int_equal(cdr_selection_make(&topics, bad[i].list, &error), CDR_E_CONFIG);
        if (strstr(error.text, bad[i].words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", error.text, bad[i].words);
        cdr_topics_free(&topics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_encoders_take_them),
        cmocka_unit_test(test_bad_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
