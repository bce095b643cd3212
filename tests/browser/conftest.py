"""One Chromium for all pages here: to begin one takes a second."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.conftest import launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator["Browser"]:
    with launched() as browser:
        yield browser
