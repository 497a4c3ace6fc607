"""Which data a pipeline reads, and the contract that its columns must keep."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from kanaria.api.resource import Name, ObjectReference
from kanaria.vocabulary.kinds import Part

ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
ColumnType = Literal["string", "integer", "float", "boolean", "date", "timestamp"]
Format = Literal["csv", "parquet", "jsonl"]


class Column(Part):
    """What a column must hold."""

    name: ColumnName
    """Name of the column."""
    type: ColumnType | None = None
    """Type of its values; any where absent."""
    required: bool = True
    """Whether it must be there."""
    nullable: bool = True
    """Whether a value may be missing."""
    min: float | None = None
    """The least value that is allowed; of integer and float columns."""
    max: float | None = None
    """The largest value that is allowed; of integer and float columns."""
    values: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], Field(max_length=256)] = ()
    """The only values that are allowed, as text; any where empty."""

    @model_validator(mode="after")
    def _range_is_of_numbers(self) -> "Column":
        if (self.min is not None or self.max is not None) and self.type not in {"integer", "float"}:
            raise ValueError(f"column {self.name!r} has min or max; give it the type integer or float")
        return self


class DataSchema(Part):
    """The contract of the data: a run whose data breaks it starts no step."""

    columns: Annotated[tuple[Column, ...], Field(max_length=500)] = ()
    """The columns that are known."""
    closed: bool = False
    """Whether a column that is not listed breaks the contract."""
    forbidden: Annotated[tuple[ColumnName, ...], Field(max_length=100)] = ()
    """Columns that must not be there, e.g. personal data."""

    @model_validator(mode="after")
    def _columns_are_named_once(self) -> "DataSchema":
        names = [column.name for column in self.columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"schema.columns names {twice!r} twice; keep one")
        both = sorted(set(names) & set(self.forbidden))
        if both:
            raise ValueError(f"schema names {both[0]!r} both as a column and as forbidden; decide for one")
        return self


class Data(Part):
    """Files that the pipeline reads."""

    name: Name
    """Name of the data, unique in the pipeline."""
    uri: Annotated[str, Field(max_length=2048, pattern=r"^(s3|gs|az|abfs|abfss|https|http|file)://[^\s]+$")]
    """Where it is: a file, a folder, or a pattern with * and **; read by a Job of the namespace."""
    format: Format | None = None
    """How the files are written; told by their endings where absent."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between two values of a CSV file."""
    schema_: Annotated[DataSchema | None, Field(alias="schema")] = None
    """The contract, checked before any step starts; none where absent."""
    secret_ref: ObjectReference | None = None
    """Secret whose keys are environment variables of the Jobs that read, e.g. AWS_ACCESS_KEY_ID."""
    mask_values: bool = False
    """Whether values are told by their length only, in the status and in the statistics."""
    on_change: Literal["Fail", "Mark"] = "Fail"
    """What becomes of a run whose data changed while it read: it fails, or its status says so."""

    def as_argument(self) -> str:
        """As the program reads it; Kubernetes puts variables in place of $(NAME), which a value may hold."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True).replace("$(", "$$(")

    @field_validator("uri")
    @classmethod
    def _is_one_plain_place(cls, uri: str) -> str:
        if "::" in uri:
            raise ValueError(f"{uri!r} chains places with '::'; name the place of the files themselves")
        if "@" in uri.partition("://")[2].partition("/")[0] and uri.startswith("http"):
            raise ValueError("the address holds credentials; keep them in a Secret and name it in secretRef")
        return uri
