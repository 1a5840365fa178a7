"""An image written by python3-rbd alone, without digests, measured for bench/harness.ts.

usage: rbd_write.py SOURCE IMAGE CEPH_CONF
"""
import os
import sys

import rados
import rbd

from glance import measure

CHUNK = 1 << 23


def main():
    source, image, ceph_conf = sys.argv[1:]
    size = os.path.getsize(source)

    def write():
        with rados.Rados(conffile=ceph_conf, rados_id="glance") as cluster:
            with cluster.open_ioctx("images") as pool:
                rbd.RBD().create(pool, image, size, 23, old_format=False, features=1)
                with rbd.Image(pool, image) as target, open(source, "rb") as data:
                    for offset in range(0, size, CHUNK):
                        target.write(data.read(CHUNK), offset)
                    target.create_snap("snap")
                    target.protect_snap("snap")

    measure(size, write)


main()
