/* What reaches the screen: nothing of another device's text can move the cursor, secrets stay out of errors, JSON is whole. */
#include "describe.h"
#include "digits.h"
#include "outcome.h"
#include "qr.h"
#include "say.h"
#include "show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *caught[2];
static int kept[2];

/* Standard output and error into files, from here on. */
static void catch_output(void)
{
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        caught[i] = tmpfile();
        assert_non_null(caught[i]);
        kept[i] = dup(i + 1);
        assert_true(dup2(fileno(caught[i]), i + 1) >= 0);
    }
}

static void release_output(char *out, char *err, size_t capacity)
{
    char *texts[2] = {out, err};

    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        size_t length;

        assert_true(dup2(kept[i], i + 1) >= 0);
        close(kept[i]);
        rewind(caught[i]);
        length = fread(texts[i], 1, capacity - 1, caught[i]);
        texts[i][length] = '\0';
        fclose(caught[i]);
    }
}

static char out[16384], err[16384];

static int prepare(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    terminal_init(0, 0);
    say_init(1, 0);
    return 0;
}

static void a_hostile_device_name_is_made_printable(void **state)
{
    struct cr_hello hello = {.role = CR_RECEIVER,
                             .name = "\x1b[2J\x1b]0;x\a\r\nphone",
                             .platform = "\xe2\x80\xae"
                                         "dlrow",
                             .program = "\xff\xfe"};

    (void)state;
    catch_output();
    show_device(&hello, CR_SENDER);
    release_output(out, err, sizeof(out));
    assert_null(strchr(err, '\x1b'));
    assert_null(strchr(err, '\r'));
    assert_null(strchr(err, '\a'));
    assert_null(strstr(err, "\xe2\x80\xae"));
    assert_non_null(strstr(err, "phone"));
    assert_null(strchr(out, '\x1b'));
    assert_non_null(strstr(out, "\"event\":\"device\""));
}

static void a_json_line_has_schema_and_event(void **state)
{
    json_t *object;

    (void)state;
    catch_output();
    say_json("code", "s:s, s:i", "code", "a\"b\n", "seconds", 180);
    release_output(out, err, sizeof(out));
    object = json_loads(out, 0, NULL);
    assert_non_null(object);
    assert_int_equal(json_integer_value(json_object_get(object, "schema")), SAY_SCHEMA);
    assert_string_equal(json_string_value(json_object_get(object, "event")), "code");
    assert_string_equal(json_string_value(json_object_get(object, "code")), "a\"b\n");
    assert_string_equal(err, "");
    json_decref(object);
}

static void an_error_is_told_in_three_parts_and_returns_its_exit_code(void **state)
{
    const struct error *error = error_get(ERROR_STORE_WRONG_PASSWORD);

    (void)state;
    catch_output();
    assert_int_equal(say_error(ERROR_STORE_WRONG_PASSWORD, "signPri.key"), 65);
    release_output(out, err, sizeof(out));
    assert_non_null(strstr(err, error->what));
    assert_non_null(strstr(err, error->why));
    assert_non_null(strstr(err, error->todo));
    assert_non_null(strstr(err, "signPri.key"));
    assert_non_null(strstr(out, "\"exit\":65"));
}

static void a_sender_that_cannot_know_is_sent_to_look(void **state)
{
    struct outcome outcome = {.role = CR_SENDER, .end = CR_END_EXPIRED, .has_data_left = 1};

    (void)state;
    catch_output();
    assert_int_equal(outcome_report(&outcome), 75);
    assert_int_equal(outcome_report(&outcome), 75);
    release_output(out, err, sizeof(out));
    assert_non_null(strstr(err, "may have been stored there"));
    assert_non_null(strstr(err, "Look on the other device"));
    assert_null(strstr(err, "Nothing was sent"));
    assert_non_null(strstr(out, "\"uncertain\":true"));
    assert_null(strchr(strchr(out, '\n') + 1, '\n'));
}

static void nothing_is_uncertain_before_the_certificate_left(void **state)
{
    struct outcome outcome = {.role = CR_SENDER, .end = CR_END_PEER_LOST};

    (void)state;
    catch_output();
    assert_int_equal(outcome_report(&outcome), 75);
    release_output(out, err, sizeof(out));
    assert_null(strstr(err, "may have been stored there"));
    assert_null(strstr(out, "uncertain"));
}

static void a_no_means_what_it_means_for_this_side(void **state)
{
    static const struct sample {
        enum cr_role role;
        enum cr_end end;
        const char *why;
    } samples[] = {{CR_SENDER, CR_END_DECLINED, "Nothing was sent."},
                   {CR_SENDER, CR_END_PEER_DECLINED, "Nothing was stored there."},
                   {CR_RECEIVER, CR_END_DECLINED, "Nothing was stored."},
                   {CR_RECEIVER, CR_END_PEER_DECLINED, "Nothing was sent."}};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct outcome outcome = {.role = samples[i].role, .end = samples[i].end};

        catch_output();
        assert_int_equal(outcome_report(&outcome), 77);
        release_output(out, err, sizeof(out));
        assert_non_null(strstr(err, samples[i].why));
    }
}

