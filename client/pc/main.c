/* certrelay: moves a certificate between this computer and another device. */
#include "app.h"
#include "errors.h"
#include "help.h"
#include "interrupt.h"
#include "net.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

const struct command commands[] = {
    {"export", FOR_EXPORT, NULL, N_("Send a certificate to another device"), export_run},
    {"import", FOR_IMPORT, NULL, N_("Receive a certificate from another device"), import_run},
    {"list", FOR_LIST, NULL, N_("Show the certificates on this computer"), list_run},
    {"show", FOR_SHOW, N_("[WHICH...]"), N_("Show all that a certificate says"), show_run},
    {"verify", FOR_VERIFY, N_("[WHICH...]"), N_("Check certificates, their keys and the password"),
     verify_run},
    {"passwd", FOR_PASSWD, N_("[WHICH]"), N_("Change the password of a certificate"), passwd_run},
    {"convert", FOR_CONVERT, N_("[WHICH | FILE]"),
     N_("Make a PKCS#12 file (.p12, .pfx) of a certificate, or the reverse"), convert_run},
    {"copy", FOR_COPY, N_("[WHICH...]"), N_("Copy certificates to a USB drive or another folder"), copy_run},
    {"backup", FOR_BACKUP, N_("[FOLDER]"), N_("Copy all certificates into a new folder"), backup_run},
    {"remove", FOR_REMOVE, N_("[WHICH]"), N_("Delete a certificate from this computer"), remove_run},
    {"doctor", FOR_DOCTOR, NULL, N_("Check that everything needed is here"), doctor_run},
    {"help", FOR_HELP, N_("[COMMAND | certificates]"), N_("Show help, also about a command or certificates"),
     help_run},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command guide = {"", FOR_GUIDE, NULL, "", guide_run};

/* Where standard input, output or error are closed, the next file or socket would take their place. */
static int fill_standard(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            return -1;
    return 0;
}

/* Neither a core file nor another process of this person's shall see a password. */
static int harden(void)
{
    struct rlimit none = {0, 0};

    if (fill_standard())
        return -1;

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

static int say_culprit(enum error_id id, const char *before, const char *text)
{
    char *printable = store_printable(text, strlen(text));
    char detail[512];

    snprintf(detail, sizeof(detail), "%s%s", before, printable ? printable : "?");
    free(printable);
    return say_error(id, detail);
}

int app_address(struct app *app)
{
    enum address_fault fault;

    if (!app->settings.relay)
        return say_error(ERROR_NO_RELAY, NULL);
    fault = address_read(app->settings.relay, &app->address);
    if (fault)
        return say_culprit(fault == ADDRESS_NOT_LOCAL ? ERROR_PLAIN_RELAY : ERROR_BAD_RELAY, "",
                           app->settings.relay);
    if (app->settings.page && address_has_page(&app->address, app->settings.page))
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

/* What stands behind '=' may be a secret that went astray. */
static int say_options_fault(enum options_fault fault, const char *culprit)
{
    char name[64];

    static const enum error_id ids[] = {
        [OPTIONS_OK] = ERROR_NONE,
        [OPTIONS_UNKNOWN] = ERROR_USAGE,
        [OPTIONS_NO_ARGUMENT] = ERROR_OPTION_NO_VALUE,
        [OPTIONS_NOT_A_NUMBER] = ERROR_OPTION_NUMBER,
        [OPTIONS_TOO_MANY] = ERROR_TOO_MANY,
        [OPTIONS_CLASH] = ERROR_OPTION_CLASH,
        [OPTIONS_DENIED_SECRET] = ERROR_SECRET_OPTION,
    };
    int is_name = fault == OPTIONS_DENIED_SECRET || fault == OPTIONS_NOT_A_NUMBER;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(culprit, "="), culprit);
    return say_culprit(ids[fault], is_name ? "--" : "", name);
}

/* Asked while no descriptor of ours is open but those that interrupt.c keeps high up. */
static int check_descriptor(const char *option, int descriptor)
{
    return descriptor >= 0 && fcntl(descriptor, F_GETFD) < 0
               ? say_culprit(ERROR_SECRET_UNREADABLE, option, strerror(errno))
               : 0;
}

static int check_descriptors(const struct options *options)
{
    const struct {
        const char *name;
        int descriptor;
    } given[] = {{"--code-fd: ", options->code_fd},
                 {"--password-fd: ", options->password_fd},
                 {"--new-password-fd: ", options->new_password_fd},
                 {"--number-fd: ", options->number_fd}};
    int code = 0;

    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]) && !code; i++)
        code = check_descriptor(given[i].name, given[i].descriptor);
    return code;
}

static int say_config_line(const struct config_report *report)
{
    char detail[512];

    snprintf(detail, sizeof(detail), report->line ? _("%s, line %d") : "%s", report->where, report->line);
    return say_error(ERROR_BAD_CONFIG, detail);
}

static int say_config_fault(const struct config_report *report, const struct app *app)
{
    const struct settings *settings = &app->settings;

    switch (report->fault) {
    case CONFIG_MEMORY:
        return say_error(ERROR_END_MEMORY, NULL);
    case CONFIG_MISSING:
        return say_culprit(ERROR_CONFIG_MISSING, app->options.config ? "--config " : "", report->where);
    case CONFIG_BAD_LANG:
        return say_culprit(ERROR_BAD_LANG, "lang = ", settings->lang);
    case CONFIG_BAD_PATIENCE:
        return say_culprit(ERROR_BAD_PATIENCE, "patience = ", settings->patience);
    default:
        return say_config_line(report);
    }
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
    texts_init(report.fault == CONFIG_BAD_LANG ? NULL : app->settings.lang);
    terminal_init(!options->no_input, !options->no_color && !(no_color && *no_color));
    say_init(options->json, options->quiet);
    if (!command && fault != OPTIONS_DENIED_SECRET)
        return say_options_fault(OPTIONS_UNKNOWN, name);
    if (fault)
        return say_options_fault(fault, culprit);
    if (options->rest[0] && !command->words)
        return say_options_fault(OPTIONS_UNKNOWN, options->rest[0]);
    return report.fault ? say_config_fault(&report, app) : check_descriptors(options);
}

/* What was printed must have arrived; only a reader that has seen enough may go away. */
static int check_output(void)
{
    struct stat status;
    int is_lost = fflush(stdout) != 0;

    is_lost = ferror(stdout) || is_lost;
    return is_lost && !fstat(STDOUT_FILENO, &status) && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)
               ? say_error(ERROR_OUTPUT_LOST, NULL)
               : 0;
}

int main(int argc, char **argv)
{
    int word = options_first_word(argc, argv);
    const struct command *command = word < argc ? find_command(argv[word]) : &guide;
    struct app app;
    int code;

    memset(&app, 0, sizeof(app));
    app.command = command;
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
    code = code ? code : check_output();
    terminal_restore();
    settings_wipe(&app.settings);
    return code;
}
