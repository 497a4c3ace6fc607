"""Manifests are read as a GitSync would, and what is wrong is told by file, line, fact and remedy."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kanaria.cli import app as command_line

ROOT = Path(__file__).parents[2]
POLICY = """\
apiVersion: kanaria.dev/v1alpha1
kind: MetricPolicy
metadata: {name: offline}
spec:
  metrics:
    - name: accuracy
      mlflow: {key: accuracy}
      threshold: {min: 0.9}
"""
PIPELINE = """\
apiVersion: kanaria.dev/v1alpha1
kind: MLPipeline
metadata: {name: wine}
spec:
  steps:
    - name: prepare
      command: [python, prepare.py]
      outputs: [{name: rows}]
    - name: train
      dependsOn: [prepare]
      command: [python, train.py]
  model: {name: wine-quality, step: train}
  gates:
    - policyRef: {name: offline}
  promote:
    - modelDeployment: {name: wine}
"""
DEPLOYMENT = """\
apiVersion: kanaria.dev/v1alpha1
kind: ModelDeployment
metadata: {name: wine}
spec:
  model: {name: wine-quality}
  stable: {version: "7"}
  predictor: {model: {modelFormat: {name: sklearn}}}
  strategy: {canary: {steps: [{setWeight: 5}]}}
"""
ONLINE = """\
apiVersion: kanaria.dev/v1alpha1
kind: MetricPolicy
metadata: {name: online}
spec:
  metrics:
    - {name: errors, counter: {}, sequential: {}}
"""
TEAM = {"policy.yaml": POLICY, "pipeline.yaml": PIPELINE, "deployment.yaml": DEPLOYMENT}


def lint(*words: object) -> Result:
    return CliRunner().invoke(command_line.app, ["lint", *map(str, words)])


def linted(folder: Path, files: Mapping[str, str], *words: str) -> tuple[int, list[str]]:
    """The exit code and the lines, with places from the folder on."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    ended = lint(folder, *words)
    return ended.exit_code, ended.stdout.replace(f"{folder}/", "").splitlines()


def test_what_is_valid_is_counted(tmp_path: Path):
    assert linted(tmp_path, TEAM) == (0, ["3 documents, all valid"])


def test_the_examples_are_valid():
    ended = lint(ROOT / "examples")

    assert (ended.exit_code, ended.stdout.splitlines()[-1].partition(",")[2]) == (0, " all valid")


@pytest.mark.parametrize(
    ("files", "line"),
    [
        pytest.param(
            {"a.yaml": POLICY.replace("min:", "mni:")},
            "a.yaml:8: spec.metrics[0].threshold.mni: there is no such field: remove it, or mend its spelling",
            id="an unknown field",
        ),
        pytest.param(
            {"a.yaml": POLICY.replace("0.9", "high")},
            "a.yaml:8: spec.metrics[0].threshold.min: a number is needed, not 'high'",
            id="a wrong type",
        ),
        pytest.param(
            {"a.yaml": "spec: [\n"},
            "a.yaml:2: did not find expected node content: this is no YAML; "
            "mend brackets, quotes or indentation near this line",
            id="invalid YAML",
        ),
        pytest.param(
            {"a.yaml": POLICY, "b.yaml": "# again\n" + POLICY},
            "b.yaml:2: MetricPolicy offline stands also in a.yaml, line 1: remove one",
            id="two documents of one name",
        ),
        pytest.param(
            {"a.yaml": PIPELINE.replace("    - name: train\n", "      dependsOn: [train]\n    - name: train\n")},
            "a.yaml:9: spec.steps wait for each other in a circle: prepare → train → prepare; "
            "remove one of these from dependsOn",
            id="cyclic steps",
        ),
        pytest.param(
            {"a.yaml": PIPELINE + "  triggers: [{name: again, pipeline: {name: wine}}]\n"},
            "a.yaml:17: spec.triggers: pipelines would start each other without end: wine → wine; "
            "remove the trigger `pipeline` of one of these",
            id="triggers in a circle",
        ),
        pytest.param(
            {"a.yaml": PIPELINE.replace("train.py]", 'train.py, "${parameters.alpha}"]')},
            "a.yaml:11: spec.steps 'train', command[2]: ${parameters.alpha} stands for nothing; "
            "there is: ${champion.uri}, ${champion.version}, ${run.name}, ${steps.prepare.outputs.rows}. ",
            id="a reference that stands for nothing",
        ),
        pytest.param(
            {"a.yaml": DEPLOYMENT + '  candidate: {version: "7"}\n'},
            "a.yaml:9: spec.candidate is version 7, as spec.stable, with nothing changed; "
            "remove it, or name another version",
            id="a candidate equal to stable",
        ),
        pytest.param(
            {"a.yaml": DEPLOYMENT + '  candidate: {version: "6"}\n  rejected: [{version: "6"}]\n'},
            "a.yaml:9: spec.candidate.version 6 is in spec.rejected, so it is not tried; "
            "remove that entry, or the candidate",
            id="a candidate that was rejected",
        ),
        pytest.param(
            {"a.yaml": DEPLOYMENT + "  analysis: {policies: [{name: offline}]}\n", "b.yaml": POLICY},
            "a.yaml:9: spec.analysis.policies name no metric that can be read while the candidate serves, so nothing "
            "would judge it; add one with counter and sequential, or one with prometheus and threshold, or remove "
            "spec.analysis",
            id="an analysis that judges nothing",
        ),
        pytest.param(
            {**TEAM, "policy.yaml": POLICY.replace("mlflow: {key: accuracy}", "stepOutput: {step: train, output: n}")},
            "pipeline.yaml:14: spec.gates[0]: metric 'accuracy' of MetricPolicy 'offline' reads output n of step "
            "train, which no step declares (declared: prepare.rows); add it to the step's outputs, or mend the policy",
            id="a gate on an output that no step declares",
        ),
        pytest.param(
            {**TEAM, "deployment.yaml": DEPLOYMENT.replace("wine-quality", "cider")},
            "pipeline.yaml:16: spec.promote[0]: the pipeline makes versions of 'wine-quality', while ModelDeployment "
            "'wine' serves 'cider'; name one model in both",
            id="a proposal of another model",
        ),
        pytest.param(
            {"a.yaml": "version https://git-lfs.github.com/spec/v1\noid x\n"},
            "a.yaml: it is a Git LFS pointer, which Kanaria does not follow: commit the file",
            id="a Git LFS pointer",
        ),
    ],
)
def test_a_problem_is_told_with_file_line_fact_and_remedy(tmp_path: Path, files: Mapping[str, str], line: str):
    code, lines = linted(tmp_path, files)

    problems = [each for each in lines[:-1] if "warning" not in each]
    assert (code, len(problems)) == (1, 1)
    assert problems[0].startswith(line)
    assert lines[-1].startswith("1 problem")


