"""glance_store's file driver, measured: prints one line of JSON for bench/harness.ts.

usage: glance_file.py add|get SOURCE DATADIR
"""
import json
import os
import resource
import sys
import time

from glance_store import multi_backend
from oslo_config import cfg


def rss(key):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024


def main():
    work, source, datadir = sys.argv[1:]
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"file": "file"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "file", group="glance_store")
    conf.set_override("filesystem_store_datadir", datadir, group="file")
    # The size of the chunks that Vitrine reads and writes.
    conf.set_override("filesystem_store_chunk_size", 4194304, group="file")
    multi_backend.create_multi_stores(conf)
    size = os.path.getsize(source)
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = rss("VmRSS")
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if work == "add":
        with open(source, "rb") as data:
            multi_backend.add_with_multihash(conf, "image", data, size, "file", "sha512")
    else:
        chunks, _ = multi_backend.get("file://" + source, "file")
        for chunk in chunks:
            pass
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    peak = rss("VmHWM")
    print(json.dumps({
        "bytes": size,
        "seconds": seconds,
        "cpu": after.ru_utime - cpu.ru_utime + after.ru_stime - cpu.ru_stime,
        "rss": peak,
        "growth": peak - before,
    }))


main()
