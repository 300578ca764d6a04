from desk import layouts
from desk.admin import imports, messages  # noqa: F401 - register
from oiep import exports

exports.LAYOUTS.update(layouts.LAYOUTS)
