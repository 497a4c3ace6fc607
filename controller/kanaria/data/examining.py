"""What is in the data: its identity, the rules it breaks, its statistics, in one reading."""

from dataclasses import dataclass

from kanaria.api.data_report import DataReport, Violation
from kanaria.api.pipeline_data import Data, DataSchema
from kanaria.data.chunk import UnparsableError
from kanaria.data.contract import Contract
from kanaria.data.files import File, Files, listed
from kanaria.data.reading import Way, rows
from kanaria.data.statistics import Statistics
from kanaria.data.trouble import UnreadableError
from kanaria.judge.profile import Profile

MESSAGE_MAX = 3_800
"""Bytes of a termination message, with room for what holds it: Kubernetes cuts it at 4,096."""


NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Examined:
    """What one reading of the data found."""

    report: DataReport
    profile: Profile


def told(uri: str) -> DataReport:
    """The identity of what is there now.

    Raises:
        UnreadableError: if it cannot be read.
    """
    files = listed(uri)
    return DataReport(digest=files.digest(), listing=files.listing, files=len(files.files), bytes=files.size)


def compared(uri: str, before: DataReport) -> DataReport:
    """The identity of what is there now; the content is read only where names, sizes or times differ.

    Raises:
        UnreadableError: if it cannot be read.
    """
    files = listed(uri)
    same = files.listing == before.listing
    digest = before.digest if same else files.digest()
    return DataReport(digest=digest, listing=files.listing, files=len(files.files), bytes=files.size)


def examined(data: Data) -> Examined:
    """Read everything once.

    Raises:
        UnreadableError: if it cannot be read, or changes meanwhile.
    """
    files = listed(data.uri)
    digest = files.digest()
    contract = Contract(data.schema_ or DataSchema(), data.mask_values)
    statistics = Statistics(seed=int(digest[7:15], 16), mask=data.mask_values)
    types = {column.name: column.type for column in contract.schema.columns if column.type}
    for file in files.files:
        _read(files, file, Way(data.format, data.delimiter, types), contract, statistics)
    if listed(data.uri).listing != files.listing:
        raise UnreadableError(f"{data.uri} changed while it was read")
    violations = contract.violations()
    report = DataReport(
        digest=digest,
        listing=files.listing,
        files=len(files.files),
        bytes=files.size,
        rows=statistics.rows,
        violations=violations,
        broken=len(violations),
    )
    return Examined(report, statistics.profile(data.name, digest))


def _read(files: Files, file: File, way: Way, contract: Contract, statistics: Statistics) -> None:
    name = (file.name or file.path.rpartition("/")[2])[-NAME_MAX:]
    try:
        for chunk in rows(files, file, way):
            contract.take(name, chunk)
            statistics.take(chunk)
    except UnparsableError as error:
        contract.unparsable(name, str(error)[:200])
    else:
        contract.end(name)


def short(report: DataReport) -> str:
    """The report as JSON that fits a termination message: rules are dropped from the end, never cut."""
    kept: tuple[Violation, ...] = report.violations
    while True:
        text = report.model_copy(update={"violations": kept}).model_dump_json(by_alias=True, exclude_defaults=True)
        if len(text.encode()) <= MESSAGE_MAX or not kept:
            return text
        kept = kept[:-1]
