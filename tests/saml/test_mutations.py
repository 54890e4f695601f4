"""Any single node of a valid message flipped, deleted, doubled or moved: refused, or the same user (XML-8)."""

import base64
import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from saml.errors import SamlError
from tests.doors.idp import encrypt_for
from tests.saml.world import World

SEED = 20260501
SAMPLES = 700


def flip_text(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    text = node.text or "x"
    place = chance.randrange(len(text))
    node.text = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


def flip_attribute(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    name = chance.choice(list(node.attrib) or ["ID"])
    value = node.get(name) or "x"
    place = chance.randrange(len(value))
    node.set(name, value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :])


def drop_attribute(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    if node.attrib:
        del node.attrib[chance.choice(list(node.attrib))]


def empty(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    node.text = None


def rename(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    node.tag = chance.choice(list(root.iter())).tag


def delete(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def double(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    if node.getparent() is not None:
        node.addnext(copy.deepcopy(node))


def double_elsewhere(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    """A copy with Eve's name in it, anywhere else."""
    twin = copy.deepcopy(node)
    for name in twin.iter("{*}NameID"):
        name.text = "eve@evil.example"
    target = chance.choice(list(root.iter()))
    target.insert(chance.randrange(len(target) + 1), twin)


def move(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    targets = [target for target in root.iter() if node not in (target, *target.iterancestors())]
    if node.getparent() is not None and targets:
        target = chance.choice(targets)
        target.insert(chance.randrange(len(target) + 1), node)


def swap(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    following = node.getnext()
    if following is not None:
        node.addprevious(following)


def wrap(root: etree._Element, node: etree._Element, chance: random.Random) -> None:
    """The node becomes a child of a copy of itself."""
    parent = node.getparent()
    if parent is not None:
        shell = etree.Element(node.tag, dict(node.attrib))
        parent.replace(node, shell)
        shell.append(node)


MUTATIONS: tuple[Callable[..., None], ...] = (
    flip_text,
    flip_attribute,
    drop_attribute,
    empty,
    rename,
    delete,
    double,
    double_elsewhere,
    move,
    swap,
    wrap,
)


@pytest.fixture(scope="session")
def forms(world: World) -> dict[str, str]:
    """The valid forms of one message."""
    return {
        "assertion": world.respond(),
        "response": world.respond(sign=("response",)),
        "both": world.respond(sign=("assertion", "response")),
        "encrypted": world.respond(sign=("assertion", "response"), encrypt=encrypt_for(world.sp.certificate_pem)),
    }


@pytest.mark.rule("XML-3", "XML-8")
@pytest.mark.parametrize("form", ["assertion", "response", "both", "encrypted"])
def test_a_mutated_message_is_refused_or_says_the_same_user(world: World, forms: dict[str, str], form: str) -> None:
    chance = random.Random(f"{SEED}-{form}")
    source = base64.b64decode(forms[form])
    refused = sum(not _read_mutated(world, source, chance) for _ in range(SAMPLES))
    assert refused > SAMPLES * 0.6


def _read_mutated(world: World, source: bytes, chance: random.Random) -> bool:
    """Whether the mutated message is accepted; then it must say what the valid one says."""
    root = etree.fromstring(source)
    node = chance.choice(list(root.iter()))
    mutation = chance.choice(MUTATIONS)
    try:
        mutation(root, node, chance)
        value = base64.b64encode(etree.tostring(root)).decode()
    except ValueError:
        return False  # not XML any more, by lxml's own word
    try:
        read = world.read(value)
    except SamlError:
        return False
    assert _said(read) == _said(world.read(base64.b64encode(source).decode())), mutation.__name__
    return True


def _said(read: Any) -> tuple[object, ...]:
    return (read.name_id, read.assertion_id, read.in_response_to, read.session_index, read.attributes, read.issuer)


@pytest.mark.rule("XML-8")
def test_a_message_with_any_octet_flipped_is_refused_or_says_the_same_user(world: World, forms: dict[str, str]) -> None:
    chance = random.Random(SEED)
    source = base64.b64decode(forms["assertion"])
    for _ in range(SAMPLES):
        octets = bytearray(source)
        octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        try:
            read = world.read(base64.b64encode(octets).decode())
        except SamlError:
            continue
        assert read.name_id == "ada@example.com"
