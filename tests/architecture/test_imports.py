"""Who may import whom: each layer knows the ones below it, each library has one room."""

import sys

import pytest

from tests.architecture.sources import Import, imports, is_in, modules

DOORS = ("provisioning.scim", "provisioning.rest", "provisioning.console", "saml")
# Frozen values and the one guarded way out: they know no layer, and any layer above the domain may read them.
PLAIN = ("provisioning.settings", "provisioning.outgoing")
# layer -> what of ours it may import besides itself.
LAYERS = {
    "provisioning.domain": (),
    "provisioning.store": ("provisioning.domain",),
    "provisioning.actions": ("provisioning.domain", "provisioning.store"),
    "provisioning.guard": ("provisioning.domain", "provisioning.actions", *PLAIN),
    **dict.fromkeys(DOORS, ("provisioning.domain", "provisioning.actions", "provisioning.guard", *PLAIN)),
    "workers": (
        "provisioning.domain", "provisioning.actions", "provisioning.store.unit_of_work", "provisioning.store.outbox",
        *PLAIN,
    ),
    "embedded": (),
    # What the wiring puts behind the protocols of the services: each knows its library and the domain at most.
    "provisioning.certificates": (),
    "provisioning.common_passwords": (),
    "provisioning.encryption": (),
    "provisioning.hashing": ("provisioning.domain",),
    "provisioning.identity_providers": ("provisioning.domain", "provisioning.outgoing", "saml"),
    "provisioning.metrics": (),
    "provisioning.one_time_codes": ("provisioning.domain",),
    "provisioning.request_log": ("provisioning.domain",),
    "provisioning.settings": (),
    "provisioning.outgoing": ("provisioning.settings", "provisioning.domain"),
    "provisioning.doors": ("provisioning.guard", *DOORS),
}  # fmt: skip
# The commands and processes, which put everything together; nothing below imports them.
ASSEMBLERS = {
    "provisioning", "provisioning.app", "provisioning.background", "provisioning.cli", "provisioning.commands",
    "provisioning.migration", "provisioning.observe", "provisioning.up", "provisioning.web", "provisioning.wiring",
}  # fmt: skip
# library -> the only places that may import it.
ROOMS = {
    "flask": ("provisioning.guard", "provisioning.app", "provisioning.observe", "provisioning.metrics", *DOORS),
    "flask_smorest": ("provisioning.rest",),
    "flask_wtf": ("provisioning.guard", *DOORS),
    "werkzeug": ("provisioning.guard", "provisioning.app", *DOORS),
    "marshmallow": ("provisioning.rest", "provisioning.scim", "provisioning.console"),
    "sqlalchemy": ("provisioning.store",),
    "alembic": ("provisioning.store.migrate", "provisioning.store.migrations"),
    "psycopg": ("provisioning.store",),
    "onelogin": ("saml",),
    "xmlsec": ("saml",),
    "lxml": ("saml",),
    "rq": ("workers",),
    "scim2_filter_parser": ("provisioning.scim",),
    "argon2": ("provisioning.hashing",),
    "pyotp": ("provisioning.one_time_codes",),
    "segno": ("provisioning.console",),
    "zxcvbn": ("provisioning.common_passwords",),
    "cryptography": ("provisioning.certificates", "provisioning.encryption", "saml"),
    "uuid_utils": ("provisioning.wiring",),
    "click": ("provisioning.cli", "provisioning.commands"),
    "css_inline": ("workers",),
    "prometheus_client": ("provisioning.metrics",),
    "gunicorn": ("provisioning.web",),
    "granian": ("provisioning.web",),
    "redis": (
        "workers", "provisioning.app", "provisioning.observe", "provisioning.web", "provisioning.commands",
        "provisioning.up",
    ),
}  # fmt: skip
# Where the clock, randomness and the environment are read; everywhere else they are handed in.
READERS_OF_THE_WORLD = (*sorted(ASSEMBLERS), "provisioning.certificates", "provisioning.metrics", "embedded", "workers")


def layer_of(name: str) -> str | None:
    """The layer that a module lies in."""
    return next((layer for layer in LAYERS if is_in(name, layer)), None)


def is_ours(name: str) -> bool:
    return name.split(".")[0] in {"provisioning", "saml", "workers", "embedded", "tests"}


def wrong(found: list[Import]) -> list[str]:
    return [each.where for each in found]


def test_every_module_is_in_a_layer_or_assembles():
    homeless = [
        module.where
        for module in modules()
        if layer_of(module.name) is None and not any(is_in(module.name, room) for room in ASSEMBLERS - {"provisioning"})
    ]
    assert homeless == ["provisioning/__init__.py"]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below_it(layer):
    allowed = (layer, *LAYERS[layer])
    assert [module for module in modules() if is_in(module.name, layer)]
    assert not wrong([
        each for each in imports()
        if layer_of(each.module.name) == layer and is_ours(each.target)
        and not any(is_in(each.target, room) for room in allowed)
    ])  # fmt: skip


def test_the_domain_needs_the_standard_library_alone():
    assert not wrong([
        each for each in imports()
        if is_in(each.module.name, "provisioning.domain") and not is_in(each.target, "provisioning.domain")
        and each.target.split(".")[0] not in sys.stdlib_module_names
    ])  # fmt: skip


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_is_used_in_its_rooms_alone(library):
    found = [each for each in imports() if is_in(each.target, library)]
    assert not wrong([each for each in found if not any(is_in(each.module.name, room) for room in ROOMS[library])])


def test_nobody_imports_workers_or_what_assembles_but_what_assembles():
    upper = (*(ASSEMBLERS - {"provisioning"}), "workers", "embedded")
    assert not wrong([
        each for each in imports()
        if any(is_in(each.target, room) for room in upper)
        and not any(is_in(each.module.name, room) for room in upper)
    ])  # fmt: skip


def test_tests_are_imported_by_nothing():
    assert not wrong([each for each in imports() if is_in(each.target, "tests")])


def test_no_import_stands_inside_a_function():
    assert not wrong([each for each in imports() if each.inside])


def test_no_modules_import_each_other_in_a_circle():
    known = {module.name for module in modules()}
    below = {name: {each.target for each in imports() if each.module.name == name} & known for name in known}
    while leaves := [name for name, targets in below.items() if not targets - {name}]:
        for leaf in leaves:
            del below[leaf]
        below = {name: targets - set(leaves) for name, targets in below.items()}
    assert sorted(below) == []


@pytest.mark.parametrize("library", ["time", "random", "secrets", "os", "socket", "subprocess", "uuid"])
def test_domain_store_and_actions_are_handed_clock_randomness_and_environment(library):
    pure = ("provisioning.domain", "provisioning.store", "provisioning.actions")
    assert not wrong([
        each for each in imports()
        if is_in(each.target, library) and any(is_in(each.module.name, room) for room in pure)
    ])  # fmt: skip
