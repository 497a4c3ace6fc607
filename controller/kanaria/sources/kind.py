"""What every source can do: be told apart by its key."""

from kanaria.vocabulary.kinds import Kind, Union


class SourceKind(Kind):
    """Where a metric's number comes from."""

    @property
    def address(self) -> str:
        """How people find the number."""
        return self.key


class SourceUnion(Union):
    """A source among others."""

    @property
    def source(self) -> SourceKind:
        """The source that is set."""
        member: SourceKind = self.member("source")
        return member
