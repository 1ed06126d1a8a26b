"""One declaration gives a list, a page of one object, a form, actions, files and an API.

    from guanlan.web.resource import Column, Filter, Resource, register

    register(Resource(
        noun="core.apikey", model=ApiKey, title=_("API key"), titles=_("API keys"),
        path="settings/keys", route="keys", one="key", place=("settings", 10),
        columns=(Column("name", _("Name"), sort=True), Column("created", _("Made"), cell="moment")),
        filters=(Filter("name", _("Name"), "text"),), search=("name",), order="-created",
    ))

Register while the app starts (`AppConfig.ready`); what is wrong stops the start with a sentence
that names the resource. `docs/kit.md` has a worked example and every part of the declaration.
"""

from guanlan.web.resource.declared import (
    Action,
    Ask,
    Chip,
    Clock,
    Column,
    Drawing,
    Filter,
    Form,
    Found,
    Happening,
    Heading,
    Link,
    Numbers,
    Panel,
    Resource,
    Saved,
    State,
    Timeline,
)
from guanlan.web.resource.details import facts, object_page
from guanlan.web.resource.fields import Related
from guanlan.web.resource.reading import turn
from guanlan.web.resource.registry import add_panel, register, resource_of, resources
from guanlan.web.resource.words import Term

__all__ = [
    "Action",
    "Ask",
    "Chip",
    "Clock",
    "Column",
    "Drawing",
    "Filter",
    "Form",
    "Found",
    "Happening",
    "Heading",
    "Link",
    "Numbers",
    "Panel",
    "Related",
    "Resource",
    "Saved",
    "State",
    "Term",
    "Timeline",
    "add_panel",
    "facts",
    "object_page",
    "register",
    "resource_of",
    "resources",
    "turn",
]
