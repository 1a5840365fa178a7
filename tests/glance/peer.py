"""Debian's glance_store as a peer: reads requests on standard input, a line of JSON each, and responds in the same form.

Usage: peer.py CONFIGURATION DATA CALLER: the path of a glance-api.conf, and of a file whose ranges are images' data;
as JSON, the context of a multi-tenant store's caller, or null.
"""

import hashlib
import io
import json
import logging
import os
import stat
import sys
import types
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from glance_store import exceptions, multi_backend
from oslo_config import cfg

CONF = cfg.CONF
CALLER = json.loads(sys.argv[3])
CONTEXT = CALLER and types.SimpleNamespace(**CALLER)


class Broken(Exception):
    """What reading data that breaks off throws."""


class Data(io.RawIOBase):
    """A range of the data, which breaks off after some bytes if the request says so."""

    def __init__(self, request):
        with open(sys.argv[2], "rb") as file:
            file.seek(request["from"])
            self.data = io.BytesIO(file.read(request["size"]))
        self.breaks = request.get("breaks")

    def read(self, size=-1):
        if self.breaks is not None and self.data.tell() >= self.breaks:
            raise Broken()
        if self.breaks is not None:
            size = min(size, self.breaks - self.data.tell())
        return self.data.read(size)


def add(request):
    location, size, checksum, multihash, metadata = multi_backend.add_with_multihash(
        CONF, request["id"], Data(request), request["declared"], request["store"], request["algorithm"],
        context=CONTEXT)
    return {"location": location, "size": size, "checksum": checksum, "multihash": multihash, "metadata": metadata}


def get(request):
    chunks, size = multi_backend.get(
        request["uri"], request["store"], offset=request.get("offset", 0), chunk_size=request.get("length"),
        context=CONTEXT)
    digest, count = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        count += len(chunk)
    # What the size of a range is, the drivers do not agree on.
    whole = {} if "offset" in request else {"size": int(size)}
    return {**whole, "count": count, "sha256": digest.hexdigest()}


def get_size(request):
    return {"size": multi_backend.get_size_from_uri_and_backend(request["uri"], request["store"], context=CONTEXT)}


def delete(request):
    multi_backend.delete(request["uri"], request["store"], context=CONTEXT)
    return {}


def set_acls(request):
    multi_backend.set_acls_for_multi_store(
        request["uri"], request["store"], public=request["public"], read_tenants=request["read"], write_tenants=[],
        context=CONTEXT)
    return {}


def left(request):
    """What lies in a store, by name, as its own client reports it."""
    return LEFT[CONF.enabled_backends[request["store"]]](CONF[request["store"]], request["token"])


def left_in_files(conf, token):
    found = {}
    for folder, _, names in os.walk(conf.filesystem_store_datadir):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            mode = stat.S_IMODE(os.stat(path).st_mode)
            found[os.path.relpath(path, conf.filesystem_store_datadir)] = [oct(mode), digest]
    return found


def bucket_of(conf):
    import boto3
    return boto3.client(
        "s3", endpoint_url=conf.s3_store_host, aws_access_key_id=conf.s3_store_access_key,
        aws_secret_access_key=conf.s3_store_secret_key)


def left_in_bucket(conf, token):
    client, bucket = bucket_of(conf), conf.s3_store_bucket
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = {one["Key"]: [one["Size"], one["ETag"]] for page in pages for one in page.get("Contents", [])}
    for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        found["unfinished " + upload["Key"]] = []
    return found


def account_of(conf):
    import swiftclient
    if conf.swift_store_multi_tenant:
        url = CALLER["service_catalog"][0]["endpoints"][0]["publicURL"]
        return swiftclient.Connection(preauthurl=url, preauthtoken=CALLER["auth_token"])
    from glance_store._drivers.swift import utils
    account = utils.SwiftParams(CONF, conf._group.name).params[conf.default_swift_reference]
    options, user = {}, account["user"]
    if account["auth_version"] == "3":
        options["tenant_name"], user = user.split(":")
    return swiftclient.Connection(
        account["auth_address"], user, account["key"], auth_version=account["auth_version"], os_options=options)


def left_in_containers(conf, token):
    connection = account_of(conf)
    found = {}
    for container in connection.get_account(full_listing=True)[1]:
        if container["name"].startswith(conf.swift_store_container):
            headers, objects = connection.get_container(container["name"], full_listing=True)
            acl = [headers.get("x-container-read"), headers.get("x-container-write")]
            for one in objects:
                found[container["name"] + "/" + one["name"]] = [one["bytes"], one["hash"], acl]
    return found


def pool_of(conf, use):
    import rados
    with rados.Rados(conffile=conf.rbd_store_ceph_conf, rados_id=conf.rbd_store_user) as cluster:
        with cluster.open_ioctx(conf.rbd_store_pool) as pool:
            return use(pool)


def left_in_pool(conf, token):
    import rbd

    def read(pool):
        found = {}
        for name in rbd.RBD().list(pool):
            if token in name:
                with rbd.Image(pool, name, read_only=True) as image:
                    snapshots = [[one["name"], one["size"], image.is_protected_snap(one["name"])]
                                 for one in image.list_snaps()]
                    digest = hashlib.sha256(image.read(0, image.size())).hexdigest()
                    found[name] = [image.stat()["order"], image.features(), digest, snapshots]
        return found

    return pool_of(conf, read)


def clean(request):
    """Removes a store's bucket, containers or images."""
    store = request["store"]
    conf, kind = CONF[store], CONF.enabled_backends[store]
    if kind == "s3":
        client, bucket = bucket_of(conf), conf.s3_store_bucket
        if bucket not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
            return {}
        for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for name in left_in_bucket(conf, ""):
            client.delete_object(Bucket=bucket, Key=name)
        client.delete_bucket(Bucket=bucket)
    elif kind == "swift":
        connection = account_of(conf)
        for container in connection.get_account(full_listing=True)[1]:
            if container["name"].startswith(conf.swift_store_container):
                for one in connection.get_container(container["name"], full_listing=True)[1]:
                    connection.delete_object(container["name"], one["name"])
                connection.delete_container(container["name"])
    elif kind == "rbd":
        import rbd

        def remove(pool):
            for name in rbd.RBD().list(pool):
                if request["token"] in name:
                    with rbd.Image(pool, name) as image:
                        for one in list(image.list_snaps()):
                            if image.is_protected_snap(one["name"]):
                                image.unprotect_snap(one["name"])
                            image.remove_snap(one["name"])
                    rbd.RBD().remove(pool, name)

        pool_of(conf, remove)
    return {}


LEFT = {
    "file": left_in_files,
    "s3": left_in_bucket,
    "swift": left_in_containers,
    "rbd": left_in_pool,
    "http": lambda conf, token: {},
}

OPERATIONS = {
    "add": add, "get": get, "getSize": get_size, "delete": delete, "setAcls": set_acls, "left": left, "clean": clean,
}


def main():
    # What drivers print must not come between the responses.
    responses, sys.stdout = sys.stdout, sys.stderr
    CONF.register_opts([cfg.DictOpt("enabled_backends")])
    CONF(["--config-file", sys.argv[1]], project="vitrine-tests")
    multi_backend.register_store_opts(CONF)
    multi_backend.create_multi_stores(CONF)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            response = {"value": OPERATIONS[request["operation"]](request)}
        except Exception as error:
            own = isinstance(error, (exceptions.GlanceStoreException, exceptions.BackendException, Broken))
            name = type(error).__name__ if own else type(error).__module__ + "." + type(error).__name__
            response = {"error": name, "message": str(error)[:300]}
        print(json.dumps(response), file=responses, flush=True)


main()
