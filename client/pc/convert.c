/* certrelay convert: a certificate as a PKCS#12 file, or what is in such a file as files in a folder NPKI. */
#include "app.h"
#include "choose.h"
#include "describe.h"
#include "errors.h"
#include "landing.h"
#include "newpass.h"
#include "output.h"
#include "paths.h"
#include "place.h"
#include "prove.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <convert.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct convert {
    struct app *app;
    struct store_list list;
    const struct store_entry *entry;
    struct cr_bundle *bundle; /* as it is */
    struct cr_bundle *result;
    struct secret password;
    struct secret changed; /* the new one; empty: the same */
    enum cr_format format; /* of the result */
    char *root;            /* NPKI: where it goes */
};

static int is_file(const char *path)
{
    struct stat status;

    return path && !stat(path, &status) && S_ISREG(status.st_mode);
}

/* A word that can only be meant as a file's name, of a file that is missing. */
static int is_missing_file(const char *word)
{
    static const char *const endings[] = {".p12", ".pfx", ".pem"};
    const char *ending = word ? strrchr(word, '.') : NULL;
    struct stat status;
    int is_meant = word && (word[0] == '/' || !strncmp(word, "./", 2) || !strncmp(word, "../", 3));

    for (size_t i = 0; ending && i < sizeof(endings) / sizeof(endings[0]); i++)
        is_meant = is_meant || !strcasecmp(ending, endings[i]);
    return is_meant && stat(word, &status) && errno == ENOENT;
}

/* 0, or an exit code after it was said why. */
static int find_file(struct convert *convert, const char *path)
{
    enum store_fault fault = store_scan(path, &convert->list);

    if (fault || !convert->list.count)
        return say_error(fault ? error_of_store(fault) : ERROR_STORE_NOT_FOUND, path);
    convert->entry = &convert->list.entries[0];
    return 0;
}

/* 0 when the line names something, 1 to ask again, or an exit code. */
static int find_line(struct convert *convert, const char *line)
{
    struct choice choice = {.count = 0};
    char *path = paths_typed(line);
    enum error_id id;
    int code = -1;

    if (is_file(path)) {
        store_list_free(&convert->list);
        code = find_file(convert, path);
    }
    free(path);
    if (code >= 0)
        return code;
    id = choose_word(&convert->list, line, &choice);
    if (id == ERROR_NONE)
        convert->entry = &convert->list.entries[choice.numbers[0]];
    else
        say_error(id, NULL);
    return id == ERROR_NONE ? 0 : 1;
}

static void print_row(const char *row)
{
    say_must(STYLE_PLAIN, "  %s", row);
}

/* Nobody who has only a file shall be told that there is no certificate. */
static int find_by_asking(struct convert *convert)
{
    char line[TERMINAL_LINE_BYTES];
    int result;

    if (!store_scan(convert->app->settings.store, &convert->list) && convert->list.count)
        describe_table(&convert->list, time(NULL), terminal_columns() - 2, print_row);
    do {
        result = question_line(convert->list.count ? _("Which one? (number, or a .p12, .pfx or .pem file)")
                                                   : _("Which file? (.p12, .pfx or .pem)"),
                               line, sizeof(line));
        if (result <= 0)
            return say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
        result = find_line(convert, line);
    } while (result == 1);
    return result;
}

/* A file named behind the command, or one of the certificates of this computer. */
static int find(struct convert *convert)
{
    const char *word = convert->app->options.rest[0];
    size_t index = 0;
    int code;

    if (word && convert->app->options.rest[1])
        return say_error(ERROR_ONE_ONLY, NULL);
    if (is_file(word))
        return find_file(convert, word);
    if (is_missing_file(word))
        return say_error(ERROR_NO_FILE, word);
    if (!word && terminal_can_ask())
        return find_by_asking(convert);
    code = choose_scan(convert->app, &convert->list);
    if (!code)
        code = choose_one(convert->app, &convert->list, &index);
    if (!code)
        convert->entry = &convert->list.entries[index];
    return code;
}

