"""A relay that changes, drops, repeats, reorders, crosses and replays: nothing of it is stored, nothing is revealed."""

import itertools

import pytest
from hostile import (POSITIONS, SHOWING, Crossing, Pair, at, claiming, flip, frame_indexes, frames, run_pair, sender_of,
                     swap, swappable)
from kit import all_at_once
from scripted_relay import DISPLAYER, TYPIST, ScriptedRelay

pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, programs):
    """How many frames each side sends in an honest session, and their bytes."""
    return {showing: frame_indexes(tmp_path_factory.mktemp("honest"), showing) for showing in SHOWING}


@pytest.fixture(scope="module")
def lengths(whole):
    return {showing: {who: len(sent) for who, sent in whole[showing].items()} for showing in SHOWING}


def run_all(folder, showing, lengths, cases, arrived=False):
    """cases: (who, index, label, tamper), or with run_pair's after as a fifth"""
    def job(number, who, index, label, tamper, after=None):
        place = folder / f"{number}"
        place.mkdir()
        last = lengths[showing][sender_of(showing)]
        pair = run_pair(place, showing, tamper, after)
        pair.assert_harmless(who, index, f"{showing}: {who} {index} {label}", last, arrived)
    all_at_once([lambda n=n, c=c: job(n, *c) for n, c in enumerate(cases)])


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize("part", range(4))
def test_a_flipped_bit_in_any_frame_is_found(tmp_path, showing, part, whole, lengths):
    cases = [(who, index, f"byte {position}", at(who, index, flip(position)))
             for who, index in frames(lengths[showing])
             for position in POSITIONS[whole[showing][who][index - 1][0]]]
    run_all(tmp_path, showing, lengths, cases[part::4])


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize("label,change", [
    ("truncated", lambda payload: [payload[:-1]]),
    ("lengthened", lambda payload: [payload + b"\0"]),
    ("repeated", lambda payload: [payload, payload]),
    ("emptied", lambda payload: [payload[:1]]),
])
def test_a_frame_of_another_length_or_twice_is_found(tmp_path, showing, label, change, lengths):
    cases = [(who, index, label, at(who, index, change)) for who, index in frames(lengths[showing])]
    run_all(tmp_path, showing, lengths, cases, arrived=label == "repeated")


@pytest.mark.parametrize("showing", SHOWING)
def test_frames_of_one_side_in_another_order_are_found(tmp_path, showing, lengths):
    run_all(tmp_path, showing, lengths, [(who, index, "swapped", swap(who, index)) for who, index in swappable(showing)])


@pytest.mark.parametrize("showing", SHOWING)
def test_a_frame_that_is_kept_back_ends_in_silence_told_to_the_person(tmp_path, showing, lengths):
    places = [(TYPIST, 1), (DISPLAYER, 1), (TYPIST, 2), (DISPLAYER, 2)]
    run_all(tmp_path, showing, lengths,
            [(who, index, "dropped", at(who, index, lambda payload: [])) for who, index in places])


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize("mood", range(1, 6))
def test_a_claimed_closing_at_any_moment_is_no_success(tmp_path, showing, mood, lengths):
    cases = [(who, index, f"closed {mood}", at(who, index, lambda payload: []), claiming(who, index, mood))
             for who, index in frames(lengths[showing])]
    run_all(tmp_path, showing, lengths, cases)


@pytest.mark.parametrize("showing", SHOWING)
def test_a_recorded_session_played_again_is_found(tmp_path, showing, whole, lengths):
    old = whole[showing]
    cases = [(who, index, "replayed", at(who, index, lambda payload, w=who, i=index: [old[w][i - 1]]))
             for who, index in frames(lengths[showing])]
    run_all(tmp_path, showing, lengths, cases)


@pytest.mark.parametrize("showing", SHOWING)
def test_the_whole_of_a_recorded_side_played_again_is_found(tmp_path, showing, whole, lengths):
    old = whole[showing]

    def tamper(who):
        return lambda mailbox, speaker, number, payload: (
            [old[who][number - 1]] if speaker == who and number <= len(old[who]) else [payload])
    run_all(tmp_path, showing, lengths, [(who, 1, "all replayed", tamper(who)) for who in (TYPIST, DISPLAYER)])


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize("reason", [0, 1, 2, 3, 255])
def test_an_abort_at_any_moment_ends_without_harm(tmp_path, showing, reason, lengths):
    cases = [(who, index, f"abort {reason}", at(who, index, lambda payload: [bytes([0x0F, reason])]))
             for who, index in frames(lengths[showing])]
    run_all(tmp_path, showing, lengths, cases)


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize("since", range(1, 5))
def test_two_sessions_crossed_from_some_frame_on_end_without_harm(tmp_path, showing, since):
    """From frame `since` on, each frame goes to the other session's device instead."""
    crossing = Crossing(since)
    with ScriptedRelay(crossing.tamper, after=crossing.after, nameplates=["1234", "2345"]) as relay:
        pairs = []
        for name in ("one", "two"):
            place = tmp_path / name
            place.mkdir()
            pairs.append(Pair(place, showing, relay))
        for pair in pairs:
            pair.show()
        for pair in pairs:
            pair.type()
        for pair in pairs:
            pair.end()
            pair.assert_harmless(pair.sender(), since, f"{showing} crossed from {since}", last=99)


def test_the_cases_above_cover_every_kind_of_frame(whole):
    kinds = {sent[0] for showing, who in itertools.product(SHOWING, (TYPIST, DISPLAYER))
             for sent in whole[showing][who]}
    assert kinds == {1, 2, 3, 4}
