"""kill -9 of the importer at each system call with which it stores: at once the old certificate or the new is under the
name, and the next run cleans up."""

import os
import pathlib
import re
import shutil

import pytest
from kit import CERTRELAY, Client, contents, tree
from material import by_name, renewed, with_km

STRACE = shutil.which("strace")
pytestmark = [
    pytest.mark.usefixtures("programs"), pytest.mark.slow,
    pytest.mark.skipif(STRACE is None, reason="SKIP: strace is needed to kill at a system call"),
    pytest.mark.skipif(os.geteuid() != 0, reason="SKIP: only root may look into a program that is not dumpable"),
]
CALLS = "mkdir,mkdirat,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat,rmdir,linkat,fchmod,fchmodat,openat,write"


def traced(kit, store, where, filters):
    """An importer under strace; filters are strace's."""
    environment = {**kit.environment(), "ASAN_OPTIONS": "detect_leaks=0"}
    argv = [STRACE, "-f", "-y", "-o", str(where), *filters, CERTRELAY, "import", "--json", "--no-input", "--yes",
            "--attempts", "1", "--store", str(store), "--patience", "2", "--relay", kit.url]
    client = Client(argv, environment)
    kit.clients.append(client)
    return client


def run(kit, folder, filters, material):
    """One import; (strace's record of it, its exit code)"""
    folder.mkdir(exist_ok=True)
    record = folder.parent / (folder.name + ".strace")
    importer = traced(kit, folder / "NPKI", record, filters)
    exporter = kit.exporter(material.folder, material.password, "--patience", "2", code=importer.code())
    code = importer.wait()
    exporter.kill()
    exporter.popen.wait()
    return record.read_text(errors="replace"), code


def storing_calls(record, store):
    """[(name, number of this call among all of its name)] of the calls that touch the store."""
    counts, found = {}, []
    for line in record.splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if not match:
            continue
        name = match[1]
        counts[name] = counts.get(name, 0) + 1
        if str(store) in line and not (name == "openat" and "O_CREAT" not in line):
            found.append((name, counts[name]))
    return found


@pytest.fixture(scope="module")
def traceable(programs, tmp_path_factory):
    """Skips where tracing is not allowed."""
    record = tmp_path_factory.mktemp("strace") / "out"
    with Client([STRACE, "-o", str(record), "/bin/true"]) as client:
        if client.wait() != 0:
            pytest.skip("SKIP: strace may not trace here")


def visible(root, backup=None):
    """The files a person would see as certificates: not those of unfinished folders, and not backups."""
    return sorted(data for path, data in tree(root).items()
                  if pathlib.PurePath(path).name.lower() in ("signcert.der", "signpri.key", "kmcert.der", "kmpri.key")
                  and not any(part.startswith(".") for part in pathlib.PurePath(path).parts)
                  and not (backup and backup in path))


def listed(kit, root):
    """How many certificates a person is shown, before anything has recovered."""
    with Client([CERTRELAY, "list", "--json", "--store", str(root)], kit.environment()) as client:
        client.wait()
        return len([event for event in client.events() if event["event"] == "certificate"])


def test_old_or_new_after_a_kill_at_each_call(kit, tmp_path, traceable):
    material = with_km() or by_name("y-bank-115")
    whole = tmp_path / "whole"
    record, code = run(kit, whole, ["-e", f"trace={CALLS}"], material)
    calls = storing_calls(record, whole)
    assert code == 0 and contents(whole) == material.files() and len(calls) > 10
    seen = set()
    for number, (name, nth) in enumerate(calls):
        folder = tmp_path / f"{number}"
        _, code = run(kit, folder, ["-e", f"trace={CALLS}", "-e", f"inject={name}:signal=KILL:when={nth}"], material)
        assert code == -9, f"{name} {nth} did not come"
        left = visible(folder)
        assert left in ([], material.files()), f"{name} {nth}: {sorted(tree(folder))}"
        assert listed(kit, folder) == bool(left), f"{name} {nth}: {sorted(tree(folder))}"
        seen.add(bool(left))
        finish(kit, folder, material)
        assert contents(folder) == material.files(), sorted(tree(folder))
    assert seen == {False, True}


def test_old_or_new_after_a_kill_while_a_renewed_one_replaces_the_old(kit, tmp_path, traceable):
    pair = renewed()
    if pair is None:
        pytest.skip("SKIP: cr_make_samples is needed for a renewed certificate")
    old, new = pair
    before = tmp_path / "before"
    run(kit, before, [], old)
    assert contents(before) == old.files()

    def start_from(folder, filters):
        shutil.copytree(before, folder)
        return run(kit, folder, ["-e", f"trace={CALLS}", *filters], new)
    whole = tmp_path / "whole"
    record, code = start_from(whole, [])
    calls = storing_calls(record, whole)
    assert code == 0 and contents(whole) == sorted(old.files() + new.files()) and len(calls) > 10
    seen = set()
    for number, (name, nth) in enumerate(calls):
        folder = tmp_path / f"{number}"
        _, code = start_from(folder, ["-e", f"inject={name}:signal=KILL:when={nth}"])
        assert code == -9, f"{name} {nth} did not come"
        left = visible(folder, ".bak-")
        assert left in (old.files(), new.files()), f"{name} {nth}: {sorted(tree(folder))}"
        assert listed(kit, folder) == 1, f"{name} {nth}: {sorted(tree(folder))}"
        seen.add(left == new.files())
        finish(kit, folder, new)
        assert visible(folder, ".bak-") == new.files()
    assert seen == {False, True}


def test_a_file_system_that_cannot_exchange_gets_the_renewed_one_too(kit, tmp_path, traceable):
    pair = renewed()
    if pair is None:
        pytest.skip("SKIP: cr_make_samples is needed for a renewed certificate")
    old, new = pair
    folder = tmp_path / "store"
    run(kit, folder, [], old)
    record, code = run(kit, folder, ["-e", "trace=renameat2", "-e", "inject=renameat2:error=EINVAL"], new)
    assert code == 0 and "RENAME_EXCHANGE" in record and "(INJECTED)" in record
    assert visible(folder, ".bak-") == new.files() and contents(folder) == sorted(old.files() + new.files())


def finish(kit, folder, material):
    """The next import succeeds and leaves nothing but the certificate."""
    importer = kit.importer(folder / "NPKI")
    kit.exporter(material.folder, material.password, code=importer.code()).succeeds()
    importer.succeeds()
    assert not [path for path in tree(folder) if any(part.startswith(".") for part in pathlib.PurePath(path).parts)]
