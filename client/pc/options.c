/* The table of options, and getopt_long driven by it. */
#include "options.h"

#include "table.h"
#include "texts.h"
#include "wrap.h"

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
    {"all", 'a', NULL, N_("every certificate that has not expired"), FOR_EXPORT | FOR_VERIFY | FOR_COPY,
     OPTION_FLAG, AT(all)},
    {"password-file", 0, N_("FILE"), N_("read the certificate's password from the first line of FILE"),
     FOR_SECRET, OPTION_TEXT, AT(password_file)},
    {"password-fd", 0, N_("NUMBER"), N_("read the certificate's password from this descriptor"), FOR_SECRET,
     OPTION_NUMBER, AT(password_fd)},
    {"new-password-file", 0, N_("FILE"), N_("read the new password from the first line of FILE"),
     FOR_NEW_SECRET, OPTION_TEXT, AT(new_password_file)},
    {"new-password-fd", 0, N_("NUMBER"), N_("read the new password from this descriptor"), FOR_NEW_SECRET,
     OPTION_NUMBER, AT(new_password_fd)},
    {"number", 0, NULL, N_("ask for the owner's resident or business number, and compare it"), FOR_VERIFY,
     OPTION_FLAG, AT(number)},
    {"number-file", 0, N_("FILE"), N_("read that number from the first line of FILE"), FOR_VERIFY,
     OPTION_TEXT, AT(number_file)},
    {"number-fd", 0, N_("NUMBER"), N_("read that number from this descriptor"), FOR_VERIFY, OPTION_NUMBER,
     AT(number_fd)},
    {"everywhere", 0, NULL, N_("change all places on this computer where the same copy lies"), FOR_PASSWD,
     OPTION_FLAG, AT(everywhere)},
    {"only-here", 0, NULL, N_("change the first place only; the others keep the old password"), FOR_PASSWD,
     OPTION_FLAG, AT(only_here)},
    {"strong", 0, NULL, N_("encrypt with 600,000 rounds: not every Korean program can read that"), FOR_PASSWD,
     OPTION_FLAG, AT(strong)},
    {"common", 0, NULL, N_("encrypt in the form that every Korean program reads"), FOR_PASSWD, OPTION_FLAG,
     AT(common)},
    {"keep-backup", 0, NULL, N_("keep the old files beside the new; they open by the old password"),
     FOR_PASSWD, OPTION_FLAG, AT(keep_backup)},
    {"yes", 'y', NULL, N_("agree to --strong without being asked"), FOR_PASSWD, OPTION_FLAG, AT(yes)},
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
    {"yes", 'y', NULL, N_("replace FILE without being asked"), FOR_LIST | FOR_SHOW, OPTION_FLAG, AT(yes)},
    {"store", 's', N_("FOLDER"), N_("where certificates are, instead of the usual places"),
     FOR_TALK | FOR_HERE | FOR_DOCTOR, OPTION_TEXT, AT(store)},
    {"expiring", 'e', N_("DAYS"),
     N_("only those that expire within DAYS days; exit code 10 when there are any"), FOR_LIST, OPTION_NUMBER,
     AT(expiring)},
    {"ics", 0, NULL, N_("print a calendar with reminders 30 and 7 days before (iCalendar)"),
     FOR_LIST | FOR_SHOW, OPTION_FLAG, AT(ics)},
    {"output", 'o', N_("FILE"), N_("write the calendar to FILE instead of standard output"),
     FOR_LIST | FOR_SHOW, OPTION_TEXT, AT(output)},
    {"to", 't', N_("p12|npki"), N_("what to make: a PKCS#12 file, or files in a folder NPKI"), FOR_CONVERT,
     OPTION_TEXT, AT(to)},
    {"to", 't', N_("FOLDER"), N_("where to: a USB drive, or any folder"), FOR_COPY, OPTION_TEXT, AT(to)},
    {"output", 'o', N_("FILE"), N_("the PKCS#12 file to write"), FOR_CONVERT, OPTION_TEXT, AT(output)},
    {"modern", 0, NULL, N_("PKCS#12 with AES-256 and SHA-256, which older phones and Macs cannot read"),
     FOR_CONVERT, OPTION_FLAG, AT(modern)},
    {"strong", 0, NULL, N_("NPKI with 600,000 rounds (PBES2), which some Korean programs cannot read"),
     FOR_CONVERT, OPTION_FLAG, AT(strong)},
    {"sign-only", 0, NULL, N_("leave the key for encryption out of the PKCS#12 file"), FOR_CONVERT,
     OPTION_FLAG, AT(sign_only)},
    {"yes", 'y', NULL, N_("agree to replace what is older without being asked"), FOR_CONVERT | FOR_COPY,
     OPTION_FLAG, AT(yes)},
    {"yes", 'y', NULL, N_("remove it without being asked"), FOR_REMOVE, OPTION_FLAG, AT(yes)},
    {"place", 'p', N_("NUMBER"), N_("which of its places, 1 being the first that list names"), FOR_REMOVE,
     OPTION_NUMBER, AT(place)},
    {"last-copy", 0, NULL, N_("remove it even if no other copy is known"), FOR_REMOVE, OPTION_FLAG,
     AT(last_copy)},
    {"relay", 'r', N_("URL"), N_("the relay, such as wss://relay.example/ws"), FOR_TALK | FOR_DOCTOR,
     OPTION_TEXT, AT(relay)},
    {"page", 0, N_("URL"), N_("the page that phones open (the relay's own), or off"), FOR_TALK | FOR_DOCTOR,
     OPTION_TEXT, AT(page)},
    {"ca-file", 0, N_("FILE"), N_("trust these CA certificates (PEM) instead of this computer's"),
     FOR_TALK | FOR_DOCTOR, OPTION_TEXT, AT(ca_file)},
    {"permit-file", 0, N_("FILE"),
     N_("show the relay the permit in the first line of FILE, where it gives numbers only to its "
        "organisation"),
     FOR_TALK, OPTION_TEXT, AT(permit_file)},
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
    {"man", 0, NULL, N_("print the manual page (roff)"), FOR_HELP, OPTION_FLAG, AT(man)},
    {"completion", 0, N_("bash|zsh|fish"), N_("print what makes this shell complete commands and options"),
     FOR_HELP, OPTION_TEXT, AT(completion)},
    {"help", 'h', NULL, N_("this help"), FOR_ALL, OPTION_FLAG, AT(help)},
    {"version", 'V', NULL, N_("versions of certrelay and its libraries"), FOR_ALL, OPTION_FLAG, AT(version)},
    {"password", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
    {"code", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
    {"permit", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
    {"new-password", 0, "", NULL, FOR_ALL, OPTION_DENIED, 0},
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);

#define ROWS_MAX 96
#define HELP_COLUMNS 26
#define FIRST_VALUE 256 /* above every letter: getopt's value of a row is FIRST_VALUE + its index */

struct getopt_tables {
    struct option longs[ROWS_MAX];
    char letters[2 * ROWS_MAX + 3];
};

int options_is_for(const struct option_row *row, unsigned command)
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

        if (!options_is_for(row, command))
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
           (options->show_code && has_code) ||
           (options->new_password_file && options->new_password_fd >= 0) ||
           (options->number_file && options->number_fd >= 0) || (options->strong && options->common) ||
           (options->everywhere && options->only_here) || (options->ics && options->json);
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
    options->password_fd = options->code_fd = options->expiring = -1;
    options->place = -1;
    options->new_password_fd = options->number_fd = -1;
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

        if (!row->help || !options_is_for(row, command))
            continue;
        if (row->letter)
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
                 row->argument ? _(row->argument) : "");
        gap = HELP_COLUMNS - table_width(left);
        if (gap < 0)
            fprintf(out, "  %s\n%*s", left, HELP_COLUMNS + 3, "");
        else
            fprintf(out, "  %s%*s ", left, gap, "");
        wrap_print(out, _(row->help), HELP_COLUMNS + 3, HELP_COLUMNS + 3);
    }
}
