"""Does the gateway send the candidate what it was asked to, and what is done where it does not?

The step is held: no more weight, no promotion, until it does. Nothing is taken back, since what the candidate answers
is still compared fairly; whether it gets too much or too little is for people to see.
"""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import Trial
from kanaria.decide.model_deployment.scene import Scene
from kanaria.judge.counts import Window
from kanaria.judge.split import Split, check, split_of
from kanaria.vocabulary import Wait


def split_seen(scene: Scene, trial: Trial, window: Window) -> Scene:
    """The check with one more window at the trial's weight."""
    return scene.but(memory=replace(scene.memory, split=check(_split(scene), trial.weight, window)))


def as_asked(scene: Scene, trial: Trial) -> Scene:
    """Hold the step while the split is off."""
    split = _split(scene)
    if not split.off or not trial.weight:
        return scene
    fact = split.sentence if split.seen or split.wanted else "the candidate's share of the requests was not as asked"
    todo = "look at the gateway's route, at retries and mirrors, and at clients that keep their connections"
    return scene.says(Wait(Reason.SPLIT_NOT_AS_ASKED, f"{fact}; the step is held until it is as asked; {todo}"))


def _split(scene: Scene) -> Split:
    """After a restart as the trial tells; that it was off the condition tells too, and it stays so for a stretch."""
    if scene.memory.split is not None:
        return scene.memory.split
    if scene.trial is not None and scene.trial.split:
        return split_of(scene.trial.split)
    return Split(off=any(known.reason == Reason.SPLIT_NOT_AS_ASKED for known in scene.md.status.conditions))