static int is_container(enum cr_format format)
{
    return format == CR_FORMAT_PKCS12 || format == CR_FORMAT_PEM;
}

/* Who asks for strength shall not get a file without it. */
static int check_idle(const struct convert *convert)
{
    const struct options *options = &convert->app->options;
    const char *idle = convert->format == CR_FORMAT_PKCS12 ? (options->strong ? "--strong" : NULL)
                       : options->modern                   ? "--modern"
                       : options->sign_only                ? "--sign-only"
                                                           : NULL;

    return idle ? say_error(ERROR_OPTION_IDLE, idle) : 0;
}

/* Without --to, a file goes into a folder and a folder into a file. */
static int find_format(struct convert *convert)
{
    const char *to = convert->app->options.to;
    int is_from_file = is_container(convert->entry->format);

    if (to && strcmp(to, "p12") != 0 && strcmp(to, "npki") != 0)
        return say_error(ERROR_BAD_FORMAT, to);
    convert->format = to ? (strcmp(to, "p12") ? CR_FORMAT_NPKI : CR_FORMAT_PKCS12)
                         : (is_from_file ? CR_FORMAT_NPKI : CR_FORMAT_PKCS12);
    if (convert->format == CR_FORMAT_NPKI && !is_from_file)
        return say_error(ERROR_SAME_FORMAT, NULL);
    return check_idle(convert);
}

static int load(struct convert *convert)
{
    enum store_fault fault = convert->entry->fault;

    convert->bundle = cr_bundle_new();
    convert->result = cr_bundle_new();
    if (!convert->bundle || !convert->result || secret_init(&convert->password) ||
        secret_init(&convert->changed))
        return say_error(ERROR_END_MEMORY, NULL);
    if (!fault)
        fault = store_load(convert->entry, convert->bundle);
    return fault ? prove_say_fault(convert->entry, fault) : 0;
}

/* What would be in vain is told before a password is typed. */
static int check_target(struct convert *convert)
{
    if (convert->format == CR_FORMAT_NPKI)
        return place_prepare(convert->app, &convert->root);
    return convert->app->options.output ? output_may_replace(convert->app, convert->app->options.output) : 0;
}

/* Without a word about it, what is made has the password of what it was made from. */
static int read_new_password(struct convert *convert)
{
    const struct options *options = &convert->app->options;
    int answer = options->new_password_file || options->new_password_fd >= 0;

    if (!answer && terminal_can_ask() && !prove_is_given(convert->app))
        answer = question_yes_no(_("Shall the new copy have another password?"), 0);
    if (answer < 0)
        return say_error(ERROR_INTERRUPTED, NULL);
    return answer ? newpass_get(convert->app, NULL, &convert->changed) : 0;
}

static int make(struct convert *convert)
{
    const struct options *options = &convert->app->options;
    int is_strong = convert->format == CR_FORMAT_PKCS12 ? options->modern : options->strong;
    char detail[STORE_DETAIL_BYTES] = "";
    struct store_wish wish = {.format = convert->format,
                              .strength = is_strong ? STORE_STRONG : STORE_COMPATIBLE,
                              .password = convert->password.bytes,
                              .length = convert->password.length,
                              .is_sign_only = options->sign_only,
                              .authorities = &convert->list};
    enum store_fault fault;

    if (convert->changed.length) {
        wish.new_password = convert->changed.bytes;
        wish.new_length = convert->changed.length;
    }
    fault = store_convert(&convert->bundle->certs[0], &wish, convert->result, detail);
    return fault ? say_error(error_of_store(fault), detail) : 0;
}

/* What takes the file, and what it is no good for. */
static void say_platforms(int is_modern)
{
    say_talk(
        STYLE_PLAIN, "%s",
        is_modern
            ? _("Opens it: Windows 10 (1709) and later, newer Android, Firefox, OpenSSL. Older phones and "
                "many Macs and iPhones say that the password is wrong: for those, leave --modern out.")
            : _("Opens it: Windows, macOS, iOS, Android, Firefox, and sites that take a .pfx file, such as "
                "Hometax."));
    say_talk(STYLE_PLAIN, "%s",
             _("Korean banks do not look into the key store of Windows, macOS, iOS or Android, and importing "
               "there "
               "may drop what sites need to recognise you. For a bank, send the certificate with certrelay "
               "export, "
               "or choose the file in the bank's own page or app."));
    say_talk(STYLE_WARN, "%s", _("Only its password protects the file: keep the two apart."));
}

