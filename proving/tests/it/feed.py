"""Sends numbered documents with the official client, repeating a batch until the server has answered for all of it."""
import sys
import time

from elasticsearch import Elasticsearch, helpers

url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = Elasticsearch(url, basic_auth=("probe", token), request_timeout=5, max_retries=0)
again = 0
for start in range(0, count, 100):
    batch = [
        {"_op_type": "create", "_index": "logs", "message": f"probe-number={n} door opened"}
        for n in range(start, min(start + 100, count))
    ]
    while True:
        try:
            stored, failed = helpers.bulk(client, batch, raise_on_error=False)
            if failed or stored != len(batch):
                raise RuntimeError(f"mixed answer: {stored} of {len(batch)} stored")
            break
        except RuntimeError:
            raise
        except Exception:  # a connection that broke, or 429
            again += 1
            time.sleep(0.2)
    time.sleep(0.1)
print(f"batches sent again: {again}")
