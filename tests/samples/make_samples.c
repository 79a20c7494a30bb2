/* cr_make_samples DIR: fills DIR with synthetic certificates in NPKI and GPKI layout, PKCS#12, broken sets, and a
 * manifest.json of what each must be read as. */
#include "sample_users.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEST_PASSWORD "npki!Test2026"
#define PASSWORD_MAX 256
#define PATH_BYTES 1024
#define DAY 86400
#define KOREA (9 * 3600)
#define FIRST_SERIAL 0x2001eefL
#define SERIAL_STEP 0xeefL

static struct maker {
    const char *dir;
    char password[PASSWORD_MAX];
    size_t password_length;
    int64_t today; /* 00:00 in Korea */
    long serial;
    EVP_PKEY *root_key;
    EVP_PKEY *keys[CA_COUNT];
    FILE *manifest;
} maker;

struct pair {
    uint8_t *cert;
    size_t cert_length;
    uint8_t *key;
    size_t key_length;
};

static OSSL_LIB_CTX *library;

OSSL_LIB_CTX *sample_library(void)
{
    return library;
}

void sample_need(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "cr_make_samples: %s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

static void make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            sample_need(mkdir(path, 0700) == 0 || errno == EEXIST, path);
            *at = '/';
        }
    }
}

void sample_write(const char *folder, const char *name, const uint8_t *bytes, size_t length)
{
    char path[PATH_BYTES];
    int made = snprintf(path, sizeof path, "%s/%s", folder, name);
    sample_need(made > 0 && made < (int)sizeof path, "path");
    make_folders(path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    sample_need(file >= 0 && write(file, bytes, length) == (ssize_t)length && close(file) == 0, path);
}

static EVP_PKEY *new_key(void)
{
    EVP_PKEY *key = EVP_RSA_gen(SAMPLE_KEY_BITS);
    sample_need(key != NULL, "RSA key");
    return key;
}

static int64_t first_second(int days)
{
    return maker.today + (int64_t)days * DAY;
}

/* KR or kr: the DN as folders are called, most specific part first. */
static void dn_text(const struct sample_name *name, char out[static PATH_BYTES])
{
    size_t length = (size_t)snprintf(out, PATH_BYTES, "cn=%s", name->common_name);
    for (size_t i = SAMPLE_OUS_MAX; i-- > 0;) {
        if (name->ous[i] != NULL) {
            length += (size_t)snprintf(out + length, PATH_BYTES - length, ",ou=%s", name->ous[i]);
        }
    }
    snprintf(out + length, PATH_BYTES - length, ",o=%s,c=%s", name->organisation, name->country);
}

static struct sample_key_request key_request(const struct user *user, const char *form, EVP_PKEY *key,
                                             const uint8_t *r)
{
    return (struct sample_key_request){key, r, form, user->iterations, maker.password, maker.password_length};
}

/* One certificate and its key of a user. with_p12 also writes them as PKCS#12. */
static struct pair make_pair(const struct user *user, enum sample_usage usage, const char *p12)
{
    struct pair pair = {0};
    uint8_t r[SAMPLE_R_BYTES];
    int is_sign = usage == SAMPLE_SIGN;
    sample_need(RAND_bytes(r, sizeof r) == 1, "randomness");
    r[0] = 0;
    r[SAMPLE_R_BYTES - 1] |= 1;
    EVP_PKEY *key = new_key();
    const struct sample_cert_request request = {
        .subject = &user->name,
        .issuer = &AUTHORITIES[user->authority].name,
        .key = key,
        .issuer_key = maker.keys[user->authority],
        .serial = maker.serial,
        .not_before = first_second(user->from_days),
        .not_after = first_second(user->until_days + 1) - 1,
        .usage = usage,
        .policy = user->policy,
        .real_name = user->real_name,
        .idn = is_sign ? user->idn : NULL,
        .r = r,
    };
    X509 *cert = sample_cert(&request);
    const struct sample_key_request sealing =
        key_request(user, is_sign ? user->form : user->km_form, key, is_sign && user->idn != NULL ? r : NULL);
    pair.key = sample_key(&sealing, &pair.key_length);
    int length = i2d_X509(cert, &pair.cert);
    sample_need(length > 0, "DER of the certificate");
    pair.cert_length = (size_t)length;
    if (p12 != NULL) {
        size_t p12_length = 0;
        char folder[PATH_BYTES];
        uint8_t *bytes = sample_pkcs12(&sealing, cert, &p12_length);
        snprintf(folder, sizeof folder, "%s/p12", maker.dir);
        sample_write(folder, p12, bytes, p12_length);
        OPENSSL_free(bytes);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return pair;
}

static void free_pair(struct pair *pair)
{
    OPENSSL_free(pair->cert);
    OPENSSL_free(pair->key);
}

static void write_pair(const char *folder, const struct pair *pair, const char *cert_name,
                       const char *key_name)
{
    sample_write(folder, cert_name, pair->cert, pair->cert_length);
    sample_write(folder, key_name, pair->key, pair->key_length);
}

static void json_text(const char *name, const char *text, const char *end)
{
    fprintf(maker.manifest, "   \"%s\": \"", name);
    for (; *text != '\0'; text++) {
        fprintf(maker.manifest, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    fprintf(maker.manifest, "\"%s\n", end);
}

static void json_time(const char *name, int64_t seconds)
{
    char text[32];
    time_t at = (time_t)seconds;
    struct tm parts;
    sample_need(gmtime_r(&at, &parts) != NULL &&
                    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0,
                "time");
    json_text(name, text, ",");
}

static void json_user(const struct user *user, const char *dir, int is_last)
{
    char text[PATH_BYTES];
    fprintf(maker.manifest, "  {\n");
    json_text("id", user->id, ",");
    json_text("dir", dir, ",");
    json_text("password", maker.password, ",");
    json_text("password_encoding", "utf-8", ",");
    dn_text(&user->name, text);
    json_text("subject", text, ",");
    dn_text(&AUTHORITIES[user->authority].name, text);
    json_text("issuer", text, ",");
    snprintf(text, sizeof text, "%lx", maker.serial);
    json_text("serial", text, ",");
    json_text("policy", user->policy, ",");
    json_time("not_before", first_second(user->from_days));
    json_time("not_after", first_second(user->until_days + 1) - 1);
    json_text("key_form", user->form, ",");
    fprintf(maker.manifest, "   \"iterations\": %d,\n", user->iterations);
    json_text("real_name", user->real_name, ",");
    json_text("expect", user->expect, "");
    fprintf(maker.manifest, "  }%s\n", is_last ? "" : ",");
}

/* The key whose owner the broken sets borrow from. */
static void make_bad(const struct pair *good, const struct pair *other)
{
    sample_bad_sets(maker.dir, good->cert, good->cert_length, good->key, good->key_length, other->key,
                    other->key_length);
}

static void make_user(const struct user *user, struct pair *pair, int is_last)
{
    char dn[PATH_BYTES];
    char dir[PATH_BYTES + 64];
    char folder[2 * PATH_BYTES];
    dn_text(&user->name, dn);
    snprintf(dir, sizeof dir, "NPKI/%s/USER/%s", AUTHORITIES[user->authority].folder,
             user->folder != NULL ? user->folder : dn);
    snprintf(folder, sizeof folder, "%s/%s", maker.dir, dir);
    maker.serial += SERIAL_STEP;
    json_user(user, dir, is_last);
    *pair = make_pair(user, SAMPLE_SIGN, user == USERS ? "s-bank.p12" : NULL);
    write_pair(folder, pair, "signCert.der", "signPri.key");
    if (user->km_form != NULL) {
        maker.serial++;
        struct pair km = make_pair(user, SAMPLE_KM, NULL);
        write_pair(folder, &km, "kmCert.der", "kmPri.key");
        free_pair(&km);
    }
}

static void make_gpki(void)
{
    static const char *const NAMES[2][2] = {{"123공무원001_sig.cer", "123공무원001_sig.key"},
                                            {"123공무원001_env.cer", "123공무원001_env.key"}};
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s/GPKI/Certificate/class2", maker.dir);
    maker.serial += SERIAL_STEP;
    for (int i = 0; i < 2; i++) {
        struct pair pair = make_pair(&GPKI_USER, i == 0 ? SAMPLE_SIGN : SAMPLE_KM, NULL);
        write_pair(folder, &pair, NAMES[i][0], NAMES[i][1]);
        free_pair(&pair);
    }
}

static void make_authority(const struct sample_name *name, EVP_PKEY *key, const char *folder_name)
{
    char folder[PATH_BYTES];
    char file[64];
    uint8_t *der = NULL;
    const struct sample_cert_request request = {
        .subject = name,
        .issuer = &ROOT,
        .key = key,
        .issuer_key = maker.root_key,
        .serial = ++maker.serial,
        .not_before = first_second(-1000),
        .not_after = first_second(2000) - 1,
        .usage = SAMPLE_CA,
    };
    X509 *cert = sample_cert(&request);
    int length = i2d_X509(cert, &der);
    sample_need(length > 0, "DER of an authority");
    snprintf(folder, sizeof folder, "%s/NPKI/%s", maker.dir, folder_name);
    snprintf(file, sizeof file, "5a3b1e0000000000000000000000000000000000_%lx.der", maker.serial);
    sample_write(folder, file, der, (size_t)length);
    OPENSSL_free(der);
    X509_free(cert);
}

static void make_authorities(void)
{
    maker.root_key = new_key();
    make_authority(&ROOT, maker.root_key, "KISA");
    for (int i = 0; i < CA_COUNT; i++) {
        maker.keys[i] = new_key();
        make_authority(&AUTHORITIES[i].name, maker.keys[i], AUTHORITIES[i].folder);
    }
}

static void make_all(const char *now)
{
    char path[PATH_BYTES];
    struct pair pairs[USER_COUNT];
    snprintf(path, sizeof path, "%s/manifest.json", maker.dir);
    make_folders(path);
    maker.manifest = fopen(path, "w");
    sample_need(maker.manifest != NULL, path);
    fprintf(maker.manifest, "{\n \"now\": \"%s\",\n \"users\": [\n", now);
    make_authorities();
    for (size_t i = 0; i < USER_COUNT; i++) {
        make_user(&USERS[i], &pairs[i], i + 1 == USER_COUNT);
    }
    fprintf(maker.manifest, " ]\n}\n");
    sample_need(fclose(maker.manifest) == 0, path);
    make_gpki();
    make_bad(&pairs[0], &pairs[2]);
    for (size_t i = 0; i < USER_COUNT; i++) {
        free_pair(&pairs[i]);
    }
    for (int i = 0; i < CA_COUNT; i++) {
        EVP_PKEY_free(maker.keys[i]);
    }
    EVP_PKEY_free(maker.root_key);
}

/* The first line, without its end. */
static void read_password(int file)
{
    ssize_t got = file < 0 ? -1 : read(file, maker.password, sizeof maker.password - 1);
    sample_need(got > 0, "password");
    maker.password[got] = '\0';
    maker.password[strcspn(maker.password, "\r\n")] = '\0';
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    static const int BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - 1;
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + BEFORE[month - 1] + (is_leap && month > 2) + day -
           1;
}

static int usage(void)
{
    fputs("usage: cr_make_samples [--now YYYY-MM-DD] [--password-file FILE | --password-fd N] DIR\n"
          "The password is " TEST_PASSWORD " unless one is given; the day is today's in Korea.\n",
          stderr);
    return 64;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"now", required_argument, NULL, 'n'},
                                            {"password-file", required_argument, NULL, 'p'},
                                            {"password-fd", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    char now[16] = "";
    int year = 0, month = 0, day = 0;
    time_t korean = time(NULL) + KOREA;
    struct tm parts;
    sample_need(gmtime_r(&korean, &parts) != NULL && strftime(now, sizeof now, "%Y-%m-%d", &parts) > 0,
                "time");
    memcpy(maker.password, TEST_PASSWORD, sizeof TEST_PASSWORD);
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (option == 'n') {
            snprintf(now, sizeof now, "%s", optarg);
        } else if (option == 'p') {
            read_password(open(optarg, O_RDONLY));
        } else if (option == 'd') {
            read_password((int)strtol(optarg, NULL, 10));
        } else {
            return usage();
        }
    }
    if (argc - optind != 1 || sscanf(now, "%4d-%2d-%2d", &year, &month, &day) != 3 || month < 1 ||
        month > 12) {
        return usage();
    }
    maker.dir = argv[optind];
    maker.password_length = strlen(maker.password);
    maker.today = days_of(year, month, day) * DAY - KOREA;
    maker.serial = FIRST_SERIAL;
    library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *base = OSSL_PROVIDER_load(library, "default");
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(library, "legacy");
    sample_need(base != NULL && legacy != NULL, "OpenSSL's legacy provider");
    make_all(now);
    OPENSSL_cleanse(maker.password, sizeof maker.password);
    OSSL_PROVIDER_unload(legacy);
    OSSL_PROVIDER_unload(base);
    OSSL_LIB_CTX_free(library);
    return 0;
}