/* Named after the owner, whom only its password shows. */
static char *path_of_file(const struct convert *convert)
{
    const struct secret *password = convert->changed.length ? &convert->changed : &convert->password;

    if (convert->app->options.output)
        return strdup(convert->app->options.output);
    return store_container_name(&convert->result->certs[0], password->bytes, password->length);
}

/* Here another name helps, and not another folder for certificates. */
static int say_file_fault(const char *path, enum store_fault fault)
{
    char detail[PLACE_DETAIL_BYTES];

    if (fault == STORE_NOT_FOUND)
        return say_error(ERROR_NO_FOLDER, path);
    if (fault != STORE_NOT_WRITABLE && fault != STORE_READ_ONLY && fault != STORE_NO_SPACE)
        return landing_fault(path, fault);
    place_detail(path, fault, errno, detail);
    return say_error(ERROR_OUTPUT_FAILED, detail);
}

static int finish_file(struct convert *convert)
{
    char *path = path_of_file(convert);
    char *paths[2] = {path, NULL};
    const struct clash none = {.worst = STORE_CLASH_NONE};
    enum store_fault fault;
    int code = path ? 0 : say_error(ERROR_END_MEMORY, NULL);

    if (!code && !convert->app->options.output) /* else it was asked before */
        code = output_may_replace(convert->app, path);
    if (!code) {
        fault = store_replace_container(path, &convert->result->certs[0]);
        code = fault ? say_file_fault(path, fault) : 0;
    }
    if (!code) {
        landing_report(&none, paths, _("Written, and read back unchanged:"));
        say_platforms(convert->app->options.modern);
    }
    free(path);
    return code;
}

static int finish_folder(struct convert *convert)
{
    struct clash clash = {.worst = STORE_CLASH_NONE};
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    enum store_fault fault;
    int code = landing_agree(convert->app, convert->root, convert->result, &clash);

    if (!code) {
        fault =
            store_save(convert->root, convert->result, clash.worst >= STORE_CLASH_RENEWED, digest, &paths);
        code = fault ? landing_fault(convert->root, fault) : 0;
    }
    if (!code && clash.worst == STORE_CLASH_SAME)
        landing_report(&clash, paths, _("The same certificate is there already; it was left as it is:"));
    else if (!code)
        landing_report(&clash, paths, _("Stored, and read back unchanged:"));
    if (!code)
        say_talk(STYLE_PLAIN, "%s",
                 convert->app->options.strong
                     ? _("Korean programs before about 2019 may not read it: for those, leave --strong out.")
                     : _("Korean programs that look in the folder NPKI find it there."));
    store_paths_free(paths);
    return code;
}

static void wipe(struct convert *convert)
{
    secret_wipe(&convert->password);
    secret_wipe(&convert->changed);
    cr_bundle_free(convert->bundle);
    cr_bundle_free(convert->result);
    store_list_free(&convert->list);
    free(convert->root);
}

int convert_run(struct app *app)
{
    struct convert convert = {.app = app};
    int code = find(&convert);

    if (!code)
        code = find_format(&convert);
    if (!code)
        code = load(&convert);
    if (!code) {
        describe_facts(&convert.entry->facts, time(NULL));
        code = check_target(&convert);
    }
    if (!code)
        code = prove_get(app, convert.bundle, &convert.password);
    if (!code)
        code = read_new_password(&convert);
    if (!code)
        code = make(&convert);
    if (!code)
        code = convert.format == CR_FORMAT_PKCS12 ? finish_file(&convert) : finish_folder(&convert);
    if (!code)
        say_json("done", NULL);
    wipe(&convert);
    return code;
}
