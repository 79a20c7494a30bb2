"""The peer's CPace against every value of the draft's vectors."""

import hashlib
import json
import os

import pytest

from peer import cpace

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "..", "vectors", "cpace.json"), encoding="utf-8") as file:
    VECTORS = json.load(file)


def unhex(group, name):
    return bytes.fromhex(VECTORS[group][name])


def test_the_generator_string_and_the_generator_are_the_drafts():
    g = {name: unhex("calculate_generator", name) for name in ("PRS", "DSI", "CI", "sid", "hash result")}
    made = cpace.generator_string(g["DSI"], g["PRS"], g["CI"], g["sid"])
    assert g["DSI"] == cpace.DSI
    assert made == unhex("calculate_generator", "generator_string(G.DSI,PRS,CI,sid,H.s_in_bytes)")
    assert hashlib.sha512(made).digest() == g["hash result"]
    assert cpace.generator(g["PRS"], g["CI"], g["sid"]) == unhex("calculate_generator", "encoded generator g")


def test_both_sides_reach_the_drafts_keys():
    p = {name: unhex("protocol", name) for name in VECTORS["protocol"]}
    g = cpace.generator(p["PRS"], p["CI"], p["sid"])
    ya, yb = cpace.scalar_mult(p["ya"], g), cpace.scalar_mult(p["yb"], g)
    assert (g, ya, yb) == (p["g"], p["Ya"], p["Yb"])
    k = cpace.scalar_mult(p["ya"], yb)
    assert k == p["K"] == cpace.scalar_mult(p["yb"], ya)
    assert cpace.session_key(p["sid"], k, ya, p["ADa"], yb, p["ADb"]) == p["ISK_IR"]
    assert cpace.session_key(p["sid"], k, ya, p["ADa"], yb, p["ADa"]) != p["ISK_IR"]


def test_the_other_derived_values_are_the_drafts():
    p = {name: unhex("protocol", name) for name in VECTORS["protocol"]}
    parts = p["Ya"], p["ADa"], p["Yb"], p["ADb"]
    symmetric = cpace.lv_cat(cpace.DSI_ISK, p["sid"], p["K"]) + cpace.transcript_oc(*parts)
    assert hashlib.sha512(symmetric).digest() == p["ISK_SY"]
    ordered = hashlib.sha512(b"CPaceSidOutput" + cpace.transcript_ir(*parts)).digest()
    crossed = hashlib.sha512(b"CPaceSidOutput" + cpace.transcript_oc(*parts)).digest()
    assert (ordered, crossed) == (p["sid_output_ir"], p["sid_output_oc"])


def test_a_valid_share_multiplies_and_invalid_ones_are_refused():
    vectors = VECTORS["scalar_mult"]
    scalar, point = (bytes.fromhex(vectors["Valid"][name]) for name in ("s", "X"))
    assert cpace.scalar_mult(scalar, point).hex() == vectors["Valid"]["G.scalar_mult_vfy(s,X)"]
    assert cpace.scalar_mult(scalar, point).hex() == vectors["Valid"]["G.scalar_mult(s,decode(X))"]
    for name in ("Invalid Y1", "Invalid Y2"):
        with pytest.raises(cpace.CpaceError):
            cpace.scalar_mult(scalar, bytes.fromhex(vectors[name]))


@pytest.mark.parametrize("group", ["prepend_len", "lv_cat", "o_cat", "transcript_ir", "transcript_oc"])
def test_the_string_utilities_are_the_drafts(group):
    calls = {name: value for name, value in VECTORS["string_utilities"][group].items() if name.startswith(group)}
    assert calls
    for call, value in calls.items():
        assert eval(call, {group: getattr(cpace, group)}).hex() == value, call
