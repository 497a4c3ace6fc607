"""How a person moves a rollout: each verb is a commit to the ModelDeployment's manifest, in their own working copy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kanaria.api import ModelDeployment
from kanaria.cli.manifests import Found, ManifestError, commit, find
from kanaria.cluster.clock import Clock
from kanaria.decide.model_deployment import verbs
from kanaria.git.working_copy import WorkingCopyError
from kanaria.vocabulary import Edit

Name = Annotated[str, typer.Argument(metavar="MODELDEPLOYMENT", help="Its name; NAMESPACE/NAME where two are of one.")]
Where = Annotated[
    Path, typer.Option("--path", exists=True, help="File or folder, in a working copy of Git, that holds its manifest.")
]
Push = Annotated[bool, typer.Option("--push", help="Push the branch when the commit is made.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the change, and commit nothing.")]
Asked = Callable[[ModelDeployment], verbs.Verb]


@dataclass(frozen=True, slots=True)
class Doing:
    """Where a verb is done, and how far."""

    path: Path
    push: bool
    dry_run: bool


def promote(
    name: Name,
    full: Annotated[bool, typer.Option("--full", help="Wait for no pause, and for no proof.")] = False,
    step: Annotated[int | None, typer.Option(help="Go on from this step, the first being 1.")] = None,
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Let a candidate go on: past its next pause without a duration, from a step on, or all the way.

    Writes `candidate.fromStep` or, with `--full`, `candidate.promote: Full`, and commits it. `stable` is not touched:
    Kanaria commits that once the candidate has come through. It is judged all the while: with `--full` too it goes
    back if it is proven worse, and gets no traffic while its metrics cannot be read.

    Examples: `kanaria promote wine --push`, `kanaria promote wine --full --dry-run`
    """
    _do(name, lambda md: verbs.promote(md, full=full, step=step), Doing(path, push, dry_run))


def approve(
    name: Name,
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Let a candidate be tried, where `requireApproval` asks for it. Commits `candidate.approved: true`.

    It counts only if another than you is the author of the commit that made it the candidate.
    """
    _do(name, verbs.approve, Doing(path, push, dry_run))


def pause(
    name: Name,
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Keep a candidate where it is: it takes no step and is not promoted. Commits `candidate.paused: true`.

    It keeps its traffic and its judge, and goes back if it is proven worse; `maxDuration` does not count the time.
    """
    _do(name, verbs.pause, Doing(path, push, dry_run))


def resume(
    name: Name,
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Let a paused candidate go on; one that is not paused goes on from its next pause without a duration."""
    _do(name, verbs.resume, Doing(path, push, dry_run))


def abort(
    name: Name,
    reject: Annotated[str, typer.Option(help="Why it is not to be tried again: it goes into spec.rejected.")] = "",
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Take a candidate back: commits its removal, upon which it loses its traffic at once, then its servers.

    Where Git is too slow, an annotation of the live object names the trial, and Kanaria makes the commit:
    `kubectl annotate modeldeployment wine kanaria.dev/abort=ID`, with the ID that `kanaria status wine` tells.

    Example: `kanaria abort wine --reject "wrong on Rieslings" --push`
    """
    at = Clock().now()
    _do(name, lambda md: verbs.abort(md, reject, at), Doing(path, push, dry_run))


def retry(
    name: Name,
    version: Annotated[str, typer.Argument(help="The version; the one that was rejected last where absent.")] = "",
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Try a version again from the first step: drops it from `rejected` and makes it the candidate, in one commit."""
    _do(name, lambda md: verbs.retry(md, version), Doing(path, push, dry_run))


def undo(
    name: Name,
    path: Where = Path(),
    push: Push = False,
    dry_run: DryRun = False,
) -> None:
    """Take the last promotion back, as `git revert` of its commit would: the version before is stable again.

    At once while that is still warm, else as fast as it loads. What was promoted is rejected as Reverted; no canary
    starts. Other changes since then stay as they are.
    """
    _do(name, None, Doing(path, push, dry_run))


def _do(name: str, asked: Asked | None, doing: Doing) -> None:
    """Do a verb, or say why not, with exit code 1."""
    try:
        namespace, _, short = name.rpartition("/")
        found = find(ModelDeployment, short, doing.path, namespace)
        verb = _accepted(asked(found.resource) if asked else undoing(found))
        text = found.change(verb)
        typer.echo(found.diff(text), nl=False)
        if not doing.dry_run:
            commit(found, text, f"{verb.subject}\n\n{verb.body}".strip(), push=doing.push)
    except (ManifestError, WorkingCopyError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _accepted(verb: verbs.Verb) -> Edit:
    if isinstance(verb, verbs.Refused):
        raise ManifestError(verb.sentence)
    return verb


def undoing(found: Found[ModelDeployment]) -> verbs.Verb:
    """The newest commit that changed what is stable, turned back."""
    after, commit = found.document(found.text), ""
    for older, text in found.copy.history(found.path):
        before = found.document(text) or {}
        if after is not None and verbs.is_promotion(before, after):
            verb = verbs.undo(found.resource, before, after)
            return verb if isinstance(verb, verbs.Refused) else _told(verb, commit)
        after, commit = before, older
    return verbs.Refused(f"the history of {found.path} holds no other stable version of {found.resource.metadata.name}")


def _told(edit: Edit, commit: str) -> Edit:
    return Edit(
        edit.target, edit.edit_class, edit.expects, edit.changes, edit.subject, f"This takes back commit {commit}."
    )
