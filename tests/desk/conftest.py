from tests.pledges.conftest import at_once

__all__ = ["at_once"]
