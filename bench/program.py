"""A program, measured from its start to its end: prints one line of JSON for bench/harness.ts.

usage: program.py BYTES COMMAND [ARGUMENT...]
"""
import json
import resource
import subprocess
import sys
import time


def main():
    start = time.perf_counter()
    subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "bytes": int(sys.argv[1]),
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "rss": usage.ru_maxrss * 1024,
    }))


main()
