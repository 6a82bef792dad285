/**
 * The cfg parser: what counts as a section and a key, where its errors point, and its values.
 */
#include "test_import.h"

#include <locale.h>

#include "import/cfg.h"

static bw_status parse(bw_cfg *cfg, const char *text, size_t size, uint64_t limit, char **warnings,
                       bw_error *error)
{
    bw_warnings list = {0};
    bw_status status = bw_cfg_parse(cfg, "a.cfg", text, size, limit, &list, error);
    bw_error ignored;
    assert_int_equal(bw_warnings_finish(&list, warnings, &ignored), BW_OK);
    return status;
}

static void parse_good(bw_cfg *cfg, const char *text)
{
    char *warnings;
    bw_error error = {0};
    if (parse(cfg, text, strlen(text), 100, &warnings, &error) != BW_OK)
        fail_msg("%s", error.message);
    assert_null(warnings);
}

static void expect_parse_failure(const char *text, bw_status status, const char *message)
{
    bw_cfg cfg;
    char *warnings;
    bw_error error = {0};
    assert_int_equal(parse(&cfg, text, strlen(text), 3, &warnings, &error), status);
    assert_string_equal(error.message, message);
    free(warnings);
}

static void test_layout(void **state)
{
    (void)state;
    bw_cfg cfg;
    parse_good(&cfg, "\xef\xbb\xbf# comment\r\n [ net ] ; more\r\n\twi dth = 4 1 6 # pixels\r\n\n"
                     "[convolutional]\nx==\nname = p\xc3\xa4r");
    assert_int_equal(cfg.section_count, 2);
    assert_string_equal(cfg.sections[0].name, "net");
    assert_int_equal(cfg.sections[0].line, 2);
    assert_int_equal(cfg.sections[0].count, 1);
    assert_string_equal(cfg.entries[0].key, "width");
    assert_string_equal(cfg.entries[0].value, "416");
    assert_int_equal(cfg.entries[0].line, 3);
    assert_int_equal(cfg.sections[1].line, 5);
    assert_int_equal(cfg.sections[1].first, 1);
    assert_int_equal(cfg.sections[1].count, 2);
    assert_string_equal(cfg.entries[1].value, "=");
    assert_string_equal(cfg.entries[2].value, "p\xc3\xa4r");
    bw_cfg_free(&cfg);
}

static void test_parse_failures(void **state)
{
    (void)state;
    expect_parse_failure("", BW_ERROR_FORMAT, "'a.cfg' holds no [section]");
    expect_parse_failure("# nothing\n", BW_ERROR_FORMAT, "'a.cfg' holds no [section]");
    expect_parse_failure("\nwidth=3\n[net]\n", BW_ERROR_FORMAT,
                         "a.cfg:2: key 'width' stands before the first [section]");
    expect_parse_failure("[net]\n\nnonsense\n", BW_ERROR_FORMAT,
                         "a.cfg:3: 'nonsense' is neither a [section] nor a key=value pair");
    expect_parse_failure("[net]\n=3\n", BW_ERROR_FORMAT,
                         "a.cfg:2: '=3' is neither a [section] nor a key=value pair");
    expect_parse_failure("[net\n", BW_ERROR_FORMAT,
                         "a.cfg:1: '[net' is no section: write its name between '[' and ']'");
    expect_parse_failure("[]\n", BW_ERROR_FORMAT,
                         "a.cfg:1: '[]' is no section: write its name between '[' and ']'");
    expect_parse_failure("[a]\n[b]\nk=\x1b[31m\n", BW_ERROR_FORMAT,
                         "a.cfg:3: a control character: this is no cfg file");
    expect_parse_failure("[a]\n[b]\n[c]\n[d]\n", BW_ERROR_LIMIT,
                         "a.cfg:4: more sections than the limit of 3");
}