static void quiet_silences_talk_and_not_what_must_be_said(void **state)
{
    (void)state;
    say_init(0, 1);
    catch_output();
    say_talk(STYLE_PLAIN, "%s", "chatter");
    say_must(STYLE_PLAIN, "%s", "warning");
    say_json("step", NULL);
    say_result("%s", "result");
    release_output(out, err, sizeof(out));
    assert_string_equal(err, "warning\n");
    assert_string_equal(out, "result\n");
}

static void the_number_is_shown_and_given_as_json(void **state)
{
    struct app app;
    struct cr_invite invite = {.has_digits = 1};
    const struct cr_nameplate nameplate = {4, 4821};
    char text[CR_CODE_TEXT_BYTES], digits[CR_CODE_TEXT_BYTES] = "";
    size_t count = 0;

    (void)state;
    memset(&app, 0, sizeof(app));
    assert_int_equal(address_read("wss://relay.example/ws", &app.address), ADDRESS_OK);
    snprintf(app.page, sizeof(app.page), "https://page.example/");
    cr_code_draw(&invite.code, &nameplate);
    cr_code_format(&invite.code, text);
    for (const char *at = text; *at; at++)
        if (*at != ' ')
            digits[count++] = *at;
    catch_output();
    show_invite(&app, &invite, CR_RECEIVER, 180);
    release_output(out, err, sizeof(out));
    assert_non_null(strstr(err, text));
    assert_non_null(strstr(out, digits));
    assert_non_null(strstr(out, "\"seconds\":180"));
    assert_non_null(strstr(out, "https://page.example/#"));
    assert_non_null(strstr(out, "do=send"));
    assert_non_null(strstr(out, "relay.example"));
}

static void the_last_day_has_its_own_words(void **state)
{
    char text[DESCRIBE_BYTES];
    struct store_facts facts = {.not_before = 1, .not_after = 1000000};

    (void)state;
    describe_validity(&facts, 999999, text);
    assert_string_equal(text, "expires today");
    describe_validity(&facts, 1000000 - 86400, text);
    assert_string_equal(text, "1 day left, renew it");
}

static void time_is_announced_sparingly_without_a_terminal(void **state)
{
    int announced = 180;

    (void)state;
    catch_output();
    for (int left = 180; left >= 0; left--)
        show_left(left, &announced);
    release_output(out, err, sizeof(out));
    assert_string_equal(err, "60 seconds left.\n30 seconds left.\n");
}

static void a_qr_code_is_as_wide_as_it_says(void **state)
{
    int columns = 0, rows = 0, lines = 0;
    char *drawing = qr_draw("https://page.example/#v=1&do=send&code=482177301946", &columns, &rows);

    (void)state;
    assert_non_null(drawing);
    for (const char *at = drawing; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, rows);
    assert_true(columns >= 21 && columns <= 80);
    qr_free(drawing);
}

static void a_text_too_long_is_no_qr_code(void **state)
{
    static char text[4000];
    int columns, rows;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    assert_null(qr_draw(text, &columns, &rows));
}

static void large_digits_are_three_rows(void **state)
{
    char row[DIGITS_ROW_BYTES];

    (void)state;
    digits_row("1 0", 0, row);
    assert_string_equal(row, "▄█     █▀█ ");
    assert_int_equal(digits_columns("1 0"), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_hostile_device_name_is_made_printable, prepare),
        cmocka_unit_test_setup(a_json_line_has_schema_and_event, prepare),
        cmocka_unit_test_setup(an_error_is_told_in_three_parts_and_returns_its_exit_code, prepare),
        cmocka_unit_test_setup(a_sender_that_cannot_know_is_sent_to_look, prepare),
        cmocka_unit_test_setup(nothing_is_uncertain_before_the_certificate_left, prepare),
        cmocka_unit_test_setup(a_no_means_what_it_means_for_this_side, prepare),
        cmocka_unit_test_setup(quiet_silences_talk_and_not_what_must_be_said, prepare),
        cmocka_unit_test_setup(the_number_is_shown_and_given_as_json, prepare),
        cmocka_unit_test_setup(the_last_day_has_its_own_words, prepare),
        cmocka_unit_test_setup(time_is_announced_sparingly_without_a_terminal, prepare),
        cmocka_unit_test(a_qr_code_is_as_wide_as_it_says),
        cmocka_unit_test(a_text_too_long_is_no_qr_code),
        cmocka_unit_test(large_digits_are_three_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
