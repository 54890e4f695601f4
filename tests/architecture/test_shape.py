"""How the code reads: docstrings, lengths, and what never stands in it."""

import ast
import re

import pytest

from tests.architecture.sources import PACKAGES, Module, files, functions, is_in, modules

LONGEST_FUNCTION = 60
LONGEST_FILE = 400
PURE = ("provisioning.domain", "provisioning.store", "provisioning.actions")
# Names that say nothing of what a module is about.
NAMES_WITHOUT_MEANING = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "managers", "core"}


def length_of(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1


def all_python() -> list[Module]:
    return list(modules())


def test_every_module_says_what_it_is_for():
    silent = [module.where for module in modules() if module.tree.body and not ast.get_docstring(module.tree)]
    assert silent == []


def test_every_public_function_of_actions_guard_domain_and_store_says_what_it_does():
    rooms = ("provisioning.domain", "provisioning.store", "provisioning.actions", "provisioning.guard")
    silent = []
    for module in modules():
        inner = {id(node) for outer in functions(module) for node in ast.walk(outer) if node is not outer}
        for function in functions(module):
            hidden = function.name.startswith("_") or id(function) in inner or "migrations" in module.name
            if any(is_in(module.name, room) for room in rooms) and not hidden and not ast.get_docstring(function):
                silent.append(f"{module.where}:{function.lineno} {function.name}")
    assert silent == []


def test_no_function_is_longer_than_a_page():
    long = [
        f"{module.where}:{function.lineno} {function.name}: {length_of(function)} lines"
        for module in modules()
        for function in functions(module)
        if length_of(function) > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_file_is_longer_than_a_sitting():
    lengths = {module.where: len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules()}
    assert {where: lines for where, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_modules_are_named_after_what_they_hold():
    assert [module.where for module in modules() if module.name.rpartition(".")[2] in NAMES_WITHOUT_MEANING] == []


def test_validators_of_forms_and_bodies_have_names():
    """A lambda as a validator has no docstring, no test of its own and no sentence."""
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword) and node.arg == "validate":
                tried = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
                wrong += [f"{module.where}:{each.lineno}" for each in tried if isinstance(each, ast.Lambda)]
    assert wrong == []


def test_nothing_is_caught_without_a_name_and_nothing_is_swallowed():
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler):
                broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
                silent = all(isinstance(each, ast.Pass) for each in node.body)
                if broad and silent:
                    wrong.append(f"{module.where}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_evaluated_pickled_or_run_in_a_shell(package):
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree) if is_in(module.name, package) else ():
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(word.arg == "shell" for word in node.keywords)
                if name in {"eval", "exec", "os.system", "pickle.loads", "pickle.load", "marshal.loads"} or shell:
                    wrong.append(f"{module.where}:{node.lineno} {name}")
    assert wrong == []


# SQL that is put together from pieces of text: an f-string, a format or a sum that begins like a statement.
SQL = re.compile(r"^\s*(select|insert|update|delete|alter|create|drop|grant|revoke|truncate|copy|set)\s", re.I)
# The role's name, which no parameter can carry, is quoted by the driver; limits are numbers of ours.
QUOTED_BY_HAND = {"provisioning/store/migrations", "provisioning/store/engine.py", "embedded"}


def begins_like_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        first = node.values[0] if node.values else None
        dynamic = any(isinstance(value, ast.FormattedValue) for value in node.values)
        return dynamic and isinstance(first, ast.Constant) and bool(SQL.match(str(first.value)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return isinstance(node.left, ast.Constant) and bool(SQL.match(str(node.left.value)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return isinstance(node.func.value, ast.Constant) and bool(SQL.match(str(node.func.value.value)))
    return False


@pytest.mark.rule("SUP-3", "SCM-7")
def test_no_statement_is_put_together_from_text():
    wrong = []
    for module in modules():
        if not module.name.startswith(("provisioning.store", "provisioning.actions", "workers", "embedded")):
            continue
        for node in ast.walk(module.tree):
            if begins_like_sql(node) and not module.where.startswith(tuple(QUOTED_BY_HAND)):
                wrong.append(f"{module.where}:{node.lineno}")
    assert wrong == []


def test_the_scan_for_put_together_statements_finds_them():
    for text in ('f"select {x}"', '"delete from " + table', '"update %s" % table', '"drop table {}".format(t)'):
        assert begins_like_sql(ast.parse(text, mode="eval").body), text
    for text in ('"select 1"', 'f"selected {x}"', 'f"{x} select"', "a + b"):
        assert not begins_like_sql(ast.parse(text, mode="eval").body), text


def test_the_clock_is_handed_in_below_the_doors():
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree) if any(is_in(module.name, room) for room in PURE) else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "func.now",
            }:  # fmt: skip
                wrong.append(f"{module.where}:{node.lineno}")
    assert wrong == []


# Words that tell of unfinished work, written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
TEXT = (".py", ".sql", ".md", ".toml", ".yaml", ".yml", ".html", ".txt", ".css", ".cfg", ".sh", ".lock", ".json", "")
VENDORED = "static/vendor"


def lines_of_ours():
    for path in files(*TEXT):
        if VENDORED not in str(path):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                yield path, number, line


def test_nothing_is_left_to_be_done_in_the_source():
    assert [f"{path}:{number}" for path, number, line in lines_of_ours() if UNFINISHED.search(line)] == []


# Absolute paths of one machine, and hosts of package registries: a lock or a comment that holds one helps nobody else.
MACHINE = re.compile(
    r"(?<![\w.~}-])/(?:work|root|home/\w+|Users/\w+)/[\w.-]+|--(?:index-url|extra-index-url|find-links)\b"
    r"|https?://[\w.-]*(?:artifactory|nexus|jfrog|devpi|pypi|pythonhosted|npmjs|registry)[\w.-]*[:/]"
)
# Where such a text is meant: what a page of documentation or a test of locks is about.
MEANT = re.compile(r"pypi\.org/project/")


def test_no_path_of_one_machine_and_no_registry_stands_in_the_source():
    found = [
        f"{path}:{number} {line.strip()[:100]}"
        for path, number, line in lines_of_ours()
        if MACHINE.search(MEANT.sub("", line))
    ]
    assert found == []
