/* Completion for bash, zsh and fish. What a secret is, or which certificate is meant, is never completed. */
#include "completion.h"

#include "app.h"
#include "texts.h"

#include <stdio.h>
#include <string.h>

enum kind { KIND_NONE, KIND_FILE, KIND_FOLDER, KIND_WORDS, KIND_COMMAND };

#define KINDS (KIND_COMMAND + 1)

/* By what help calls it: FILE, FOLDER, one|other. */
static enum kind kind_of(const char *argument)
{
    if (!argument)
        return KIND_NONE;
    if (strstr(argument, "FILE"))
        return KIND_FILE;
    if (strstr(argument, "FOLDER"))
        return KIND_FOLDER;
    if (strstr(argument, "COMMAND"))
        return KIND_COMMAND;
    return strchr(argument, '|') && !strpbrk(argument, " []") ? KIND_WORDS : KIND_NONE;
}

static void print_quoted(const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (strchr(escaped, *text))
            putchar('\\');
        putchar(*text);
    }
}

/* one|other as "one other". */
static void print_words(const char *argument)
{
    for (; *argument; argument++)
        putchar(*argument == '|' ? ' ' : *argument);
}

static const struct option_row *next_row(const struct option_row *row, unsigned command)
{
    for (row = row ? row + 1 : option_rows; row < option_rows + option_row_count; row++)
        if (row->help && options_is_for(row, command))
            return row;
    return NULL;
}

static void print_commands(void)
{
    for (const struct command *command = commands; command->name; command++)
        printf("%s%s", command == commands ? "" : " ", command->name);
}

/* What follows an option: "name,--option" as a pattern of bash's case, for all options of one kind. */
static void bash_patterns(const char *name, unsigned bit, enum kind kind, const char **separator)
{
    for (const struct option_row *row = next_row(NULL, bit); row; row = next_row(row, bit)) {
        if (!row->argument || kind_of(row->argument) != kind)
            continue;
        printf("%s%s,--%s", *separator, name, row->name);
        *separator = " | ";
        if (row->letter)
            printf(" | %s,-%c", name, row->letter);
    }
}

static void bash_case(enum kind kind, const char *action)
{
    const char *separator = "    ";

    bash_patterns("", FOR_GUIDE, kind, &separator);
    for (const struct command *command = commands; command->name; command++)
        bash_patterns(command->name, command->bit, kind, &separator);
    if (*separator == ' ' && separator[1] == '|')
        printf(")\n        %s\n        return ;;\n", action);
}

static void bash_choices(const char *name, unsigned bit)
{
    for (const struct option_row *row = next_row(NULL, bit); row; row = next_row(row, bit)) {
        if (kind_of(row->argument) != KIND_WORDS)
            continue;
        printf("    %s,--%s) mapfile -t COMPREPLY < <(compgen -W '", name, row->name);
        print_words(row->argument);
        puts("' -- \"$current\"); return ;;");
    }
}

static void bash_options(const char *name, unsigned bit)
{
    printf("    '%s') options='", name);
    for (const struct option_row *row = next_row(NULL, bit); row; row = next_row(row, bit))
        printf("%s--%s", row == next_row(NULL, bit) ? "" : " ", row->name);
    puts("' ;;");
}

static void bash_operands(void)
{
    static const char *const actions[KINDS] = {
        [KIND_FILE] = "_certrelay_paths -f",
        [KIND_FOLDER] = "_certrelay_paths -d",
        [KIND_COMMAND] = "mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$current\")",
    };

    for (const struct command *command = commands; command->name; command++)
        if (actions[kind_of(command->words)])
            printf("    '%s') %s ;;\n", command->name, actions[kind_of(command->words)]);
    puts("    '') mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$current\") ;;");
}

