/* Manual pages in roff, made of the tables that the program itself runs by. */
#include "manual.h"

#include "errors.h"
#include "texts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 60 /* a word longer than the rest of 80 is rare */

/* Text for roff: nothing in it is an instruction, and what stands between backquotes is bold. */
static void print_text(const char *text)
{
    int is_bold = 0, length = 0;

    for (; *text; text++, length++) {
        if (!length && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == ' ' && length > LINE_BYTES && !is_bold)
            putchar((length = -1, '\n'));
        else if (*text == '`')
            fputs((is_bold = !is_bold) ? "\\fB" : "\\fR", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '~')
            fputs("\\(ti", stdout);
        else
            putchar(*text);
    }
}

static void print_line(const char *text)
{
    print_text(text);
    putchar('\n');
}

static void print_section(const char *title)
{
    printf(".SH \"%s\"\n", title);
}

/* certrelay, certrelay-export...; upper case in the page's head. */
static void print_name(const struct command *command, int is_upper)
{
    char name[64];

    snprintf(name, sizeof(name), "certrelay%s%s", command ? "-" : "", command ? command->name : "");
    for (char *at = name; is_upper && *at; at++)
        *at = (char)toupper((unsigned char)*at);
    print_text(name);
}

static void print_head(const struct command *command)
{
    fputs(".TH ", stdout);
    print_name(command, 1);
    printf(" 1 \"\" \"certrelay %s\" \"certrelay\"\n", CERTRELAY_VERSION);
    print_section(_("NAME"));
    print_name(command, 0);
    fputs(" \\- ", stdout);
    print_line(command ? _(command->summary) : _("move a joint certificate between two devices"));
}

static void print_synopsis(const struct command *command)
{
    print_section(_("SYNOPSIS"));
    printf("\\fBcertrelay%s%s\\fR ", command ? " " : "", command ? command->name : "");
    print_text(command ? _("[OPTIONS]") : _("[COMMAND] [OPTIONS]"));
    print_text(command && command->words ? " " : "");
    print_line(command && command->words ? _(command->words) : "");
}

static const struct manual_text *find_text(const struct command *command)
{
    const struct manual_text *text = manual_texts;

    while (text->command && strcmp(text->command, command ? command->name : "") != 0)
        text++;
    return text;
}

static void print_description(const struct manual_text *text)
{
    print_section(_("DESCRIPTION"));
    for (size_t i = 0; i < MANUAL_PARAGRAPHS && text->paragraphs[i]; i++) {
        if (i)
            puts(".PP");
        print_line(_(text->paragraphs[i]));
    }
}

static void print_commands(void)
{
    print_section(_("COMMANDS"));
    for (const struct command *command = commands; command->name; command++) {
        printf(".TP\n\\fB%s\\fR\n", command->name);
        print_line(_(command->summary));
    }
}

static void print_options(unsigned command)
{
    print_section(_("OPTIONS"));
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (!row->help || !options_is_for(row, command))
            continue;
        puts(".TP");
        if (row->letter)
            printf("\\fB\\-%c\\fR, ", row->letter);
        fputs("\\fB", stdout);
        print_text("--");
        print_text(row->name);
        fputs("\\fR", stdout);
        if (row->argument)
            printf(" \\fI%s\\fR", _(row->argument));
        putchar('\n');
        print_line(_(row->help));
    }
}

static void print_examples(const struct manual_text *text)
{
    if (!text->examples[0].line)
        return;
    print_section(_("EXAMPLES"));
    for (size_t i = 0; i < MANUAL_EXAMPLES && text->examples[i].line; i++) {
        fputs(".TP\n\\fB", stdout);
        print_text(text->examples[i].line);
        puts("\\fR");
        print_line(_(text->examples[i].text));
    }
}

/* The names that --json gives to the errors of one exit code; each once. */
static void print_error_names(int code)
{
    const char *separator = "(";

    for (int id = ERROR_NONE + 1; id < ERROR_COUNT; id++) {
        const struct error *error = error_get((enum error_id)id);

        if (error->exit_code != code)
            continue;
        fputs(separator, stdout);
        print_text(error->name);
        separator = ",\n";
    }
    puts(*separator == '(' ? "" : ")");
}

static void print_exits(void)
{
    print_section(_("EXIT STATUS"));
    for (const struct manual_exit *exit = manual_exits; exit->text; exit++) {
        printf(".TP\n\\fB%d\\fR\n", exit->code);
        print_line(_(exit->text));
        if (exit->code)
            print_error_names(exit->code);
    }
    puts(".PP");
    print_line(_("The words in parentheses are the values of \"id\" in what --json prints."));
}

static void print_files(void)
{
    print_section(_("FILES"));
    puts(".TP\n\\fI\\(ti/.config/certrelay/config.ini\\fR, \\fI/etc/certrelay/client.ini\\fR");
    print_line(_("Settings, as lines of \"key = value\"; the first file speaks first:"));
    for (size_t i = 0; i < config_key_count; i++) {
        fputs(i ? ", " : "", stdout);
        print_text(config_keys[i].name);
    }
    puts(".\n.TP\n\\fI\\(ti/NPKI\\fR");
    print_line(_("Where certificates are stored, and looked for first."));
    print_section(_("ENVIRONMENT"));
    puts(".TP\n\\fBCERTRELAY_URL\\fR");
    print_line(_("The relay, when --relay does not name one."));
    puts(".TP\n\\fBNO_COLOR\\fR");
    print_line(_("When set, as --no-color."));
}

static void print_others(const struct command *command)
{
    const char *separator = "";

    print_section(_("SEE ALSO"));
    if (command) {
        fputs("\\fBcertrelay\\fR(1)", stdout);
        separator = ", ";
    }
    for (const struct command *other = commands; other->name; other++) {
        if (other == command)
            continue;
        fputs(separator, stdout);
        fputs("\\fB", stdout);
        print_name(other, 0);
        fputs("\\fR(1)", stdout);
        separator = ",\n";
    }
    puts(",\n\\fBcertrelayd\\fR(8)");
}

void manual_print(const struct command *command)
{
    const struct manual_text *text = find_text(command);

    print_head(command);
    print_synopsis(command);
    print_description(text);
    if (!command)
        print_commands();
    print_options(command ? command->bit : FOR_NONE);
    print_examples(text);
    if (!command) {
        print_exits();
        print_files();
    }
    print_others(command);
}
