/* The options of every subcommand as one table, and how a command line is read with it. */
#ifndef PC_OPTIONS_H
#define PC_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

enum command_bit {
    FOR_NONE = 0, /* what all have in common */
    FOR_EXPORT = 1,
    FOR_IMPORT = 2,
    FOR_LIST = 4,
    FOR_DOCTOR = 8,
    FOR_HELP = 16,
    FOR_GUIDE = 32, /* no subcommand: the guided dialogue */
    FOR_SHOW = 64,
    FOR_VERIFY = 128,
    FOR_PASSWD = 256,
    FOR_CONVERT = 512,
    FOR_COPY = 1024,
    FOR_BACKUP = 2048,
    FOR_REMOVE = 4096,
    FOR_TRANSFER = FOR_EXPORT | FOR_IMPORT,
    FOR_TALK = FOR_TRANSFER | FOR_GUIDE, /* of use to both ways, so the dialogue takes them too */
    FOR_HERE =
        FOR_LIST | FOR_SHOW | FOR_VERIFY | FOR_PASSWD | FOR_CONVERT | FOR_COPY | FOR_BACKUP | FOR_REMOVE,
    FOR_SECRET =
        FOR_EXPORT | FOR_VERIFY | FOR_PASSWD | FOR_CONVERT, /* which need the certificate's password */
    FOR_NEW_SECRET = FOR_PASSWD | FOR_CONVERT,
    FOR_ALL = 8191,
};

#define OPTIONS_CERTS_MAX 32

/* What was said on the command line; NULL, 0 or -1 (descriptors) where nothing was. Texts are borrowed from argv. */
struct options {
    const char *relay;
    const char *page;
    const char *ca_file;
    const char *permit_file;
    const char *name;
    const char *store;
    const char *lang;
    const char *patience;
    const char *config;
    const char *password_file;
    const char *code_file;
    const char *output;
    int expiring; /* days; -1: not asked for */
    int ics;
    int password_fd;
    int code_fd;
    int attempts;
    int json;
    int quiet;
    int no_input;
    int no_color;
    int yes;
    int all;
    int show_code;
    int enter_code;
    int qr_only;
    int qr;
    int no_qr;
    const char *to; /* a format, or a folder */
    const char *new_password_file;
    int new_password_fd;
    const char *number_file;
    int number_fd;
    int number;
    int common;
    int keep_backup;
    int everywhere;
    int only_here;
    int place; /* -1: not said */
    int modern;
    int strong;
    int sign_only;
    int last_copy;
    const char *completion;
    int man;
    int help;
    int version;
    const char *certs[OPTIONS_CERTS_MAX];
    int cert_count;
    char **rest; /* what is no option; NULL-terminated */
};

enum option_kind {
    OPTION_FLAG,   /* int = 1 */
    OPTION_TEXT,   /* const char * */
    OPTION_NUMBER, /* int, 0..1000000 */
    OPTION_LIST,   /* certs */
    OPTION_DENIED, /* a secret that must not be there */
};

struct option_row {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* msgid of what follows; NULL: nothing does */
    const char *help;     /* msgid; NULL: not shown */
    unsigned commands;    /* enum command_bit */
    enum option_kind kind;
    size_t offset; /* in struct options */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

enum options_fault {
    OPTIONS_OK = 0,
    OPTIONS_UNKNOWN,
    OPTIONS_NO_ARGUMENT,
    OPTIONS_NOT_A_NUMBER,
    OPTIONS_TOO_MANY,
    OPTIONS_CLASH, /* two that exclude each other */
    OPTIONS_DENIED_SECRET,
};

/* Is the row one of this command's; with FOR_NONE: of all commands? */
int options_is_for(const struct option_row *row, unsigned command);

/* Where the first word that is no option and no option's argument stands; argc when there is none. */
int options_first_word(int argc, char **argv);

/* Reads argv (argv[0] is skipped) with the rows of one command. *culprit is the argument at fault, or the name of its option
 * (NOT_A_NUMBER, DENIED_SECRET), borrowed. */
enum options_fault options_read(unsigned command, int argc, char **argv, struct options *options,
                                const char **culprit);

/* Prints the rows of one command, translated, for --help. */
void options_print(FILE *out, unsigned command);

#endif
