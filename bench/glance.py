"""glance_store's drivers, measured: prints one line of JSON for bench/harness.ts.

usage: glance.py DRIVER add|get SOURCE IMAGE URI OPTIONS

URI is where the image is got from; OPTIONS is the JSON of glance_store's options by name.
"""
import json
import os
import resource
import sys
import time


def rss(key):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024


def measure(size, work):
    """Does work that moves so many bytes, and prints what it took."""
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = rss("VmRSS")
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    work()
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


def main():
    from glance_store import multi_backend
    from oslo_config import cfg

    driver, work, source, image, uri, options = sys.argv[1:]
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={driver: driver})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", driver, group="glance_store")
    for name, value in json.loads(options).items():
        conf.set_override(name, value, group=driver)
    multi_backend.create_multi_stores(conf)
    size = os.path.getsize(source)

    def add():
        with open(source, "rb") as data:
            multi_backend.add_with_multihash(conf, image, data, size, driver, "sha512")

    def get():
        chunks, _ = multi_backend.get(uri, driver)
        for _ in chunks:
            pass

    measure(size, {"add": add, "get": get}[work])


if __name__ == "__main__":
    main()
