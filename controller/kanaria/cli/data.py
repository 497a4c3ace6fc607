"""How data is read from the command line: the program of the Jobs that look at a team's data, and of people."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
import yaml
from pydantic import ValidationError

from kanaria.api.data_report import DataReport, DriftReport
from kanaria.api.pipeline_data import Data
from kanaria.judge.drift import ROWS_MIN, Method, distances
from kanaria.judge.profile import Profile
from kanaria.tracking.errors import TrackingError

if TYPE_CHECKING:
    from kanaria.data.examining import Examined

T = TypeVar("T")
UNREADABLE = 3
"""Exit code where the data could not be read: nothing is said about it then, and the Job is tried again."""
app = typer.Typer(
    no_args_is_help=True, help="Look at the data of a pipeline: what a Job of the team runs, and people may."
)

What = Annotated[
    str, typer.Argument(help="A file with an MLPipeline; or an entry of its spec.data as JSON, as Jobs give it.")
]
Name = Annotated[str | None, typer.Option(help="Which entry of spec.data, where there are several.")]
Report = Annotated[Path | None, typer.Option(help="File that receives the result as JSON; then the exit code is 0.")]
RunId = Annotated[str | None, typer.Option(help="MLflow run that receives the statistics.")]


@app.command()
def digest(
    what: What,
    name: Name = None,
    before: Annotated[
        str | None, typer.Option(help="An earlier result, as JSON: unchanged files are not read.")
    ] = None,
    report: Report = None,
) -> None:
    """Tell the identity of the content."""
    from kanaria.data.examining import compared, told  # noqa: PLC0415 - needs the extra [data]

    uri = _data(what, name).uri
    earlier = DataReport.model_validate_json(before) if before else None
    found = _read(lambda: compared(uri, earlier) if earlier else told(uri))
    _tell(report, found.model_dump_json(by_alias=True, exclude_defaults=True), found.digest)


@app.command()
def validate(what: What, name: Name = None, log_to: RunId = None, report: Report = None) -> None:
    """Check the contract and gather statistics, in one reading; exit code 1 where the contract is broken."""
    from kanaria.data.examining import examined, short  # noqa: PLC0415 - needs the extra [data]

    data = _data(what, name)
    found = _read(lambda: examined(data))
    if log_to and not found.report.broken:
        _log(log_to, data.uri, found)
    said = [violation.sentence for violation in found.report.violations]
    _tell(report, short(found.report), "\n".join(said or [f"{found.report.rows} rows keep the contract"]))
    if said and report is None:
        raise typer.Exit(1)


@app.command()
def profile(what: What, name: Name = None) -> None:
    """Print the statistics as JSON."""
    from kanaria.data.examining import examined  # noqa: PLC0415 - needs the extra [data]

    data = _data(what, name)
    typer.echo(_read(lambda: examined(data)).profile.model_dump_json(by_alias=True))


@app.command()
def drift(
    what: What,
    reference: Annotated[str, typer.Option(help="MLflow run with the statistics to compare with.")],
    name: Name = None,
    method: Annotated[str, typer.Option(help="psi, ks, linf or js.")] = "psi",
    report: Report = None,
) -> None:
    """Tell how far the data is from the statistics that a run has logged."""
    from kanaria.data.examining import examined  # noqa: PLC0415 - needs the extra [data]
    from kanaria.tracking.data_record import recorded  # noqa: PLC0415 - importing MLflow takes seconds

    data = _data(what, name)
    try:
        baseline = recorded(_tracking_uri(), reference, data.name)
    except TrackingError as error:
        raise _unreadable(str(error)) from error
    found = _read(lambda: examined(data))
    told = _compared(baseline and Profile.model_validate(baseline), found, method, reference)  # type: ignore[arg-type]  # typer knows no Literal of a name
    sentence = told.note or f"{method} {told.score:.3g}, of column {told.column!r}"
    _tell(report, told.model_dump_json(by_alias=True, exclude_defaults=True), sentence)


def _compared(baseline: Profile | None, found: "Examined", method: Method, reference: str) -> DriftReport:
    now = found.profile
    base = DriftReport(digest=found.report.digest, listing=found.report.listing, rows=now.rows)
    if baseline is None:
        return base.model_copy(update={"note": f"run {reference} has logged no statistics of {now.name!r}"})
    if min(baseline.rows, now.rows) < ROWS_MIN:
        few = f"{now.rows} rows now, {baseline.rows} in the reference: at least {ROWS_MIN} are needed to compare"
        return base.model_copy(update={"note": few})
    far = distances(baseline, now, method)
    if not far:
        return base.model_copy(update={"note": f"no column of both can be compared by {method}"})
    return base.model_copy(update={"score": far[0].score, "column": far[0].column})


def _data(what: str, name: str | None) -> Data:
    if find_spec("pyarrow") is None or find_spec("fsspec") is None:
        typer.echo("What reads data is not installed here: pip install 'kanaria[data]'", err=True)
        raise typer.Exit(2)
    try:
        if what.startswith("{"):
            return Data.model_validate_json(what)
        entries = [Data.model_validate(entry) for entry in _entries(Path(what))]
    except (OSError, ValidationError, yaml.YAMLError) as error:
        typer.echo(f"{what[:200]}: {error}", err=True)
        raise typer.Exit(2) from None
    found = [entry for entry in entries if name in {None, entry.name}]
    if len(found) != 1:
        there = ", ".join(entry.name for entry in entries) or "none"
        typer.echo(f"{what} has these entries of spec.data: {there}; choose one with --name", err=True)
        raise typer.Exit(2)
    return found[0]


def _entries(file: Path) -> list[object]:
    documents = [d for d in yaml.safe_load_all(file.read_text()) if isinstance(d, dict)]
    return [entry for d in documents if d.get("kind") == "MLPipeline" for entry in d["spec"].get("data") or []]


def _read(reading: Callable[[], T]) -> T:
    from kanaria.data.trouble import UnreadableError  # noqa: PLC0415 - needs the extra [data]

    try:
        return reading()
    except UnreadableError as error:
        raise _unreadable(str(error)) from error


def _unreadable(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(UNREADABLE)


def _log(run_id: str, uri: str, found: "Examined") -> None:
    from kanaria.tracking.data_record import record  # noqa: PLC0415 - importing MLflow takes seconds

    try:
        record(_tracking_uri(), run_id, uri, found.profile.model_dump(mode="json", by_alias=True))
    except TrackingError as error:
        raise _unreadable(str(error)) from error


def _tracking_uri() -> str:
    return os.environ.get("MLFLOW_TRACKING_URI", "")


def _tell(report: Path | None, result: str, sentence: str) -> None:
    typer.echo(sentence)
    if report is not None:
        report.write_text(result)
