/* Talk and data, each to its own stream. */
#include "say.h"

#include "table.h"
#include "texts.h"
#include "wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <store.h>
#include <string.h>

static int wants_json, is_quiet;
static char question[512]; /* open on the screen: repeated below what is said meanwhile */

void say_init(int json, int quiet)
{
    wants_json = json;
    is_quiet = quiet;
    setvbuf(stdout, NULL, _IOLBF, 0);
}

int say_is_json(void)
{
    return wants_json;
}

int say_is_quiet(void)
{
    return is_quiet;
}

/* Below the text's own first letter. */
static int indent_of(const char *text)
{
    int spaces = (int)strspn(text, " ");

    return strncmp(text + spaces, "→ ", strlen("→ ")) == 0 ? spaces + 2 : spaces;
}

/* For people only: lines are broken where they may be, and go on below where they began. */
static void talk_text(int may_wrap, const char *format, va_list arguments)
{
    char *text = NULL, *wrapped = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        return;
    if (may_wrap && terminal_is_seen() && table_width(text) > terminal_columns())
        wrapped = wrap_text(text, terminal_columns(), 0, indent_of(text));
    fputs(wrapped ? wrapped : text, stderr);
    free(wrapped);
    free(text);
}

static void talk(enum terminal_style style, int may_wrap, const char *format, va_list arguments)
{
    terminal_status(NULL);
    if (*question && terminal_is_seen())
        fputs("\r\033[K", stderr);
    fputs(style == STYLE_PLAIN ? "" : terminal_style(style), stderr);
    talk_text(may_wrap, format, arguments);
    fputs(style == STYLE_PLAIN ? "" : terminal_style(STYLE_PLAIN), stderr);
    fputc('\n', stderr);
    if (*question)
        fprintf(stderr, "%s ", question);
    fflush(stderr);
}

void say_talk(enum terminal_style style, const char *format, ...)
{
    va_list arguments;

    if (is_quiet)
        return;
    va_start(arguments, format);
    talk(style, 1, format, arguments);
    va_end(arguments);
}

void say_must(enum terminal_style style, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    talk(style, 1, format, arguments);
    va_end(arguments);
}

void say_place(enum terminal_style style, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    talk(style, 0, format, arguments);
    va_end(arguments);
}

void say_ask(const char *format, ...)
{
    va_list arguments;

    terminal_status(NULL);
    va_start(arguments, format);
    vsnprintf(question, sizeof(question), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s ", question);
    fflush(stderr);
}

void say_answered(void)
{
    question[0] = '\0';
}

void say_result(const char *format, ...)
{
    va_list arguments;

    if (wants_json)
        return;
    terminal_status(NULL);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

void say_withdraw(void)
{
    if (*question)
        fputc('\n', stderr);
    say_answered();
}

static void json_print(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);

    if (line) {
        printf("%s\n", line);
        fflush(stdout);
        explicit_bzero(line, strlen(line)); /* may hold the number */
    }
    free(line);
}

void say_json(const char *event, const char *format, ...)
{
    char braces[128];
    json_t *object, *members = NULL;
    va_list arguments;

    if (!wants_json)
        return;
    object = json_pack("{s:i, s:s}", "schema", SAY_SCHEMA, "event", event);
    if (format) {
        snprintf(braces, sizeof(braces), "{%s}", format);
        va_start(arguments, format);
        members = json_vpack_ex(NULL, 0, braces, arguments);
        va_end(arguments);
    }
    if (members)
        json_object_update(object, members);
    json_print(object);
    json_decref(members);
    json_decref(object);
}

void say_json_value(const char *event, const char *key, json_t *value)
{
    json_t *object;

    if (!wants_json) {
        json_decref(value);
        return;
    }
    object = json_pack("{s:i, s:s, s:o?}", "schema", SAY_SCHEMA, "event", event, key, value);
    json_print(object);
    json_decref(object);
}

void say_step(const char *name, const char *text)
{
    say_json("step", "s:s", "step", name);
    say_talk(STYLE_PLAIN, "%s✓%s %s", terminal_style(STYLE_GOOD), terminal_style(STYLE_PLAIN), text);
}

static const char *translated(const char *text)
{
    return *text ? _(text) : "";
}

/* A detail may hold a path or a name that did not come from us. */
static char *printable_detail(const char *detail)
{
    return detail ? store_printable(detail, strlen(detail)) : NULL;
}

int say_failure(const struct say_failure *failure)
{
    char *printable = printable_detail(failure->detail);
    const struct error *error = error_get(failure->id);
    const char *what = translated(error->what), *todo = translated(error->todo);
    const char *why = failure->why ? failure->why : translated(error->why);
    const char *detail = printable ? printable : "";
    int is_uncertain = failure->is_uncertain;

    if (is_uncertain)
        todo = _("Look on the other device whether the certificate is there, before you start again.");
    say_json("error", is_uncertain ? "s:s, s:s, s:s, s:s, s:s, s:i, s:b" : "s:s, s:s, s:s, s:s, s:s, s:i",
             "id", error->name, "what", what, "why", why, "todo", todo, "detail", detail, "exit",
             error->exit_code, "uncertain", is_uncertain);
    say_must(STYLE_BAD, "%s", what);
    if (*detail)
        say_must(STYLE_PLAIN, "  %s", detail);
    if (*why)
        say_must(STYLE_PLAIN, "  %s", why);
    if (is_uncertain)
        say_must(STYLE_WARN, "  %s", _("The certificate had already left; it may have been stored there."));
    if (*todo)
        say_must(STYLE_PLAIN, "  → %s", todo);
    free(printable);
    return error->exit_code;
}

int say_error(enum error_id id, const char *detail)
{
    const struct say_failure failure = {.id = id, .detail = detail};

    return say_failure(&failure);
}
