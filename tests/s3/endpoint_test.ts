/**
 * Where a bucket and its objects are.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { Endpoint } from "../../drivers/s3/endpoint.ts";
import type { S3Options } from "../../drivers/s3/mod.ts";
import { BadStoreConfiguration } from "../../mod.ts";
import { settings } from "./settings.ts";

function url(options: Partial<S3Options>): string {
  return new Endpoint(settings(options), "s3").url("k").href;
}

Deno.test("Endpoint: auto names the bucket in the host at Amazon, in the path elsewhere", () => {
  const urls: [string, string, string][] = [
    ["s3.amazonaws.com", "b", "http://b.s3.amazonaws.com/k"],
    ["https://s3.eu-west-1.amazonaws.com", "b.c", "https://s3.eu-west-1.amazonaws.com/b.c/k"],
    ["https://s3.eu-west-1.amazonaws.com", "b-c", "https://b-c.s3.eu-west-1.amazonaws.com/k"],
    ["https://s3.eu-west-1.amazonaws.com", "B_c", "https://s3.eu-west-1.amazonaws.com/B_c/k"],
    ["https://ceph.example.org:7480", "b", "https://ceph.example.org:7480/b/k"],
    [
      "https://fake-s3.amazonaws.com.example.org",
      "b",
      "https://fake-s3.amazonaws.com.example.org/b/k",
    ],
    ["https://x.supabase.co/storage/v1/s3/", "b", "https://x.supabase.co/storage/v1/s3/b/k"],
  ];
  for (const [host, bucket, expected] of urls) assertEquals(url({ host, bucket }), expected);
});

Deno.test("Endpoint: virtual names the bucket in the host, path in the path", () => {
  assertEquals(url({ host: "h", bucket: "b", bucketUrlFormat: "virtual" }), "http://b.h/k");
  const host = "s3.amazonaws.com";
  assertEquals(url({ host, bucketUrlFormat: "path" }), "http://s3.amazonaws.com/b/k");
  assertThrows(
    () => url({ bucket: "Not_DNS", bucketUrlFormat: "virtual" }),
    BadStoreConfiguration,
    "Not_DNS",
  );
});

Deno.test("Endpoint: the region is that of the options, else of an Amazon host", () => {
  const regions: [Partial<S3Options>, string][] = [
    [{ host: "s3.eu-west-1.amazonaws.com" }, "eu-west-1"],
    [{ host: "s3-ap-south-1.amazonaws.com" }, "ap-south-1"],
    [{ host: "s3.dualstack.us-west-2.amazonaws.com" }, "us-west-2"],
    [{ host: "s3.cn-north-1.amazonaws.com.cn" }, "cn-north-1"],
    [{ host: "s3.us-gov-west-1.amazonaws.com" }, "us-gov-west-1"],
    [{ host: "s3.amazonaws.com" }, "us-east-1"],
    [{ host: "s3.eu-west-1.amazonaws.com", region: "x" }, "x"],
    [{ host: "ceph" }, "us-east-1"],
  ];
  for (const [options, region] of regions) {
    assertEquals(new Endpoint(settings(options), "s3").region, region);
  }
});

Deno.test("Endpoint.url: every character of a key is in the URL as signatures have it", () => {
  assertEquals(
    new Endpoint(settings(), "s3").url("a/b c+d%41?e#f&g=(h)*!'~é/.x").pathname,
    "/b/a/b%20c%2Bd%2541%3Fe%23f%26g%3D%28h%29%2A%21%27~%C3%A9/.x",
  );
});

Deno.test("S3Store: a malformed host or bucket is BadStoreConfiguration", () => {
  for (const host of ["", "http://", "https://u:p@h", "h?x", "ht tp"]) {
    assertThrows(() => url({ host }), BadStoreConfiguration, "host");
  }
  for (const bucket of ["", "a/b", "a b", "a?b", "a@b"]) {
    assertThrows(() => url({ bucket }), BadStoreConfiguration, "bucket");
  }
});

Deno.test("Endpoint: hosts of all kinds of Amazon's have their region and style", () => {
  const hosts: Record<string, [region: string, base: string]> = {
    "s3-fips.us-gov-west-1.amazonaws.com": [
      "us-gov-west-1",
      "https://images.s3-fips.us-gov-west-1.amazonaws.com/",
    ],
    "s3-fips.dualstack.us-east-2.amazonaws.com": [
      "us-east-2",
      "https://images.s3-fips.dualstack.us-east-2.amazonaws.com/",
    ],
    "s3.dualstack.eu-west-1.amazonaws.com": [
      "eu-west-1",
      "https://images.s3.dualstack.eu-west-1.amazonaws.com/",
    ],
    "s3-accelerate.amazonaws.com": ["us-east-1", "https://images.s3-accelerate.amazonaws.com/"],
    "bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com": [
      "eu-west-1",
      "https://images.bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com/",
    ],
    "images.s3.eu-west-1.amazonaws.com": [
      "eu-west-1",
      "https://images.s3.eu-west-1.amazonaws.com/",
    ],
    "s3-accelerate.dualstack.amazonaws.com": [
      "us-east-1",
      "https://images.s3-accelerate.dualstack.amazonaws.com/",
    ],
    "images.s3-accesspoint.eu-west-1.amazonaws.com": [
      "eu-west-1",
      "https://images.s3-accesspoint.eu-west-1.amazonaws.com/",
    ],
    "s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com": [
      "us-gov-west-1",
      "https://images.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com/",
    ],
    "accesspoint.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com": [
      "eu-west-1",
      "https://images.accesspoint.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com/",
    ],
    "s3-us-west-2.amazonaws.com": ["us-west-2", "https://images.s3-us-west-2.amazonaws.com/"],
    "s3.eusc-de-east-1.amazonaws.eu": [
      "eusc-de-east-1",
      "https://images.s3.eusc-de-east-1.amazonaws.eu/",
    ],
    "s3.cn-north-1.amazonaws.com.cn": [
      "cn-north-1",
      "https://images.s3.cn-north-1.amazonaws.com.cn/",
    ],
  };
  for (const [host, [region, base]] of Object.entries(hosts)) {
    const endpoint = new Endpoint(settings({ host: `https://${host}`, bucket: "images" }), "s3");
    assertEquals([endpoint.region, endpoint.url("").href], [region, base], host);
  }
});

Deno.test("Endpoint: a host that begins with a bucket is understood or refused", () => {
  const virtual = settings({
    host: "https://images.ceph.example.org",
    bucket: "images",
    bucketUrlFormat: "virtual",
  });
  assertEquals(new Endpoint(virtual, "s3").url("k").href, "https://images.ceph.example.org/k");
  const other = settings({ host: "https://other.s3.eu-west-1.amazonaws.com", bucket: "images" });
  assertThrows(() => new Endpoint(other, "s3"), BadStoreConfiguration, "other");
  const point = settings({
    host: "https://point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
    bucket: "images",
  });
  assertThrows(() => new Endpoint(point, "s3"), BadStoreConfiguration, "point-123456789012");
  const path = settings({
    host: "https://s3-accesspoint.eu-west-1.amazonaws.com",
    bucket: "point-123456789012",
    bucketUrlFormat: "path",
  });
  assertThrows(() => new Endpoint(path, "s3"), BadStoreConfiguration, "access point");
  const dotted = settings({ host: "https://s3-accelerate.amazonaws.com", bucket: "a.b" });
  assertThrows(() => new Endpoint(dotted, "s3"), BadStoreConfiguration, "Acceleration");
});

Deno.test("Endpoint: hosts of Amazon that have no buckets for S3's requests are refused", () => {
  for (
    const host of [
      "images.s3-website-us-west-2.amazonaws.com",
      "images.s3-website.eu-central-1.amazonaws.com",
      "images--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
      "lambda-123456789012.s3-object-lambda.us-east-1.amazonaws.com",
      "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com",
    ]
  ) {
    const options = settings({ host: `https://${host}`, bucket: "images" });
    assertThrows(() => new Endpoint(options, "s3"), BadStoreConfiguration, "without buckets");
  }
});