def test_every_wrong_field_is_told(tmp_path: Path):
    text = POLICY.replace("min: 0.9", "mni: 0.9").replace("{key: accuracy}", "{}").replace("name: offline", "name: a")

    code, lines = linted(tmp_path, {"a.yaml": text})

    assert code == 1
    assert lines == [
        "a.yaml:7: spec.metrics[0].mlflow.key: this field is needed: add it",
        "a.yaml:8: spec.metrics[0].threshold.mni: there is no such field: remove it, or mend its spelling",
        "2 problems",
    ]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        pytest.param("policy.yaml", "pipeline.yaml:14: warning: spec.gates[0]: MetricPolicy 'offline'", id="a policy"),
        pytest.param(
            "deployment.yaml", "pipeline.yaml:16: warning: spec.promote[0]: ModelDeployment 'wine'", id="a target"
        ),
    ],
)
def test_what_is_named_and_not_among_the_files_is_a_warning(tmp_path: Path, file: str, line: str):
    code, lines = linted(tmp_path, {name: text for name, text in TEAM.items() if name != file})

    assert (code, len(lines), lines[-1]) == (0, 2, "2 documents, all valid, 1 warning")
    assert lines[0].startswith(f"{line} is not among these files; add it, or mend the name")


def test_a_deployments_policies_and_proposers_are_looked_for_too(tmp_path: Path):
    more = "  analysis: {policies: [{name: online}]}\n  acceptFrom: [{name: wine, namespace: lab}]\n"

    code, lines = linted(tmp_path, {"a.yaml": DEPLOYMENT + more})

    assert (code, [line.partition(" is not")[0] for line in lines[:-1]]) == (
        0,
        [
            "a.yaml:9: warning: spec.analysis.policies[0]: MetricPolicy 'online'",
            "a.yaml:10: warning: spec.acceptFrom[0]: MLPipeline 'lab/wine'",
        ],
    )
    proposer = PIPELINE.replace("{name: wine}\nspec", "{name: wine, namespace: lab}\nspec")
    more_files = {"b.yaml": ONLINE, "c.yaml": proposer, "d.yaml": POLICY}
    assert linted(tmp_path, more_files)[1][-1] == "4 documents, all valid"


def test_with_a_namespace_documents_of_another_are_problems(tmp_path: Path):
    files = {"a.yaml": POLICY.replace("offline}", "offline, namespace: beer}")}

    assert linted(tmp_path, files) == (0, ["1 document, all valid"])
    code, lines = linted(tmp_path, files, "--namespace", "wine")
    assert (code, "this GitSync applies to wine only" in lines[0]) == (1, True)


def test_files_of_other_tools_are_left_out(tmp_path: Path):
    files = {"a.yaml": POLICY, ".github/ci.yaml": "jobs: {}", "README.md": "# wine", "train.py": "x"}

    assert linted(tmp_path, files) == (0, ["1 document, all valid"])


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")

    code, lines = linted(tmp_path, {"a.yaml": POLICY})

    assert (code, lines[0]) == (
        1,
        "link.yaml: it is a symbolic link, which Kanaria does not follow: commit the files themselves",
    )


def test_a_file_twice_is_one_file(tmp_path: Path):
    (tmp_path / "a.yaml").write_text(POLICY)

    assert lint(tmp_path, tmp_path / "a.yaml").stdout == "1 document, all valid\n"


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        pytest.param("nosuch", 2, "Invalid value for", id="a path that is not there"),
        pytest.param("empty", 1, "no manifest is here; name a folder with files", id="a folder without manifests"),
        pytest.param("notes.txt", 1, "a GitSync does not read it; end its name in .yaml", id="another file"),
    ],
)
def test_a_path_with_nothing_to_read_is_told(tmp_path: Path, name: str, code: int, sentence: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")

    ended = lint(tmp_path / name)

    assert ended.exit_code == code
    assert sentence in " ".join(ended.output.split())


def test_the_help_teaches():
    text = CliRunner().invoke(command_line.app, ["lint", "--help"], env={"COLUMNS": "200"}).stdout

    assert all(word in text for word in ("as a GitSync would", "Exit code", "Warnings", "kanaria lint deploy"))
