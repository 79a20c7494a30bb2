/* How the files of a certificate are called. */
#include "layout.h"

const struct layout_file LAYOUT[LAYOUT_FILES] = {
    {CR_FILE_SIGN_CERT, "signCert.der", "_sig.cer"},
    {CR_FILE_SIGN_KEY, "signPri.key", "_sig.key"},
    {CR_FILE_KM_CERT, "kmCert.der", "_env.cer"},
    {CR_FILE_KM_KEY, "kmPri.key", "_env.key"},
};
