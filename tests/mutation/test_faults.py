"""The list of deliberate faults fits the code as it stands; `make mutation` makes each and runs the tests."""

from mutation.__main__ import misfits
from mutation.faults import FAULTS


def test_each_fault_can_be_made():
    assert misfits() == []


def test_there_are_enough_faults_and_each_has_its_own_name():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


def test_each_fault_is_a_change():
    assert [fault.name for fault in FAULTS if fault.right == fault.wrong] == []
