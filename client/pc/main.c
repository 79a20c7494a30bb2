/* certrelay: moves a certificate between this computer and another device. */
#include "app.h"
#include "errors.h"
#include "help.h"
#include "interrupt.h"
#include "net.h"
#include "say.h"
#include "texts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

const struct command commands[] = {
    {"export", FOR_EXPORT, N_("Send a certificate to another device"), export_run},
    {"import", FOR_IMPORT, N_("Receive a certificate from another device"), import_run},
    {"list", FOR_LIST, N_("Show the certificates on this computer"), list_run},
    {"doctor", FOR_DOCTOR, N_("Check that everything needed is here"), doctor_run},
    {"help", FOR_HELP, N_("Show help, also help COMMAND"), help_run},
    {NULL, 0, NULL, NULL},
};

static const struct command guide = {"", FOR_NONE, "", guide_run};

/* Neither a core file nor another process of this person's shall see a password. */
static int harden(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return sodium_init() < 0 || interrupt_init() ? -1 : 0;
}

/* By its name; NULL: there is no such command. */
static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (!strcmp(command->name, name))
            return command;
    return NULL;
}

int app_address(struct app *app)
{
    enum address_fault fault;

    if (!app->settings.relay)
        return say_error(ERROR_NO_RELAY, NULL);
    fault = address_read(app->settings.relay, &app->address);
    if (fault)
        return say_error(fault == ADDRESS_NOT_LOCAL ? ERROR_PLAIN_RELAY : ERROR_BAD_RELAY,
                         app->settings.relay);
    if (app->settings.page)
        snprintf(app->page, sizeof(app->page), "%s", app->settings.page);
    else
        address_origin(&app->address, app->page, sizeof(app->page));
    return 0;
}

int app_net(const struct app *app, struct net **net)
{
    enum net_failure failure = net_new(net, &app->address, app->settings.ca_file);

    return failure ? say_error(error_of_net(failure), failure == NET_CA_FILE ? app->settings.ca_file : NULL)
                   : 0;
}

static int say_options_fault(enum options_fault fault, const char *culprit)
{
    char *printable = store_printable(culprit, strlen(culprit));
    char detail[256];
    int code;

    snprintf(detail, sizeof(detail), fault == OPTIONS_CLASH ? _("Two options exclude each other.") : "%s",
             printable ? printable : "?");
    if (fault == OPTIONS_DENIED_SECRET)
        snprintf(detail, sizeof(detail), "--%s", culprit);
    code = say_error(fault == OPTIONS_DENIED_SECRET ? ERROR_SECRET_OPTION : ERROR_USAGE, detail);
    free(printable);
    return code;
}

static int say_config_fault(const struct config_report *report)
{
    char detail[512];

    if (report->fault == CONFIG_MEMORY)
        return say_error(ERROR_END_MEMORY, NULL);
    if (report->line)
        snprintf(detail, sizeof(detail), _("%s, line %d"), report->where, report->line);
    else
        snprintf(detail, sizeof(detail), "%s", report->where);
    return say_error(ERROR_BAD_CONFIG, detail);
}

/* Nothing is said before the language is known, which options and configuration decide. */
static int app_init(struct app *app, const struct command *command, int argc, char **argv, int word)
{
    const char *culprit = "", *no_color = getenv("NO_COLOR"), *name = argv[word];
    struct config_report report;
    const struct options *options = &app->options;
    enum options_fault fault;

    if (word < argc) /* what is left are options */
        memmove(argv + word, argv + word + 1, (size_t)(argc-- - word) * sizeof(*argv));
    fault = options_read(command ? command->bit : FOR_HELP, argc, argv, &app->options, &culprit);
    config_read(options, &app->settings, &report);
    texts_init(report.fault == CONFIG_BAD_VALUE ? NULL : app->settings.lang);
    terminal_init(!options->no_input, !options->no_color && !(no_color && *no_color));
    say_init(options->json, options->quiet);
    if (!command)
        return say_options_fault(OPTIONS_UNKNOWN, name);
    if (fault)
        return say_options_fault(fault, culprit);
    if (options->rest[0] && command->bit != FOR_HELP)
        return say_options_fault(OPTIONS_UNKNOWN, options->rest[0]);
    return report.fault ? say_config_fault(&report) : 0;
}

int main(int argc, char **argv)
{
    int word = options_first_word(argc, argv);
    const struct command *command = word < argc ? find_command(argv[word]) : &guide;
    struct app app;
    int code;

    memset(&app, 0, sizeof(app));
    if (harden()) {
        fputs("certrelay: cannot start\n", stderr);
        return 71;
    }
    code = app_init(&app, command, argc, argv, word);
    if (!code && app.options.help)
        help_print(command == &guide ? NULL : command);
    else if (!code && app.options.version)
        version_print();
    else if (!code)
        code = command->run(&app);
    terminal_restore();
    settings_wipe(&app.settings);
    return code;
}
