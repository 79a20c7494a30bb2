#!/bin/sh
# Writes an example configuration: what a relay needs, and every other key as a comment with its default. sample.sh PROGRAM CERT_FOLDER FILE
set -eu
export LC_ALL=C.UTF-8
help=$("$1" --help)
exec >"$3"

cat <<END
# certrelayd's configuration: certrelayd.ini(5). To try it: certrelayd --config THIS_FILE --check-config
#
# The service runs as the user certrelayd, who must be able to read the key, and nobody else:
#     install -m 640 -g certrelayd fullchain.pem privkey.pem $2/
# Renewed files are loaded by themselves. For a port below 1024 the service needs port-443.conf; devices then leave the port out.
listen = 0.0.0.0:8443
listen = [::]:8443
tls_cert = $2/fullchain.pem
tls_key = $2/privkey.pem
#
# For an organisation: only its own devices open mailboxes, those that show a permit (certrelayd(8), PERMITS) or come from its networks.
#     umask 077
#     openssl rand -base64 24 >$2/permits
#     chgrp certrelayd $2/permits && chmod 640 $2/permits
#     permits_file = $2/permits
# or kept from the service's user by systemd, with LoadCredential=permits:$2/permits in a drop-in of the unit:
#     permits_file = /run/credentials/certrelayd.service/permits

# The rest, with its defaults.
END
printf '%s\n' "$help" | awk '
    /^  KEY/ { seen = 1; next }
    seen && /^$/ { exit }
    seen {
        line = $0
        sub(/^  /, "", line)
        count = split(line, part, /  +/)
        if (part[2] == "needed") next
        range = count > 3 ? " (" part[3] ")" : ""
        print ""
        print "# " part[count] range
        print "# " part[1] " =" (part[2] == "none" || part[1] == "page" ? "" : " " part[2])
    }'
