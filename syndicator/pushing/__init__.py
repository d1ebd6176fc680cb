"""WebSub, the publisher's side: the built-in hub, and word to a hub elsewhere. The modules in reading order:

`reception` (who may subscribe), `verification` (did they mean it?), `contents` and `distribution` (what they are sent),
`crew` (how many at once), `hub` (all of it at work).
"""

from syndicator.pushing.distribution import Pushed
from syndicator.pushing.hub import Hub
from syndicator.pushing.reception import Reception, UnknownTopicError

__all__ = ["Hub", "Pushed", "Reception", "UnknownTopicError"]
