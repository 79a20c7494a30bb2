/* Certificates that have been renewed: an older and a newer one of the same name. */
#ifndef PC_RENEWAL_H
#define PC_RENEWAL_H

#include <jansson.h>
#include <store.h>

/* The newest certificate that carries the same name, issuer and use as this one and began later: its index in *index. False when there
 * is none. */
int renewal_find(const struct store_list *list, const struct store_entry *entry, size_t *index);

/* Says that this one is replaced by that number. */
void renewal_say(const struct store_list *list, const struct store_entry *entry);

/* Adds renewed_by, the number in the list or null, to what detail_json made; hands it through. */
json_t *renewal_json(const struct store_list *list, size_t index, json_t *certificate);

/* What to do now that a newer one is here: talk. */
void renewal_say_spread(void);

#endif
