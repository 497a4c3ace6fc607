"""How a GitSync is observed, and what its next plan is."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from kanaria.api import GitSync
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import Seen, decide, head_question, newest_commit, watches
from kanaria.decide.unreadable import refuse
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.git_memory import GitMemory, OfOneSync
from kanaria.reconcile.git_wishes import edits_wished
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectName, ObjectRef, Plan, Watch, marks
from kanaria.vocabulary.objects import Manifest


class GitSyncPass:
    """The pass with its memory: a pass that begins anew finds the same plan, more slowly."""

    def __init__(self) -> None:
        self._memory = GitMemory()

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
        known = self._memory.of(ref, sync.spec.url, sync.spec.ref.branch)
        plan = decide(sync, self._seen(sync, known, world), world.now())
        known.plan(plan)
        return plan

    def _seen(self, sync: GitSync, known: OfOneSync, world: World) -> Seen:
        head, result = world.answer(head_question(sync)), world.commit_result(sync.ref)
        known.commit = newest_commit(head, result, known.commit)
        is_news, known.told = result is not None and result.at != known.told, result.at if result else None
        try:
            if known.commit:
                self._memory.read(known, world.mirrors, known.commit, sync.spec.path, sync.ref)
        except GitTrouble:
            # The mirror was lost: the next look at the remote brings it back.
            known.commit = ""
        watched = watches(sync, known.tree.kinds if known.commit else ())
        labelled = tuple(_labelled(sync.ref, watched, world))
        live = {ObjectRef.of(each): each for each in labelled}
        unlabelled = (each.ref for each in known.tree.objects.values() if each.ref not in live)
        live |= {ref: found for ref in unlabelled if (found := world.objects.get(ref)) is not None}
        failure = world.failure(sync.ref)
        known.learn(live, failure)
        return Seen(
            head=head,
            commit=known.commit,
            tree=known.tree,
            synced=all(world.objects.synced(watch) for watch in watched),
            refused=_refused(watched, world),
            differing=dict(known.differing(live, self._memory.applied(known, world.mirrors, sync))),
            live=live,
            labelled=labelled,
            syncs=_labels_of_others(sync.ref, world),
            edits=edits_wished(sync.metadata.namespace, world.objects),
            result=result,
            result_is_news=is_news,
            failure=failure,
        )


def _labelled(sync: ObjectRef, watched: tuple[Watch, ...], world: World) -> Iterator[Manifest]:
    for watch in watched:
        for namespace in (sync.namespace, ""):
            label = {marks.GIT_SYNC: marks.git_sync_label(sync, namespace)}
            yield from world.objects.list(watch.api_version, watch.kind, namespace, label)


def _refused(watched: tuple[Watch, ...], world: World) -> Mapping[tuple[str, str], str]:
    answers = ((watch.api_version, watch.kind, world.objects.refused(watch)) for watch in watched)
    return {(api_version, kind): why for api_version, kind, why in answers if why}


def _labels_of_others(sync: ObjectRef, world: World) -> frozenset[str]:
    """Labels of the GitSyncs that there are: an object of one that is gone may be taken over.

    A sync of another namespace can have applied cluster-wide objects only, whatever name it bears.
    """
    others = [ObjectRef.of(body) for body in world.objects.list(API_VERSION, "GitSync")]
    here = {marks.git_sync_label(other, other.namespace) for other in others if other.namespace == sync.namespace}
    wide = {marks.git_sync_label(other, "") for other in others}
    return frozenset(here | wide) - marks.git_sync_labels(sync)


plan_for = GitSyncPass()
