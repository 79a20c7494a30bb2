/* What every subcommand gets: the options, the settings, and the relay taken apart. */
#ifndef PC_APP_H
#define PC_APP_H

#include "address.h"
#include "config.h"
#include "options.h"

struct net;
struct command;

struct app {
    const struct command *command;
    struct options options;
    struct settings settings;
    struct address address; /* only after app_address */
    char page[ADDRESS_TEXT_BYTES];
};

struct command {
    const char *name;
    unsigned bit; /* enum command_bit */
    const char
        *words; /* msgid of what may follow that is no option, as the usage line says it; NULL: nothing may */
    const char *summary; /* msgid */
    int (*run)(struct app *app);
};

/* The subcommands; name NULL ends the table. */
extern const struct command commands[];

/* Reads the relay's and the page's address. 0, or an exit code after it was said why. */
int app_address(struct app *app);

/* Makes the net to that relay. 0, or an exit code after it was said why. */
int app_net(const struct app *app, struct net **net);

/* The subcommands, each in the file of its name. They return the exit code. */
int export_run(struct app *app);
int import_run(struct app *app);
int list_run(struct app *app);
int show_run(struct app *app); /* show_command.c */
int verify_run(struct app *app);
int passwd_run(struct app *app);
int convert_run(struct app *app);
int copy_run(struct app *app);
int backup_run(struct app *app);
int remove_run(struct app *app);
int doctor_run(struct app *app);
int help_run(struct app *app);
/* certrelay alone: asks what to do. */
int guide_run(struct app *app);

/* Prints --version: this program and its libraries. */
void version_print(void);

#endif
