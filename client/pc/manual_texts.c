/* What the manual pages say besides the tables: each command in some sentences, and examples. */
#include "manual.h"

#include "texts.h"

const struct manual_text manual_texts[] = {
    {"",
     {N_("Moves a Korean joint certificate (NPKI) from one device to another through a relay that cannot "
         "read it. The device that receives shows a number; the person types it on the device that sends."),
      N_("Both devices prove to each other that they know the number; only then does anything encrypted "
         "pass. The certificate arrives byte for byte, and keeps its password."),
      N_("Without a command, certrelay asks what to do. It says on standard error what a person must know, "
         "and prints results on standard output; with `--json` each line there is one JSON object."),
      N_("Passwords and numbers are typed, or read from a file or a descriptor. They are never taken from "
         "the command line, which every user of the computer can read.")},
     {{"certrelay import --relay wss://relay.example/ws",
       N_("On the computer where the certificate is wanted: shows the number.")},
      {"certrelay export --relay wss://relay.example/ws",
       N_("On the computer where it is: asks which one, for its password and for the number.")}}},
    {"export",
     {N_("Lists the certificates of this computer, asks which to send, and checks the password, which "
         "stays here. Then it asks for the number that the other device shows; with `--show-code` it shows "
         "the number itself."),
      N_("Before anything is sent it says which device will receive, and asks. It says \"sent\" only when "
         "the other device has stored the certificate and read it back."),
      N_("Each number works once. After a wrong one a new number is needed; nothing has been sent then.")},
     {{"certrelay export --cert 1", N_("Sends the first certificate that `certrelay list` shows.")},
      {"certrelay export --all --password-file FILE --code-fd 3 --yes --no-input",
       N_("Asks nothing: for a script, whose descriptor 3 brings the number.")}}},
    {"import",
     {N_("Shows a number, and waits until it is typed on the device that sends; with `--enter-code` it "
         "asks for the number that the other device shows."),
      N_("What arrives is shown before it is stored: whose it is, who issued it, until when it is valid, "
         "and what it would replace. A replaced certificate is kept beside the new one, with .bak and the "
         "day in its name."),
      N_("All of what arrived is stored, or nothing. It is read back before the other device is told.")},
     {{"certrelay import --store /media/usb/NPKI", N_("Stores on a USB drive.")}}},
    {"list",
     {N_("Looks where joint certificates usually are: the folder NPKI of the person, of USB drives and of "
         "Windows disks that are mounted; or in the folder given with `--store`. The same certificate in "
         "several places is one row, with its places below."),
      N_("Days are Korean ones. A certificate can be renewed from 30 days before it expires; an expired "
         "one has to be issued again. `--expiring` tells what is due, for a script too; `--ics` makes a "
         "calendar of it.")},
     {{"certrelay list --expiring 30", N_("What has to be renewed within 30 days.")},
      {"certrelay list --json", N_("One JSON object for each certificate.")}}},
    {"show",
     {N_("Prints all that a certificate says without its password: owner, issuer, use, policy, serial "
         "number, validity, its files, and how its key is encrypted.")},
     {{"certrelay show 1", N_("The first certificate that `certrelay list` shows.")}}},
    {"verify",
     {N_("Checks that the password opens every key of the certificate, and that each key belongs to it. "
         "Nothing is written or sent. There is no limit on tries, and nothing is locked."),
      N_("With `--number` it also asks for the resident or business number that the certificate was issued "
         "for, and compares it as sites do. Whether a certificate was revoked is not looked up: asking "
         "would tell its issuer.")},
     {{"certrelay verify 1", N_("Asks for the password of the first certificate in the list.")}}},
    {"passwd",
     {N_("Encrypts the keys of a certificate with a new password. The certificate itself and what is "
         "inside the keys stay as they are, and the issuer need not know. Where the same copy lies in "
         "several places of this computer, it asks which to change; `--everywhere` and `--only-here` "
         "answer beforehand."),
      N_("Each copy of a certificate keeps its own password: those on USB drives and phones stay as they "
         "were. A lost password cannot be recovered; the certificate has to be issued again.")},
     {{"certrelay passwd 1", N_("Asks for the password in use, then twice for the new one.")}}},
    {"convert",
     {N_("With `--to p12`, writes a certificate into one PKCS#12 file (.p12, the same as .pfx), under its "
         "own password or a new one. With `--to npki`, stores what is in a .p12, .pfx or .pem file in a "
         "folder NPKI, where Korean programs look. Without `--to`, a file goes into a folder, and a "
         "certificate of a folder into a file."),
      N_("The usual .p12 (3DES, SHA-1) opens everywhere: Windows, macOS, iOS, Android, and sites such as "
         "Hometax that take a .pfx file. `--modern` (AES-256, SHA-256) is stronger, but older phones and "
         "Macs say that its password is wrong."),
      N_("Banks and Hometax do not look into the key store of Windows, macOS, iOS or Android: a "
         "certificate imported there serves mail and a few sites only, and some of those systems drop the "
         "value that Korean sites need to recognise a person. Keep the .p12 as a backup, or give it to a "
         "site that takes one."),
      N_("What is made is opened and compared before it counts. A file that exists is replaced only after "
         "a question.")},
     {{"certrelay convert 1 --to p12 --output hong.p12", N_("A file for a phone, a site or a drawer.")},
      {"certrelay convert hong.p12 --to npki", N_("Puts it where Korean programs look.")}}},
    {"copy",
     {N_("Copies a certificate, byte for byte, into the folder NPKI of a USB drive or of any folder. "
         "Without `--to` it shows the drives that are plugged in, and asks. With `--store` it copies from "
         "there."),
      N_("All of its files are copied, or none; they are read back. The copy has the password that the "
         "original has now; from then on each copy keeps its own password.")},
     {{"certrelay copy 1 --to /media/usb", N_("To a USB drive.")},
      {"certrelay copy --store /media/usb --to ~", N_("From a USB drive to this computer.")}}},
    {"backup",
     {N_("Copies every certificate of this computer into a new folder below FOLDER, named by the day, and "
         "reads it back: all, or nothing. Whoever has the folder still needs the passwords.")},
     {{"certrelay backup /media/usb", N_("Everything to a USB drive.")}}},
    {"remove",
     {N_("Deletes a certificate from this computer. It first shows every file that would go, and asks to "
         "have the word yes typed."),
      N_("When no other copy is known that is whole, it refuses, unless `--last-copy` is given; then it "
         "asks once more."),
      N_("Deleting does not revoke: who has a copy and its password can go on using it. A stolen "
         "certificate has to be revoked by its issuer.")},
     {{"certrelay remove 2", N_("The second certificate that `certrelay list` shows.")}}},
    {"doctor",
     {N_("Checks what a transfer needs, and says in words what is wrong: OpenSSL's legacy provider, the "
         "folder for certificates, the clock, and the way to the relay: its name, its port, its TLS "
         "certificate, and whether a relay answers there. Nothing is changed.")},
     {{"certrelay doctor --relay wss://relay.example/ws", N_("Checks this relay, step by step.")}}},
    {"help",
     {N_("Prints the options of a command. With `--man` it prints the manual page (roff), and with "
         "`--completion` what makes a shell complete certrelay's commands and options; both are installed "
         "with the program.")},
     {{"certrelay help export --man | man -l -", N_("The manual page, even where it is not installed.")},
      {"source <(certrelay help --completion bash)", N_("Completion in this shell.")}}},
    {NULL, {NULL}, {{NULL, NULL}}},
};

const struct manual_exit manual_exits[] = {
    {0, N_("Done.")},
    {10, N_("`certrelay list --expiring` found certificates that expire soon.")},
    {64, N_("The command line or the configuration is not understood.")},
    {65, N_("The certificate is damaged, incomplete, or the password does not open it.")},
    {66, N_("Something is not there or cannot be read, or nobody could be asked.")},
    {69, N_("The relay cannot be reached, or cannot be trusted.")},
    {71, N_("There is not enough memory.")},
    {73, N_("The certificate could not be stored.")},
    {75, N_("It did not work this time; a new try may.")},
    {76, N_("What answers does not keep to the rules, or the two versions do not fit.")},
    {77, N_("Somebody said no.")},
    {80, N_("The numbers did not match, or nobody waits under this number.")},
    {130, N_("It was stopped, by a key or a signal.")},
    {0, NULL},
};
