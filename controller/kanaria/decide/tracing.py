"""From a model version back to its data, code and commits: what each link holds, and which is missing.

What the run's object does not tell any more, the version's tags in MLflow do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kanaria.api import MLPipelineRun, ModelDeployment
from kanaria.api.model_deployment import Serving
from kanaria.vocabulary import ModelVersion, tags

DIGEST = "@sha256:"
_TAGS = "the version's tags in MLflow"


@dataclass(frozen=True, slots=True)
class Missing:
    """What a link lacks, where it was looked for, and what would have it there."""

    what: str
    looked: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} (looked at {self.looked}); {self.remedy}"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: facts by name, and where they were found."""

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a version: where it is or was served, its record in MLflow, and its run."""

    model: str
    version: str
    deployments: tuple[ModelDeployment, ...] = ()
    """Those that name it as stable or candidate."""
    where: str = ""
    """Which ModelDeployments were looked at."""
    registered: ModelVersion | None = None
    registry: str = "MLflow"
    """The registry, or why it does not answer."""
    run: MLPipelineRun | None = None
    run_lost: str = ""
    """Why the run's object is not there."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the version; none where MLflow does not tell."""
        return self.registered.tags if self.registered else {}

    @property
    def origin(self) -> str:
        """What tells of the run."""
        return f"MLPipelineRun {self.run.name}" if self.run else _TAGS

    @property
    def looked(self) -> str:
        """Where the run was looked for."""
        return self.origin if self.run else f"{self.run_lost or 'no MLPipelineRun'}; {self.registry}"

    def with_prefix(self, prefix: str) -> Mapping[str, str]:
        """The tags that begin so, by the rest of their names."""
        return {key.removeprefix(prefix): value for key, value in self.tags.items() if key.startswith(prefix)}


def trace(found: Found) -> tuple[Link, ...]:
    """The chain, from what serves to what made it and who allowed it."""
    return (
        _served(found),
        _version(found),
        _run(found),
        _data(found),
        _code(found),
        _images(found),
        _gates(found),
        _proposed(found),
        _promoted(found),
    )


def _served(found: Found) -> Link:
    facts = {str(each.name): _part(each, found.version) for each in found.deployments}
    if facts:
        return Link("served", facts, "ModelDeployment")
    what = f"no ModelDeployment serves version {found.version} of {found.model} now"
    return Link("served", missing=Missing(what, found.where, "name a namespace with -n, or a version that serves"))


def _part(deployment: ModelDeployment, version: str) -> str:
    stable, trial = deployment.status.stable, deployment.status.trial
    if stable and stable.version == version:
        return "serves as stable" + (f" since {stable.since:%Y-%m-%d %H:%M:%S} UTC" if stable.since else "")
    if trial and trial.version == version:
        return f"is tried with {trial.weight} % of the requests"
    return "is named by Git, and does not serve yet"


def _version(found: Found) -> Link:
    known = found.registered
    if known is None:
        remedy = "name the server with --tracking-uri, or restore the version"
        return Link("version", missing=Missing("its record is not to be had", found.registry, remedy))
    facts = {"version": f"{known.model} {known.version}", "artifacts": known.uri, "model id": known.model_id}
    facts |= {"MLflow run": known.run_id}
    return Link("version", _there(facts), found.registry)


def _run(found: Found) -> Link:
    run = found.run
    if run is not None:
        cause = f"{run.spec.cause.trigger}: {run.spec.cause.reason}"
        facts = {"run": str(run.name), "phase": str(run.status.phase or ""), "cause": cause}
    else:
        facts = {"run": found.tags.get(tags.RUN, ""), "cause": found.tags.get(tags.CAUSE, "")}
    if facts["run"]:
        return Link("run", _there(facts), found.origin)
    what = "no run of a pipeline tells that it registered this version"
    return Link("run", missing=Missing(what, found.looked, "let an MLPipeline register it: spec.model"))


