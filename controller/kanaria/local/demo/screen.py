"""What a person sees while the story runs: acts, what serves and what is tried, requests, the last commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kanaria.local.demo.acts import Act, Observed
from kanaria.local.demo.traffic import Tally
from kanaria.local.demo.working_copy import Commit

WIDTH = 40


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of the story. `endings` are the sentences of the acts that are over, in order."""

    acts: tuple[Act, ...]
    endings: tuple[str, ...]
    seconds: float
    seen: Observed | None
    tally: Tally
    commits: Sequence[Commit]


def picture(scene: Scene) -> RenderableType:
    """The whole screen."""
    return Group(_acts(scene), _serving(scene), _commits(scene.commits))


def _acts(scene: Scene) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for index, act in enumerate(scene.acts):
        if index < len(scene.endings):
            mark, rest = Text("✓", "green"), Text(scene.endings[index], "dim")
        elif index == len(scene.endings):
            mark, rest = Text("▶", "yellow"), Text(f"{scene.seconds:.0f} s", "yellow")
        else:
            mark, rest = Text(" "), Text("")
        table.add_row(mark, Text(f"{act.letter}. {act.title}"), rest)
    return Panel(table, title="kanaria demo", title_align="left")


def _serving(scene: Scene) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    if scene.seen:
        for name, value in facts(scene.seen):
            table.add_row(Text(name, "bold"), value)
    tally = scene.tally
    told = f"{tally.sent:,} sent, {tally.failed_by_model:,} failed by a model, "
    table.add_row(Text("requests", "bold"), Text(f"{told}{tally.failed_by_transition:,} failed by a transition"))
    return Panel(table, title="digits", title_align="left")


def facts(seen: Observed) -> list[tuple[str, RenderableType]]:
    """What there is to know of the pipeline and the deployment, name by name."""
    rows: list[tuple[str, RenderableType]] = []
    if seen.runs:
        run = seen.runs[-1]
        steps = ", ".join(f"{s['name']} {s['phase']}" for s in run.get("status", {}).get("steps", []))
        phase = run.get("status", {}).get("phase", "Pending")
        rows.append(("run", Text(f"{run['metadata']['name']}  {phase}  {steps}")))
    serving = seen.status.get("stable", {}).get("version", "nothing")
    rows.append(("phase", Text(f"{seen.status.get('phase', 'Pending')}, stable is {serving}")))
    trial = seen.status.get("trial")
    if trial:
        weight = int(trial.get("weight", 0))
        rows.append(("candidate", bar(str(trial["version"]), weight)))
        rows.append(("step", Text(f"{trial.get('phase', '')}  {trial.get('stepWord', '')}")))
        rows.append(("verdict", Text(f"{trial.get('verdict', '-')}  {trial.get('evidence', '')}")))
    return rows


def bar(version: str, weight: int) -> Text:
    """The candidate's share of the requests."""
    filled = round(WIDTH * weight / 100)
    return Text.assemble((f"{version} ", ""), ("█" * filled, "yellow"), ("░" * (WIDTH - filled), "dim"), f" {weight} %")


def _commits(commits: Sequence[Commit]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for commit in commits[:6]:
        style = "cyan" if commit.author == "kanaria" else ""
        table.add_row(Text(commit.sha[:8], "dim"), Text(commit.author, style), Text(commit.subject, style))
    return Panel(table, title="git log", title_align="left")
