/* The catalogue of failures as tables. */
#include "errors.h"

#include "texts.h"

static const struct error errors[ERROR_COUNT] = {
    {"none", 0, "", "", ""},
#define ERROR(id, name, exit, what, why, todo) {name, exit, what, why, todo},
#include "../text/errors.def"
#undef ERROR
};

static const enum error_id of_store[] = {
    [STORE_OK] = ERROR_NONE,
    [STORE_NOT_FOUND] = ERROR_STORE_NOT_FOUND,
    [STORE_NO_KEY] = ERROR_STORE_NO_KEY,
    [STORE_NO_CERT] = ERROR_STORE_NO_CERT,
    [STORE_DAMAGED_CERT] = ERROR_STORE_DAMAGED_CERT,
    [STORE_DAMAGED_KEY] = ERROR_STORE_DAMAGED_KEY,
    [STORE_UNKNOWN_CIPHER] = ERROR_STORE_UNKNOWN_CIPHER,
    [STORE_BAD_ITERATIONS] = ERROR_STORE_BAD_ITERATIONS,
    [STORE_WRONG_PASSWORD] = ERROR_STORE_WRONG_PASSWORD,
    [STORE_WRONG_PAIR] = ERROR_STORE_WRONG_PAIR,
    [STORE_PLAIN_KEY] = ERROR_STORE_PLAIN_KEY,
    [STORE_NO_LEGACY] = ERROR_STORE_NO_LEGACY,
    [STORE_TOO_BIG] = ERROR_STORE_TOO_BIG,
    [STORE_UNREADABLE] = ERROR_STORE_UNREADABLE,
    [STORE_NO_SPACE] = ERROR_STORE_NO_SPACE,
    [STORE_READ_ONLY] = ERROR_STORE_READ_ONLY,
    [STORE_NOT_WRITABLE] = ERROR_STORE_NOT_WRITABLE,
    [STORE_EXISTS] = ERROR_STORE_EXISTS,
    [STORE_READ_BACK] = ERROR_STORE_READ_BACK,
    [STORE_BUSY] = ERROR_STORE_BUSY,
    [STORE_LAST_COPY] = ERROR_STORE_LAST_COPY,
    [STORE_MEMORY] = ERROR_STORE_MEMORY,
    [STORE_CHANGED] = ERROR_STORE_CHANGED,
};

static const enum error_id of_code[] = {
    [CR_CODE_GOOD] = ERROR_NONE,
    [CR_CODE_EMPTY] = ERROR_CODE_EMPTY,
    [CR_CODE_NOT_DIGITS] = ERROR_CODE_NOT_DIGITS,
    [CR_CODE_TOO_SHORT] = ERROR_CODE_TOO_SHORT,
    [CR_CODE_TOO_LONG] = ERROR_CODE_TOO_LONG,
    [CR_CODE_CHECK_DIGIT] = ERROR_CODE_CHECK_DIGIT,
};

static const enum error_id of_net[] = {
    [NET_OK] = ERROR_NONE,
    [NET_NAME_NOT_FOUND] = ERROR_NET_NAME_NOT_FOUND,
    [NET_REFUSED] = ERROR_NET_REFUSED,
    [NET_UNREACHABLE] = ERROR_NET_UNREACHABLE,
    [NET_TIMEOUT] = ERROR_NET_TIMEOUT,
    [NET_LOST] = ERROR_NET_LOST,
    [NET_BUSY] = ERROR_NET_BUSY,
    [NET_TLS_NAME] = ERROR_NET_TLS_NAME,
    [NET_TLS_UNTRUSTED] = ERROR_NET_TLS_UNTRUSTED,
    [NET_TLS_EXPIRED] = ERROR_NET_TLS_EXPIRED,
    [NET_TLS_NOT_YET] = ERROR_NET_TLS_NOT_YET,
    [NET_TLS_OTHER] = ERROR_NET_TLS_OTHER,
    [NET_NOT_A_RELAY] = ERROR_NET_NOT_A_RELAY,
    [NET_CA_FILE] = ERROR_NET_CA_FILE,
    [NET_PLAIN] = ERROR_PLAIN_RELAY,
    [NET_MEMORY] = ERROR_NET_MEMORY,
};

