"""What every bar may ask for: the same shared data as the tests."""

from tests.conftest import shared_data

__all__ = ["shared_data"]
