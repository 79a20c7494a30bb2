/* Which nameplates are free. Uniform among the free ones of the shortest length allowed that is at most a tenth in use or resting
 * (PROTOCOL.md section 2.1 rules 8 and 9). */
#ifndef RELAY_PLATES_H
#define RELAY_PLATES_H

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

/* 32 random bits. */
typedef uint32_t random_draw(void *context);

struct plates;

/* NULL when out of memory. None is shorter than min_digits. */
struct plates *plates_new(uint64_t rest_ms, uint8_t min_digits, random_draw *draw, void *context);
void plates_free(struct plates *plates);

/* CR_OK, CR_E_LIMIT when even the longest are a tenth in use, or CR_E_MEMORY. */
int plates_take(struct plates *plates, uint64_t now_ms, struct cr_nameplate *nameplate);
/* Ends the use of a taken one: it rests from now on. */
void plates_rest(struct plates *plates, uint64_t now_ms, const struct cr_nameplate *nameplate);

#endif
