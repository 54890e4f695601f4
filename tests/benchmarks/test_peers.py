"""The peers are pinned: by version and hash, so that everybody measures against the same; and installed once."""

import json
import re

import pytest

from benchmarks import parties
from benchmarks.peers import installing

PYTHON = installing.HERE / "scim2_server" / "requirements.txt"
NODE = installing.HERE / "scimmy"
PINNED = re.compile(r"^([a-z0-9-]+)==([0-9][0-9a-z.]*)( ; [^\\]+)? \\$")


def test_every_package_of_the_python_peer_has_a_version_and_a_hash():
    entries = re.split(r"\n(?=[a-z])", PYTHON.read_text())[1:]
    heads = [PINNED.match(entry.splitlines()[0]) for entry in entries]
    assert all(heads)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert ("scim2-server", "0.8.3") in {head.groups()[:2] for head in heads}


def test_every_package_of_the_node_peer_has_a_version_and_a_hash_and_no_address():
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    installed = {name: each for name, each in packages.items() if name}
    assert all(each["version"] and each["integrity"].startswith("sha512-") for each in installed.values())
    assert all("resolved" not in each for each in installed.values())
    assert installed["node_modules/scimmy-routers"]["version"] == "1.3.2"
    assert installed["node_modules/express"]["version"].startswith("4.")


def test_what_the_node_peer_asks_for_is_what_its_lock_has():
    asked = json.loads((NODE / "package.json").read_text())["dependencies"]
    locked = json.loads((NODE / "package-lock.json").read_text())["packages"]
    assert locked[""]["dependencies"] == asked
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in asked.items())


def test_an_installation_is_done_again_when_a_lock_has_changed_or_it_was_cut_off(tmp_path):
    lock, folder = tmp_path / "lock", tmp_path / "installed"
    folder.mkdir()
    lock.write_text("one")
    assert installing.needs_work(folder, [lock], "3.11")
    installing.note(folder, [lock], "3.11")
    assert not installing.needs_work(folder, [lock], "3.11")
    assert installing.needs_work(folder, [lock], "3.12")
    lock.write_text("two")
    assert installing.needs_work(folder, [lock], "3.11")


def test_without_node_or_a_registry_a_peer_is_unavailable_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(installing.Unavailable, match="there is no node"):
        installing.scimmy()
    with pytest.raises(installing.Unavailable) as refused:
        installing.carry_out(["/bin/sh", "-c", "echo first; echo no network; exit 1"])
    assert str(refused.value) == "sh failed: no network"


def test_every_peer_can_be_started_by_its_name():
    assert set(parties.PEERS) == {"scim2-server", "scimmy-routers"}
