"""A ModelDeployment where nothing splits traffic: stable is served and changed at once, nothing is tried."""

from deployments import a_world, is_stalled, message, phase, reason, serving
from kanaria.serving.choice import CanaryRouting
from model_world import ModelWorld
from unnamed_world import UnnamedWorld

NONE = CanaryRouting.NONE


def unsplit(world: ModelWorld) -> UnnamedWorld:
    assert isinstance(world, UnnamedWorld)
    world.routes = False  # KServe makes an Ingress, or nothing
    return world


def test_stable_serves_without_a_route():
    world = unsplit(a_world(stable={"version": "7"}, setting=NONE)).run(10)

    assert (reason(world), world.read_md().status.stable.version) == ("Serving", "7")
    assert list(world.deployments) == ["wine-predictor"]


def test_a_first_version_passes_since_nothing_is_to_be_split():
    world = unsplit(a_world(candidate={"version": "1"}, setting=NONE)).run(20)

    assert phase(world) == "Passed"
    world.commit()
    world.run(10)
    assert (reason(world), world.up("1")) == ("Serving", 1)


def test_a_candidate_is_refused_with_what_to_do_and_stable_serves_on():
    world = unsplit(serving("7", setting=NONE)).spec(candidate={"version": "8"}).run(30)

    assert (reason(world, "Stalled"), phase(world), world.up("7")) == ("NoTrafficRouter", None, 1)
    assert "install the Gateway API" in message(world)
    assert "requireCanary: false" in message(world)


def test_stable_is_changed_at_once_where_no_canary_is_required():
    world = unsplit(serving("7", setting=NONE, requireCanary=False)).spec(stable={"version": "8"}).run(30)

    assert (world.read_md().status.stable.version, world.up("8"), is_stalled(world)) == ("8", 1, False)
    assert list(world.deployments) == ["wine-predictor"]


def test_what_serves_keeps_its_way_when_the_setting_changes():
    world = unsplit(serving("7", setting=NONE))
    world.setting = CanaryRouting.AUTO

    world.run(20)

    assert (reason(world, "Stalled"), world.up("7")) == ("NoTrafficRouter", 1)
    assert "is served unsplit" in message(world)
