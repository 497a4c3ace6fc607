"""What a run's status says of the data that it reads."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kanaria.api.data_report import Violation
from kanaria.api.resource import Name, Text
from kanaria.vocabulary.kinds import Part

VIOLATIONS_MAX = 10


class DataPhase(StrEnum):
    """How far the look at the data is."""

    PENDING = "Pending"
    CHECKING = "Checking"
    CHECKED = "Checked"
    COMPARING = "Comparing"
    UNCHANGED = "Unchanged"
    CHANGED = "Changed"
    INVALID = "Invalid"
    UNREADABLE = "Unreadable"


class DataStatus(Part):
    """What was found of one entry of spec.data."""

    name: Name
    """Name of the entry."""
    phase: DataPhase = DataPhase.PENDING
    """How far the look at it is."""
    digest: Annotated[str, Field(max_length=80)] = ""
    """Identity of the content, before the first step."""
    listing: Annotated[str, Field(max_length=80)] = ""
    """Identity of names, sizes and times, before the first step."""
    files: int = 0
    """Number of files."""
    bytes: int = 0
    """Size of all files."""
    rows: int | None = None
    """Number of rows."""
    broken: int = 0
    """How many rules of the schema are broken."""
    violations: Annotated[tuple[Violation, ...], Field(max_length=VIOLATIONS_MAX)] = ()
    """The first of them."""
    attempts: int = 0
    """Attempts at the look that goes on, or was the last."""
    job: Annotated[str, Field(max_length=253)] = ""
    """The newest attempt's Job."""
    retry_at: datetime | None = None
    """When the next attempt begins."""
    message: Text = ""
    """Why it could not be read, or what changed."""
