/**
 * What a failed call of librados or librbd means: its errno as an error class.
 *
 * @module
 */
import {
  BackendException,
  Duplicate,
  Forbidden,
  HasSnapshot,
  InUseByStore,
  InvalidImageId,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  StorageWriteDenied,
  type StoreError,
  TimeoutError,
} from "../../errors/mod.ts";

/** Linux's numbers of the errors that the driver itself distinguishes. */
export const ERRNO = { EPERM: 1, ENOENT: 2, EACCES: 13, EINVAL: 22, ERANGE: 34 } as const;

type ErrorClass = new (detail: string) => StoreError;

const ERRORS: Readonly<Record<number, readonly [name: string, ErrorClass, meaning: string]>> = {
  1: ["EPERM", Forbidden, "the Ceph user is not allowed to"],
  2: ["ENOENT", NotFound, "no such image"],
  5: ["EIO", BackendException, "input/output error"],
  12: ["ENOMEM", BackendException, "out of memory"],
  13: ["EACCES", Forbidden, "the Ceph user is not allowed to"],
  16: ["EBUSY", InUseByStore, "the image is in use"],
  17: ["EEXIST", Duplicate, "the image exists already"],
  22: ["EINVAL", BackendException, "invalid argument"],
  28: ["ENOSPC", StorageFull, "the cluster is full"],
  30: ["EROFS", StorageWriteDenied, "the image is read-only"],
  31: ["EMLINK", InUseByStore, "the image belongs to a group"],
  36: ["ENAMETOOLONG", InvalidImageId, "the name is longer than the cluster takes"],
  39: ["ENOTEMPTY", HasSnapshot, "the image has snapshots"],
  95: ["EOPNOTSUPP", BackendException, "the cluster does not support it"],
  107: ["ENOTCONN", RemoteServiceUnavailable, "the cluster is not connected"],
  108: ["ESHUTDOWN", RemoteServiceUnavailable, "the cluster has shut this client out"],
  110: ["ETIMEDOUT", TimeoutError, "the cluster did not respond in time"],
  116: ["ESTALE", InUseByStore, "another client is changing the image"],
  122: ["EDQUOT", StorageFull, "the pool's quota is used up"],
};

/** Returns the error of a call that failed with `errno`, a positive number. */
export function errorOf(call: string, errno: number): StoreError {
  const [name, ErrorClass, meaning] = ERRORS[errno] ??
    [`errno ${errno}`, BackendException, "the call failed"];
  return new ErrorClass(`${meaning} (${call}: ${name})`);
}
