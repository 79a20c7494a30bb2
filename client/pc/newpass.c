/* New passwords: what the certification authorities' own programs ask for is asked for here too. */
#include "newpass.h"

#include "errors.h"
#include "say.h"
#include "texts.h"

#include <passwd.h>
#include <sodium.h>

static const char *const rules[] = {
    [STORE_RULE_NONE] = "",
    [STORE_RULE_SHORT] = N_("It has fewer than 10 characters."),
    [STORE_RULE_LONG] = N_("It has more than 56 characters; some programs cut it off there."),
    [STORE_RULE_NOT_ASCII] = N_("It holds a space, or a letter that is not on the English keyboard. Is the "
                                "Korean/English key set to Korean?"),
    [STORE_RULE_FORBIDDEN] = N_("It holds one of ' \" \\ | which Korean programs refuse."),
    [STORE_RULE_NO_LETTER] = N_("It holds no letter."),
    [STORE_RULE_NO_DIGIT] = N_("It holds no digit."),
    [STORE_RULE_NO_SIGN] = N_("It holds no sign, such as ! @ # $ %."),
    [STORE_RULE_REPEATED] = N_("It holds the same character three times in a row, such as aaa."),
    [STORE_RULE_CONSECUTIVE] =
        N_("It holds three characters that follow each other, such as abc, cba or 123."),
};

static const char *rule_text(enum store_rule rule)
{
    return (size_t)rule < sizeof(rules) / sizeof(rules[0]) ? _(rules[rule]) : "?";
}

static int is_same(const struct secret *one, const struct secret *other)
{
    return one->length == other->length && !sodium_memcmp(one->bytes, other->bytes, one->length);
}

/* NULL when it is good. */
static const char *objection(const struct secret *before, const struct secret *fresh)
{
    enum store_rule rule = store_password_rule(fresh->bytes, fresh->length);

    if (rule)
        return rule_text(rule);
    return before && is_same(before, fresh) ? _("It is the old password.") : NULL;
}

static void tell_rules(void)
{
    say_must(STYLE_PLAIN, "%s",
             _("The new password needs at least 10 characters, with a letter, a digit and a sign among them; "
               "not ' \" \\ | "
               "or a space, no character three times in a row, nothing like abc or 123."));
}

static int ask_once(const char *question, struct secret *secret)
{
    int result = secret_ask(secret, question);

    return result > 0 ? 0 : say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
}

static int ask_twice(const struct secret *before, struct secret *fresh, struct secret *again)
{
    const char *why;
    int code;

    for (;;) {
        code = ask_once(_("New password:"), fresh);
        if (code)
            return code;
        why = objection(before, fresh);
        if (why) {
            say_must(STYLE_WARN, "%s", why);
            continue;
        }
        code = ask_once(_("The new password once more:"), again);
        if (code || is_same(fresh, again))
            return code;
        say_must(STYLE_WARN, "%s", _("The two are not the same. Please type it anew."));
    }
}

static int ask(const struct secret *before, struct secret *fresh)
{
    struct secret again;
    int code;

    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--new-password-file, --new-password-fd");
    if (secret_init(&again))
        return say_error(ERROR_END_MEMORY, NULL);
    tell_rules();
    code = ask_twice(before, fresh, &again);
    secret_wipe(&again);
    return code;
}

int newpass_get(const struct app *app, const struct secret *before, struct secret *fresh)
{
    const struct options *options = &app->options;
    const char *why;
    int code;

    if (!options->new_password_file && options->new_password_fd < 0)
        return ask(before, fresh);
    code = secret_read_given(fresh, "new-password", options->new_password_file, options->new_password_fd);
    why = code ? NULL : objection(before, fresh);
    return why ? say_error(ERROR_NEW_PASSWORD, why) : code;
}
