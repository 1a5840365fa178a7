"""Sends every option of libnbd to the server at `uri`, and checks what comes back."""
import nbd


def connect(**settings):
    h = nbd.NBD()
    h.set_opt_mode(True)
    h.set_request_structured_replies(settings.get("structured", True))
    h.set_strict_mode(0)
    h.connect_uri(uri)
    return h


def error(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except nbd.Error as e:
        return e.errnum
    raise SystemExit("no error: %s %r" % (call.__name__, args))


# INFO does not end the options; a missing export is an error, and the next one is served.
h = connect()
assert h.get_structured_replies_negotiated()
h.add_meta_context("base:allocation")
h.opt_info()
assert h.get_size() == 65536
assert h.can_meta_context("base:allocation")
name = h.get_export_name()
h.set_export_name("memory/missing")
assert error(h.opt_info) and error(h.opt_go)
h.set_export_name(name)
names, contexts = [], []
assert h.opt_list(lambda n, d: names.append(n) or 0) == 2, names
assert name in names
assert h.opt_list_meta_context(lambda n: contexts.append(n) or 0) == 1
assert contexts == ["base:allocation"]
h.clear_meta_contexts()
h.add_meta_context("qemu:dirty-bitmap:x")
assert h.opt_list_meta_context(lambda n: 0) == 0
h.clear_meta_contexts()
h.add_meta_context("base:allocation")
h.opt_go()

# Every request: reads and block status work, what writes is refused, what is out of range too.
image = bytes(range(256)) * 256
assert h.pread(65536, 0) == image
assert h.pread(1, 65535) == image[-1:]
chunks = []
assert h.pread_structured(1000, 100, lambda b, o, s, e: chunks.append(o) or 0) == image[100:1100]
assert chunks == [100]
assert h.pread(512, 512, nbd.CMD_FLAG_DF) == image[512:1024]
extents = []
h.block_status(65536, 0, lambda m, o, e, err: extents.extend(e) or 0)
assert extents == [65536, 0], extents
h.block_status(100, 50, lambda m, o, e, err: 0, nbd.CMD_FLAG_REQ_ONE)
h.cache(4096, 0)
EPERM, EINVAL = 1, 22
assert error(h.pwrite, b"x" * 5000, 0) == EPERM
assert error(h.zero, 512, 0) == EPERM
assert error(h.trim, 512, 0) == EPERM
assert error(h.pread, 2, 65535) == EINVAL
assert error(h.pread, 1, 1 << 62) == EINVAL
assert error(h.block_status, 2, 65535, lambda *a: 0) == EINVAL
assert error(h.cache, 2, 65535) == EINVAL
assert h.pread(4, 0) == image[:4], "the connection lives on"
h.shutdown()

# An old client: no structured replies, no contexts.
h = connect(structured=False)
h.opt_go()
assert not h.get_structured_replies_negotiated()
assert h.pread(1000, 3) == image[3:1003]
assert error(h.pread, 2, 65535) == EINVAL
assert error(h.block_status, 512, 0, lambda *a: 0)
h.shutdown()

# Contexts without structured replies are refused; ABORT ends the handshake.
h = connect(structured=False)
h.add_meta_context("base:allocation")
h.opt_abort()

# EXPORT_NAME, with and without the padding of zeroes.
for flags in 0, nbd.HANDSHAKE_FLAG_FIXED_NEWSTYLE:
    h = nbd.NBD()
    h.set_handshake_flags(flags)
    h.set_request_structured_replies(False)
    h.connect_uri(uri)
    assert h.get_size() == 65536
    assert h.pread(65536, 0) == image
    h.shutdown()
print("done")
