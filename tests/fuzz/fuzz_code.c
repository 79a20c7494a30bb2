/* The pairing code: what is read is shown and read again alike. */
#include "fuzz.h"

#include <certrelay/code.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[CR_CODE_TEXT_BYTES];
    struct cr_code code, again;

    if (cr_code_parse((const char *)data, size, &code) != CR_CODE_GOOD)
        return 0;
    fuzz_require(cr_nameplate_is_valid(&code.nameplate));
    cr_code_format(&code, text);
    fuzz_require(cr_code_parse(text, strlen(text), &again) == CR_CODE_GOOD);
    fuzz_require(again.nameplate.digits == code.nameplate.digits &&
                 again.nameplate.value == code.nameplate.value);
    fuzz_require(memcmp(again.secret, code.secret, CR_SECRET_DIGITS) == 0);
    return 0;
}
