"""docs/console.md says what the door does: its table of refusals, its addresses, its vendored files."""

import re
from pathlib import Path

from provisioning.console.assets import FOLDER
from provisioning.console.errors import PLAIN_WORDS, STATUSES
from provisioning.domain.errors import REFUSALS, Code

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")


def test_every_refusal_is_documented_with_its_status_and_sentence():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", TEXT, re.M)
    said = {code.value: (STATUSES[code].value, PLAIN_WORDS.get(code, REFUSALS[code].sentence)) for code in Code}
    assert {code: (int(status), sentence) for code, status, sentence in rows} == said


def test_every_address_is_documented(app):
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")}
    shown = {re.sub(r"<\w+_id>", "<id>", rule).replace("<slug>", "<act>") for rule in rules}
    shown -= {"/", "/favicon.ico", "/static/<version>/<path:name>"}
    assert [rule for rule in sorted(shown) if f"`{rule}`" not in TEXT] == []


def test_pictures_exist_and_vendored_files_are_the_versions_named():
    for name in re.findall(r"\]\((images/[\w-]+\.png)\)", TEXT):
        assert (ROOT / "docs" / name).is_file()
    assert b"Pico CSS" in (FOLDER / "vendor/pico.min.css").read_bytes()[:200]
    assert b"v2.1.1" in (FOLDER / "vendor/pico.min.css").read_bytes()[:200]
    assert b'version:"2.0.11"' in (FOLDER / "vendor/htmx.min.js").read_bytes()
    assert {path.name for path in (FOLDER / "vendor").iterdir()} >= {"pico.LICENSE.txt", "htmx.LICENSE.txt"}
