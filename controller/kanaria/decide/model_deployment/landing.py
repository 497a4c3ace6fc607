"""Since when does the commit that settles a trial wait to be applied, and is that too long?"""

from datetime import timedelta

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import TrialPhase
from kanaria.decide.model_deployment.scene import SETTLING, Scene

LATE = timedelta(minutes=10)
LANDING = SETTLING | {TrialPhase.PASSED}


def land(scene: Scene) -> Scene:
    """Remember when the commit was seen first; warn once, when it should long have been applied."""
    trial, way = scene.trial, scene.seen.way_back
    if trial is None or way is None or not way.landed or trial.phase not in LANDING:
        return scene.with_trial(landed_at=None) if trial is not None and trial.landed_at else scene
    since = trial.landed_at or scene.now
    scene = scene.with_trial(landed_at=since).looks(since + LATE)
    if not is_late(scene) or _was_told(scene):
        return scene
    return scene.tells(Reason.AWAITING_SYNC, f"the commit that settles {trial.version} {how_late(scene)}", loud=True)


def is_late(scene: Scene) -> bool:
    """Whether the commit waits for too long."""
    trial = scene.trial
    return trial is not None and trial.landed_at is not None and scene.now >= trial.landed_at + LATE


def how_late(scene: Scene) -> str:
    """What is said then; nothing before."""
    trial, way = scene.trial, scene.seen.way_back
    if trial is None or trial.landed_at is None or way is None or not is_late(scene):
        return ""
    whose = f"what applies {way.file} (Argo CD, Flux)" if way.file else f"GitSync {way.name}"
    return f"is not applied since {trial.landed_at:%Y-%m-%dT%H:%M:%SZ}: look why {whose} does not"


def _was_told(scene: Scene) -> bool:
    said = how_late(scene)
    return any(said in condition.message for condition in scene.md.status.conditions)
