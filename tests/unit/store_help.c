/* What the store's tests share. */
#include "store_help.h"
#include "exchange.h"
#include "steps.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_BYTES 2048
#define PATHS 2048

const char *help_path(const char *format, ...)
{
    static char buffers[PATHS][PATH_BYTES];
    static size_t next;
    char *out = buffers[next++ % PATHS];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out, PATH_BYTES, format, arguments);
    va_end(arguments);
    return out;
}

int help_has_shared(void)
{
    return access(CR_SHARED_FIXTURES "/manifest.json", R_OK) == 0;
}

const char *const *help_sets(void)
{
    static const char *sets[3];
    sets[0] = CR_SAMPLES;
    sets[1] = help_has_shared() ? CR_SHARED_FIXTURES : NULL;
    if (sets[1] == NULL) {
        print_message("SKIP: the shared fixtures are not here, only our own samples are used\n");
    }
    return sets;
}

const char *help_best_set(void)
{
    return help_has_shared() ? CR_SHARED_FIXTURES : CR_SAMPLES;
}

json_t *help_manifest(const char *set)
{
    json_error_t error;
    json_t *manifest = json_load_file(help_path("%s/manifest.json", set), 0, &error);
    assert_non_null(manifest);
    assert_string_equal(help_string(manifest, "now"), "2026-11-20");
    return manifest;
}

const char *help_string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

time_t help_now(void)
{
    return 1795143600;
}

uint8_t *help_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    if (file == NULL) {
        print_error("cannot read %s\n", path);
    }
    assert_non_null(file);
    assert_non_null(bytes);
    *length = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void make_parents(const char *path)
{
    char copy[PATH_BYTES];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = copy + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(copy, 0700);
            *at = '/';
        }
    }
}

void help_write(const char *path, const void *bytes, size_t length)
{
    make_parents(path);
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void help_add(struct cr_bundle *bundle, const char *dir)
{
    struct store_list list;
    enum store_fault fault = store_scan(dir, &list);
    if (fault != STORE_OK || list.entries[0].fault != STORE_OK) {
        print_error("nothing usable in %s\n", dir);
    }
    assert_int_equal(fault, STORE_OK);
    assert_int_equal(store_load(&list.entries[0], bundle), STORE_OK);
    store_list_free(&list);
}

struct cr_bundle *help_load(const char *dir)
{
    struct cr_bundle *bundle = cr_bundle_new();
    assert_non_null(bundle);
    help_add(bundle, dir);
    return bundle;
}

void help_add_raw(struct cr_bundle *bundle, const char *dir)
{
    static const struct {
        const char *name;
        enum cr_file_kind kind;
    } FILES[] = {{"signCert.der", CR_FILE_SIGN_CERT},
                 {"signPri.key", CR_FILE_SIGN_KEY},
                 {"kmCert.der", CR_FILE_KM_CERT},
                 {"kmPri.key", CR_FILE_KM_KEY}};
    bundle->certs[bundle->cert_count++].format = CR_FORMAT_NPKI;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        const char *path = help_path("%s/%s", dir, FILES[i].name);
        if (access(path, R_OK) != 0) {
            continue;
        }
        size_t length = 0;
        uint8_t *bytes = help_read(path, &length);
        if (length > 0) {
            assert_int_equal(cr_bundle_add_file(bundle, FILES[i].kind, bytes, length), CR_OK);
        } else {
            struct cr_cert *cert = &bundle->certs[bundle->cert_count - 1];
            cert->files[cert->file_count++].kind = FILES[i].kind;
        }
        free(bytes);
    }
}

char *help_temporary(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = malloc(PATH_BYTES);
    assert_non_null(dir);
    snprintf(dir, PATH_BYTES, "%s/cr_store.XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(dir));
    return dir;
}

/* Calls visit for everything below dir, folders after their content when after is set. */
static void walk(const char *dir, int after,
                 void (*visit)(const char *path, const struct stat *info, void *context), void *context)
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        struct stat info;
        const char *name = names[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", dir, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(path, &info) == 0) {
            if (!after) {
                visit(path, &info, context);
            }
            if (S_ISDIR(info.st_mode)) {
                walk(path, after, visit, context);
            }
            if (after) {
                visit(path, &info, context);
            }
        }
        free(names[i]);
    }
    free(names);
}

static void remove_one(const char *path, const struct stat *info, void *context)
{
    (void)info, (void)context;
    remove(path);
}

void help_remove(char *dir)
{
    walk(dir, 1, remove_one, NULL);
    remove(dir);
    free(dir);
}

