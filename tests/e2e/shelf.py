"""Certificates on a shelf: a home with some of them in its folder NPKI, and what tests look for there."""

import json
import pathlib
import shutil

import pytest
from material import VALID, by_name, with_km


def put(material, root):
    """Copies the certificate's folder to where it belongs below root; its new place."""
    parts = material.folder.parts
    place = pathlib.Path(root, *parts[parts.index("NPKI") + 1:])
    shutil.copytree(material.folder, place)
    return place


def events(result, name):
    """The JSON lines of this event."""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [line for line in lines if line["event"] == name]


def error_id(result):
    found = events(result, "error")
    assert found, result.stdout + result.stderr
    return found[-1]["id"]


class Shelf:
    """HOME/NPKI with one certificate; the others are at hand."""

    def __init__(self, home):
        self.home = home
        self.one = by_name("y-bank-115")
        self.pair = with_km()
        self.root = home / "NPKI"
        self.place = put(self.one, self.root)
        self.password = self.secret("password", self.one.password)

    def secret(self, name, text):
        path = self.home / name
        path.write_text(text + "\n", encoding="utf-8")
        return path


@pytest.fixture
def shelf(tmp_path):
    if not VALID or not with_km():
        pytest.skip("SKIP: neither fixtures nor the sample program")
    return Shelf(tmp_path)
