"""Raw clients on chosen nodes of a cluster: for what is said frame by frame."""

import os
import time

from relaykit import DELIVER, JOINED, PATIENCE, PEER


def skip_to(client, kind):
    """The first message of this kind; those before it are passed over."""
    while (heard := client.hear())[0] != kind:
        pass
    return heard


def split(cluster, owner=0, edge=1):
    """Two clients in one mailbox, on two nodes, with nothing left to hear; both, and their tokens."""
    tokens = os.urandom(16), os.urandom(16)
    displayer, typist = cluster[owner].client(), cluster[edge].client()
    typist.join(tokens[1], displayer.allocate(tokens[0]))
    typist.hear(JOINED)
    typist.hear(PEER)
    displayer.hear(PEER)
    displayer.hear(DELIVER)
    return displayer, typist, tokens


def eventually(is_so, limit=PATIENCE):
    """Waits until it is so; its value."""
    deadline = time.monotonic() + limit
    while True:
        value = is_so()
        if value:
            return value
        assert time.monotonic() < deadline, "it did not come to be so in %d s" % limit
        time.sleep(0.05)


def first_answer(node, message):
    """What a new connection is told to its first message."""
    client = node.client()
    client.send_frame(message)
    answer = client.hear()
    client.close()
    return answer
