/* Avro container framing against bytes worked out by hand from the specification. */
#include "sink_harness.h"

#include "sink/file/container.h"

static void header_is_the_specified_bytes(void **state)
{
    (void)state;
    struct cdr_container *container = NULL;
    assert_int_equal(cdr_container_create(&container, "\"long\"", 0, CDR_COMPRESSION_NONE,
                                          HARNESS_DATASET, NULL),
                     CDR_OK);
    static const uint8_t expected[] =
        "Obj\x01"
        "\x04"
        "\x16"
        "avro.schema"
        "\x0c"
        "\"long\""
        "\x14"
        "avro.codec"
        "\x08"
        "null"
        "\x00"
        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
    assert_int_equal(container->header_len, sizeof expected - 1);
    assert_memory_equal(container->header, expected, sizeof expected - 1);
    assert_memory_equal(container->sync, expected + sizeof expected - 17, 16);
    cdr_container_destroy(container);
}

static void codecs_have_avros_names(void **state)
{
    (void)state;
    static const char *const names[] = {"\x08null", "\016deflate", "\x12zstandard"};
    for (int kind = 0; kind < CDR_COMPRESSION_COUNT; kind++) {
        struct cdr_container *container = NULL;
        assert_int_equal(cdr_container_create(&container, "\"long\"", 0, (enum cdr_compression)kind,
                                              HARNESS_DATASET, NULL),
                         CDR_OK);
        const uint8_t *codec =
            container->header + container->header_len - 16 - 1 - strlen(names[kind]);
        assert_memory_equal(codec, names[kind], strlen(names[kind]));
        cdr_container_destroy(container);
    }
}

static void block_heads_are_zigzag_varints(void **state)
{
    (void)state;
    uint8_t head[CDR_CONTAINER_BLOCK_HEAD_MAX];
    assert_int_equal(cdr_container_block_head(head, 1, 63), 2);
    assert_memory_equal(head, "\x02\x7e", 2);
    assert_int_equal(cdr_container_block_head(head, 64, 65536), 5);
    assert_memory_equal(head, "\x80\x01\x80\x80\x08", 5);
    assert_int_equal(cdr_container_block_head(head, 0, INT64_MAX), 11);
    assert_memory_equal(head, "\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
}

static void only_a_dataset_id_is_one(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "0011", HARNESS_DATASET "0",
                                        "00112233445566778899aabbccddeefg",
                                        "00112233445566778899AABBCCDDEEFF"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cdr_container *container = NULL;
        struct cdr_error error = {{0}};
        assert_int_equal(
            cdr_container_create(&container, "\"long\"", 0, CDR_COMPRESSION_NONE, wrong[i], &error),
            CDR_E_CONFIG);
        assert_null(container);
        assert_non_null(strstr(error.text, "is not 32 lower-case hex digits"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_the_specified_bytes),
        cmocka_unit_test(codecs_have_avros_names),
        cmocka_unit_test(block_heads_are_zigzag_varints),
        cmocka_unit_test(only_a_dataset_id_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