struct picture {
    const char *dir;
    FILE *out;
};

static void draw_one(const char *path, const struct stat *info, void *context)
{
    const struct picture *picture = context;
    fprintf(picture->out, "%s %o", path + strlen(picture->dir), (unsigned)info->st_mode);
    if (S_ISREG(info->st_mode)) {
        uint8_t digest[SHA256_DIGEST_LENGTH];
        size_t length = 0;
        uint8_t *bytes = help_read(path, &length);
        SHA256(bytes, length, digest);
        free(bytes);
        for (size_t i = 0; i < sizeof digest; i++) {
            fprintf(picture->out, i == 0 ? " %02x" : "%02x", digest[i]);
        }
    }
    fputc('\n', picture->out);
}

char *help_picture(const char *dir)
{
    char *text = NULL;
    size_t length = 0;
    struct picture picture = {dir, open_memstream(&text, &length)};
    assert_non_null(picture.out);
    walk(dir, 0, draw_one, &picture);
    fclose(picture.out);
    return text;
}

struct copying {
    const char *from, *to;
};

static void copy_one(const char *path, const struct stat *info, void *context)
{
    const struct copying *copying = context;
    const char *to = help_path("%s%s", copying->to, path + strlen(copying->from));
    if (S_ISDIR(info->st_mode)) {
        mkdir(to, 0700);
        return;
    }
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    help_write(to, bytes, length);
    chmod(to, info->st_mode & 07777);
    free(bytes);
}

void help_copy(const char *from, const char *to)
{
    struct copying copying = {from, to};
    make_parents(help_path("%s/", to));
    walk(from, 0, copy_one, &copying);
}

const char *help_user(const char *id, const char *sample_id)
{
    const char *wanted = help_has_shared() ? id : sample_id;
    const char *set = help_best_set();
    json_t *manifest = help_manifest(set);
    const char *path = NULL;
    const json_t *user = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(manifest, "users"), i, user)
    {
        if (strcmp(help_string(user, "id"), wanted) == 0) {
            path = help_path("%s/%s", set, help_string(user, "dir"));
        }
    }
    assert_non_null(path);
    json_decref(manifest);
    return path;
}

int help_openssl(const char *password, const char *const *arguments)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        dup2(ends[0], 3);
        unsetenv("LD_PRELOAD");
        execvp("openssl", (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(ends[0]);
    assert_int_equal(write(ends[1], password, strlen(password)), strlen(password));
    assert_int_equal(write(ends[1], "\n", 1), 1);
    close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 127);
    return WEXITSTATUS(status);
}

int help_openssl_opens(const struct cr_cert *cert, const char *password)
{
    char *dir = help_temporary();
    const char *path = help_path("%s/file", dir);
    help_write(path, cert->files[0].bytes, cert->files[0].size);
    const char *const pkcs12[] = {"openssl", "pkcs12",     "-legacy",  "-in",    path,
                                  "-passin", HELP_PASS_FD, "-passout", "pass:x", NULL};
    const char *const pem[] = {"openssl", "pkey", "-in", path, "-passin", HELP_PASS_FD, "-noout", NULL};
    int result = help_openssl(password, cert->format == CR_FORMAT_PEM ? pem : pkcs12);
    help_remove(dir);
    return result == 0;
}

const char *help_bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

void help_save_ok(const char *root, const struct cr_bundle *bundle, int may_replace, char ***paths)
{
    uint8_t digest[CR_DIGEST_BYTES];
    uint8_t wanted[CR_DIGEST_BYTES];
    assert_int_equal(store_save(root, bundle, may_replace, digest, paths), STORE_OK);
    assert_int_equal(cr_bundle_digest(bundle, wanted), CR_OK);
    assert_memory_equal(digest, wanted, sizeof wanted);
}

void help_save_fails(const char *root, const struct cr_bundle *bundle, int may_replace,
                     enum store_fault fault)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    assert_int_equal(store_save(root, bundle, may_replace, digest, &paths), fault);
    assert_null(paths);
}

int help_can_exchange(void)
{
    store_time = 1795132800;
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    char *dir = help_temporary();
    help_write(help_path("%s/a", dir), "a", 1);
    help_write(help_path("%s/b", dir), "b", 1);
    int folder = open(dir, O_RDONLY | O_DIRECTORY);
    int can_exchange = exchange_at(folder, "a", folder, "b") == 0;
    if (!can_exchange) {
        print_message("SKIP: no exchange in %s: names may be empty for an instant\n", dir);
    }
    close(folder);
    help_remove(dir);
    return can_exchange;
}
