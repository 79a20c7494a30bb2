/* The table of options, and getopt_long driven by it. */
#include "options.h"

#include "table.h"
#include "texts.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct options, field)

const struct option_row option_rows[] = {
    {"cert", 'c', N_("WHICH"),
     N_("number in the list, part of the owner's name, or start of the fingerprint; repeatable"), FOR_EXPORT,
     OPTION_LIST, AT(certs)},
    {"all", 'a', NULL, N_("every certificate that has not expired"), FOR_EXPORT, OPTION_FLAG, AT(all)},
    {"password-file", 0, N_("FILE"), N_("read the certificate's password from the first line of FILE"),
     FOR_EXPORT, OPTION_TEXT, AT(password_file)},
    {"password-fd", 0, N_("NUMBER"), N_("read the certificate's password from this descriptor"), FOR_EXPORT,
     OPTION_NUMBER, AT(password_fd)},
    {"show-code", 0, NULL, N_("show the number here; the other device types or scans it"), FOR_EXPORT,
     OPTION_FLAG, AT(show_code)},
    {"enter-code", 0, NULL, N_("type here the number that the other device shows"), FOR_IMPORT, OPTION_FLAG,
     AT(enter_code)},
    {"code-file", 0, N_("FILE"), N_("read the number from the first line of FILE"), FOR_TRANSFER, OPTION_TEXT,
     AT(code_file)},
    {"code-fd", 0, N_("NUMBER"), N_("read the number from this descriptor"), FOR_TRANSFER, OPTION_NUMBER,
     AT(code_fd)},
    {"qr", 0, NULL, N_("show QR codes even if the output is no terminal, or a small one"), FOR_TALK,
     OPTION_FLAG, AT(qr)},
    {"no-qr", 0, NULL, N_("show no QR codes"), FOR_TALK, OPTION_FLAG, AT(no_qr)},
    {"qr-only", 0, NULL, N_("show only a QR code with a long secret, no number"), FOR_TRANSFER, OPTION_FLAG,
     AT(qr_only)},
    {"attempts", 0, N_("NUMBER"), N_("how many numbers to try, one after the other (3)"), FOR_TRANSFER,
     OPTION_NUMBER, AT(attempts)},
    {"yes", 'y', NULL, N_("agree to send or store without being asked"), FOR_TRANSFER, OPTION_FLAG, AT(yes)},
    {"store", 's', N_("FOLDER"), N_("where certificates are, instead of the usual places"),
     FOR_TALK | FOR_LIST, OPTION_TEXT, AT(store)},
    {"relay", 'r', N_("URL"), N_("the relay, such as wss://relay.example/ws"), FOR_TALK | FOR_DOCTOR,
     OPTION_TEXT, AT(relay)},
    {"page", 0, N_("URL"), N_("the page that phones open, if there is one"), FOR_TALK, OPTION_TEXT, AT(page)},
    {"ca-file", 0, N_("FILE"), N_("trust these CA certificates (PEM) instead of this computer's"),
     FOR_TALK | FOR_DOCTOR, OPTION_TEXT, AT(ca_file)},
    {"name", 'n', N_("NAME"), N_("this device's name, as the other device shows it"), FOR_TALK, OPTION_TEXT,
     AT(name)},
    {"patience", 0, N_("SECONDS"), N_("how long to wait for a lost connection (60)"), FOR_TALK | FOR_DOCTOR,
     OPTION_TEXT, AT(patience)},
    {"config", 0, N_("FILE"), N_("read this configuration file only"), FOR_ALL, OPTION_TEXT, AT(config)},
    {"json", 'j', NULL, N_("print JSON lines on standard output"), FOR_ALL, OPTION_FLAG, AT(json)},
    {"quiet", 'q', NULL, N_("say only what must be said"), FOR_ALL, OPTION_FLAG, AT(quiet)},
    {"no-input", 0, NULL, N_("never ask: fail instead"), FOR_ALL, OPTION_FLAG, AT(no_input)},
    {"no-color", 0, NULL, N_("no colours"), FOR_ALL, OPTION_FLAG, AT(no_color)},
    {"lang", 0, N_("ko|en"), N_("language"), FOR_ALL, OPTION_TEXT, AT(lang)},
    {"help", 'h', NULL, N_("this help"), FOR_ALL, OPTION_FLAG, AT(help)},
    {"version", 'V', NULL, N_("versions of certrelay and its libraries"), FOR_ALL, OPTION_FLAG, AT(version)},
    {"password", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
    {"code", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);

#define ROWS_MAX 64
#define HELP_COLUMNS 26
#define FIRST_VALUE 256 /* above every letter: getopt's value of a row is FIRST_VALUE + its index */

struct getopt_tables {
    struct option longs[ROWS_MAX];
    char letters[2 * ROWS_MAX + 3];
};

static int is_for(const struct option_row *row, unsigned command)
{
    return (row->commands & command) != 0 || (command == FOR_NONE && row->commands == FOR_ALL);
}

static void tables_fill(struct getopt_tables *tables, unsigned command, int stops_at_word)
{
    size_t rows = 0, letters = 0;

    memset(tables, 0, sizeof(*tables));
    if (stops_at_word)
        tables->letters[letters++] = '+';
    tables->letters[letters++] = ':';
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (!is_for(row, command))
            continue;
        /* A secret's value is optional to getopt, so that it is never asked for. */
        tables->longs[rows].has_arg = row->kind == OPTION_DENIED ? optional_argument
                                      : row->argument            ? required_argument
                                                                 : no_argument;
        tables->longs[rows].name = row->name;
        tables->longs[rows++].val = FIRST_VALUE + (int)i;
        if (!row->letter)
            continue;
        tables->letters[letters++] = row->letter;
        if (row->argument)
            tables->letters[letters++] = ':';
    }
}

static const struct option_row *row_of(int value)
{
    if (value >= FIRST_VALUE)
        return &option_rows[value - FIRST_VALUE];
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].letter == value)
            return &option_rows[i];
    return NULL;
}