static void test_nul_is_no_text(void **state)
{
    (void)state;
    bw_cfg cfg;
    char *warnings;
    bw_error error = {0};
    static const char text[] = "[net]\nwidth=\0\n";
    assert_int_equal(parse(&cfg, text, sizeof text - 1, 9, &warnings, &error), BW_ERROR_FORMAT);
    assert_string_equal(error.message, "a.cfg:2: a control character: this is no cfg file");
}

static void test_duplicate_key(void **state)
{
    (void)state;
    bw_cfg cfg;
    char *warnings;
    bw_error error = {0};
    const char *text = "[net]\nbatch=1\nbatch=64\n[net]\nbatch=2\n";
    assert_int_equal(parse(&cfg, text, strlen(text), 9, &warnings, &error), BW_OK);
    assert_string_equal(warnings,
                        "a.cfg:3: key 'batch' of [net] stands already in line 2, which counts\n");
    assert_int_equal(cfg.entry_count, 2);
    assert_string_equal(cfg.entries[0].value, "1");
    free(warnings);
    bw_cfg_free(&cfg);
}

static void test_too_many_keys(void **state)
{
    (void)state;
    char text[8192] = "[net]\n", *warnings;
    size_t length = strlen(text);
    for (int key = 0; key <= BW_CFG_KEY_LIMIT; key++)
        length += (size_t)snprintf(text + length, sizeof text - length, "k%d=1\n", key);
    bw_cfg cfg;
    bw_error error = {0};
    assert_int_equal(parse(&cfg, text, strlen(text), 9, &warnings, &error), BW_ERROR_LIMIT);
    assert_string_equal(error.message, "a.cfg:258: too many keys in one section");
}

static const char values[] = "[yolo]\nwhole=-7\nbig=99999999999\npoint=0.25\nword=leaky\n"
                             "none=\nlist=1,-2, 3\nhole=1,,2\nopen=1,2,\nhalf=3x\nfloats=.5,1e1\n"
                             "inf=inf\nzero=0.0\n";

static bw_cfg_reader make_reader(bw_cfg *cfg, bw_error *error)
{
    return (bw_cfg_reader){.cfg = cfg, .section = &cfg->sections[0], .error = error};
}

static void test_values(void **state)
{
    (void)state;
    bw_cfg cfg;
    bw_error error = {0};
    parse_good(&cfg, values);
    bw_cfg_reader reader = make_reader(&cfg, &error);
    int integers[3];
    float floats[3];
    assert_int_equal(bw_cfg_integer(&reader, "whole", 1, -7, 7), -7);
    assert_int_equal(bw_cfg_integer(&reader, "absent", 41, 0, 1), 41);
    assert_int_equal(bw_cfg_required(&reader, "whole", -7, 7), -7);
    assert_true(bw_cfg_number(&reader, "point", 0, 0, 1) == 0.25f);
    assert_string_equal(bw_cfg_word(&reader, "word", "x"), "leaky");
    assert_string_equal(bw_cfg_word(&reader, "absent", "x"), "x");
    assert_int_equal(bw_cfg_integers(&reader, "list", integers, 3), 3);
    assert_int_equal(integers[1], -2);
    assert_int_equal(bw_cfg_integers(&reader, "absent", integers, 3), 0);
    assert_int_equal(bw_cfg_numbers(&reader, "floats", floats, 3), 2);
    assert_true(floats[0] == 0.5f && floats[1] == 10.0f);
    bw_cfg_refuse(&reader, "zero", 0.0f);
    bw_cfg_refuse(&reader, "absent", 0.0f);
    assert_int_equal(reader.status, BW_OK);
    assert_true(cfg.entries[0].used);
    assert_false(cfg.entries[1].used);
    assert_true(bw_cfg_has(&reader, "big"));
    assert_false(bw_cfg_has(&reader, "absent"));
    bw_cfg_free(&cfg);
}

