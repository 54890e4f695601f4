"""Every action has one shape: caller first, services handed in, and the policy asked where a refusal is kept."""

import ast

import pytest

from tests.architecture.sources import Module, functions, is_in, modules

ACTIONS = [module for module in modules() if is_in(module.name, "provisioning.actions")]
WHOLE_TRANSACTION = ("connection.commit", "connection.rollback", "connection.begin", "writer.begin", "writer.connect")
# No account exists yet in whose report the refusal could stand.
BEFORE_ANY_ACCOUNT = {"create_account"}


def opened_units(function: ast.FunctionDef) -> list[ast.With]:
    """The transactions and readings that a function opens by itself."""
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.With)
        and any(ast.unparse(item.context_expr).startswith(("services.unit", "services.read")) for item in node.items)
    ]


def questions(node: ast.AST) -> list[ast.Call]:
    """The calls that ask the policy."""
    return [
        each for each in ast.walk(node) if isinstance(each, ast.Call) and ast.unparse(each.func) == "policy.require"
    ]


@pytest.mark.rule("AUD-1", "ACT-1")
@pytest.mark.parametrize("module", ACTIONS, ids=lambda module: module.name)
def test_the_policy_is_asked_where_its_refusal_reaches_the_activity_report(module: Module):
    for function in functions(module):
        units = opened_units(function)
        if units and function.name not in BEFORE_ANY_ACCOUNT:
            inside = {id(call) for unit in units for call in questions(unit)}
            outside = [call.lineno for call in questions(function) if id(call) not in inside]
            assert outside == [], f"{module.where}: {function.name}"


@pytest.mark.parametrize("module", ACTIONS, ids=lambda module: module.name)
def test_the_caller_comes_first_and_the_services_are_handed_in(module: Module):
    for function in functions(module):
        names = [argument.arg for argument in function.args.args]
        if "caller" in names and "services" in names and not function.name.startswith("_"):
            assert names[0] == "caller", f"{module.where}: {function.name}"


@pytest.mark.parametrize("module", ACTIONS, ids=lambda module: module.name)
def test_an_action_opens_one_transaction_at_a_time(module: Module):
    for function in functions(module):
        for unit in opened_units(function):
            inner = [node for node in ast.walk(unit) if node is not unit and isinstance(node, ast.With)]
            assert not [node for node in inner if "services.unit" in ast.unparse(node.items[0].context_expr)]


@pytest.mark.parametrize("module", ACTIONS, ids=lambda module: module.name)
def test_nothing_commits_or_rolls_back_but_the_unit_of_work(module: Module):
    calls = [ast.unparse(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    assert not [call for call in calls if call.endswith(WHOLE_TRANSACTION)]


STATES_WITHOUT_ACCESS = {"disabled_at", "inactive_at", "reset_at"}


@pytest.mark.rule("SES-2", "SCM-10")
def test_whoever_disables_deletes_or_resets_somebody_ends_the_access_in_the_same_breath():
    changes = [
        (module.where, node)
        for module in ACTIONS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "replace"
        for word in node.keywords
        if word.arg in STATES_WITHOUT_ACCESS and ast.unparse(word.value) != "None"
        # A key that is switched off is nobody's access; `issued` is a key or token.
        if ast.unparse(node.args[0]) != "issued"
    ]
    assert len(changes) == len(STATES_WITHOUT_ACCESS)
    for where, call in changes:
        assert ast.unparse(call.args[0]).startswith("end_access("), f"{where}:{call.lineno}"
