"""Files of Python packages, at one version each and with their SHA-256, from the package index that pip would use.

What has come of a file is kept beside it as `.part` and gone on with the next time. A file that is not, byte for byte,
the expected one never gets its name. Addresses are not shown: an index of one's own may carry a password in them.
"""

import base64
import configparser
import hashlib
import html.parser
import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SECONDS_TO_ANSWER = 60
TRIES = 4


class Unreachable(Exception):
    """The index, or a file of it, could not be had."""


class Wrong(Exception):
    """The file came whole and is not the expected one."""


def fetch(package, file_name, sha256, folder):
    """The path of the file in `folder`, fetched unless it is there."""
    path = Path(folder) / file_name
    if path.exists() and digest(path) == sha256:
        return path
    for source in _find_links():
        if (source / file_name).exists() and digest(source / file_name) == sha256:
            return source / file_name
    part = path.with_name(file_name + ".part")
    for _ in range(1 + part.exists()):  # once more from the start where a beginning that was kept spoilt it
        _persist(package, file_name, part)
        if digest(part) == sha256:
            part.replace(path)
            return path
        part.unlink()
    raise Wrong(file_name)


def digest(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        sha = hashlib.sha256()
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def _persist(package, file_name, part):
    for attempt in range(TRIES):
        try:
            return _download(_address(package, file_name), part)
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES - 1:
                raise Unreachable("%s (%s)" % (file_name, _kind(error))) from None
            time.sleep(2**attempt)


def _download(address, part):
    have = part.stat().st_size if part.exists() else 0
    try:
        response = _open(address, {"Range": "bytes=%d-" % have} if have else {})
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing is missing, or the rest is of another file: the digest tells
            raise
        return
    with response, open(part, "ab" if have and response.status == 206 else "wb") as file:
        expected = response.headers.get("Content-Length")
        came = 0
        while block := response.read(1 << 18):
            came += file.write(block)
    if expected is not None and came < int(expected):
        raise http.client.IncompleteRead(b"", int(expected) - came)


def _address(package, file_name):
    """Where the index says the file is: the JSON form of the index, or the older HTML one."""
    missing = None
    for index in _indexes():
        try:
            response = _open(
                "%s/%s/" % (index.rstrip("/"), package),
                {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5"},
            )
        except (OSError, http.client.HTTPException) as error:
            missing = error
            continue
        with response:
            page, base = response.read().decode("utf-8", "replace"), response.geturl()
            is_json = "json" in response.headers.get("Content-Type", "")
        if is_json:
            links = {entry["filename"]: entry["url"] for entry in json.loads(page)["files"]}
        else:
            links = _Links.of(page)
        if file_name in links:
            return urllib.parse.urljoin(_with_credentials(base, index), links[file_name])
        missing = FileNotFoundError("not in the index")
    raise missing


class _Links(html.parser.HTMLParser):
    @classmethod
    def of(cls, page):
        parser = cls()
        parser.links = {}
        parser.feed(page)
        return parser.links

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            path = urllib.parse.urlsplit(href).path
            self.links[urllib.parse.unquote(path.rsplit("/", 1)[-1])] = href


def _open(address, headers):
    parts = urllib.parse.urlsplit(address)
    if parts.username is not None:
        pair = "%s:%s" % (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
        headers = {**headers, "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(address, headers={"User-Agent": "zhipei-models", **headers})
    certificates = _setting("cert")
    context = ssl.create_default_context(cafile=certificates) if certificates else ssl.create_default_context()
    return urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER, context=context)


def _with_credentials(base, index):
    """Files of an index behind a password want the same password."""
    user, at, _ = urllib.parse.urlsplit(index).netloc.rpartition("@")
    parts = urllib.parse.urlsplit(base)
    return parts._replace(netloc=user + at + parts.netloc).geturl() if at else base


def _indexes():
    yield _setting("index-url") or "https://pypi.org/simple"
    yield from (_setting("extra-index-url") or "").split()


def _find_links():
    """Folders in which pip would look first."""
    for place in (_setting("find-links") or "").split():
        place = Path(urllib.parse.unquote(place.removeprefix("file://"))).expanduser()
        if place.is_dir():
            yield place


def _setting(name):
    """A setting of pip: its environment variable, else its configuration files, the most particular first."""
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value:
        return value
    files = [os.environ.get("PIP_CONFIG_FILE"), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/pip.conf"]
    for file in files:
        if not file or file == os.devnull:
            continue
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(Path(file).expanduser(), encoding="utf-8")
        except (OSError, configparser.Error):
            continue
        for section in ("download", "global"):
            if value := parser.get(section, name, fallback=None):
                return value
    return None


def _kind(error):
    """What went wrong, without the address that an error's own text may hold."""
    if isinstance(error, urllib.error.HTTPError):
        return "HTTP %d" % error.code
    reason = getattr(error, "reason", error)
    return type(reason).__name__ if not isinstance(reason, OSError) or not reason.strerror else reason.strerror
