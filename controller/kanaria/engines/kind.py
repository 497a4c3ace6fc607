"""What every engine can do: run an attempt of a step as an object of the cluster, and tell how it goes."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from kanaria.engines.attempt import Attempt
from kanaria.engines.work import Work
from kanaria.vocabulary.kinds import Kind, Union
from kanaria.vocabulary.objects import Manifest


class EngineKind(Kind):
    """What runs a step."""

    api_version: ClassVar[str]
    made: ClassVar[str]
    """The kind of the objects it makes."""
    product: ClassVar[str] = "Kubernetes"
    """What must be installed."""
    default_image: ClassVar[str] = ""
    """What a step without an image runs; empty where the engine knows better."""
    name_max: ClassVar[int] = 57
    """How long the object's name may be, so that what is called after it is not too long."""
    expands: ClassVar[bool] = True
    """Whether Kubernetes puts variables in place of $(NAME) in the command."""

    @abstractmethod
    def refuses(self) -> Mapping[str, str]:
        """The fields of a step, or of its pipeline, that mean nothing to it, each with a remedy."""

    def faults(self, image: str, queue: str) -> Iterator[str]:
        """What else does not fit together, each in a sentence."""
        del image, queue
        return iter(())

    @classmethod
    def named(cls, name: str) -> str:
        """The name of an object, as the kind takes it."""
        return name

    @abstractmethod
    def render(self, work: Work) -> Manifest:
        """The object that runs the attempt."""

    @classmethod
    @abstractmethod
    def attempt(cls, made: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
        """How the attempt goes; `pod` is the one that tells most of it."""

    @classmethod
    @abstractmethod
    def is_over(cls, made: Manifest) -> bool:
        """Whether it ended, or is about to."""

    @classmethod
    @abstractmethod
    def began(cls, made: Manifest) -> datetime | None:
        """When it was let begin last; None while it is suspended."""

    @classmethod
    @abstractmethod
    def told_by(cls, name: str) -> str:
        """The command that tells more of it."""


class EngineUnion(Union):
    """What runs a step."""

    @property
    def engine(self) -> EngineKind:
        """The engine that is set."""
        member: EngineKind = self.member("engine")
        return member
