"""Whether a step is over, and whether steps went well."""

from collections.abc import Iterable, Mapping

from kanaria.api.ml_pipeline_run import DONE, StepPhase, StepStatus
from kanaria.api.pipeline_step import Step

Entries = Mapping[str, StepStatus]
"""What is known of each step, by its name."""
NOT_STARTED = "not started: "
"""How the message of a step begins that was given up; one that `when` skipped says something else."""
PASSED = (*DONE, StepPhase.SKIPPED)
OVER = (*PASSED, StepPhase.FAILED)


def is_over(entry: StepStatus) -> bool:
    """Whether nothing more comes of the step."""
    return entry.phase in OVER


def lost(steps: Iterable[Step], entries: Entries) -> bool:
    """Whether these did not all go well: one failed, or was not started since another failed or time was over."""
    return any(
        entries[step.name].phase is StepPhase.FAILED or entries[step.name].message.startswith(NOT_STARTED)
        for step in steps
    )
