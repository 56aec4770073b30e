from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.alliance import founded
from tests.taxii.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with founded(tmp_path_factory.mktemp("taxii"), ("KZ", "KG")) as alliance:
        yield Site.build(alliance)
        alliance.check_everything()
