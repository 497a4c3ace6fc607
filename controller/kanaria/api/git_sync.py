"""GitSync: a path of a repository kept in the cluster, and the way back."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.api.git_file import GitPath
from kanaria.api.resource import Name, ObjectReference, Resource, ResourceStatus, Text
from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part

_ONE_REF = "spec.ref names a tag and a commit: remove one"


class GitBranch(Part):
    """The branch of a repository that is followed."""

    branch: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^-/][^ ~^:?*\[\\]*$")] = "main"
    """Branch that is followed; a GitSync also writes back to it."""


class GitRef(GitBranch):
    """Which commit of the repository."""

    tag: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^-/][^ ~^:?*\[\\]*$")] | None = None
    """Tag that is followed instead of the branch; nothing is written back to it."""
    commit: Annotated[str, Field(max_length=40, pattern=r"^[0-9a-f]{40}$")] | None = None
    """Full id of one commit of the branch, which stays; nothing is written back to it."""

    @property
    def is_branch(self) -> bool:
        """Whether there is a branch to write back to."""
        return self.tag is None and self.commit is None

    @property
    def name(self) -> str:
        """What is followed, for people."""
        return self.tag or self.branch

    @model_validator(mode="after")
    def _one(self) -> "GitRef":
        if self.tag and self.commit:
            raise ValueError(_ONE_REF)
        return self


# No space, and no option for git or ssh where the host, or the path, is expected.
GitUrl = Annotated[str, Field(max_length=2048, pattern=r"^(https?|file)://[^-\s]\S*$")]


class Author(Part):
    """Who signs the commits that Kanaria makes."""

    name: Annotated[str, Field(min_length=1, max_length=128)] = "kanaria"
    """Name of the author."""
    email: Annotated[str, Field(min_length=1, max_length=254)] = "kanaria@example.com"
    """Address of the author."""


class Verify(Part):
    """Whose commits are applied."""

    secret_ref: ObjectReference
    """Secret with allowed_signers, in the form of ssh-keygen: the people's keys, and Kanaria's own."""
    mode: Literal["Head", "Range"] = "Head"
    """Head: the commit at the head must be signed. Range: each commit since the last one that was applied."""


class WriteBack(Part):
    """What Kanaria may commit to the branch."""

    propose: Literal["Commit", "Disabled"] = "Commit"
    """Whether new candidates and promotions are committed; where Disabled, a person commits them."""
    settle: Literal["Commit", "Disabled"] = "Commit"
    """Whether the removal of a failed candidate is committed; where Disabled, a person commits it."""
    author: Author = Author()
    """Author of the commits."""
    signing_key_secret_ref: ObjectReference | None = None
    """Secret with identity: a private ssh key without a passphrase, with which the commits are signed."""


class Webhook(Part):
    """How a forge tells of a push."""

    secret_ref: ObjectReference
    """Secret with token: what the forge signs its calls with, or sends along."""


class Health(Part):
    """How long what was applied has time to be healthy."""

    timeout: Duration = "5m"
    """After this the GitSync is Stalled, until it is healthy or something else is applied."""


FieldName = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\s]+$")]


class Forced(Part):
    """Fields that Git sets, whoever else declares them."""

    kind: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
    """Kind of the objects."""
    name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Name of the object; all of the kind where absent."""
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=64)]
    """The fields, as the message of FieldConflict spells them, e.g. spec.replicas; with all that is below them."""

    def is_of(self, kind: str, name: str) -> bool:
        """Whether it speaks of the object."""
        return self.kind == kind and self.name in (None, name)


_NO_LEAVING = "spec.path must not leave the repository: remove '..'"
_NO_USER = "spec.url must not hold a user or password: name a Secret in spec.secretRef"


_NEEDS_KEY = (
    "spec.verify would refuse Kanaria's own commits: name a key in spec.writeBack.signingKeySecretRef, "
    "or set spec.writeBack.propose and spec.writeBack.settle to Disabled"
)

_HAS_KEY = (
    "!has(self.verify) || (has(self.ref) && (has(self.ref.tag) || has(self.ref.commit)))"
    " || (has(self.writeBack) && (has(self.writeBack.signingKeySecretRef)"
    " || (has(self.writeBack.propose) && has(self.writeBack.settle)"
    " && self.writeBack.propose == 'Disabled' && self.writeBack.settle == 'Disabled')))"
)


_APPLIES_NOT = (
    "spec.apply is Disabled, so nothing is applied: remove dependsOn, health, substituteFrom, force and "
    "deletionPolicy Delete, or let spec.apply be Enabled"
)
_ONLY_IF_APPLIED = (
    "!has(self.apply) || self.apply == 'Enabled' || (!has(self.health)"
    " && (!has(self.dependsOn) || size(self.dependsOn) == 0)"
    " && (!has(self.substituteFrom) || size(self.substituteFrom) == 0) && (!has(self.force) || size(self.force) == 0)"
    " && (!has(self.deletionPolicy) || self.deletionPolicy == 'Orphan'))"
)


