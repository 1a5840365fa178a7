"""glance_store's rbd driver, measured: prints one line of JSON for bench/harness.ts.

usage: glance_rbd.py add|get|write SOURCE IMAGE CEPH_CONF FSID

The image that add makes is deleted after; write writes one by python3-rbd alone, without digests.
"""
import json
import os
import resource
import sys
import time

import rados
import rbd
from glance_store import multi_backend
from oslo_config import cfg


def rss(key):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024


def write(source, image, ceph_conf, size):
    with rados.Rados(conffile=ceph_conf, rados_id="glance") as cluster:
        with cluster.open_ioctx("images") as pool:
            rbd.RBD().create(pool, image, size, 23, old_format=False, features=1)
            with rbd.Image(pool, image) as target, open(source, "rb") as data:
                for offset in range(0, size, 1 << 23):
                    target.write(data.read(1 << 23), offset)
                target.create_snap("snap")
                target.protect_snap("snap")


def main():
    work, source, image, ceph_conf, fsid = sys.argv[1:]
    uri = "rbd://%s/images/%s/snap" % (fsid, image)
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"rbd": "rbd"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "rbd", group="glance_store")
    conf.set_override("rbd_store_ceph_conf", ceph_conf, group="rbd")
    conf.set_override("rbd_store_user", "glance", group="rbd")
    multi_backend.create_multi_stores(conf)
    size = os.path.getsize(source)
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = rss("VmRSS")
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if work == "add":
        with open(source, "rb") as data:
            multi_backend.add_with_multihash(conf, image, data, size, "rbd", "sha512")
    elif work == "write":
        write(source, image, ceph_conf, size)
    else:
        chunks, _ = multi_backend.get(uri, "rbd")
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
    if work != "get":
        multi_backend.delete(uri, "rbd")


main()
