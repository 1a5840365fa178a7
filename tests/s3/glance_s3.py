"""Debian's glance_store on an S3 server, for interop_test.ts: prints one line of JSON.

usage: glance_s3.py add|get|delete OPTIONS

OPTIONS is JSON: glance_store's options by name, and `id`, `path` and `size` to add, `uri` to get, which
prints the digest of what was read and writes it to `path` if there is one, `uri` to delete.
"""
import hashlib
import json
import os
import sys

from glance_store import multi_backend
from oslo_config import cfg


def main():
    work, options = sys.argv[1], json.loads(sys.argv[2])
    conf = cfg.CONF
    conf([], project="interop", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"s3": "s3"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "s3", group="glance_store")
    for name, value in options.items():
        if name.startswith("s3_store_"):
            conf.set_override(name, value, group="s3")
    multi_backend.create_multi_stores(conf)
    if work == "add":
        with open(options["path"], "rb") as data:
            uri, size, checksum, multihash, _ = multi_backend.add_with_multihash(
                conf, options["id"], data, options["size"], "s3", "sha512")
        print(json.dumps(
            {"uri": uri, "size": size, "checksum": checksum, "multihash": multihash}))
    elif work == "get":
        chunks, size = multi_backend.get(options["uri"], "s3")
        digest = hashlib.sha512()
        with open(options.get("path", os.devnull), "wb") as data:
            for chunk in chunks:
                digest.update(chunk)
                data.write(chunk)
        print(json.dumps({"size": int(size), "sha512": digest.hexdigest()}))
    else:
        multi_backend.delete(options["uri"], "s3")
        print("{}")


main()
