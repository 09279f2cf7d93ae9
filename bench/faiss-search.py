# Answers range searches with FAISS's exact binary indexes, for bench/faiss.ts. One thread, as everything there.
# Reads lines `NAME QUERIES`, answers lines of JSON: seconds for all queries, and how many hits each had.
import json
import sys
import time

import faiss
import numpy

hashes = numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(-1, 32)
queries = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(-1, 32)
radius = int(sys.argv[3]) + 1  # FAISS counts what is nearer than the radius.
faiss.omp_set_num_threads(1)
flat = faiss.IndexBinaryFlat(256)
flat.add(hashes)
multi = faiss.IndexBinaryMultiHash(256, 16, 16)
multi.add(hashes)
multi.nflip = 1
indexes = {"flat": flat, "multihash": multi}
print(json.dumps({"version": faiss.__version__}), flush=True)
for line in sys.stdin:
    name, count = line.split()
    wanted = queries[: int(count)]
    start = time.perf_counter()
    limits, _, _ = indexes[name].range_search(wanted, radius)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "hits": numpy.diff(limits).tolist()}), flush=True)
