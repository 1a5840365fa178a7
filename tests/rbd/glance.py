"""glance_store's rbd driver, for the tests of interoperation.

usage: glance.py CEPH_CONF add ID FILE | add-unsized ID FILE | get URI FILE | size URI | delete URI

Prints what the operation returns as JSON.
"""
import json
import os
import sys

from glance_store import location
from glance_store import multi_backend
from oslo_config import cfg


def main():
    ceph_conf, work, target, *rest = sys.argv[1:]
    conf = cfg.CONF
    conf([], project="tests", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"rbd": "rbd"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "rbd", group="glance_store")
    conf.set_override("rbd_store_ceph_conf", ceph_conf, group="rbd")
    conf.set_override("rbd_store_user", "glance", group="rbd")
    multi_backend.create_multi_stores(conf)
    if work in ("add", "add-unsized"):
        size = os.path.getsize(rest[0]) if work == "add" else 0
        with open(rest[0], "rb") as data:
            result = multi_backend.add_with_multihash(conf, target, data, size, "rbd", "sha512")
    elif work == "get":
        chunks, size = multi_backend.get(target, "rbd")
        with open(rest[0], "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        result = size
    elif work == "size":
        loc = location.get_location_from_uri_and_backend(target, "rbd", conf=conf)
        result = loc.store_location.image, multi_backend.get_size_from_uri_and_backend(target, "rbd")
    else:
        result = multi_backend.delete(target, "rbd")
    print(json.dumps(result))


main()