/* Reads one value wrongly in a way chosen by `how`. */
static void read_badly(bw_cfg_reader *reader, int how)
{
    int integers[2];
    float floats[2];
    switch (how) {
    case 0: bw_cfg_integer(reader, "whole", 0, 0, 9); break;
    case 1: bw_cfg_integer(reader, "big", 0, 0, 9); break;
    case 2: bw_cfg_integer(reader, "none", 0, 0, 9); break;
    case 3: bw_cfg_integer(reader, "half", 0, 0, 9); break;
    case 4: bw_cfg_required(reader, "absent", 0, 9); break;
    case 5: bw_cfg_number(reader, "inf", 0, 0, 9); break;
    case 6: bw_cfg_integers(reader, "list", integers, 2); break;
    case 7: bw_cfg_integers(reader, "hole", integers, 2); break;
    case 8: bw_cfg_numbers(reader, "open", floats, 2); break;
    case 9: bw_cfg_refuse(reader, "point", 0.0f); break;
    default: bw_cfg_refuse(reader, "word", 0.0f); break;
    }
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "a.cfg:2: 'whole' of [yolo] is '-7'; it must be a whole number from 0 to 9",
        "a.cfg:3: 'big' of [yolo] is '99999999999'; it must be a whole number from 0 to 9",
        "a.cfg:6: 'none' of [yolo] is ''; it must be a whole number from 0 to 9",
        "a.cfg:10: 'half' of [yolo] is '3x'; it must be a whole number from 0 to 9",
        "a.cfg:1: [yolo] lacks the key 'absent'",
        "a.cfg:12: 'inf' of [yolo] is 'inf'; it must be a number from 0 to 9",
        "a.cfg:7: 'list' of [yolo] is '1,-2,3'; it must be a list of 1 to 2 numbers between commas",
        "a.cfg:8: 'hole' of [yolo] is '1,,2'; it must be a list of 1 to 2 numbers between commas",
        "a.cfg:9: 'open' of [yolo] is '1,2,'; it must be a list of 1 to 2 numbers between commas",
        "a.cfg:4: 'point=0.25' of [yolo] is not supported",
        "a.cfg:5: 'word=leaky' of [yolo] is not supported",
    };
    bw_cfg cfg;
    parse_good(&cfg, values);
    for (int how = 0; how < (int)(sizeof messages / sizeof *messages); how++) {
        bw_error error = {0};
        bw_cfg_reader reader = make_reader(&cfg, &error);
        read_badly(&reader, how);
        assert_string_equal(error.message, messages[how]);
        assert_int_equal(reader.status, error.status);
        assert_int_equal(bw_cfg_integer(&reader, "whole", 5, -9, 9), 5);
        bw_cfg_fail(&reader, 1, BW_ERROR_LIMIT, "another failure");
        assert_string_equal(error.message, messages[how]);
    }
    bw_cfg_free(&cfg);
}

/* Numbers have a point even where the program's locale says comma. */
static void test_locale(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        skip();
    bw_cfg cfg;
    bw_error error = {0};
    parse_good(&cfg, values);
    bw_cfg_reader reader = make_reader(&cfg, &error);
    assert_true(bw_cfg_number(&reader, "point", 0, 0, 1) == 0.25f);
    bw_cfg_free(&cfg);
    setlocale(LC_NUMERIC, "C");
}

static void test_warnings_are_bounded(void **state)
{
    (void)state;
    bw_warnings warnings = {0};
    bw_error error;
    for (int line = 0; line < BW_WARNING_LIMIT + 5; line++)
        assert_int_equal(bw_warnings_add(&warnings, &error, "%d %1000s", line, "x"), BW_OK);
    char *text;
    assert_int_equal(bw_warnings_finish(&warnings, &text, &error), BW_OK);
    assert_non_null(strstr(text, "\n99 "));
    assert_null(strstr(text, "\n100 "));
    assert_non_null(strstr(text, "\n… and 5 more\n"));
    assert_true(strlen(text) < 400 * (BW_WARNING_LIMIT + 1));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_parse_failures),
        cmocka_unit_test(test_nul_is_no_text),
        cmocka_unit_test(test_duplicate_key),
        cmocka_unit_test(test_too_many_keys),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_warnings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
