"""Certificates arrive byte for byte, whoever shows the number; what is broken is refused before anything is sent."""

import pytest
from kit import Kit, assert_nothing_stored, contents, tree
from material import BAD, BAD_FOLDER, VALID, by_name, with_km
from scripted_relay import ScriptedRelay

pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture
def place(tmp_path):
    """Where the receiver's folders are; some kinds are stored beside NPKI."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def carry(kit, source, password, store, importer_shows=True, certs=("1",)):
    """A whole transfer; the two clients, both successful."""
    if importer_shows:
        importer = kit.importer(store)
        exporter = kit.exporter(source, password, code=importer.code(), certs=certs)
    else:
        exporter = kit.exporter(source, password, certs=certs)
        importer = kit.typing_importer(store, exporter.code())
    importer.succeeds()
    exporter.succeeds()
    return importer, exporter


@pytest.mark.parametrize("importer_shows", [True, False], ids=["import shows", "export shows"])
def test_a_certificate_arrives_whoever_shows_the_number(kit, place, importer_shows):
    material = by_name("y-bank-115")
    importer, exporter = carry(kit, material.folder, material.password, place / "NPKI", importer_shows)
    assert contents(place) == material.files()
    assert "saved" in importer.steps() and "saved" in exporter.steps()


@pytest.mark.parametrize("importer_shows", [True, False], ids=["import shows", "export shows"])
def test_a_pair_for_encryption_travels_with_the_one_for_signing(kit, place, importer_shows):
    material = with_km()
    carry(kit, material.folder, material.password, place / "NPKI", importer_shows)
    assert contents(place) == material.files()
    assert len(material.files()) == 4


def test_several_certificates_go_at_once(kit, tmp_path, place):
    same = [each for each in VALID if each.password == VALID[0].password and "expired" not in each.name][:3]
    source = tmp_path / "source"
    for material in same:
        folder = source / "NPKI" / "any" / "USER" / material.name
        folder.mkdir(parents=True)
        for name, data in tree(material.folder).items():
            (folder / name).write_bytes(data)
    carry(kit, source, same[0].password, place / "NPKI", certs=("1", "2", "3"))
    assert contents(place) == sorted(data for each in same for data in each.files())


@pytest.mark.parametrize("material", VALID, ids=str)
def test_every_valid_sample_arrives_byte_for_byte(kit, place, material):
    carry(kit, material.folder, material.password, place / "NPKI")
    assert contents(place) == material.files()


def test_a_second_transfer_of_the_same_certificate_changes_nothing(kit, place):
    material = by_name("y-bank-115")
    carry(kit, material.folder, material.password, place / "NPKI")
    first = tree(place)
    carry(kit, material.folder, material.password, place / "NPKI")
    assert tree(place) == first


@pytest.mark.skipif(BAD_FOLDER is None, reason="SKIP: no broken samples here")
@pytest.mark.parametrize("name", sorted(BAD))
def test_a_broken_certificate_is_refused_by_name_and_nobody_joins(tmp_path, name, place):
    with ScriptedRelay() as relay:
        kit = Kit(tmp_path, relay.url)
        importer = kit.importer(place / "NPKI")
        exporter = kit.exporter(BAD_FOLDER / name, by_name("y-bank-115").password, code=importer.code())
        exporter.fails(BAD[name])
        assert relay.joins == 0
        kit.stop()
    assert_nothing_stored(place)


@pytest.mark.skipif(BAD_FOLDER is None, reason="SKIP: no broken samples here")
def test_a_key_with_trailing_bytes_is_carried_as_it_is(kit, place):
    carry(kit, BAD_FOLDER / "key-trailing", by_name("y-bank-115").password, place / "NPKI")
    assert contents(place) == contents(BAD_FOLDER / "key-trailing")


def test_a_wrong_password_is_refused_and_nobody_joins(tmp_path, place):
    with ScriptedRelay() as relay:
        kit = Kit(tmp_path, relay.url)
        importer = kit.importer(place / "NPKI")
        exporter = kit.exporter(by_name("y-bank-115").folder, "not the password", code=importer.code())
        exporter.fails("wrong-password")
        assert relay.joins == 0
        kit.stop()
