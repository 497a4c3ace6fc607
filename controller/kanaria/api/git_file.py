"""Which file of a repository holds an object that somebody else than a GitSync applies."""

from typing import Annotated

from pydantic import Field

from kanaria.api.resource import ObjectReference
from kanaria.vocabulary.kinds import Part

GitPath = Annotated[str, Field(max_length=1024, pattern=r"^[^-/].*$")]


class GitFile(Part):
    """Where the object stands in Git, while Argo CD or Flux applies it."""

    sync_ref: ObjectReference
    """GitSync of the namespace that commits to the file."""
    path: GitPath
    """The file, from the root of the repository."""
