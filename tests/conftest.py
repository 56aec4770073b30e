"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of published vectors and corpora, which lies beside the project and is not part of it.

    Where it is absent the tests that need it are skipped by name; under CI they fail, so that they cannot be forgotten.
    """
    if not SHARED_DATA.is_dir():
        says = "the shared data (../shared/data beside the project) is not here"
        if os.environ.get("CI"):
            pytest.fail(says)
        pytest.skip(says)
    return SHARED_DATA


@pytest.fixture(scope="module", autouse=True)
def no_database_is_left() -> Iterator[None]:
    """Drop the databases that the tests of a module made on a server."""
    yield
    databases.drop_all()
