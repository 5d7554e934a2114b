"""Fetching from an index that breaks off, lies, or speaks HTML:  python3 -B -m unittest discover deploy/face_models"""

import contextlib
import hashlib
import http.server
import json
import os
import tempfile
import threading
import unittest
from pathlib import Path

import fetch

NAME = "thing-1.0-py3-none-any.whl"
CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Index(http.server.BaseHTTPRequestHandler):
    """An index with one file. Class attributes say how it behaves."""

    protocol_version = "HTTP/1.1"
    html, content, breaks_after, authorization = False, CONTENT, None, None
    ranges, seen_authorization = [], []

    def do_GET(self):
        cls = type(self)
        cls.seen_authorization.append(self.headers.get("Authorization"))
        if self.path == "/simple/thing/":
            link = "../../files/%s#sha256=%s" % (NAME, SHA256)
            page = "<a href='%s'>%s</a>" % (link, NAME) if cls.html else json.dumps({"files": [{"filename": NAME, "url": link}]})
            kind = "text/html" if cls.html else "application/vnd.pypi.simple.v1+json"
            return self.answer(200, page.encode(), {"Content-Type": kind})
        if self.path != "/files/" + NAME:
            return self.answer(404, b"")
        asked = self.headers.get("Range")
        cls.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if start >= len(cls.content):
            return self.answer(416, b"")
        self.answer(206 if asked else 200, cls.content[start:])

    def answer(self, status, body, headers=None):
        cls = type(self)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if status in (200, 206) and cls.breaks_after is not None and self.path.startswith("/files/"):
            body, cls.breaks_after = body[:cls.breaks_after], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Fetching(unittest.TestCase):
    def setUp(self):
        self.index = type("OwnIndex", (Index,), {"ranges": [], "seen_authorization": []})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.index)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.folder = Path(tempfile.mkdtemp())
        fetch.time.sleep = lambda _: None

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    @contextlib.contextmanager
    def settings(self, **settings):
        port = self.server.server_address[1]
        old = dict(os.environ)
        os.environ.update({"PIP_INDEX_URL": "http://127.0.0.1:%d/simple" % port, "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull})
        os.environ.update(settings)
        os.environ["PIP_INDEX_URL"] = os.environ["PIP_INDEX_URL"].replace("PORT", str(port))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(old)

    def fetched(self, **settings):
        with self.settings(**settings):
            return fetch.fetch("thing", NAME, SHA256, self.folder).read_bytes()

    def test_a_file_is_fetched_once(self):
        self.assertEqual(self.fetched(), CONTENT)
        self.assertEqual(self.fetched(), CONTENT)
        self.assertEqual(self.index.ranges, [None])

    def test_the_older_form_of_the_index_will_do(self):
        self.index.html = True
        self.assertEqual(self.fetched(), CONTENT)

    def test_a_connection_that_breaks_is_gone_on_with(self):
        self.index.breaks_after = 300_000
        self.assertEqual(self.fetched(), CONTENT)
        self.assertEqual(self.index.ranges, [None, "bytes=300000-"])

    def test_what_came_in_an_earlier_run_is_kept(self):
        (self.folder / (NAME + ".part")).write_bytes(CONTENT[:1000])
        self.assertEqual(self.fetched(), CONTENT)
        self.assertEqual(self.index.ranges, ["bytes=1000-"])

    def test_a_beginning_of_another_file_is_thrown_away(self):
        for size in (1000, len(CONTENT)):
            (self.folder / (NAME + ".part")).write_bytes(b"x" * size)
            self.assertEqual(self.fetched(), CONTENT)
            (self.folder / NAME).unlink()

    def test_another_file_is_refused_and_not_kept(self):
        self.index.content = CONTENT[:-1] + b"x"
        with self.assertRaises(fetch.Wrong):
            self.fetched()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_an_unreachable_index_is_said_without_its_address(self):
        with self.assertRaises(fetch.Unreachable) as caught:
            self.fetched(PIP_INDEX_URL="http://user:secret@127.0.0.1:9/simple")
        self.assertNotIn("secret", str(caught.exception))
        self.assertNotIn("127.0.0.1", str(caught.exception))

    def test_a_password_goes_with_the_page_and_the_file(self):
        self.assertEqual(self.fetched(PIP_INDEX_URL="http://user:p%40ss@127.0.0.1:PORT/simple"), CONTENT)
        self.assertEqual(self.index.seen_authorization, ["Basic dXNlcjpwQHNz"] * 2)

    def test_a_folder_of_files_comes_first(self):
        links = Path(tempfile.mkdtemp())
        (links / NAME).write_bytes(CONTENT)
        self.assertEqual(self.fetched(PIP_FIND_LINKS=str(links)), CONTENT)
        self.assertEqual(self.index.ranges, [])


if __name__ == "__main__":
    unittest.main()
