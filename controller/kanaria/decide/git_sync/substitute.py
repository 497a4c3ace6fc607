"""Whether the values are known that are put into the manifests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.head import head_question
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Account, Answered, Unanswered, VariablesAsked, Wait

SOONEST = timedelta(seconds=5)
Variables = Mapping[str, str]


def variables_question(sync: GitSync) -> VariablesAsked | None:
    """What is to be asked; as often as the branch is looked at, for nobody tells of a change."""
    names = tuple(each.name for each in sync.spec.substitute_from)
    if not names:
        return None
    account = Account(sync.metadata.namespace, sync.spec.service_account_name)
    return VariablesAsked(max(head_question(sync).every, SOONEST), account, names)


def substitute(scene: Scene) -> Scene:
    """Nothing is read before the values are known; if they cannot be read later on, those known last stay."""
    if not scene.sync.spec.substitute_from or isinstance(scene.seen.variables, Answered):
        return scene
    over = scene.over or not scene.seen.commit
    if isinstance(scene.seen.variables, Unanswered):
        told = f"the values of spec.substituteFrom cannot be read: {scene.seen.variables.message}; it is tried again"
        return replace(scene, outcome=Wait(Reason.FETCH_FAILED, told, retry=True), over=over)
    if scene.seen.commit:
        return scene
    return replace(scene, outcome=Wait(Reason.PROGRESSING, "reading the values of spec.substituteFrom"), over=True)
