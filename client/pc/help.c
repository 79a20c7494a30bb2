/* certrelay help, --help and --version. */
#include "help.h"

#include "errors.h"
#include "net.h"
#include "say.h"
#include "texts.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void print_commands(void)
{
    printf("%s\n", _("Commands:"));
    for (const struct command *command = commands; command->name; command++)
        printf("  %-10s %s\n", command->name, _(command->summary));
}

static void print_general(void)
{
    printf("%s\n\n", _("Moves a joint certificate between two devices. The device that receives shows a "
                       "number; type it on the device that sends."));
    printf("%s\n\n", _("Usage: certrelay [COMMAND] [OPTIONS]"));
    print_commands();
    printf("\n%s\n", _("Without a command, certrelay asks what to do. Options for all commands:"));
    options_print(stdout, FOR_NONE);
    printf("\n%s\n", _("Configuration files: ~/.config/certrelay/config.ini, /etc/certrelay/client.ini. "
                       "Lines of \"key = value\":"));
    printf("  relay, page, ca_file, name, store, lang, patience\n");
    printf("%s\n", _("Environment: CERTRELAY_URL is the relay."));
}

void help_print(const struct command *command)
{
    if (!command || command->bit == FOR_HELP) {
        print_general();
        return;
    }
    printf(_("Usage: certrelay %s [OPTIONS]"), command->name);
    printf("\n%s.\n\n", _(command->summary));
    options_print(stdout, command->bit);
}

int help_run(struct app *app)
{
    const struct command *command = commands;

    while (command->name && (!app->options.rest[0] || strcmp(command->name, app->options.rest[0]) != 0))
        command++;
    if (app->options.rest[0] && !command->name)
        return say_error(ERROR_USAGE, app->options.rest[0]);
    help_print(command->name ? command : NULL);
    return 0;
}

void version_print(void)
{
    printf("certrelay %s\n", CERTRELAY_VERSION);
    printf("  libsodium %s\n  %s\n  libwebsockets %s\n", sodium_version_string(),
           OpenSSL_version(OPENSSL_VERSION), net_library());
}
