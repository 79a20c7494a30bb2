/* TLS context and verification failures, by OpenSSL. */
#include "tls.h"

#include <dirent.h>
#include <netinet/in.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

/* Debian's cert.pem is the folder's certificates once more, in one file that takes 17 ms to read; the folder is read as needed. */
static int load_system(SSL_CTX *context)
{
    DIR *folder = opendir(X509_get_default_cert_dir());
    const struct dirent *entry = NULL;
    int has_hashes = 0;

    while (folder && !has_hashes && (entry = readdir(folder)))
        has_hashes = strlen(entry->d_name) == 10 && strcmp(entry->d_name + 8, ".0") == 0;
    if (folder)
        closedir(folder);
    if (has_hashes && !getenv(X509_get_default_cert_dir_env()) && !getenv(X509_get_default_cert_file_env()))
        return SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir());
    return SSL_CTX_set_default_verify_paths(context);
}

/* A certificate does not know the interface behind '%'. */
static int expect_six(SSL_CTX *context, const char *host)
{
    char numeric[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(host, "%");

    if (length >= sizeof(numeric))
        return -1;
    memcpy(numeric, host, length);
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), numeric) == 1 ? 0 : -1;
}

/* Our own context, because the library would also trust whatever lies in a folder relative to the working directory. */
enum net_failure tls_new(SSL_CTX **tls, const char *ca_file, const char *host)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int loaded;

    if (!context)
        return NET_MEMORY;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    loaded = ca_file ? SSL_CTX_load_verify_file(context, ca_file) : load_system(context);
    if (loaded != 1 || (strchr(host, ':') && expect_six(context, host))) {
        SSL_CTX_free(context);
        return loaded != 1 ? NET_CA_FILE : NET_NAME_NOT_FOUND;
    }
    *tls = context;
    return NET_OK;
}

struct meaning {
    int verification;
    enum net_failure failure;
};

enum net_failure tls_failure(int verification)
{
    static const struct meaning meanings[] = {
        {X509_V_OK, NET_OK},
        {X509_V_ERR_HOSTNAME_MISMATCH, NET_TLS_NAME},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, NET_TLS_NAME},
        {X509_V_ERR_CERT_HAS_EXPIRED, NET_TLS_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, NET_TLS_NOT_YET},
    };

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].verification == verification)
            return meanings[i].failure;
    return NET_TLS_UNTRUSTED;
}
