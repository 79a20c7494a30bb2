/* Certificates in full: for show, and for list --json. */
#include "detail.h"

#include "errors.h"
#include "say.h"
#include "table.h"
#include "texts.h"
#include "wrap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LABEL_COLUMNS 18

static const struct cr_file *file_of(const struct cr_cert *cert, enum cr_file_kind kind)
{
    for (size_t i = 0; i < cert->file_count; i++)
        if (cert->files[i].kind == kind)
            return &cert->files[i];
    return NULL;
}

static void read_key(const struct cr_cert *cert, enum cr_file_kind kind, struct detail_key *key)
{
    const struct cr_file *file = file_of(cert, kind);

    if (!file)
        return;
    key->is_there = 1;
    key->fault = store_key_form_read(file->bytes, file->size, &key->form);
}

void detail_read(const struct store_entry *entry, struct detail *detail)
{
    struct cr_bundle *bundle = cr_bundle_new();
    const struct cr_file *km;

    memset(detail, 0, sizeof(*detail));
    if (bundle && !entry->fault && !store_load(entry, bundle)) {
        read_key(&bundle->certs[0], CR_FILE_SIGN_KEY, &detail->sign);
        read_key(&bundle->certs[0], CR_FILE_KM_KEY, &detail->km);
        km = file_of(&bundle->certs[0], CR_FILE_KM_CERT);
        if (km)
            store_facts_read(km->bytes, km->size, &detail->km_facts);
    }
    cr_bundle_free(bundle);
}

void detail_wipe(struct detail *detail)
{
    store_facts_wipe(&detail->km_facts);
}

static void print_line(const char *label, const char *value)
{
    int gap = LABEL_COLUMNS - table_width(label);
    int columns = isatty(STDOUT_FILENO) ? terminal_columns() : 0;
    char *printable = store_printable(value, strlen(value));
    char *wrapped = printable ? wrap_text(printable, columns, LABEL_COLUMNS + 3, LABEL_COLUMNS + 3) : NULL;

    say_result("  %s%*s %s", label, gap > 0 ? gap : 0, "", wrapped ? wrapped : value);
    free(wrapped);
    free(printable);
}

/* Never broken, so that it can be copied. */
static void print_whole(const char *label, const char *value)
{
    int gap = LABEL_COLUMNS - table_width(label);
    char *printable = store_printable(value, strlen(value));

    say_result("  %s%*s %s", label, gap > 0 ? gap : 0, "", printable ? printable : "?");
    free(printable);
}

static void print_two(const char *label, const char *value, const char *more)
{
    char text[1024];

    snprintf(text, sizeof(text), *more && strcmp(value, more) ? "%s, %s" : "%s", value, more);
    print_line(label, text);
}

static void print_validity(const struct store_facts *facts, time_t now)
{
    char from[DESCRIBE_BYTES], until[DESCRIBE_BYTES], text[3 * DESCRIBE_BYTES];

    describe_moment(facts->not_before, from);
    describe_moment(facts->not_after, until);
    snprintf(text, sizeof(text), _("%s to %s, Korean time"), from, until);
    print_line(_("Valid"), text);
    describe_validity(facts, now, text);
    print_line(_("State"), text);
}

