"""certrelay remove: what goes is shown first, and the last copy goes only when told twice."""

import pytest
from kit import tree
from people import environment, person, run
from shelf import error_id, events, put, shelf

__all__ = ["environment", "person", "run", "shelf"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture
def usb(tmp_path, shelf):
    """A second copy, in a folder that is no usual place."""
    put(shelf.one, tmp_path / "usb" / "NPKI")
    return tmp_path / "usb"


def files_of(place):
    return sorted(path.name for path in place.iterdir())


def test_the_only_copy_is_kept(run, shelf):
    for words in ((), ("--yes",)):
        result = run("remove", "1", *words, "--json")
        assert result.returncode == 73 and error_id(result) == "last-copy"
    assert tree(shelf.place) == tree(shelf.one.folder)


def test_the_only_copy_goes_when_told_twice(run, shelf):
    result = run("remove", "1", "--last-copy", "--json")
    assert result.returncode == 66 and error_id(result) == "need-input" and shelf.place.exists()
    result = run("remove", "1", "--last-copy", "--yes", "--json")
    assert result.returncode == 0 and events(result, "removed")[0]["path"] == str(shelf.place)
    assert not shelf.place.exists() and error_id(run("list", "--json")) == "not-found"


def test_what_goes_is_shown_and_the_word_has_to_be_typed(person, shelf):
    names = files_of(shelf.place)
    terminal = person("remove", "1", "--last-copy", columns=200)
    terminal.expect("This would be deleted")
    terminal.expect(str(shelf.place)[:60].replace("(", r"\("))
    for name in names:
        assert name in terminal.text or terminal.expect(name)
    terminal.expect("No other copy is known")
    terminal.expect("Type yes if it is not needed")
    terminal.type("yes")
    terminal.expect("Type yes to delete it for good")
    terminal.type("yes")
    assert terminal.wait() == 0 and "revoked" in terminal.text and not shelf.place.exists()


@pytest.mark.parametrize("answers", [("y",), ("n",), ("",), ("yes", "y"), ("yes", "no"), ("yes", "")])
def test_anything_but_the_word_deletes_nothing(person, shelf, answers):
    terminal = person("remove", "1", "--last-copy")
    for answer in answers:
        terminal.expect(r"Type yes")
        terminal.type(answer)
    assert terminal.wait() == 77 and "Nothing was deleted" in terminal.text
    assert tree(shelf.place) == tree(shelf.one.folder)


def test_ctrl_c_deletes_nothing(person, shelf):
    terminal = person("remove", "1", "--last-copy")
    terminal.expect("Type yes")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130 and tree(shelf.place) == tree(shelf.one.folder)


def test_a_copy_on_a_drive_goes_while_the_other_stays(run, shelf, usb):
    result = run("remove", "1", "--store", usb, "--yes")
    assert result.returncode == 0, result.stderr
    assert not tree(usb) and tree(shelf.place) == tree(shelf.one.folder)


def test_a_copy_with_another_password_is_no_copy_of_it(run, shelf, usb, tmp_path):
    key = next(path for path in (usb / "NPKI").rglob("*") if path.name.lower() == "signpri.key")
    key.write_bytes(key.read_bytes()[:-1] + b"\x00")
    result = run("remove", "1", "--store", usb, "--yes", "--json")
    assert result.returncode == 73 and error_id(result) == "last-copy" and key.exists()


def test_with_several_places_the_place_has_to_be_said(run, person, shelf, usb, tmp_path):
    result = run("remove", "1", "--store", tmp_path, "--yes", "--json")
    assert result.returncode == 66 and error_id(result) == "need-input"
    result = run("remove", "1", "--store", tmp_path, "--yes", "--place", "3", "--json")
    assert result.returncode == 66 and error_id(result) == "no-place"
    terminal = person("remove", "1", "--store", tmp_path, columns=200)
    terminal.expect("several places")
    number = terminal.expect(rf"\n  (\d)  {usb}")[1]
    terminal.expect("From which one")
    terminal.type("5")
    terminal.expect("From which one")
    terminal.type(number)
    terminal.expect("It stays in")
    terminal.expect("delete it for good")
    terminal.type("yes")
    assert terminal.wait() == 0 and not tree(usb) and tree(shelf.place) == tree(shelf.one.folder)


def test_with_several_places_one_can_be_named(run, shelf, usb, tmp_path):
    result = run("remove", "1", "--store", tmp_path, "--yes", "--place", "1", "--json")
    gone = events(result, "removed")[0]["path"]
    assert result.returncode == 0 and gone in (str(shelf.place), str(next((usb / "NPKI").glob("*/*")) / shelf.place.name))
    left = usb if gone == str(shelf.place) else shelf.root
    assert sorted(tree(left).values()) == shelf.one.files()


def test_other_files_and_certificates_beside_it_stay(run, shelf):
    other = put(shelf.pair, shelf.root) if shelf.pair.folder.name != shelf.one.folder.name else None
    (shelf.place.parent / "notes.txt").write_text("mine")
    number = next(each["certificate"]["number"] for each in events(run("list", "--json"), "certificate")
                  if each["certificate"]["path"] == str(shelf.place))
    assert run("remove", str(number), "--last-copy", "--yes").returncode == 0
    assert not shelf.place.exists() and (shelf.place.parent / "notes.txt").read_text() == "mine"
    assert other is None or tree(other) == tree(shelf.pair.folder)


def test_a_damaged_certificate_can_be_removed(run, shelf):
    (shelf.place / "signPri.key").unlink()
    assert run("remove", "1", "--last-copy", "--yes").returncode == 0
    assert not tree(shelf.root)


def test_several_certificates_need_a_name(run, shelf):
    put(shelf.pair, shelf.root)
    result = run("remove", "--yes", "--json")
    assert result.returncode == 66 and error_id(result) == "need-which"
    result = run("remove", "1", "2", "--yes", "--json")
    assert result.returncode == 64 and error_id(result) == "one-only"
    assert len(events(run("list", "--json"), "certificate")) == 2


def test_korean_words_are_understood(person, shelf):
    terminal = person("remove", "1", "--last-copy", "--lang", "ko")
    for _ in range(2):
        terminal.expect("입력하십시오:")
        terminal.type("예")
    assert terminal.wait() == 0 and "삭제했습니다" in terminal.text and not shelf.place.exists()


def test_a_second_name_of_a_file_keeps_its_mode(run, shelf, tmp_path):
    key = shelf.place / "signPri.key"
    key.chmod(0o444)
    (tmp_path / "second").hardlink_to(key)
    before = key.read_bytes()
    assert run("remove", "1", "--last-copy", "--yes").returncode == 0
    assert not key.exists() and (tmp_path / "second").read_bytes() == before
    assert (tmp_path / "second").stat().st_mode & 0o777 == 0o444


def test_a_file_that_may_not_be_written_goes_all_the_same(run, shelf):
    (shelf.place / "signPri.key").chmod(0o400)
    assert run("remove", "1", "--last-copy", "--yes").returncode == 0
    assert not shelf.place.exists()
