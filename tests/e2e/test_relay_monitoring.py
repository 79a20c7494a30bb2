"""What is shipped for operators' monitoring: alerts and dashboard know only figures that a relay has."""

import concurrent.futures
import json
import pathlib
import re

import pytest

from relaykit import make_certificate, pair
from watchkit import NO_PROMTOOL, PROMTOOL, SAMPLE, Watched, promtool, say_goodbye

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "relay" / "monitoring"
MAIN = {"CertrelayGuessing", "CertrelayFull", "CertrelayNotReady", "CertrelayNothingSucceeds", "CertrelayTlsExpiresSoon"}
# Names of labels that Prometheus itself adds.
ADDED = {"instance", "job"}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Every name, with its labels and their values, that a relay with TLS shows, and one that shares an engine."""
    folder = str(tmp_path_factory.mktemp("relay"))
    found = {"up": {}}
    with Watched(folder, *make_certificate(folder)) as relay, Watched(folder, engine="unix:%s/none" % folder) as shared:
        say_goodbye(*pair(relay)[:2])
        for line in (relay.get("/metrics")[2] + shared.get("/metrics")[2]).splitlines():
            if not line.startswith("#"):
                name, labels, _ = SAMPLE.fullmatch(line).groups()
                known = found.setdefault(name, {})
                for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
                    known.setdefault(label, set()).add(value)
    return found


def asked(expression):
    """(name, label, operator, value) of each selector; label is None for a bare name."""
    for name, selectors in re.findall(r"\b(certrelay_\w+|up)\b(?:\{([^}]*)\})?", expression):
        yield name, None, None, None
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selectors):
            yield name, label, operator, value


def check(expression, series):
    names = list(asked(expression))
    assert names, expression
    for name, label, operator, value in names:
        assert name in series, "%s in %s" % (name, expression)
        if label is None or label in ADDED:
            continue
        values = series[name].get(label, set())
        fits = {v for v in values if (re.fullmatch(value, v) if "~" in operator else v == value)}
        assert fits, "%s{%s%s\"%s\"} in %s" % (name, label, operator, value, expression)
        for one in value.split("|") if operator == "=~" else ():
            assert any(re.fullmatch(one, v) for v in values), "%s: no such %s" % (one, label)
    for label in re.findall(r"\bby \(([^)]*)\)", expression):
        for one in label.split(", "):
            assert one in ADDED or any(one in series[name] for name, *_ in names), "by (%s) in %s" % (one, expression)


def test_a_name_or_label_that_no_relay_has_would_be_noticed(series):
    for wrong in ("certrelay_nothing_total", 'certrelay_outcomes_total{mood="happy"}', 'certrelay_outcomes_total{feeling="done"}',
                  'certrelay_refusals_total{reason=~"full|never"}', "sum by (address) (certrelay_refusals_total)"):
        with pytest.raises(AssertionError):
            check(wrong, series)
    check('sum by (mood) (rate(certrelay_outcomes_total{mood=~"done|expired",instance="a"}[5m]))', series)


def test_every_figure_of_the_dashboard_exists(series):
    board = json.loads((FOLDER / "dashboard.json").read_text())
    targets = [target for panel in board["panels"] for target in panel.get("targets", ())]
    assert len(targets) > 20 and len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for target in targets:
        check(target["expr"], series)
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            check("sum by (%s) (%s)" % (label, target["expr"]), series)
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert all(x + w <= 24 for x, y, w, h in places)
    taken = [(x + i, y + j) for x, y, w, h in places for i in range(w) for j in range(h)]
    assert len(taken) == len(set(taken)), "panels lie on each other"


def test_every_figure_of_the_dashboard_and_the_alerts_together_covers_all(series):
    text = (FOLDER / "dashboard.json").read_text() + (FOLDER / "rules.yml").read_text()
    for name in series:
        assert re.sub("_(sum|count)$", "_bucket", name) in text, "nobody looks at %s" % name


def rules():
    """(name, expression, the whole text) of each alert."""
    for text in (FOLDER / "rules.yml").read_text().split("- alert: ")[1:]:
        name = text.split("\n", 1)[0]
        yield name, re.search(r"expr: (\|\n(?: {10,}.*\n)+|.*\n)", text)[1], text


def test_every_figure_of_the_alerts_exists_and_each_says_what_to_do(series):
    found = list(rules())
    assert len(found) >= 12
    tests = (FOLDER / "rules.test.yml").read_text()
    for name, expression, text in found:
        check(expression, series)
        assert "summary:" in text and "action:" in text and "severity:" in text, name
        assert tests.count("alertname: %s" % name) >= 1, "%s is never tested to be silent" % name


@pytest.mark.skipif(not PROMTOOL, reason=NO_PROMTOOL)
def test_prometheus_takes_the_alerts_and_they_fire_when_they_should():
    code, said = promtool("check", "rules", str(FOLDER / "rules.yml"))
    assert code == 0 and "SUCCESS: %d rules found" % len(list(rules())) in said, said
    code, said = promtool("test", "rules", str(FOLDER / "rules.test.yml"))
    assert code == 0 and "SUCCESS" in said, said


@pytest.mark.skipif(not PROMTOOL, reason=NO_PROMTOOL)
def test_the_alerts_tests_notice_an_alert_that_never_fires(tmp_path):
    text, tests = ((FOLDER / name).read_text() for name in ("rules.yml", "rules.test.yml"))

    def without(rule):
        name, expression, _ = rule
        head, rest = text.split("- alert: %s\n" % name)
        place = tmp_path / name
        place.mkdir()
        (place / "rules.yml").write_text(head + "- alert: %s\n" % name + rest.replace(expression.rstrip("\n"), "vector(1) > 2", 1))
        (place / "rules.test.yml").write_text(tests)
        return name, promtool("test", "rules", str(place / "rules.test.yml"))[0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert [name for name, code in pool.map(without, [rule for rule in rules() if rule[0] in MAIN]) if code == 0] == []