const char *detail_form(const char *name)
{
    static const char *const forms[][2] = {{"1.15", "SEED, PBKDF1-SHA1 (1.15)"},
                                           {"1.4", "SEED, PBKDF1-SHA1, fixed IV (1.4)"},
                                           {"1.4.2", "SEED, PBKDF1-SHA1, fixed IV (1.4.2)"}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (!strcmp(name, forms[i][0]))
            return forms[i][1];
    return name;
}

static void print_key(const char *label, const struct detail_key *key)
{
    char text[256];

    if (!key->is_there)
        return;
    if (key->fault == STORE_DAMAGED_KEY)
        snprintf(text, sizeof(text), "%s", _(error_get(ERROR_STORE_DAMAGED_KEY)->what));
    else
        snprintf(text, sizeof(text), ngettext("%s, %lu round", "%s, %lu rounds", key->form.iterations),
                 detail_form(key->form.name), (unsigned long)key->form.iterations);
    print_line(label, text);
    if (key->fault == STORE_UNKNOWN_CIPHER || key->fault == STORE_BAD_ITERATIONS)
        print_line("", _(error_get(error_of_store(key->fault))->what));
}

static void print_identity(const struct store_facts *facts)
{
    char hex[2 * sizeof(facts->identity) + 1];

    for (size_t i = 0; i < sizeof(facts->identity); i++)
        snprintf(hex + 2 * i, 3, "%02x", facts->identity[i]);
    print_whole(_("Fingerprint"), hex);
}

static void print_certificate(const struct store_facts *facts, time_t now)
{
    char text[64];

    print_whole(_("Name in full"), facts->subject);
    print_two(_("Use"), describe_use(facts), facts->policy);
    print_two(_("Issuer"), describe_issuer(facts), facts->issuer_cn);
    if (facts->is_test)
        print_line("", _("a test certificate: no bank or office takes it"));
    print_validity(facts, now);
    print_line(_("Serial number"), facts->serial);
    snprintf(text, sizeof(text), _("%u bits"), facts->key_bits);
    print_line(_("Key"), text);
}

static const char *kind_text(const struct store_entry *entry, const struct detail *detail)
{
    switch (entry->format) {
    case CR_FORMAT_PKCS12:
        return _("PKCS#12, one file");
    case CR_FORMAT_PEM:
        return _("PEM, one file");
    default:
        return detail->km.is_there || detail->km_facts.serial
                   ? _("two certificates: for signing, and for encryption (km)")
                   : _("one certificate, for signing");
    }
}

static void print_places(const struct store_entry *entry)
{
    print_whole(_("Place"), entry->path);
    for (char **other = entry->other_places; other && *other; other++)
        print_whole(_("also in"), *other);
}

void detail_print(const struct store_entry *entry, const struct detail *detail, size_t number, time_t now)
{
    char *owner = describe_owner(entry);

    say_result("%zu  %s", number, owner ? owner : "?");
    free(owner);
    if (entry->fault) {
        print_line(_("State"), _(error_get(error_of_store(entry->fault))->what));
        print_places(entry);
        return;
    }
    print_line(_("Kind"), kind_text(entry, detail));
    if (describe_is_dated(&entry->facts))
        print_certificate(&entry->facts, now);
    else
        print_line(_("State"), _("only its password shows what is in it: certrelay verify"));
    if (detail->km_facts.serial)
        print_line(_("Serial number, km"), detail->km_facts.serial);
    print_key(_("Signing key"), &detail->sign);
    print_key(_("Encryption key"), &detail->km);
    print_identity(&entry->facts);
    print_places(entry);
}

void detail_say_revocation(void)
{
    say_talk(STYLE_PLAIN, "%s",
             _("Revocation was not checked: asking would tell the issuer when and where you use it."));
}

static json_t *key_json(const struct detail_key *key)
{
    json_t *object;

    if (!key->is_there)
        return json_null();
    object = json_pack("{s:s, s:I}", "form", key->form.name, "iterations", (json_int_t)key->form.iterations);
    if (object && key->fault)
        json_object_set_new(object, "fault", json_string(error_get(error_of_store(key->fault))->name));
    return object;
}

static json_t *files_json(const struct store_entry *entry)
{
    static const char *const kinds[] = {
        [CR_FILE_SIGN_CERT] = "sign-cert", [CR_FILE_SIGN_KEY] = "sign-key", [CR_FILE_KM_CERT] = "km-cert",
        [CR_FILE_KM_KEY] = "km-key",       [CR_FILE_PKCS12] = "pkcs12",     [CR_FILE_PEM] = "pem"};
    json_t *array = json_array();

    for (size_t i = 0; array && i < entry->file_count; i++) {
        char *path = store_printable(entry->paths[i], strlen(entry->paths[i]));

        json_array_append_new(
            array, json_pack("{s:s, s:s}", "kind", kinds[entry->kinds[i]], "path", path ? path : ""));
        free(path);
    }
    return array;
}

json_t *detail_json(const struct store_entry *entry, const struct detail *detail, size_t number, time_t now)
{
    static const char *const kinds[] = {[CR_FORMAT_NPKI] = "npki",
                                        [CR_FORMAT_PKCS12] = "pkcs12",
                                        [CR_FORMAT_GPKI] = "gpki",
                                        [CR_FORMAT_PEM] = "pem"};
    json_t *object = describe_json(entry, number, now);

    if (!object)
        return NULL;
    json_object_set_new(object, "kind", json_string(kinds[entry->format]));
    json_object_set_new(object, "revocation", json_string("not-checked"));
    json_object_set_new(object, "files", files_json(entry));
    json_object_set_new(object, "key", key_json(&detail->sign));
    json_object_set_new(object, "km_key", key_json(&detail->km));
    json_object_set_new(object, "km",
                        detail->km_facts.serial ? describe_facts_json(&detail->km_facts, now) : json_null());
    return object;
}
