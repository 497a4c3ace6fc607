"""How a GitSync is observed, and what its next plan is."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from kanaria.api import GitSync
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import (
    Seen,
    applied_commit,
    cluster_question,
    decide,
    head_question,
    is_leaving,
    is_trusted,
    newest_commit,
    questions,
    trust_question,
    variables_question,
    watches,
)
from kanaria.decide.git_sync.read_tree import NOTHING
from kanaria.decide.unreadable import readable, refuse
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.git_memory import GitMemory, OfOneSync
from kanaria.reconcile.git_named import NamedFiles, writer_at
from kanaria.reconcile.git_wishes import edits_wished
from kanaria.reconcile.world import World
from kanaria.vocabulary import Answered, ObjectName, ObjectRef, Plan, Watch, marks


class GitSyncPass:
    """The pass with its memory: a pass that begins anew finds the same plan, more slowly."""

    def __init__(self) -> None:
        self._memory = GitMemory()
        self._files = NamedFiles()

    def __call__(self, name: ObjectName, world: World) -> Plan | None:
        """The next plan of a GitSync; None when it is gone."""
        ref = ObjectRef(API_VERSION, "GitSync", name.namespace, name.name)
        body = world.objects.get(ref)
        if body is None:
            self._memory.forget(ref)
            return None
        try:
            sync = GitSync.read(body)
        except ValidationError as error:
            return refuse(body, error, world.now())
        known = self._memory.of(ref, sync.spec.url, sync.spec.ref)
        if is_leaving(sync):
            return decide(sync, _seen_leaving(sync, known, world), world.now())
        known.standing.carried(whole=world.failure(ref) is None)
        if not self._is_read(sync, known, world):
            watched = watches(sync, known.tree.kinds)
            return Plan(questions=questions(sync, known.newest), watches=watched, look_again=world.now())
        plan = decide(sync, self._seen(sync, known, world), world.now())
        known.standing.plan(plan)
        return replace(plan, look_again=world.now()) if known.standing.pending else plan

    def _is_read(self, sync: GitSync, known: OfOneSync, world: World) -> bool:
        """Whether all files of the newest commit are read; some of them are at each visit."""
        head, result = world.answer(head_question(sync)), world.commit_result(sync.ref)
        known.newest = newest_commit(head, result, known.newest, world.now())
        if not _knows_variables(sync, known, world):
            known.commit = ""
            return True
        asked = trust_question(sync, known.newest)
        if is_trusted(asked, world.answer(asked) if asked else None):
            known.commit = known.newest
        elif not known.commit:
            known.commit = applied_commit(sync)
        try:
            known.named, known.elsewhere = self._files.of(sync, known.commit, world)
            known.writer = writer_at(sync, known.commit, world)
            if not sync.spec.applies:
                return True
            return not known.commit or self._memory.read(known, world, known.commit, sync.spec.path)
        except GitTrouble:
            # The mirror was lost: the next look at the remote brings it back.
            known.commit = ""
            return True

    def _seen(self, sync: GitSync, known: OfOneSync, world: World) -> Seen:
        result = world.commit_result(sync.ref)
        is_news, known.told = result is not None and result.at != known.told, result.at if result else None
        watched = watches(sync, known.tree.kinds if known.commit else ())
        variables = world.answer(values) if (values := variables_question(sync)) else None
        untold = values is not None and variables is None and known.variables is None
        standing = known.standing
        standing.look(known.tree, self._memory.applied(known, world, sync), watched, world.objects)
        differing = {ref: world.objects.get(ref) for ref in standing.differing}
        return Seen(
            head=world.answer(head_question(sync)),
            newest=known.newest,
            trust=world.answer(asked) if (asked := trust_question(sync, known.newest)) else None,
            variables=variables,
            commit=known.commit,
            tree=known.tree,
            synced=not untold and not standing.pending and all(world.objects.synced(watch) for watch in watched),
            refused=_refused(watched, world),
            differing=dict(standing.differing),
            live={ref: body for ref, body in differing.items() if body is not None},
            foreign=dict(standing.foreign),
            unwanted=frozenset(standing.unwanted),
            unhealthy=dict(standing.unhealthy) if sync.spec.health else {},
            others=_depended_on(sync, world),
            named=known.named,
            elsewhere=known.elsewhere,
            cluster=_cluster(sync, known, world),
            writer=known.writer,
            syncs=_labels_of_others(sync.ref, world),
            edits=edits_wished(sync.metadata.namespace, world.objects),
            result=result,
            result_is_news=is_news,
            failure=world.failure(sync.ref),
        )


def _cluster(sync: GitSync, known: OfOneSync, world: World) -> str | None:
    """What this cluster is called; once it was told, an API server that does not answer holds nothing up."""
    asked = cluster_question(sync)
    answer = world.answer(asked) if asked else None
    if isinstance(answer, Answered):
        known.cluster = str(answer.value)
    return known.cluster if asked else ""


def _knows_variables(sync: GitSync, known: OfOneSync, world: World) -> bool:
    """Whether the values are known that are put into the manifests, if any are; the newest, or else those before."""
    asked = variables_question(sync)
    answer = world.answer(asked) if asked else None
    if asked is None:
        known.put_in(None)
    elif isinstance(answer, Answered):
        known.put_in(answer.value)
    return asked is None or known.variables is not None


def _seen_leaving(sync: GitSync, known: OfOneSync, world: World) -> Seen:
    """Against no commit at all, everything that bears the sync's label is unwanted."""
    watched = watches(sync, known.tree.kinds)
    known.leaving.look(NOTHING, None, watched, world.objects)
    return Seen(
        tree=known.tree,
        synced=not known.leaving.pending and all(world.objects.synced(watch) for watch in watched),
        refused=_refused(watched, world),
        unwanted=frozenset(known.leaving.unwanted),
        failure=world.failure(sync.ref),
    )


def _refused(watched: tuple[Watch, ...], world: World) -> Mapping[tuple[str, str], str]:
    answers = ((watch.api_version, watch.kind, world.objects.refused(watch)) for watch in watched)
    return {(api_version, kind): why for api_version, kind, why in answers if why}


def _depended_on(sync: GitSync, world: World) -> Mapping[str, GitSync]:
    """The GitSyncs that a sync depends on, and those that they depend on."""
    found: dict[str, GitSync] = {}
    names = [each.name for each in sync.spec.depends_on]
    while names:
        ref = replace(sync.ref, name=names.pop())
        if ref.name not in found:
            read = readable(GitSync, [world.objects.get(ref)])
            found |= {other.metadata.name: other for other in read}
            names += [each.name for other in read for each in other.spec.depends_on]
    return found


def _labels_of_others(sync: ObjectRef, world: World) -> frozenset[str]:
    """Labels of the GitSyncs that there are: an object of one that is gone may be taken over.

    A sync of another namespace can have applied cluster-wide objects only, whatever name it bears.
    """
    others = [ObjectRef.of(body) for body in world.objects.list(API_VERSION, "GitSync")]
    here = {marks.git_sync_label(other, other.namespace) for other in others if other.namespace == sync.namespace}
    wide = {marks.git_sync_label(other, "") for other in others}
    return frozenset(here | wide) - marks.git_sync_labels(sync)


plan_for = GitSyncPass()
