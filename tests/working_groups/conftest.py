"""What tests of working groups share."""

from tests.pledges.conftest import at_once

__all__ = ["at_once"]
