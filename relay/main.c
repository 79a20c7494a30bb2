/* certrelayd: the command line of the relay. */
#include "config.h"
#include "probe.h"
#include "relay.h"
#include "wire.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

extern char **environ;

enum action { RUN, CHECK, PRINT, PROBE, VERSION, HELP };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check-config", no_argument, NULL, 'k'},
    {"print-config", no_argument, NULL, 'p'},
    {"probe", no_argument, NULL, 'r'},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: certrelayd [--config FILE] [--check-config | --print-config | --probe]\n"
    "       certrelayd --version | --help\n"
    "\n"
    "  --config FILE   read FILE (--help lists its keys)\n"
    "  --check-config  say what is wrong with FILE, with the TLS files, the permits, "
    "the addresses and the engine; start nothing\n"
    "  --print-config  print all keys as a FILE, with the values that would count\n"
    "  --probe         ask the relay that runs with FILE whether it answers; the exit code says so\n"
    "  --version       say which certrelayd and which libwebsockets this is\n"
    "  --help          list the keys, with their default values and ranges\n";

static const char description[] =
    "\n"
    "The blind relay between two devices that move a certificate. It logs JSON lines to stderr; SIGTERM\n"
    "drains and stops it, SIGHUP loads the TLS certificate, the page and the permits again.\n"
    "\n"
    "FILE holds lines of KEY = VALUE; CERTRELAYD_KEY in the environment counts before it. Keys:\n"
    "\n";

/* Where standard input, output or error are closed, the next file or socket would take their place, and the log go into it. */
static int standard_fill(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return -1;
    }
    return 0;
}

static int version(void)
{
    printf("certrelayd %s\nlibwebsockets %s\n", CR_VERSION, wire_library());
    return 0;
}

static int help(void)
{
    fputs(usage, stdout);
    fputs(description, stdout);
    config_help(stdout);
    return 0;
}

static int config_read(struct config *config, const char *file, char error[static CONFIG_ERROR_BYTES])
{
    config_init(config);
    if (file != NULL && config_read_file(config, file, error) != 0)
        return -1;
    if (config_read_environment(config, environ, error) != 0)
        return -1;
    return config_check(config, error);
}

static int check(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    char warning[CONFIG_ERROR_BYTES];
    int code;

    if (config_warns(config, warning))
        fprintf(stderr, "certrelayd: warning: %s\n", warning);
    code = relay_check(config, error, warning);
    if (warning[0] != '\0')
        fprintf(stderr, "certrelayd: warning: %s\n", warning);
    return code;
}

static int complete(struct config *config, const struct handed *handed, char error[static CONFIG_ERROR_BYTES])
{
    if (handed->count > 0)
        config_hand_over(config);
    return config_complete(config, error);
}

static int act_on_config(enum action action, const char *file)
{
    char error[CONFIG_ERROR_BYTES] = "";
    struct config config;
    struct handed handed;
    int code = 0;

    if (handed_take(&handed, error) != 0 || config_read(&config, file, error) != 0)
        code = EX_CONFIG;
    else if (action == PRINT)
        config_print(&config, stdout);
    else if (complete(&config, &handed, error) != 0)
        code = EX_CONFIG;
    else if (action == PROBE)
        code = probe_relay(&config, error) == 0 ? 0 : EXIT_FAILURE;
    else
        code = action == CHECK ? check(&config, error) : relay_run(&config, &handed);
    if (error[0] != '\0')
        fprintf(stderr, "certrelayd: %s\n", error);
    return code;
}

int main(int argc, char **argv)
{
    enum action action = RUN;
    const char *file = NULL;
    int option;

    if (standard_fill() != 0)
        return EX_OSERR;
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
        case 'r':
            action = PROBE;
            break;
        case 'v':
            action = VERSION;
            break;
        case 'h':
            action = HELP;
            break;
        default:
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "certrelayd: \"%s\" is no option\n%s", argv[optind], usage);
        return EX_USAGE;
    }
    if (action == VERSION)
        return version();
    return action == HELP ? help() : act_on_config(action, file);
}