static enum options_fault number_read(const char *text, int *number)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > 1000000)
        return OPTIONS_NOT_A_NUMBER;
    *number = (int)value;
    return OPTIONS_OK;
}

static enum options_fault row_apply(const struct option_row *row, const char *value, struct options *options)
{
    unsigned char *field = (unsigned char *)options + row->offset;
    int flag = 1, number = 0;

    switch (row->kind) {
    case OPTION_FLAG:
        memcpy(field, &flag, sizeof(flag));
        return OPTIONS_OK;
    case OPTION_TEXT:
        memcpy(field, &value, sizeof(value));
        return OPTIONS_OK;
    case OPTION_NUMBER:
        if (number_read(value, &number))
            return OPTIONS_NOT_A_NUMBER;
        memcpy(field, &number, sizeof(number));
        return OPTIONS_OK;
    case OPTION_LIST:
        if (options->cert_count == OPTIONS_CERTS_MAX)
            return OPTIONS_TOO_MANY;
        options->certs[options->cert_count++] = value;
        return OPTIONS_OK;
    case OPTION_DENIED:
        break;
    }
    return OPTIONS_DENIED_SECRET;
}

static int is_clash(const struct options *options)
{
    int has_code = options->code_file || options->code_fd >= 0;

    return (options->qr && options->no_qr) || (options->qr_only && options->no_qr) ||
           (options->code_file && options->code_fd >= 0) ||
           (options->password_file && options->password_fd >= 0) || (options->all && options->cert_count) ||
           (options->show_code && has_code);
}

int options_first_word(int argc, char **argv)
{
    struct getopt_tables tables;

    tables_fill(&tables, FOR_ALL, 1);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    while (getopt_long(argc, argv, tables.letters, tables.longs, NULL) != -1)
        ;
    return optind;
}

enum options_fault options_read(unsigned command, int argc, char **argv, struct options *options,
                                const char **culprit)
{
    struct getopt_tables tables;
    int value;

    memset(options, 0, sizeof(*options));
    options->password_fd = options->code_fd = -1;
    *culprit = "";
    tables_fill(&tables, command, 0);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        enum options_fault fault;

        *culprit = argv[optind - 1];
        if (value == '?')
            return OPTIONS_UNKNOWN;
        if (value == ':')
            return OPTIONS_NO_ARGUMENT;
        fault = row_apply(row_of(value), optarg, options);
        if (fault == OPTIONS_DENIED_SECRET || fault == OPTIONS_NOT_A_NUMBER)
            *culprit = row_of(value)->name; /* never repeat a secret */
        if (fault)
            return fault;
    }
    options->rest = argv + optind;
    *culprit = "";
    return is_clash(options) ? OPTIONS_CLASH : OPTIONS_OK;
}

void options_print(FILE *out, unsigned command)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        char left[64], letter[8] = "    ";
        int gap;

        if (!row->help || !is_for(row, command))
            continue;
        if (row->letter)
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
                 row->argument ? _(row->argument) : "");
        gap = HELP_COLUMNS - table_width(left);
        fprintf(out, "  %s%*s %s\n", left, gap > 0 ? gap : 0, "", _(row->help));
    }
}