def _data(found: Found) -> Link:
    run = found.run
    digests = {each.name: each.digest for each in run.status.data} if run else found.with_prefix(tags.DATA)
    nameless = sorted(name for name, digest in digests.items() if not digest)
    if digests and not nameless:
        return Link("data", digests, found.origin)
    if nameless:
        what = f"the digest of {', '.join(nameless)} was not taken"
        return Link("data", _there(digests), found.origin, Missing(what, found.looked, "let the run look at its data"))
    remedy = "declare what the steps read in spec.data of the MLPipeline"
    return Link("data", missing=Missing("nobody noted which data it was made of", found.looked, remedy))


def _code(found: Found) -> Link:
    run = found.run
    revision = run.spec.revision if run else found.tags.get(tags.COMMIT, "")
    source = run.spec.pipeline.source if run else None
    url = source.git.url if source else found.tags.get(tags.CODE, "")
    if revision:
        return Link("code", _there({"commit": revision, "repository": url}), found.origin)
    remedy = "let the MLPipeline check its code out: spec.source"
    return Link("code", missing=Missing("nobody noted which commit of the code ran", found.looked, remedy))


def _images(found: Found) -> Link:
    run = found.run
    if run:
        images = {each.name: each.image_id for each in run.status.steps if each.image_id}
    else:
        images = dict(tags.images_of(found.tags.get(tags.IMAGES, "")))
    loose = sorted(step for step, image in images.items() if DIGEST not in image)
    if images and not loose:
        return Link("images", images, found.origin)
    if not images:
        missing = Missing("nobody noted which images ran", found.looked, "run it where Pods tell an imageID")
    else:
        what = f"the image of {', '.join(loose)} has no digest"
        missing = Missing(what, found.looked, "run it on a container runtime: a local cluster pulls no images")
    return Link("images", images, found.origin if images else "", missing)


def _gates(found: Found) -> Link:
    run = found.run
    if run:
        facts = {f"{e.policy}/{e.metric}": f"{e.verdict}: {e.message}".rstrip(": ") for e in run.status.gates}
    else:
        facts = dict(found.with_prefix(tags.GATE))
    if facts:
        return Link("gates", facts, found.origin)
    what, remedy = "no gate judged it before it was proposed", "name a MetricPolicy in spec.gates of the MLPipeline"
    return Link("gates", missing=Missing(what, found.looked, remedy))


def _proposed(found: Found) -> Link:
    proposals = found.run.status.proposals if found.run else ()
    facts = _there({f"{each.namespace}/{each.model_deployment}": each.commit for each in proposals})
    told = facts or found.with_prefix(tags.PROPOSED)
    if told:
        return Link("proposed", told, found.origin if facts else _TAGS)
    what, run = "no commit of Kanaria's is known that proposed it", found.tags.get(tags.RUN, "")
    remedy = f'ask Git: git log --grep "Kanaria-Run: {run}"' if run else "a person's commit may have: ask git log"
    return Link("proposed", missing=Missing(what, found.looked, remedy))


def _promoted(found: Found) -> Link:
    stable = {
        str(each.name): serving.revision for each in found.deployments if (serving := _stable(each, found.version))
    }
    told = _there(stable) or found.with_prefix(tags.PROMOTED)
    if told:
        return Link("promoted", told, "ModelDeployment" if _there(stable) else _TAGS)
    if stable:
        what = "it was stable before Kanaria saw a commit make it so"
        return Link("promoted", missing=Missing(what, ", ".join(stable), "ask git log of the manifest"))
    what = "no commit made it stable"
    return Link("promoted", missing=Missing(what, f"{found.where}; {found.registry}", "let its trial come to its end"))


def _stable(deployment: ModelDeployment, version: str) -> Serving | None:
    stable = deployment.status.stable
    return stable if stable and stable.version == version else None


def _there(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def missing(links: tuple[Link, ...]) -> Iterator[Link]:
    """The links that lack something."""
    return (link for link in links if link.missing)
