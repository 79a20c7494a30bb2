/* certrelay help, --help and --version. */
#include "help.h"

#include "completion.h"
#include "errors.h"
#include "guidance.h"
#include "manual.h"
#include "net.h"
#include "say.h"
#include "texts.h"
#include "wrap.h"

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
    wrap_print(stdout,
               _("Moves a joint certificate between two devices. The device that receives shows a "
                 "number; type it on the device that sends."),
               0, 0);
    printf("\n%s\n\n", _("Usage: certrelay [COMMAND] [OPTIONS]"));
    print_commands();
    printf("\n%s\n", _("Without a command, certrelay asks what to do. Options for all commands:"));
    options_print(stdout, FOR_NONE);
    putchar('\n');
    wrap_print(stdout,
               _("Configuration files: ~/.config/certrelay/config.ini, /etc/certrelay/client.ini. "
                 "Lines of \"key = value\":"),
               0, 0);
    printf("  relay, page, ca_file, permit_file, name, store, lang, patience\n");
    printf("%s\n", _("Environment: CERTRELAY_URL is the relay."));
}

void help_print(const struct command *command)
{
    if (!command) {
        print_general();
        return;
    }
    printf(_("Usage: certrelay %s [OPTIONS]"), command->name);
    printf("%s%s\n%s.\n", command->words ? " " : "", command->words ? _(command->words) : "",
           _(command->summary));
    if (command->words && strstr(command->words, "WHICH"))
        wrap_print(stdout,
                   _("WHICH is its number in certrelay list, part of the owner's name, or the start of the "
                     "fingerprint."),
                   0, 0);
    putchar('\n');
    options_print(stdout, command->bit);
}

int help_run(struct app *app)
{
    const struct command *command = commands;

    while (command->name && (!app->options.rest[0] || strcmp(command->name, app->options.rest[0]) != 0))
        command++;
    if (app->options.rest[0] && !strcmp(app->options.rest[0], GUIDANCE_TOPIC)) {
        guidance_print();
        return 0;
    }
    if (app->options.rest[0] && !command->name)
        return say_error(ERROR_USAGE, app->options.rest[0]);
    if (app->options.completion)
        return completion_print(app->options.completion) ? say_error(ERROR_USAGE, app->options.completion)
                                                         : 0;
    if (app->options.man)
        manual_print(command->name ? command : NULL);
    else
        help_print(command->name ? command : NULL);
    return 0;
}

void version_print(void)
{
    printf("certrelay %s\n", CERTRELAY_VERSION);
    printf("  libsodium %s\n  %s\n  libwebsockets %s\n", sodium_version_string(),
           OpenSSL_version(OPENSSL_VERSION), net_library());
}
