/* The invitation: what is read is written, and read again alike. */
#include "fuzz.h"

#include <certrelay/code.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[4 * CR_INVITE_TEXT_BYTES];
    struct cr_invite invite, again;
    int error = cr_invite_parse((const char *)data, size, &invite);

    if (error != CR_OK) {
        static const struct cr_invite NOTHING;

        fuzz_require(error < 0 && memcmp(&invite, &NOTHING, sizeof invite) == 0);
        return 0;
    }
    fuzz_require(invite.has_digits || invite.has_long);
    fuzz_require(cr_nameplate_is_valid(&invite.code.nameplate));
    fuzz_require(cr_invite_format(&invite, text, sizeof text) == CR_OK);
    if (strlen(text) >= CR_INVITE_TEXT_BYTES)
        return 0; /* the relay's escapes made it longer than is read */
    fuzz_require(cr_invite_parse(text, strlen(text), &again) == CR_OK);
    fuzz_require(strcmp(invite.relay, again.relay) == 0 && invite.wants_send == again.wants_send);
    fuzz_require(memcmp(invite.long_secret, again.long_secret, CR_LONG_SECRET_BYTES) == 0);
    fuzz_require(invite.code.nameplate.value == again.code.nameplate.value);
    fuzz_require(memcmp(invite.code.secret, again.code.secret, CR_SECRET_DIGITS) == 0);
    return 0;
}
