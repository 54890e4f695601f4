"""The project's own source as the architecture tests read it: files, parsed modules, and who imports whom."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("provisioning", "saml", "workers", "embedded")
# Folders that no clone has: what tools leave behind, and data of installations.
LEFT_BEHIND = {
    ".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "build", "data",
    "dist", ".gatelodge", "node_modules",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file of the project."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def where(self) -> str:
        """The path from the project's root, as people read it."""
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Import:
    """One import: the module that is named, in which module and line, and whether it stands inside a function."""

    target: str
    module: Module
    line: int
    inside: bool

    @property
    def where(self) -> str:
        """File, line and what is imported, for the message of a failing test."""
        return f"{self.module.where}:{self.line} imports {self.target}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product's packages."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module, by the full name of the module that is imported."""
    return tuple(each for module in modules() for each in _imports_of(module))


def _imports_of(module: Module) -> Iterator[Import]:
    inside = {
        id(node)
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in _targets(node):
                yield Import(target, module, node.lineno, id(node) in inside)


def _targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0, "imports are absolute"
    names = {module.name for module in modules()}
    for alias in node.names:
        whole = f"{node.module}.{alias.name}"
        yield whole if whole in names else str(node.module)


def is_in(name: str, package: str) -> bool:
    """Whether a module is a package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def files(*endings: str) -> Iterator[Path]:
    """Every file of the project with one of these endings, all of them where none is given."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        left = LEFT_BEHIND & set(parts) or any(part.endswith(".egg-info") for part in parts)
        if path.is_file() and not left and (not endings or path.suffix in endings):
            yield path
