"""The door: events in over HTTP, durable decisions out.

door = Door(engine, KeyRing(load_api_keys))
serve(compose(door, stream, django), host="127.0.0.1", port=8000)
"""

from guanlan.site.door.app import Door
from guanlan.site.door.keys import Key, KeyRecord, KeyRing
from guanlan.site.door.limits import Limits
from guanlan.site.door.protocol import Answer, EngineProtocol
from guanlan.site.door.server import DoorServer, compose, configure, serve
from guanlan.site.door.stream import Stream

__all__ = [
    "Answer",
    "Door",
    "DoorServer",
    "EngineProtocol",
    "Key",
    "KeyRecord",
    "KeyRing",
    "Limits",
    "Stream",
    "compose",
    "configure",
    "serve",
]
