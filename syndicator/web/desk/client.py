"""A browser in a few words, out of the line that it sends of itself (User-Agent). It may say anything of itself."""

# The first that stands in it: all of them name older ones, too, to be taken for them.
_BROWSERS = (
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("HeadlessChrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def client_named(line: str) -> str:
    """As in "Firefox on Windows"; of what is none of these, how its line begins."""
    browser = next((name for sign, name in _BROWSERS if sign in line), "")
    system = next((name for sign, name in _SYSTEMS if sign in line), "")
    if not browser:
        return line[:_LONGEST]
    return f"{browser} on {system}" if system else browser
