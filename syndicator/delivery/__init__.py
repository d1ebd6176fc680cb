"""Ways out of the house: one Channel a destination, one Answer an attempt."""

from syndicator.delivery.answers import one_line
from syndicator.delivery.apprise import AppriseChannel, AppriseProcess
from syndicator.delivery.channel import Channel
from syndicator.delivery.channels import Channels
from syndicator.delivery.console import ConsoleChannel
from syndicator.delivery.http import Reply, Sending, as_written, exchange, guarded_session, secret_parts
from syndicator.delivery.jsonlines import JsonLinesChannel
from syndicator.delivery.payload import payload
from syndicator.delivery.signing import new_secret
from syndicator.delivery.webhook import WebhookChannel, webhook_session

__all__ = [
    "AppriseChannel",
    "AppriseProcess",
    "Channel",
    "Channels",
    "ConsoleChannel",
    "JsonLinesChannel",
    "Reply",
    "Sending",
    "WebhookChannel",
    "as_written",
    "exchange",
    "guarded_session",
    "new_secret",
    "one_line",
    "payload",
    "secret_parts",
    "webhook_session",
]
