"""glance_store's swift driver, measured: prints one line of JSON for bench/harness.ts.

usage: glance_swift.py add|get SOURCE IMAGE OPTIONS

OPTIONS is the JSON of glance_store's options by name.
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
    work, source, image, options = sys.argv[1:]
    options = json.loads(options)
    uri = "swift+config://ref1/%s/%s" % (options["swift_store_container"], image)
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"swift": "swift"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "swift", group="glance_store")
    for name, value in options.items():
        conf.set_override(name, value, group="swift")
    multi_backend.create_multi_stores(conf)
    size = os.path.getsize(source)
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = rss("VmRSS")
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if work == "add":
        with open(source, "rb") as data:
            multi_backend.add_with_multihash(conf, image, data, size, "swift", "sha512")
    else:
        chunks, _ = multi_backend.get(uri, "swift")
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