static const enum error_id of_end[] = {
    [CR_END_NONE] = ERROR_NONE,
    [CR_END_DONE] = ERROR_NONE,
    [CR_END_DONE_UNHEARD] = ERROR_END_UNHEARD,
    [CR_END_WRONG_CODE] = ERROR_END_WRONG_CODE,
    [CR_END_STRANGER] = ERROR_END_STRANGER,
    [CR_END_UNAVAILABLE] = ERROR_END_UNAVAILABLE,
    [CR_END_EXPIRED] = ERROR_END_EXPIRED,
    [CR_END_CANCELLED] = ERROR_END_CANCELLED,
    [CR_END_PEER_CANCELLED] = ERROR_END_PEER_CANCELLED,
    [CR_END_PEER_ERROR] = ERROR_END_PEER_ERROR,
    [CR_END_PEER_LOST] = ERROR_END_PEER_LOST,
    [CR_END_DECLINED] = ERROR_END_DECLINED,
    [CR_END_PEER_DECLINED] = ERROR_END_PEER_DECLINED,
    [CR_END_PEER_REFUSED] = ERROR_END_PEER_REFUSED,
    [CR_END_REFUSED] = ERROR_END_REFUSED,
    [CR_END_SAME_ROLE] = ERROR_END_SAME_ROLE,
    [CR_END_VERSION] = ERROR_END_VERSION,
    [CR_END_TAMPERED] = ERROR_END_TAMPERED,
    [CR_END_PROTOCOL] = ERROR_END_PROTOCOL,
    [CR_END_RELAY_UNREACHABLE] = ERROR_END_RELAY_UNREACHABLE,
    [CR_END_RELAY_LOST] = ERROR_END_RELAY_LOST,
    [CR_END_RELAY_FULL] = ERROR_END_RELAY_FULL,
    [CR_END_RELAY_TOO_MANY] = ERROR_END_RELAY_TOO_MANY,
    [CR_END_RELAY_DRAINING] = ERROR_END_RELAY_DRAINING,
    [CR_END_RELAY_FORBIDDEN] = ERROR_END_RELAY_FORBIDDEN,
    [CR_END_RELAY_PROTOCOL] = ERROR_END_RELAY_PROTOCOL,
    [CR_END_MISMATCH] = ERROR_END_MISMATCH,
    [CR_END_MEMORY] = ERROR_END_MEMORY,
};

static const char *const reasons[] = {
    [CR_REASON_DECLINED] = N_("its user said no"),
    [CR_REASON_NO_SPACE] = N_("it has no space left"),
    [CR_REASON_NOT_WRITABLE] = N_("its folder for certificates cannot be written"),
    [CR_REASON_DAMAGED] = N_("what arrived there was damaged"),
    [CR_REASON_EXISTS] = N_("it kept another certificate of the same name"),
    [CR_REASON_OTHER] = N_("it gave no reason"),
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static enum error_id look_up(const enum error_id *table, size_t count, size_t value)
{
    return value < count ? table[value] : ERROR_END_PROTOCOL;
}

const struct error *error_get(enum error_id id)
{
    return &errors[(size_t)id < ERROR_COUNT ? id : ERROR_NONE];
}

enum error_id error_of_store(enum store_fault fault)
{
    return look_up(of_store, COUNT(of_store), (size_t)fault);
}

enum error_id error_of_code(enum cr_code_fault fault)
{
    return look_up(of_code, COUNT(of_code), (size_t)fault);
}

enum error_id error_of_net(enum net_failure failure)
{
    return look_up(of_net, COUNT(of_net), (size_t)failure);
}

enum error_id error_of_end(enum cr_end end)
{
    return look_up(of_end, COUNT(of_end), (size_t)end);
}

const char *error_reason(enum cr_reason reason)
{
    size_t index = (size_t)reason;

    return index < COUNT(reasons) && reasons[index] ? reasons[index] : reasons[CR_REASON_OTHER];
}
