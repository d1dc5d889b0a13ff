"""The eight queries in DuckDB's SQL. Prints [[cpu_ms, rows], ...]; CPU is user and system of this process, the median."""
import json
import resource
import sys

import duckdb

files, known, rounds, needle_ip, needle_word, host = sys.argv[1:7]
paths = open(files).read().split("\n")
con = duckdb.connect()
con.execute("SET threads = 2")
con.execute("SET TimeZone = 'UTC'")
print("duckdb", duckdb.__version__, file=sys.stderr)
con.execute(f"CREATE VIEW ev AS SELECT * FROM read_parquet({paths!r}, union_by_name = true)")
con.execute("CREATE TABLE ioc (indicator VARCHAR)")
con.execute(
    f"INSERT INTO ioc SELECT column0 FROM read_csv({known!r}, header = false, columns = {{'column0': 'VARCHAR'}})"
)

TIME = "coalesce(time, time_received)"
QUERIES = [
    "SELECT date_trunc('minute', time_received) AS minute, count(*) AS n FROM ev GROUP BY 1",
    "SELECT src_ip, sum(bytes_out) AS total FROM ev GROUP BY 1 ORDER BY total DESC NULLS LAST LIMIT 20",
    f"SELECT time, src_ip, dst_ip FROM ev WHERE dst_ip = '{needle_ip}' ORDER BY {TIME} DESC",
    f"SELECT time, raw FROM ev WHERE raw ILIKE '%{needle_word}%' ORDER BY {TIME} DESC",
    'SELECT count(DISTINCT "user") AS users FROM ev',
    "SELECT dst_ip, count(*) AS n, min(time_received) FROM ev WHERE dst_ip IN (SELECT indicator FROM ioc) GROUP BY 1",
    f"SELECT time, host, raw FROM ev WHERE lower(host) = lower('{host}') ORDER BY {TIME} DESC LIMIT 100",
    "SELECT app, approx_quantile(bytes_out, 0.95) AS p95, count(*) AS n FROM ev WHERE bytes_out IS NOT NULL GROUP BY 1",
]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


figures = []
for query in QUERIES:
    spent, rows = [], 0
    for round in range(int(rounds) + 1):
        before = cpu()
        rows = len(con.execute(query).fetchall())
        if round > 0:
            spent.append((cpu() - before) * 1e3)
    spent.sort()
    figures.append([spent[len(spent) // 2], rows])
print(json.dumps(figures))
