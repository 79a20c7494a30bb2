"""The peer against itself: codes, invitations, refusals, records; and the transcript is what it writes."""

import pytest

import make_transcript
from peer import code, cpace, messages, wire
from peer.messages import RECEIVER, SENDER
from peer.session import DIGITS, LONG, Displayer, SessionError, Typist

SECRET = b"7730194"


def pair(role_a=SENDER, role_b=RECEIVER, secret_b=SECRET, plate_b="4821"):
    return Typist(role_a, "4821", SECRET), Displayer(role_b, plate_b, {DIGITS: secret_b})


def connected():
    typist, displayer = pair()
    make_transcript.handshake(typist, displayer)
    return typist, displayer


def test_the_transcript_in_the_repository_is_the_one_the_peer_writes():
    with open(make_transcript.TARGET, encoding="utf-8") as file:
        assert file.read() == make_transcript.text()


def test_a_code_is_read_from_the_right_and_through_every_separator():
    for plate in ("4821", "00427", "90210318"):
        digits = code.make(plate, "0000007")
        typed = code.show(digits).replace(" ", "\u2212").replace("7", "\uff17")
        assert code.parse(typed) == (plate, "0000007")


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_found():
    digits = code.make("4821", "7730194")
    for at, right in enumerate(digits):
        for wrong in set("0123456789") - {right}:
            with pytest.raises(code.CodeError):
                code.parse(digits[:at] + wrong + digits[at + 1 :])
        swapped = digits[:at] + digits[at : at + 2][::-1] + digits[at + 2 :]
        if swapped != digits:
            with pytest.raises(code.CodeError):
                code.parse(swapped)


@pytest.mark.parametrize("text", ["", "4821 7730 194", "4821 7730 194x", "4821/7730/1944", "1" * 17])
def test_what_is_no_code_is_malformed(text):
    with pytest.raises(code.CodeError):
        code.parse(text)


def test_an_invitation_comes_back_as_it_was_made():
    url = code.make_invitation("https://p.example/", "send", code="482177301944", relay="wss://r.example/ws?a=1&b",
                               key=bytes(range(16)))
    fields = code.parse_invitation(url + "&later=1")
    assert fields == {"role": 1, "nameplate": "4821", "secret": "7730194",
                      "relay": "wss://r.example/ws?a=1&b", "key": bytes(range(16))}


@pytest.mark.parametrize("tail", [
    "do=send&code=482177301944", "v=1&code=482177301944", "v=1&do=send", "v=1&do=look&code=482177301944",
    "v=1&do=send&code=482177301944&plate=4821", "v=1&do=send&code=482177301944&do=send",
    "v=1&do=send&code=482177301945", "v=1&do=send&code=482177301944&key=AAAA",
])
def test_a_malformed_invitation_is_refused(tail):
    with pytest.raises(code.CodeError):
        code.parse_invitation("https://p.example/#" + tail)


def test_two_senders_are_told_before_the_reply():
    typist, displayer = pair(role_b=SENDER)
    with pytest.raises(SessionError) as error:
        displayer.feed(typist.start())
    assert (error.value.why, error.value.reply) == ("role", b"\x0f\x02")
    with pytest.raises(SessionError, match="role"):
        typist.feed(error.value.reply)


@pytest.mark.parametrize("displayer", [
    pair(secret_b=b"7730195")[1], pair(plate_b="4822")[1], Displayer(RECEIVER, "4821", {DIGITS: b"", LONG: SECRET}),
])
def test_another_secret_or_nameplate_is_found_by_the_displayer_first(displayer):
    typist, _ = pair()
    confirm, = typist.feed(displayer.feed(typist.start())[0])
    with pytest.raises(SessionError, match="wrong code"):
        displayer.feed(confirm)
    assert not displayer.is_ready() and not typist.is_ready()


@pytest.mark.parametrize("share", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)])
def test_the_identity_and_what_is_no_point_are_refused_on_both_sides(share):
    typist, displayer = pair()
    start = typist.start()
    with pytest.raises(SessionError, match="malformed"):
        displayer.feed(start[:19] + share + start[51:])
    with pytest.raises(cpace.CpaceError):
        typist.feed(b"\x02" + share + b"\x01\x02")


def test_every_flipped_bit_of_a_record_is_found():
    for at in (0, 1, 2, 17, 18, 2000, 4095):
        typist, displayer = connected()
        frame = bytearray(typist.seal(messages.message(messages.BYE)))
        frame[at] ^= 1
        with pytest.raises(SessionError, match="tampered"):
            displayer.open(bytes(frame))


def test_nothing_is_said_or_heard_after_final():
    typist, displayer = connected()
    displayer.open(typist.seal(messages.message(messages.BYE), final=True))
    with pytest.raises(SessionError, match="after final"):
        typist.seal(b"")
    with pytest.raises(SessionError, match="tampered"):
        displayer.open(b"\x04" + bytes(4095))


def test_data_out_of_order_twice_or_too_much_is_refused():
    offered = [{"files": [(1, 4), (2, 2)]}]
    for rows in (["00010000000041"], ["000000000001" + "41"], ["0000000000004141414141"],
                 ["00000000000041414141", "00000000000041414141"]):
        gathering = messages.Gathering(offered)
        with pytest.raises(wire.WireError):
            for row in rows:
                gathering.add(bytes.fromhex(row))


def test_contract_frames_come_back_as_they_were_made():
    token = bytes(range(16))
    for kind, fields in [(wire.JOIN, {"token": token, "nameplate": "00427", "payload": b"x"}),
                         (wire.RESUMED, {"seconds": 9, "peer": 1, "next": 7}), (wire.EXTEND, {})]:
        made = wire.frame(kind, **fields)
        assert wire.parse(made) == (kind, fields)
        with pytest.raises(wire.WireError):
            wire.parse(made[:-1])
        if kind != wire.JOIN:
            with pytest.raises(wire.WireError):
                wire.parse(made + b"\0")
