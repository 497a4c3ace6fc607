"""What the model that is stable now had logged."""

from collections.abc import Mapping

from kanaria.api import ModelDeployment
from kanaria.decide.ml_pipeline_run.scene import EVERY, READING, Scene, Turn, asked
from kanaria.decide.ml_pipeline_run.track import logged
from kanaria.vocabulary import Answered, ModelVersionAsked, ObjectName


def baseline(scene: Scene) -> Mapping[str, float] | str | Turn:
    """The metrics of the run behind the stable version of the first target.

    Empty where nothing is stable; a sentence where it cannot be known; a turn that waits for the registry.
    """
    target = _first_target(scene)
    if target is None or target.spec.stable is None:
        return {}
    name, version = target.spec.model.name, target.spec.stable.version
    answer = asked(scene, ModelVersionAsked(EVERY, name, version), READING)
    if not isinstance(answer, Answered):
        return answer
    if answer.value is None:
        return (
            f"the stable version {version} of {name!r} is not in the registry, so nothing can be compared with it; "
            "restore it, or gate by a threshold"
        )
    if not answer.value.run_id:
        return {}
    metrics = asked(scene, logged(answer.value.run_id), READING)
    return dict(metrics.value) if isinstance(metrics, Answered) else metrics


def _first_target(scene: Scene) -> ModelDeployment | None:
    if not scene.pipeline.promote:
        return None
    target = scene.pipeline.promote[0].model_deployment
    return scene.seen.targets.get(ObjectName(target.namespace or scene.run.metadata.namespace, target.name))