class GitSyncSpec(Part):
    """What is synced, how often, and as whom."""

    url: GitUrl
    """Address of the repository: https; http and file are for local clusters."""
    ref: GitRef = GitRef()
    """What is followed."""
    path: GitPath = "."
    """Folder of the repository that holds the manifests."""
    interval: Duration = "1m"
    """How often the branch is looked at."""
    timeout: Duration = "60s"
    """How long one look at the branch may take."""
    secret_ref: ObjectReference | None = None
    """Secret with username and password, or bearerToken."""
    webhook: Webhook | None = None
    """Calls of a forge that are taken at /hook/NAMESPACE/NAME; without it, none."""
    verify: Verify | None = None
    """Whose commits are applied; without it, all."""
    apply: Literal["Enabled", "Disabled"] = "Enabled"
    """Disabled: Argo CD or Flux applies, and what is written back goes to the files that spec.git of objects names."""
    substitute_from: Annotated[tuple[ObjectReference, ...], Field(max_length=16)] = ()
    """ConfigMaps of the namespace whose values stand in for ${NAME} in the manifests; the last one wins."""
    force: Annotated[tuple[Forced, ...], Field(max_length=64)] = ()
    """Fields that are set although another manager declares them too."""
    prune: bool = True
    """Whether objects that left the path are deleted."""
    prune_limit: Annotated[int, Field(ge=1, le=100000)] = 20
    """More deletions than this at once, and more than a fifth of all, wait for a confirming commit."""
    deletion_policy: Literal["Orphan", "Delete"] = "Orphan"
    """What becomes of the objects when the GitSync is deleted; Delete needs prune."""
    depends_on: Annotated[tuple[ObjectReference, ...], Field(max_length=32)] = ()
    """GitSyncs of the namespace that must be ready before a new commit is applied."""
    health: Health | None = None
    """Ready also waits for what was applied to be healthy; without it, for nothing."""
    suspend: bool = False
    """Whether nothing is applied and nothing written back."""
    service_account_name: Name = "kanaria-sync"
    """ServiceAccount of the namespace as which objects are applied."""
    write_back: WriteBack = WriteBack()
    """What Kanaria may commit."""

    @property
    def applies(self) -> bool:
        """Whether the path is kept in the cluster, and not only written back to."""
        return self.apply == "Enabled"

    @property
    def proposes(self) -> bool:
        """Whether new candidates and promotions are committed."""
        return self.ref.is_branch and self.write_back.propose != "Disabled"

    @property
    def settles(self) -> bool:
        """Whether the removal of a failed candidate is committed."""
        return self.ref.is_branch and self.write_back.settle != "Disabled"

    @property
    def commits_at_all(self) -> bool:
        """Whether anything is written back."""
        return self.proposes or self.settles

    @model_validator(mode="after")
    def _plain_path(self) -> "GitSyncSpec":
        if ".." in self.path.split("/"):
            raise ValueError(_NO_LEAVING)
        if "@" in self.url.split("/")[2]:
            raise ValueError(_NO_USER)
        if self.verify and self.commits_at_all and not self.write_back.signing_key_secret_ref:
            raise ValueError(_NEEDS_KEY)
        of_applying = self.depends_on or self.health or self.substitute_from or self.force
        if not self.applies and (of_applying or self.deletion_policy == "Delete"):
            raise ValueError(_APPLIES_NOT)
        return self


class Inventory(Part):
    """What this sync keeps in the cluster."""

    count: int = 0
    """Number of objects."""
    kinds: Annotated[tuple[Annotated[str, Field(max_length=316)], ...], Field(max_length=256)] = ()
    """Kinds of the objects, as apiVersion/Kind."""
    digest: Annotated[str, Field(max_length=64)] = ""
    """Digest of their identities and contents."""


class PruneWaiting(Part):
    """Deletions that wait for a confirming commit."""

    revision: Annotated[str, Field(max_length=512)]
    """The commit that asked for them first."""
    count: int
    """How many objects would go."""
    digest: Annotated[str, Field(max_length=64)]
    """Digest of their identities."""


class GitSyncStatus(ResourceStatus):
    """What was synced last."""

    last_attempted_revision: Annotated[str, Field(max_length=512)] | None = None
    """The commit that was looked at last, as branch@sha1:…"""
    last_applied_revision: Annotated[str, Field(max_length=512)] | None = None
    """The commit that the cluster equals, as branch@sha1:…"""
    last_applied_at: datetime | None = None
    """When it was applied."""
    inventory: Inventory = Inventory()
    """What this sync keeps in the cluster."""
    prune_waiting: PruneWaiting | None = None
    """Deletions that wait for a confirming commit."""
    last_write_back: Text | None = None
    """The newest commit of Kanaria's own: sha and subject."""


class GitSync(Resource):
    """A path of a repository kept in the cluster, and the way back."""

    kind: Literal["GitSync"] = "GitSync"
    spec: GitSyncSpec
    status: GitSyncStatus = GitSyncStatus()

    plural: ClassVar = "gitsyncs"
    short_name: ClassVar = "gs"
    columns: ClassVar = (
        ("Ready", '.status.conditions[?(@.type=="Ready")].status', "string", 0),
        ("Revision", ".status.lastAppliedRevision", "string", 0),
        ("Objects", ".status.inventory.count", "integer", 0),
        ("Status", '.status.conditions[?(@.type=="Ready")].message', "string", 0),
        ("Age", ".metadata.creationTimestamp", "date", 0),
        ("URL", ".spec.url", "string", 1),
        ("Path", ".spec.path", "string", 1),
    )
    rules: ClassVar = (
        ("!self.path.split('/').exists(p, p == '..')", _NO_LEAVING),
        ("size(self.url.split('/')) < 3 || !self.url.split('/')[2].contains('@')", _NO_USER),
        (_HAS_KEY, _NEEDS_KEY),
        (_ONLY_IF_APPLIED, _APPLIES_NOT),
        ("!has(self.ref) || !has(self.ref.tag) || !has(self.ref.commit)", _ONE_REF),
    )