static void bash_print(void)
{
    puts("# Completion of certrelay for bash.\n"
         "_certrelay_paths() {\n"
         "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
         "    compopt -o filenames 2>/dev/null\n"
         "}\n\n"
         "_certrelay() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' "
         "options='' word");
    fputs("    local commands='", stdout);
    print_commands();
    puts("'\n    COMPREPLY=()\n"
         "    [ \"$current\" != = ] || current=''\n"
         "    [ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
         "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "        [[ \" $commands \" != *\" $word \"* ]] || { command=$word; break; }\n"
         "    done\n"
         "    case $command,$previous in");
    bash_choices("", FOR_GUIDE);
    for (const struct command *command = commands; command->name; command++)
        bash_choices(command->name, command->bit);
    bash_case(KIND_FILE, "_certrelay_paths -f");
    bash_case(KIND_FOLDER, "_certrelay_paths -d");
    bash_case(KIND_NONE, ":");
    puts("    esac\n    case $command in");
    bash_options("", FOR_GUIDE);
    for (const struct command *command = commands; command->name; command++)
        bash_options(command->name, command->bit);
    puts("    esac\n"
         "    if [[ $current == -* ]]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "        return\n"
         "    fi\n    case $command in");
    bash_operands();
    puts("    esac\n}\ncomplete -F _certrelay certrelay");
}

static void zsh_action(enum kind kind, const char *argument)
{
    static const char *const actions[KINDS] = {
        [KIND_FILE] = "_files", [KIND_FOLDER] = "_files -/", [KIND_COMMAND] = "->command"};

    if (kind == KIND_WORDS) {
        putchar('(');
        print_words(argument);
        putchar(')');
    } else if (actions[kind]) {
        fputs(actions[kind], stdout);
    } else {
        putchar(' '); /* something, but nothing to offer */
    }
}

/* Within single quotes. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr("[]:\\", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void zsh_option(const struct option_row *row)
{
    fputs("      ", stdout);
    if (row->kind == OPTION_LIST)
        fputs("'*'", stdout);
    else if (row->letter)
        printf("'(-%c --%s)'", row->letter, row->name);
    if (row->letter)
        printf("{-%c,--%s}", row->letter, row->name);
    else
        printf("--%s", row->name);
    fputs("'[", stdout);
    zsh_text(_(row->help));
    putchar(']');
    if (row->argument) {
        putchar(':');
        zsh_text(_(row->argument));
        putchar(':');
        zsh_action(kind_of(row->argument), row->argument);
    }
    puts("' \\");
}

static void zsh_command(const struct command *command)
{
    printf("    %s)\n      _arguments \\\n", command->name);
    for (const struct option_row *row = next_row(NULL, command->bit); row; row = next_row(row, command->bit))
        zsh_option(row);
    fputs("      '*::", stdout);
    zsh_text(command->words ? _(command->words) : "");
    fputs(":", stdout);
    if (kind_of(command->words) == KIND_COMMAND) {
        putchar('(');
        print_commands();
        putchar(')');
    } else {
        zsh_action(kind_of(command->words), command->words ? command->words : "");
    }
    puts("' ;;");
}

static void zsh_print(void)
{
    puts("#compdef certrelay\n"
         "# Completion of certrelay for zsh.\n"
         "_certrelay() {\n"
         "  local context state line\n"
         "  local -a commands=(");
    for (const struct command *command = commands; command->name; command++) {
        printf("    '%s:", command->name);
        zsh_text(_(command->summary));
        puts("'");
    }
    puts("  )\n  _arguments -C \\");
    for (const struct option_row *row = next_row(NULL, FOR_GUIDE); row; row = next_row(row, FOR_GUIDE))
        zsh_option(row);
    puts("    '1:command:->command' '*::argument:->argument' && return\n"
         "  case $state in\n"
         "  command) _describe command commands ;;\n"
         "  argument)\n"
         "    case $words[1] in");
    for (const struct command *command = commands; command->name; command++)
        zsh_command(command);
    puts("    esac ;;\n  esac\n}\n\n"
         "if [ \"$funcstack[1]\" = _certrelay ]; then\n  _certrelay \"$@\"\nelse\n  compdef _certrelay "
         "certrelay\nfi");
}

static void fish_option(const char *condition, const char *name, const struct option_row *row)
{
    enum kind kind = kind_of(row->argument);

    printf("complete -c certrelay -n '%s%s' -l %s", condition, name, row->name);
    if (row->letter)
        printf(" -s %c", row->letter);
    if (kind == KIND_FILE)
        fputs(" -r -F", stdout);
    else if (kind == KIND_FOLDER)
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
    else if (row->argument)
        fputs(" -x", stdout);
    if (kind == KIND_WORDS) {
        fputs(" -a '", stdout);
        print_words(row->argument);
        putchar('\'');
    }
    fputs(" -d '", stdout);
    print_quoted(_(row->help), "'\\");
    puts("'");
}

static void fish_operand(const struct command *command)
{
    static const char *const actions[KINDS] = {
        [KIND_FILE] = "-F", [KIND_FOLDER] = "-a '(__fish_complete_directories)'"};
    enum kind kind = kind_of(command->words);

    if (actions[kind])
        printf("complete -c certrelay -n '__fish_seen_subcommand_from %s' %s\n", command->name,
               actions[kind]);
    if (kind != KIND_COMMAND)
        return;
    printf("complete -c certrelay -n '__fish_seen_subcommand_from %s' -a '", command->name);
    print_commands();
    puts("'");
}

static void fish_print(void)
{
    puts("# Completion of certrelay for fish.\ncomplete -c certrelay -f");
    for (const struct option_row *row = next_row(NULL, FOR_GUIDE); row; row = next_row(row, FOR_GUIDE))
        fish_option("__fish_use_subcommand", "", row);
    for (const struct command *command = commands; command->name; command++) {
        printf("complete -c certrelay -n '__fish_use_subcommand' -a %s -d '", command->name);
        print_quoted(_(command->summary), "'\\");
        puts("'");
        for (const struct option_row *row = next_row(NULL, command->bit); row;
             row = next_row(row, command->bit))
            fish_option("__fish_seen_subcommand_from ", command->name, row);
        fish_operand(command);
    }
}

struct shell {
    const char *name;
    void (*print)(void);
};

int completion_print(const char *shell)
{
    static const struct shell shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        shells[i].print();
        return 0;
    }
    return -1;
}
