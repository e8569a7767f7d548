"""dlt (dlthub.com) as its documentation has it: a resource that yields chunks of rows, merged on the key into PostgreSQL.

python dlt_load.py csv PATH DSN
python dlt_load.py json BASE_URL DSN

Prints one line of JSON: rows, seconds from the first row read to the last row merged (imports left out), peak memory.
"""

import csv
import json
import os
import resource
import sys
import time
import urllib.request

import dlt

# Rows yielded at once: dlt's own guide to performance asks for lists, not single rows.
CHUNK = 5_000
# dlt's default for PostgreSQL, `insert_values`, is what a user gets; PEER_FORMAT=csv is the quickest it documents (COPY).
FORMAT = os.environ.get("PEER_FORMAT") or None


def rows_of_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        chunk = []
        for row in csv.DictReader(file, delimiter=";"):
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def rows_of_json(base):
    page = 1
    while True:
        with urllib.request.urlopen(f"{base}/v1/offres?page={page}") as answer:
            rows = json.load(answer)["offres"]
        if not rows:
            return
        yield rows
        page += 1


def counted(chunks, seen):
    for chunk in chunks:
        seen.append(len(chunk))
        yield chunk


def main():
    kind, source, dsn = sys.argv[1:4]
    seen = []
    rows = counted(rows_of_csv(source) if kind == "csv" else rows_of_json(source), seen)
    begun = time.monotonic()
    pipeline = dlt.pipeline(
        pipeline_name=f"peer_{kind}",
        pipelines_dir=os.environ.get("PEER_DIR", "/tmp/peer_dlt"),
        destination=dlt.destinations.postgres(dsn),
        dataset_name=os.environ.get("PEER_DATASET", "peer_dlt"),
        progress=None,
    )
    resource_ = dlt.resource(rows, name=f"offres_{kind}", primary_key="id", write_disposition="merge")
    pipeline.run(resource_, loader_file_format=FORMAT)
    seconds = time.monotonic() - begun
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"rows": sum(seen), "seconds": round(seconds, 3), "peak_rss_mb": round(max(own, children) / 1024)}))


if __name__ == "__main__":
    main()
