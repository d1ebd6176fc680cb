"""What went wrong on the way to a source, in one line for people, without credentials or the server's words."""

import os
import ssl

import aiohttp

from syndicator.network import AddressRefusedError
from syndicator.sources.target import Target, shortened


def explain(error: Exception, target: Target, timeout_s: float) -> str:
    """Turn what asyncio, ssl and aiohttp raised while `target` was asked into a line."""
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            line = _no_connection(error, target)
        case TimeoutError():
            line = f"no complete answer from {target.host} in {timeout_s:g} seconds"
        case aiohttp.ClientPayloadError():
            line = "the body was cut off before its end, or is badly framed"
        case aiohttp.ServerDisconnectedError() | OSError():
            line = f"{target.host} closed the connection before its answer was complete"
        case aiohttp.ClientResponseError():
            line = f"what {target.host} answered is not valid HTTP"
        case aiohttp.InvalidURL():
            line = f"{shortened(target.url)} is not a valid URL"
        case _:
            line = str(error) or type(error).__name__
    return " ".join(line.split())[:300]


def _no_connection(error: Exception, target: Target) -> str:
    host = target.host
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"{host} was not found (DNS)"
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as why):
            return f"the certificate of {host} is not to be trusted: {why.verify_message}"
        case aiohttp.ClientConnectorError(os_error=AddressRefusedError() as refusal):
            return f"{host} ({refusal.address}) was not asked: {refusal.strerror}"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return f"no TLS connection to {host}, port {target.port}"
        case aiohttp.ClientConnectorError(os_error=why):
            return f"no connection to {host}, port {target.port}: {os.strerror(why.errno) if why.errno else why}"
        case _:
            return f"no connection to {host}, port {target.port}"
