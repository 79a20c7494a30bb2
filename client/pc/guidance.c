/* Answers that stay true: no links, no prices, no names of menus that change. */
#include "guidance.h"

#include "texts.h"
#include "wrap.h"

#include <stdio.h>

struct answer {
    const char *question;      /* msgid */
    const char *paragraphs[4]; /* msgids */
};

static const struct answer answers[] = {
    {N_("Renewing"),
     {N_("A certificate can be renewed from 30 days before its last day until that day ends, at midnight in "
         "Korea. It is renewed "
         "where it was issued: at the bank, the securities firm or the certification authority."),
      N_("The renewed certificate is a new file. The old one stops working, and so do its copies on phones, "
         "USB drives and other "
         "computers. Bring the new one there (certrelay export here, certrelay import there), and remove the "
         "old copies."),
      N_("certrelay list --expiring 30 tells what is due; certrelay list --ics makes a calendar of it.")}},
    {N_("Expired"),
     {N_("An expired certificate cannot be renewed. Have a new one issued where you got it; for a person "
         "that is usually possible "
         "in the bank's app or on its site. Copies of the expired one are of no use any more.")}},
    {N_("Password forgotten"),
     {N_("Nobody can look it up or reset it, neither the bank nor certrelay: the key opens by it alone. "
         "There is no limit on tries "
         "here, so try older ones; each copy keeps its own password, and another device's copy may open by "
         "one you know."),
      N_("If none fits, have the certificate issued again.")}},
    {N_("Issued again"),
     {N_("Issuing again makes the earlier certificate invalid at once, on every device. The new one usually "
         "keeps the last day of "
         "the earlier one. Bring it to your other devices as after a renewal."),
      N_("Where the certificate was registered, at other banks for example, it may have to be registered "
         "again.")}},
    {N_("Lost or stolen"),
     {N_("When a device with the certificate is gone, or somebody may know the password: have it revoked, or "
         "issued again, at the bank "
         "or authority that issued it, at once. Deleting your own copy revokes nothing. Also tell your "
         "bank."),
      N_("Banks, prosecutors and the Financial Supervisory Service never ask you to send a certificate. If "
         "somebody on the phone asks "
         "for it, or for a number that certrelay shows, stop.")}},
    {N_("Other banks"),
     {N_("A certificate of one bank is used at another after it was registered there once: the bank's app or "
         "site calls that "
         "registering a certificate of another institution (타기관 인증서 등록). It has to be on the device "
         "first."),
      N_("Its use says where it is taken: one for banks and insurance serves banks, cards, insurers and most "
         "offices; securities firms "
         "want one of their own kind; a general-purpose one serves them all, for a fee.")}},
    {N_("In bank apps"),
     {N_("A bank's app keeps its certificates to itself. No other program can put one in or take one out; "
         "the app's own menu does "
         "(import, export, copy). certrelay says where it stored the files.")}},
    {N_("Revocation"),
     {N_("certrelay does not ask whether a certificate was revoked: asking would tell its issuer when and "
         "where you use it. The bank's "
         "site says so when you log in.")}},
};

void guidance_print(void)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        printf("%s%s\n", i ? "\n" : "", _(answers[i].question));
        for (size_t j = 0; j < 4 && answers[i].paragraphs[j]; j++) {
            fputs("  ", stdout);
            wrap_print(stdout, _(answers[i].paragraphs[j]), 2, 2);
        }
    }
}
