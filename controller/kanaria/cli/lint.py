"""What is wrong with manifests before they are committed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import Fault, is_manifest, read_file, read_tree
from kanaria.decide.git_sync.read_file import ENDINGS
from kanaria.decide.lint import Remark, remarks
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.documents import line_of

_NO_MANIFEST = f"no manifest is here; name a folder with files that end in {', '.join(ENDINGS)}"
_NO_ENDING = f"a GitSync does not read it; end its name in {', '.join(ENDINGS)}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One line of the report."""

    path: str
    line: int
    sentence: str
    is_warning: bool = False

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {'warning: ' if self.is_warning else ''}{self.sentence}"


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, by file and line, and how many documents were read."""

    findings: tuple[Finding, ...]
    documents: int

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What must be mended."""
        return tuple(finding for finding in self.findings if not finding.is_warning)

    def __str__(self) -> str:
        found, doubts = len(self.problems), len(self.findings) - len(self.problems)
        said = _counted(found, "problem") if found else f"{_counted(self.documents, 'document')}, all valid"
        return f"{said}, {_counted(doubts, 'warning')}" if doubts else said


def lint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", exists=True, help="Files and folders of manifests.")],
    namespace: Annotated[
        str,
        typer.Option(help="Namespace of the GitSync that will apply them; a document of another one is a problem."),
    ] = "",
) -> None:
    """Read manifests as a GitSync would, and tell what is wrong with them: file, line, fact and remedy.

    Nothing is sent anywhere: no cluster, no Git and no MLflow is needed. Run it before you commit, or in CI.

    - **Problems** would stall the GitSync or the object: invalid YAML, an unknown or wrong field, one object written
      twice, steps that wait for each other, a `${…}` that stands for nothing, a candidate that was rejected before.

    - **Warnings** are about names: a policy, a deployment or a pipeline that is not among the files you gave. It may
      be kept elsewhere.

    Exit code: 0 if all is valid (also with warnings), 1 with problems, 2 if a path does not exist.

    Examples: `kanaria lint deploy`, `kanaria lint deploy/wine.yaml policies --namespace wine`
    """
    report = linted(paths, namespace)
    for finding in report.findings:
        typer.echo(finding)
    typer.echo(report)
    raise typer.Exit(1 if report.problems else 0)


def linted(paths: Sequence[Path], namespace: str = "") -> Report:
    """Read all manifests at the paths together; hidden files and folders below a path are left out."""
    sync = ObjectRef(API_VERSION, "GitSync", namespace, "")
    found = dict.fromkeys(file for path in paths for file in _below(path))
    links = {str(file): "symbolic link" for file in found if file.is_symlink()}
    texts = {str(file): file.read_bytes() for file in found if file.is_file() and str(file) not in links}
    files = {name: read_file(name, content, sync) for name, content in texts.items() if is_manifest(Path(name).name)}
    tree = read_tree(files, links, sync, found=True)
    findings = [
        *(Finding(str(path), 0, _NO_MANIFEST) for path in paths if path.is_dir() and not any(_below(path))),
        *(Finding(name, 0, _NO_ENDING) for name in texts.keys() - files.keys()),
        *(_of_fault(fault) for fault in tree.faults),
        *(_of_remark(remark, texts) for remark in remarks(tree)),
    ]
    return Report(tuple(sorted(findings)), sum(len(read.objects) for read in files.values()))


def _below(path: Path) -> Iterator[Path]:
    """The manifests and links below a folder; a file that was named is looked at whatever it is called."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        within = file.relative_to(path)
        hidden = any(part.startswith(".") for part in within.parts)
        if not hidden and (file.is_symlink() or (file.is_file() and is_manifest(within.as_posix()))):
            yield file


def _of_fault(fault: Fault) -> Finding:
    return Finding(fault.path, fault.line, fault.sentence)


def _of_remark(remark: Remark, texts: dict[str, bytes]) -> Finding:
    where = remark.where
    line = line_of(texts[where.path].decode(), where.line, remark.field)
    return Finding(where.path, line, remark.sentence, remark.is_doubt)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
