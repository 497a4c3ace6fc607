"""Has another person than the one who proposed it approved the candidate?"""

import json
from datetime import timedelta

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import CandidateModel
from kanaria.decide.model_deployment.scene import Scene
from kanaria.decide.model_deployment.trials import SAID
from kanaria.vocabulary import Answered, Approval, ApprovalAsked, Unanswered, Wait

ASK_EVERY = timedelta(minutes=1)


def approved(scene: Scene, candidate: CandidateModel) -> Scene:
    """The scene; one that waits, and says for what, where an approval is needed and is not there."""
    if not scene.md.spec.require_approval:
        return scene
    question = approval_asked(scene, candidate)
    scene = scene if question is None else scene.asks(question)
    lacks = _lacks(scene, candidate, question)
    said = f"candidate {candidate.version} waits for its approval: {lacks}"
    return scene.says(Wait(Reason.AWAITING_APPROVAL, said)) if lacks else scene


def _lacks(scene: Scene, candidate: CandidateModel, question: ApprovalAsked | None) -> str:
    """What is missing, in a sentence; what the live object says is not enough: who wrote it there only Git can tell."""
    if question is None:
        return "no GitSync holds it, and only by a commit can it be approved"
    if not candidate.approved:
        name = scene.md.metadata.name
        return f"let another than its author commit spec.candidate.approved: true (kanaria approve {name})"
    match scene.seen.answer(question):
        case Answered(value=Approval() as found):
            return _fault(found)
        case Unanswered(message=message):
            return f"Git cannot say who approved it: {message}"
        case _:
            return "Git is asked who approved it"


def approval_asked(scene: Scene, candidate: CandidateModel) -> ApprovalAsked | None:
    """The question to Git; None where no GitSync applied the object."""
    way = scene.seen.way_back
    if way is None or not way.revision:
        return None
    written = candidate.model_dump(mode="json", by_alias=True, exclude_none=True)
    tried = {key: value for key, value in written.items() if key not in SAID}
    metadata = scene.md.metadata
    return ApprovalAsked(
        every=ASK_EVERY,
        url=way.url,
        commit=way.revision,
        path=way.path,
        namespace=metadata.namespace,
        name=metadata.name,
        candidate=json.dumps(tried, sort_keys=True),
        left_out=tuple(sorted(SAID)),
    )


def _fault(found: Approval) -> str:
    if not found.approved_by:
        return "spec.candidate.approved is not in the commit that was applied"
    if found.approved_by == found.proposed_by:
        return f"{found.approved_by} proposed and approved it: let somebody else approve it, in a commit of their own"
    return ""
