"""How the report of a test is read: by Kanaria's own image, once the test's own container is over."""

from collections.abc import Mapping
from typing import Any

from kanaria.engines.work import CONFINED, OUTPUTS_FILE, STEP, TEST, Report

REPORT_FOLDER = "/kanaria"
VOLUME: Mapping[str, Any] = {"name": "report", "emptyDir": {}}
_MOUNT = {"name": "report", "mountPath": REPORT_FOLDER}
_REPORTED = (
    "sh",
    "-c",
    f'{{ "$@"; echo $? > {REPORT_FOLDER}/code; }} 2>&1 | tee {REPORT_FOLDER}/log',
    "test",
)


def reported(container: Mapping[str, Any]) -> dict[str, Any]:
    """The test's own container: what comes of it is read off two files, so that it fails no Pod before it is read."""
    kept = {key: value for key, value in container.items() if key != "terminationMessagePath"}
    mounts = [*container["volumeMounts"], _MOUNT]
    return {**kept, "name": TEST, "command": [*_REPORTED, *container["command"]], "volumeMounts": mounts}


def reader(report: Report, container: Mapping[str, Any]) -> dict[str, Any]:
    """The container that comes after it, in the place of the step's."""
    return {
        "name": STEP,
        "image": report.image,
        "command": ["kanaria", "junit", "--report", report.path, "--came-of", REPORT_FOLDER],
        "env": [{"name": "KANARIA_OUTPUTS", "value": OUTPUTS_FILE}],
        "securityContext": CONFINED,
        "terminationMessagePath": OUTPUTS_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*container["volumeMounts"], _MOUNT],
        **({"workingDir": container["workingDir"]} if "workingDir" in container else {}),
    }
