#!/bin/sh
# Writes certrelayd(8) and certrelayd.ini(5), whose options and keys are those that `certrelayd --help` prints. manual.sh PROGRAM FOLDER
set -eu

program=$1
folder=$2
export LC_ALL=C.UTF-8
help=$("$program" --help)
version=$("$program" --version | sed -n '1s/.* //p')

# Text for roff: no line of it is an instruction, no hyphen a break.
escape() { sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'; }

# "  --name TEXT   what it is", joined with the lines that continue it, as .TP items.
options() {
    printf '%s\n' "$help" | awk '
        /^$/ { if (seen) exit; next }
        /^  --/ { seen = 1; left = $0; sub(/^  /, "", left); split(left, part, /  +/); print ".TP\n@B" part[1] "@R\n" part[2] }' |
        escape | sed -e 's/^\\&\.TP/.TP/' -e 's/@B/\\fB/g' -e 's/@R/\\fR/g'
}

# "  key  default  range  what it is": the range may be missing.
keys() {
    printf '%s\n' "$help" | awk '
        /^  KEY/ { seen = 1; next }
        seen && /^$/ { exit }
        seen { left = $0; sub(/^  /, "", left); n = split(left, part, /  +/)
               range = n > 3 ? "; " part[3] : ""
               print ".TP\n@B" part[1] "@R"
               print part[n] (part[2] == "needed" ? " (required" : " (default " part[2]) range ")" }' |
        escape | sed -e 's/^\\&\.TP/.TP/' -e 's/@B/\\fB/g' -e 's/@R/\\fR/g'
}

# What stands below the table: an example, and advice.
remarks() {
    printf '%s\n' "$help" | awk '
        /^  KEY/ { keys = 1 }
        keys && /^$/ { after = 1; print ".PP"; next }
        after && /^  / { if (!code) print ".nf"; code = 1; print substr($0, 3); next }
        after { if (code) print ".fi"; code = 0; print }
        END { if (code) print ".fi" }' |
        awk '/^\.PP$/ { if (code) print held; held = $0; next } /^\.fi$/ { print; next } { if (held) print held; held = ""; print }' |
        escape | sed -e 's/^\\&\.\(PP\|nf\|fi\)$/.\1/'
}

page() { printf '.TH %s %s "" "certrelayd %s" "certrelay"\n' "$1" "$2" "$version"; }

mkdir -p "$folder/man8" "$folder/man5"
{
    page CERTRELAYD 8
    cat <<'END'
.SH NAME
certrelayd \- blind relay between two devices that move a certificate
.SH SYNOPSIS
.nf
\fBcertrelayd\fR [\-\-config FILE] [\-\-check\-config | \-\-print\-config | \-\-probe]
\fBcertrelayd\fR \-\-version | \-\-help
.fi
.SH DESCRIPTION
Brings two devices together that name the same number, and carries
what they say to each other. It can read none of it, holds no key,
and keeps nothing on disk.
.PP
It logs JSON lines to standard error, without addresses, numbers or
names. Started as root it becomes the \fBuser\fR that its
configuration names, and in any case it refuses itself the system
calls that it does not need (\fBseccomp\fR).
.SH OPTIONS
END
    options
    cat <<'END'
.SH SIGNALS
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
No new mailboxes; those that run may finish for
\fBdrain_seconds\fR, then it ends; at once when told again. Sockets
that were handed over are let go of at once.
.TP
\fBSIGHUP\fR
Reads the TLS certificate and key, the page and the permits again;
what is broken is said in the log, and what was before stays.
.SH SERVICE MANAGER
It says to the socket in \fBNOTIFY_SOCKET\fR when it is ready, when it
reloads, that it drains (and how much time that may take), how many
mailboxes and connections there are, and, in half of
\fBWATCHDOG_USEC\fR, that its loop turns.
.PP
Listening sockets that are handed over (\fBLISTEN_FDS\fR) take the
place of all \fBlisten\fR lines, or of the line \fBlisten = systemd\fR.
Who connects between one relay and the next then waits and is not
refused. A manager may start the next one as soon as the last one
drains: it takes newcomers and new mailboxes, the last one finishes
its own. A device whose connection breaks meanwhile cannot come back
to it. systemd starts the next one only when the last one has ended;
devices wait 10 seconds, so \fBdrain_seconds\fR is to be less.
.SH PERMITS
Where \fBpermits_file\fR names a file, only devices that show one of its
permits open mailboxes, and those from \fBallow_from\fR; anybody may
join one. To change a permit, add the new one, reload, hand it out, and
take the old one away. \fBopenssl rand \-base64 24\fR makes one. The
file is for the relay alone (mode 640, group certrelayd). systemd can
hand it over from where only root reads, by a drop-in with
.PP
.nf
[Service]
LoadCredential=permits:/etc/certrelay/permits
.fi
.PP
and \fBpermits_file = /run/credentials/certrelayd.service/permits\fR;
then a changed file counts after a restart, not at a reload.
.SH SEVERAL RELAYS
Relays with the same \fBengine\fR (Redis or Valkey, 6.2 or newer, not Redis
Cluster) share their mailboxes: devices may come to any of them, behind
any balancer, and a transfer goes on when one dies or is restarted. A
relay that is told to stop hands its devices over within 2 seconds.
While the engine is away \fB/readyz\fR says so, new mailboxes are refused
for a while, and pairs on one relay go on.
.PP
\fB\-\-check\-config\fR asks the engine, in 3 seconds at most, whether it is
there and lets the relay in, its version, whether it may run scripts and
write what begins with \fBengine_prefix\fR, that it throws nothing away
(\fBmaxmemory\-policy noeviction\fR), and the time. It ends with 78 where a
relay could not work with it, and with 69 where it cannot be reached.
.SH SEE ALSO
\fBcertrelayd.ini\fR(5),
\fBcertrelay\fR(1)
END
} >"$folder/man8/certrelayd.8"
{
    page CERTRELAYD.INI 5
    cat <<'END'
.SH NAME
certrelayd.ini \- configuration of the relay
.SH DESCRIPTION
Lines of KEY = VALUE, in the file that
\fBcertrelayd \-\-config\fR names. A key \fBname\fR may also stand in
the environment as \fBCERTRELAYD_NAME\fR, which counts before the file.
.SH KEYS
END
    keys
    echo '.SH REMARKS'
    remarks | sed '1{/^\.PP$/d}'
    cat <<'END'
.SH SEE ALSO
\fBcertrelayd\fR(8)
END
} >"$folder/man5/certrelayd.ini.5"
