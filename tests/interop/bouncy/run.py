"""Bouncy Castle opens what a change of password wrote: every form, every sample, with the same R inside.

usage: run.py cr_passwd_all SAMPLES [SHARED]; exits with 77 where there is no Java with Bouncy Castle.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = [f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil")]
PACKAGES = "openjdk-17-jdk-headless libbcprov-java libbcpkix-java libbcutil-java"
OLD = "npki!Test2026"
NEW = "b4ttery:Staple"
KOREAN = "한글비밀번호!2"
PAIRS = [("signcert.der", "signpri.key"), ("kmcert.der", "kmpri.key"),
         ("_sig.cer", "_sig.key"), ("_env.cer", "_env.key")]


def is_missing():
    return shutil.which("javac") is None or not all(os.path.exists(jar) for jar in JARS)


def questions(root, password):
    """One line for each pair of files and each PKCS#12 below root."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".p12"):
                yield path, f"p12\t{password}\t{path}"
            for cert, key in PAIRS:
                if name.lower().endswith(key):
                    wanted = name[:len(name) - len(key)].lower() + cert
                    own = next(n for n in names if n.lower() == wanted)
                    yield path, f"pair\t{password}\t{os.path.join(folder, own)}\t{path}"


def ask(root, password):
    """What Bouncy Castle says of each file: path -> words."""
    asked = list(questions(root, password))
    run = subprocess.run(["java", "-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8", "-cp", ":".join(JARS),
                          os.path.join(HERE, "Witness.java")],
                         input="\n".join(line for _, line in asked) + "\n", capture_output=True, text=True,
                         env=dict(os.environ, LC_ALL="C.UTF-8"), check=False)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == len(asked), run.stderr
    return {path: line.split("\t") for (path, _), line in zip(asked, lines)}


def change(program, root, old, new, seal):
    run = subprocess.run([program, root, old, new, seal], capture_output=True, text=True, check=True)
    failed = [line for line in run.stdout.splitlines() if not line.startswith("0\t")]
    assert not failed, failed


def copy(source, root):
    """The set without what is broken, or has another password."""
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("bad", "CMakeFiles"))
    with open(os.path.join(source, "manifest.json"), encoding="utf-8") as file:
        users = json.load(file)["users"]
    for user in users:
        if user["password"] != OLD:
            shutil.rmtree(os.path.join(root, user["dir"]))
    for folder, _, names in os.walk(root):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            os.chmod(path, 0o700)
    return {user["dir"]: user["R"] for user in users if user.get("R") and user["password"] == OLD}


def compare(before, after, what):
    assert before.keys() == after.keys()
    for path, words in after.items():
        assert words[0] == "ok", (what, path, words)
        assert words[-1] == before[path][-1], (what, path, "R", words)


def check_refusals(root):
    """The witness can say no."""
    assert all(words[0] == "bad" for words in ask(root, "wrong").values())


def check_manifest(root, answers, randoms):
    for place, random in randoms.items():
        found = [words[-1] for path, words in answers.items() if path.startswith(os.path.join(root, place) + "/")]
        assert random in found, (place, random, found)


def check_set(program, source, scratch):
    root = os.path.join(scratch, "set")
    randoms = copy(source, root)
    before = ask(root, OLD)
    check_manifest(root, before, randoms)
    change(program, root, OLD, NEW, "same")
    after = ask(root, NEW)
    compare(before, after, "same")
    assert {p: w[1] for p, w in before.items()} == {p: w[1] for p, w in after.items()}
    check_refusals(root)
    change(program, root, NEW, KOREAN, "same")
    compare(before, ask(root, KOREAN), "korean")
    change(program, root, KOREAN, OLD, "common")
    compare(before, ask(root, OLD), "common")
    print(f"{len(before)} files of {source}, {len(randoms)} with a known R")
    shutil.rmtree(root)


def check_strong(program, source, scratch):
    """Slow, so of one folder only."""
    root = os.path.join(scratch, "strong")
    shutil.copytree(os.path.join(source, "NPKI/KICA"), root)
    for folder, _, names in os.walk(root):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            os.chmod(path, 0o700)
    before = ask(root, OLD)
    change(program, root, OLD, NEW, "strong")
    after = ask(root, NEW)
    compare(before, after, "strong")
    assert all(words[1].endswith("/600000") for words in after.values())


def main():
    if is_missing():
        print(f"SKIP: there is no Java with Bouncy Castle ({PACKAGES}): `make interop` installs it")
        return 77
    program, *sets = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        for source in sets:
            if os.path.exists(os.path.join(source, "manifest.json")):
                check_set(program, source, scratch)
            else:
                print(f"SKIP: {source} is not here")
        check_strong(program, sets[0], scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
