/* certrelayd: the command line of the relay. */
#include "config.h"
#include "relay.h"
#include "wire.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

extern char **environ;

enum action { RUN, CHECK, PRINT, VERSION, HELP };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
    {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: certrelayd [--config FILE] [--check-config | --print-config]\n"
    "       certrelayd --version | --help\n"
    "\n"
    "The blind relay between two devices that move a certificate. It logs JSON lines to stderr; SIGTERM "
    "drains and\n"
    "stops it, SIGHUP loads the TLS certificate again.\n"
    "\n"
    "FILE holds lines of KEY = VALUE; CERTRELAYD_KEY in the environment counts before it. Keys:\n";

static int version(void)
{
    printf("certrelayd %s\nlibwebsockets %s\n", CR_VERSION, wire_library());
    return 0;
}

static int help(void)
{
    fputs(usage, stdout);
    config_help(stdout);
    return 0;
}

static int config_read(struct config *config, const char *file)
{
    char error[CONFIG_ERROR_BYTES] = "";
    int failed;

    config_init(config);
    failed = file != NULL && config_read_file(config, file, error) != 0;
    failed =
        failed || config_read_environment(config, environ, error) != 0 || config_finish(config, error) != 0;
    if (failed)
        fprintf(stderr, "certrelayd: %s\n", error);
    return failed;
}

static int act(enum action action, const char *file)
{
    struct config config;

    if (action == VERSION)
        return version();
    if (action == HELP)
        return help();
    if (config_read(&config, file) != 0)
        return EX_CONFIG;
    if (action == PRINT)
        config_print(&config, stdout);
    return action == RUN ? relay_run(&config) : 0;
}

int main(int argc, char **argv)
{
    enum action action = RUN;
    const char *file = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'k':
            action = CHECK;
            break;
        case 'p':
            action = PRINT;
            break;
        case 'v':
            action = VERSION;
            break;
        case 'h':
            action = HELP;
            break;
        default:
            return EX_USAGE;
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    return act(action, file);
}
