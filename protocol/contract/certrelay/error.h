/* What every function of certrelay's protocol returns. */
#ifndef CERTRELAY_ERROR_H
#define CERTRELAY_ERROR_H

/* For C++ programs, which have neither C's linkage nor its "at least so many" for array parameters. */
#ifdef __cplusplus
#define CR_C_BEGIN extern "C" {
#define CR_C_END }
#define CR_AT_LEAST(count) count
#else
#define CR_C_BEGIN
#define CR_C_END
#define CR_AT_LEAST(count) static count
#endif

enum cr_error {
    CR_OK = 0,
    CR_INCOMPLETE = 1,   /* not an error: nothing to give yet */
    CR_E_MALFORMED = -1, /* bytes that the protocol does not allow here */
    CR_E_LIMIT = -2,     /* longer or more than the protocol allows */
    CR_E_STATE = -3,     /* not now: the caller, or the peer, is out of turn */
    CR_E_VERSION = -4,   /* the peer speaks a version or suite we do not */
    CR_E_ROLE = -5,      /* both devices send, or both receive */
    CR_E_CODE = -6,      /* the secrets differ: wrong code, or somebody in between */
    CR_E_TAMPERED = -7,  /* a record did not open */
    CR_E_MEMORY = -8,
};

#endif
