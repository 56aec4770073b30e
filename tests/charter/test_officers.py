"""What each role may do is the charter's word."""

from __future__ import annotations

import pytest

from accord.charter.document import template
from accord.charter.officers import Act, Officer, OfficerRole, may
from accord.errors import NotFound
from tests.charter.charters import three

SCO_ROLES = {
    OfficerRole.OFFICER: {Act.PUBLISH, Act.PREVIEW, Act.READ, Act.IMPORT, Act.RELEASE, Act.RECALL},
    OfficerRole.ANALYST: {Act.PREVIEW, Act.READ},
    OfficerRole.APPROVER: {Act.PREVIEW, Act.READ, Act.RELEASE, Act.RECALL},
    OfficerRole.OVERSIGHT: {Act.AUDIT},
    OfficerRole.OPERATOR: {Act.AUDIT},
}


@pytest.mark.parametrize("role", OfficerRole)
def test_the_template_gives_each_role_its_acts_and_no_other(role: OfficerRole) -> None:
    officer = Officer("A. Bekova (invented)", role, "KZ")
    assert SCO_ROLES[role] == {act for act in Act if may(template(), officer, act)}


def test_a_role_that_the_charter_does_not_name_may_do_nothing() -> None:
    assert [] == [act for act in Act if may(three(), Officer("X", OfficerRole.ANALYST, "AA"), act)]
    assert may(three(), Officer("X", OfficerRole.OFFICER, "AA"), Act.PUBLISH)


def test_an_officer_of_a_state_that_is_no_member_is_not_found() -> None:
    with pytest.raises(NotFound):
        may(template(), Officer("X", OfficerRole.OFFICER, "MN"), Act.READ)
