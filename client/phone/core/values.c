/* Numbers, invitations and hashes for the page. */
#include "export.h"

#include <certrelay/code.h>

#include <sodium.h>
#include <stdlib.h>

CORE_EXPORT(core_random) void core_random(void *memory, size_t bytes)
{
    randombytes_buf(memory, bytes);
}

CORE_EXPORT(core_sha256) void core_sha256(const uint8_t *bytes, size_t length, uint8_t *hash)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, bytes, length);
    crypto_hash_sha256_final(&state, hash);
    sodium_memzero(&state, sizeof state);
}

CORE_EXPORT(core_invite_new) struct cr_invite *core_invite_new(void)
{
    return calloc(1, sizeof(struct cr_invite));
}

/* enum cr_code_fault; the invite is written only when the code is good. */
CORE_EXPORT(core_invite_code) int core_invite_code(struct cr_invite *invite, const char *text, size_t length)
{
    enum cr_code_fault fault = cr_code_parse(text, length, &invite->code);

    invite->has_digits = fault == CR_CODE_GOOD;
    return (int)fault;
}

CORE_EXPORT(core_invite_fragment)
int core_invite_fragment(struct cr_invite *invite, const char *text, size_t length)
{
    return cr_invite_parse(text, length, invite);
}

CORE_EXPORT(core_invite_wants_send) int core_invite_wants_send(const struct cr_invite *invite)
{
    return invite->wants_send;
}

CORE_EXPORT(core_invite_has_digits) int core_invite_has_digits(const struct cr_invite *invite)
{
    return invite->has_digits;
}

CORE_EXPORT(core_invite_has_long) int core_invite_has_long(const struct cr_invite *invite)
{
    return invite->has_long;
}

CORE_EXPORT(core_invite_relay) const char *core_invite_relay(const struct cr_invite *invite)
{
    return invite->relay;
}
