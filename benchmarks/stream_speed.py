"""Rows larger than memory: time and peak memory of one pass, beside reading the file and one BLAS product over it.

Run: python benchmarks/stream_speed.py [--rows 1000000] [--full]   (--full: 10 million rows of 20 float32 values)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHILD = """
import json, sys, time
import numpy as np
what, path = sys.argv[1:]
if what == "summarise":
    from causalvalues.evidence import ParquetRows, summarise
    start = time.perf_counter()
    evidence = summarise(ParquetRows(path))
    seconds = time.perf_counter() - start
    n = evidence.n
elif what == "at once":
    from pyarrow import parquet
    start = time.perf_counter()
    table = parquet.read_table(path)
    block = np.column_stack([column.to_numpy() for column in table.columns])
    total, n = block.T @ block, len(block)
    seconds = time.perf_counter() - start
else:
    from pyarrow import dataset
    start = time.perf_counter()
    total, n = 0.0, 0
    options = dataset.ParquetFragmentScanOptions(pre_buffer=False)
    for batch in dataset.dataset(path, format="parquet").to_batches(
        batch_size=50_000, batch_readahead=1, fragment_readahead=1, fragment_scan_options=options
    ):
        block = np.column_stack([batch.column(j).to_numpy() for j in range(batch.num_columns)]).astype(np.float64)
        total = total + block.T @ block
        n += len(block)
    seconds = time.perf_counter() - start
# not ru_maxrss, which would count the process that started this one
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "rows": n, "peak_gb": peak * 1024 / 1e9}))
"""


def write(path: Path, rows: int, values: int = 20) -> None:
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    random = np.random.default_rng(0)
    mix = random.normal(size=(values, values)).astype(np.float32)
    writer = None
    for start in range(0, rows, 500_000):
        block = random.standard_normal((min(500_000, rows - start), values), dtype=np.float32) @ mix
        table = pa.table({f"value_{j:02d}": block[:, j] for j in range(values)})
        writer = parquet.ParquetWriter(path, table.schema) if writer is None else writer
        writer.write_table(table)
    writer.close()


def measured(what: str, path: Path) -> dict[str, float]:
    out = subprocess.run([sys.executable, "-c", CHILD, what, str(path)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rows = 10_000_000 if asked.full else asked.rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write(path, rows)
        print(f"{rows:,} rows x 20 float32 values, {path.stat().st_size / 1e9:.2f} GB of Parquet")
        ways = ("summarise", "at once", "read")
        runs = [tuple(measured(way, path) for way in ways) for _ in range(asked.repeats)]
    mine, whole, bare = (min((run[side] for run in runs), key=lambda one: one["seconds"]) for side in range(3))
    print(f"summarise: {mine['seconds']:.2f} s, peak {mine['peak_gb']:.2f} GB (goal 1 GB)")
    for what, one in (("the whole table", whole), ("batch by batch, one product each", bare)):
        ratio = mine["seconds"] / one["seconds"]
        print(f"read and BLAS product, {what}: {one['seconds']:.2f} s, peak {one['peak_gb']:.2f} GB; ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
