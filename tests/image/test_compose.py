"""compose.yaml as a text: the form by compose-spec, and the references that compose-spec does not follow."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from embedded import postgres
from provisioning.settings import Settings

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "compose.yaml").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?][^}]*)?\}")


def compose(text: str = TEXT) -> dict[str, Any]:
    """The file with its anchors and merges resolved, which compose-spec does not do itself."""
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


SERVICES = compose()["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "gatelodge"}


def test_the_form_is_that_of_the_compose_specification() -> None:
    PyCompose.from_json(json.dumps(compose())).validate()


def test_a_misspelt_key_would_be_seen() -> None:
    wrong = compose(TEXT.replace("healthcheck:", "healthchek:", 1))
    with pytest.raises(ValueError, match="healthchek"):
        PyCompose.from_json(json.dumps(wrong)).validate()


def test_every_reference_leads_somewhere() -> None:
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    configs = {config["source"] for service in SERVICES.values() for config in service.get("configs", [])}
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert waited_for <= SERVICES.keys()
    assert configs == compose()["configs"].keys()
    assert volumes == compose()["volumes"].keys()


def test_who_waits_for_health_waits_for_a_service_that_tells_it() -> None:
    waited_for = {
        name
        for service in SERVICES.values()
        for name, condition in service.get("depends_on", {}).items()
        if condition["condition"] == "service_healthy"
    }
    assert waited_for == {"postgres", "valkey"}
    assert all("test" in SERVICES[name]["healthcheck"] for name in waited_for)


def test_all_parts_run_from_one_image_with_commands_of_ours() -> None:
    assert {"web", "relay", "worker", "migrate"} == OURS
    assert {name for name in OURS if SERVICES[name].get("command", ["web"]) != [name]} == set()


def test_the_parts_are_set_by_variables_that_exist() -> None:
    known = {field.metadata["variable"] for field in dataclasses.fields(Settings)}
    required = {field.metadata["variable"] for field in dataclasses.fields(Settings) if field.metadata["required"]}
    for name in OURS:
        given = SERVICES[name]["environment"].keys()
        assert required <= given <= known, name


def test_only_migrate_holds_the_owners_password() -> None:
    holders = {name for name, service in SERVICES.items() if "OWNER_PASSWORD" in json.dumps(service)}
    assert holders == {"migrate"}


def test_the_roles_are_those_of_the_embedded_server() -> None:
    made = compose()["configs"]["roles"]["content"]
    expected = [statement.partition(" password")[0] for statement in postgres.ROLES_AND_DATABASE]
    assert [line.partition(" password")[0].rstrip(";") for line in made.splitlines()] == expected


def test_no_secret_has_a_preset() -> None:
    presets = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    assert presets.keys() == {"MAIL_URL", "GATELODGE_PUBLIC_URL"}
    asked_for = set(VARIABLE.findall(TEXT)) - presets.keys()
    assert all(f"${{{name}:?" in TEXT for name in asked_for)


def test_every_secret_is_made_by_the_lines_at_its_head() -> None:
    head = TEXT[: TEXT.index("name: gatelodge")]
    presets = {"MAIL_URL", "GATELODGE_PUBLIC_URL"}
    assert all(name in head for name in set(VARIABLE.findall(TEXT)) - presets)


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_of_others_have_a_version() -> None:
    others = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert all(re.search(r":v?\d", image) for image in others)


def test_passwords_stand_in_no_argument() -> None:
    commands = [json.dumps(service.get("command", "")) for service in SERVICES.values()]
    commands += [json.dumps(service.get("healthcheck", "")) for service in SERVICES.values()]
    assert not any(VARIABLE.search(command) for command in commands)
