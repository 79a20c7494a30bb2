/* What people ask about joint certificates, answered briefly: certrelay help certificates. */
#ifndef PC_GUIDANCE_H
#define PC_GUIDANCE_H

#define GUIDANCE_TOPIC "certificates"

void guidance_print(void);

#endif
