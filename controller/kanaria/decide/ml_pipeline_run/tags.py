"""What is written onto the model version that a run registered: enough to trace it once the run is gone."""

from kanaria.api.ml_pipeline_run import GateStatus, ProposalStatus
from kanaria.decide.ml_pipeline_run.scene import Scene
from kanaria.vocabulary import ObjectName, TagModelVersion, Verdict, tags


def told_at_the_end(scene: Scene, gates: tuple[GateStatus, ...], verdict: Verdict) -> tuple[TagModelVersion, ...]:
    """What the run was made of and what its gates said."""
    spec, cause = scene.run.spec, scene.run.spec.cause
    ran = ((entry.name, entry.image_id) for entry in scene.status.steps if entry.image_id)
    told = {
        tags.RUN: str(scene.run.name),
        tags.PIPELINE: f"{scene.run.metadata.namespace}/{spec.pipeline_ref.name}",
        tags.CAUSE: f"{cause.trigger}: {cause.reason}"[: tags.VALUE_MAX],
        tags.REPLAYS: spec.replays.run if spec.replays else "",
        tags.COMMIT: spec.revision,
        tags.CODE: scene.pipeline.source.git.url if scene.pipeline.source else "",
        tags.IMAGES: tags.images_told(ran),
        tags.GATES: str(verdict) if any(not each.dry_run for each in gates) else "",
    }
    told |= {f"{tags.GATE}{each.policy}.{each.metric}": _verdict(each) for each in gates}
    told |= {f"{tags.DATA}{entry.name}": entry.digest for entry in scene.status.data}
    return _on_the_version(scene, told)


def _verdict(gate: GateStatus) -> str:
    return f"{gate.verdict} (dry run)" if gate.dry_run else str(gate.verdict)


def told_of_proposals(scene: Scene, proposals: tuple[ProposalStatus, ...]) -> tuple[TagModelVersion, ...]:
    """The commits that proposed the version, where they are news."""
    known = {entry.commit for entry in scene.status.proposals}
    told = {
        tags.of_deployment(tags.PROPOSED, ObjectName(entry.namespace, entry.model_deployment)): entry.commit
        for entry in proposals
        if entry.commit not in known
    }
    return _on_the_version(scene, told)


def _on_the_version(scene: Scene, told: dict[str, str]) -> tuple[TagModelVersion, ...]:
    model = scene.status.model
    return tuple(TagModelVersion(model.name, model.version, k, v) for k, v in told.items() if v) if model else ()
