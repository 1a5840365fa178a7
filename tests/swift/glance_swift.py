"""Debian's glance_store on Swift, for glance_test.ts: a request a line of JSON, an answer a line of JSON.

usage: glance_swift.py OPTIONS

OPTIONS is JSON: glance_store's options by name. A request has `work` (add, get, delete, set_acls), and
`context` with `auth_token`, `project_id`, `user_id` and `service_catalog` for a multi-tenant store;
`id`, `path` and `size` to add, `uri` and `path` to get, `uri` otherwise.
"""
import json
import sys
import types

from glance_store import multi_backend
from oslo_config import cfg


def add(conf, request, context):
    with open(request["path"], "rb") as data:
        uri, size, checksum, multihash, _ = multi_backend.add_with_multihash(
            conf, request["id"], data, request["size"], "swift", "sha512", context=context)
    return {"uri": uri, "size": size, "checksum": checksum, "multihash": multihash}


def get(_conf, request, context):
    chunks, size = multi_backend.get(request["uri"], "swift", context=context)
    with open(request["path"], "wb") as data:
        for chunk in chunks:
            data.write(chunk)
    return {"size": int(size)}


def delete(_conf, request, context):
    multi_backend.delete(request["uri"], "swift", context=context)
    return {}


def set_acls(_conf, request, context):
    multi_backend.set_acls_for_multi_store(
        request["uri"], "swift", public=request["public"], read_tenants=request["read"],
        write_tenants=[], context=context)
    return {}


def main():
    conf = cfg.CONF
    conf([], project="interop", default_config_files=[])
    conf.register_opts([cfg.DictOpt("enabled_backends", default={"swift": "swift"})])
    multi_backend.register_store_opts(conf)
    conf.set_override("default_backend", "swift", group="glance_store")
    for name, value in json.loads(sys.argv[1]).items():
        conf.set_override(name, value, group="swift")
    multi_backend.create_multi_stores(conf)
    works = {"add": add, "get": get, "delete": delete, "set_acls": set_acls}
    for line in sys.stdin:
        request = json.loads(line)
        context = request.get("context")
        try:
            answer = works[request["work"]](
                conf, request, context and types.SimpleNamespace(**context))
        except Exception as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), flush=True)


main()
