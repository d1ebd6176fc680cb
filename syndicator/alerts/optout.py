"""Links by which a recipient ends an alert with one click (RFC 8058), signed: nobody can end another's."""

from itsdangerous import BadSignature, URLSafeSerializer


def sign_opt_out(key: str, alert: str, destination: str) -> str:
    """The token of a link: URL-safe, and the same for the same alert (by id) and destination."""
    return _serializer(key).dumps([alert, destination])


def read_opt_out(key: str, token: str) -> tuple[str, str] | None:
    """The (alert, destination) of a token that we signed; None for any other text."""
    try:
        alert, destination = _serializer(key).loads(token[:1024])
    except (BadSignature, ValueError, TypeError):
        return None
    return str(alert), str(destination)


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="unsubscribe")
