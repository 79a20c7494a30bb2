"""The page, receiving and sending, through the relay of test_hostile_relay.py: the same harm, and none done."""

import itertools

import pytest
from hostile import POSITIONS, SHOWING, Crossing, at, claiming, flip, frames, sender_of, swap, swappable
from kit import all_at_once, contents
from pages import Driver, PagePair
from scripted_relay import DISPLAYER, TYPIST, ScriptedRelay

pytestmark = pytest.mark.usefixtures("programs")

PAGE_AT = ("import", "export")
SETTINGS = list(itertools.product(PAGE_AT, SHOWING))
AT_ONCE = 4
PATIENCE = 30
ABORT = 0x0F
MOODS = 5
REASONS = (0, 1, 2, 3, 255)


class Meeting:
    """One relay and one browser for all cases; what happens to a session is told by its nameplate."""

    def __init__(self):
        self.plans = {}
        self.relay = ScriptedRelay(self.tamper, self.after, [f"{number:04d}" for number in range(1000, 10000)])

    def __enter__(self):
        self.relay.__enter__()
        self.driver = Driver(self.relay.url).__enter__()
        return self

    def __exit__(self, *_):
        self.driver.__exit__()
        self.relay.__exit__()

    def tamper(self, mailbox, who, index, payload):
        tamper = self.plans.get(mailbox.nameplate, (None, None))[0]
        return tamper(mailbox, who, index, payload) if tamper else [payload]

    async def after(self, relay, mailbox, who, index):
        after = self.plans.get(mailbox.nameplate, (None, None))[1]
        if after:
            await after(relay, mailbox, who, index)

    def pair(self, folder, page, showing, tamper=None, after=None):
        pair = PagePair(folder, showing, self.relay, self.driver, page, PATIENCE)
        pair.show()
        self.plans[pair.nameplate()] = tamper, after
        return pair

    def run(self, folder, page, showing, tamper=None, after=None):
        pair = self.pair(folder, page, showing, tamper, after)
        pair.type()
        pair.end()
        return pair


@pytest.fixture(scope="module")
def meeting(programs):
    with Meeting() as running:
        yield running


@pytest.fixture(scope="module")
def whole(meeting, tmp_path_factory):
    """{(page, showing): {who: payloads}} of honest sessions."""
    def honest(page, showing):
        pair = meeting.run(tmp_path_factory.mktemp("honest"), page, showing)
        assert (pair.sent, pair.received) == (0, 0), pair.story("honest")
        assert contents(pair.store) == pair.material.files()
        seats = meeting.relay.mailboxes[pair.nameplate()].seats
        return {who: list(seats[who].payloads) for who in (TYPIST, DISPLAYER)}
    return {setting: honest(*setting) for setting in SETTINGS}


@pytest.fixture
def harm_all(meeting, whole, tmp_path):
    """harm_all(cases, workers, arrived): runs sessions with the cases, each (setting, who, index, label, tamper[, after])."""
    def run(cases, workers=AT_ONCE, arrived=False):
        def job(number, setting, who, index, label, tamper, after=None):
            (page, showing), place = setting, tmp_path / str(number)
            place.mkdir()
            pair = meeting.run(place, page, showing, tamper, after)
            last = len(whole[setting][sender_of(showing)])
            pair.assert_harmless(who, index, f"page {page}s, {showing}er shows: {who} {index} {label}", last, arrived)
        assert cases
        all_at_once([lambda n=n, c=c: job(n, *c) for n, c in enumerate(cases)], workers)
    return run


@pytest.fixture(params=SETTINGS, ids=lambda setting: f"page-{setting[0]}s-{setting[1]}er-shows")
def harm(request, harm_all, whole):
    """harm(cases): as harm_all, in one setting, whose frames harm.frames tells."""
    def run(cases, **more):
        harm_all([(request.param, *case) for case in cases], **more)
    run.sent, run.showing = whole[request.param], request.param[1]
    run.frames = frames({who: len(sent) for who, sent in run.sent.items()})
    return run


def in_turn(choices, number):
    return choices[number % len(choices)]


def test_a_flipped_bit_in_any_frame_is_found(harm):
    cases = []
    for number, (who, index) in enumerate(harm.frames):
        positions = POSITIONS[harm.sent[who][index - 1][0]]
        for position in {positions[0], in_turn(positions[1:], number)}:
            cases.append((who, index, f"byte {position}", at(who, index, flip(position))))
    harm(cases)


def test_a_frame_of_another_length_is_found(harm):
    changes = [("truncated", lambda payload: [payload[:-1]]), ("lengthened", lambda payload: [payload + b"\0"]),
               ("emptied", lambda payload: [payload[:1]])]
    harm([(who, index, label, at(who, index, change))
          for number, (who, index) in enumerate(harm.frames) for label, change in [in_turn(changes, number)]])


def test_a_frame_that_comes_twice_is_found(harm):
    harm([(who, index, "repeated", at(who, index, lambda payload: [payload, payload])) for who, index in harm.frames],
         arrived=True)


def test_frames_of_one_side_in_another_order_are_found(harm):
    harm([(who, index, "swapped", swap(who, index)) for who, index in swappable(harm.showing)])


def test_a_frame_that_is_kept_back_ends_in_silence_told_to_the_person(harm_all):
    """All at once, since each waits for the same silence."""
    places = [(TYPIST, 1), (DISPLAYER, 1), (TYPIST, 2), (DISPLAYER, 2)]
    cases = [(setting, who, index, "dropped", at(who, index, lambda payload: []))
             for number, setting in enumerate(SETTINGS) for who, index in places[number % 2::2]]
    harm_all(cases, workers=len(cases))


def test_a_claimed_closing_at_any_moment_is_no_success(harm):
    harm([(who, index, f"closed {mood}", at(who, index, lambda payload: []), claiming(who, index, mood))
          for number, (who, index) in enumerate(harm.frames) for mood in [1 + number % MOODS]])


def test_a_recorded_session_played_again_is_found(harm):
    harm([(who, index, "replayed", at(who, index, lambda payload, w=who, i=index: [harm.sent[w][i - 1]]))
          for who, index in harm.frames])


def test_an_abort_at_any_moment_ends_without_harm(harm):
    harm([(who, index, f"abort {reason}", at(who, index, lambda payload, r=reason: [bytes([ABORT, r])]))
          for number, (who, index) in enumerate(harm.frames) for reason in [in_turn(REASONS, number)]])


@pytest.mark.parametrize("page", PAGE_AT)
@pytest.mark.parametrize("showing,since", [("import", 1), ("import", 3), ("export", 2), ("export", 4)])
def test_two_sessions_crossed_from_some_frame_on_end_without_harm(tmp_path, meeting, whole, page, showing, since):
    crossing, pairs = Crossing(since), []
    for name in ("one", "two"):
        place = tmp_path / name
        place.mkdir()
        pairs.append(meeting.pair(place, page, showing, crossing.tamper, crossing.after))
    for pair in pairs:
        pair.type()
    for pair in pairs:
        pair.end()
        pair.assert_harmless(pair.sender(), since, f"page {page}s, {showing}er shows, crossed from {since}", last=99)


def test_the_cases_above_cover_every_kind_of_frame(whole):
    assert {payload[0] for sides in whole.values() for sent in sides.values() for payload in sent} == {1, 2, 3, 4}
