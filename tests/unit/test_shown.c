/* base/shown.h: what reaches a terminal of texts that others wrote. */
#include "base/result.h"
#include "base/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, const char *expected)
{
    char shown[100];
    cdr_shown(shown, sizeof shown, text);
    assert_string_equal(shown, expected);
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    check("", "");
    check("plain \"text\" 100 % \\ ~", "plain \"text\" 100 % \\ ~");
    check("a\x1b[2Jb\rc\nd\te\x07\x7f", "a\\x1b[2Jb\\rc\\nd\\te\\x07\\x7f");
    check("\xc2\x9b"
          "2J",
          "\\u009b2J"); /* CSI as one character */
    check("a\xe2\x80\xae"
          "b",
          "a\\u202eb");
}

static void other_languages_stay(void **state)
{
    (void)state;
    check("café Škoda 東京 😀", "café Škoda 東京 😀");
}

static void what_is_no_utf8_is_escaped(void **state)
{
    (void)state;
    check("\xff\xc3(\xe6\x9d", "\\xff\\xc3(\\xe6\\x9d");
    check("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xf8",
          "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xf8");
}

static void a_text_is_cut_between_characters(void **state)
{
    (void)state;
    char shown[6];
    cdr_shown(shown, sizeof shown, "abcdé");
    assert_string_equal(shown, "abcd");
    cdr_shown(shown, sizeof shown, "ab\x1b");
    assert_string_equal(shown, "ab");
    cdr_shown(shown, 1, "ab");
    assert_string_equal(shown, "");
}

static void a_message_is_one_line(void **state)
{
    (void)state;
    struct cdr_error error;
    assert_int_equal(cdr_fail(&error, CDR_E_CONFIG, "the registry says: %s", "no\n\x1b[1mroot\n"),
                     CDR_E_CONFIG);
    assert_string_equal(error.text, "the registry says: no\\n\\x1b[1mroot\\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(other_languages_stay),
        cmocka_unit_test(what_is_no_utf8_is_escaped),
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(a_message_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
