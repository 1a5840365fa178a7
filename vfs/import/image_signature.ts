/**
 * Signatures of images as OpenStack Glance keeps them: in four properties of the image, by a certificate.
 *
 * What they mean is that of OpenStack's cursive library, which Glance and Nova verify with.
 *
 * @module
 */
import type { KeyObject, X509Certificate } from "node:crypto";
import { Invalid, SignatureMismatch } from "../../errors/mod.ts";
import { isDeno } from "../../runtime/mod.ts";
import { lacks, requireBuiltin } from "../../runtime/requirements.ts";
import { decodeBase64 } from "../../streams/encoding.ts";
import type { ChunkObserver } from "../../streams/mod.ts";

/** The properties of an image that is signed, by the names that Glance gives them. */
export interface ImageSignatureProperties {
  /** The signature, in base64. */
  img_signature: string;
  /** The digest that is signed: `SHA-224`, `SHA-256`, `SHA-384` or `SHA-512`. */
  img_signature_hash_method: string;
  /** The kind of key: `RSA-PSS`, or one of the curves, `ECC_SECP384R1` for example. */
  img_signature_key_type: string;
  /** The UUID of the certificate in the key manager. The caller has fetched it. */
  img_signature_certificate_uuid: string;
}

/** The digests, by Glance's names of them. */
const HASHES: Readonly<Record<string, string>> = {
  "SHA-224": "sha224",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

/** The runtime that has all of them. */
const NODE = "Node 20.16";

/** The curves, by Glance's names of them, and what OpenSSL calls each. */
const CURVES: Readonly<Record<string, string>> = {
  ECC_SECP384R1: "secp384r1",
  ECC_SECP521R1: "secp521r1",
  ECC_SECT409K1: "sect409k1",
  ECC_SECT409R1: "sect409r1",
  ECC_SECT571K1: "sect571k1",
  ECC_SECT571R1: "sect571r1",
};

/**
 * Creates what verifies the signature of an image while it is added: pass it as `verifier`. An image that
 * is not what was signed is not added.
 *
 * The certificate is trusted as it is: neither who issued it nor whether it was revoked is checked, only
 * that it is valid today.
 *
 * @param properties The signature, how it was made, and by which certificate.
 * @param certificate The X.509 certificate with that UUID, as PEM.
 * @returns The verifier of one image. It throws `SignatureMismatch` at the image's end.
 * @throws {Invalid} If a property has no value that is known, or the certificate cannot be used.
 * @throws {UnsupportedBackend} If the runtime has no `node:crypto`, or not this kind of key.
 *
 * @example A property that is missing
 * ```ts
 * import { imageSignatureVerifier } from "@vitrine/vitrine/import";
 * import { Invalid } from "@vitrine/vitrine";
 * import { assertThrows } from "@std/assert";
 *
 * const properties = {
 *   img_signature: "c2lnbmF0dXJl",
 *   img_signature_hash_method: "SHA-1",
 *   img_signature_key_type: "RSA-PSS",
 *   img_signature_certificate_uuid: "5a2e5ba5-0ad1-4bd3-a1a2-a8a1a0e8b5a1",
 * };
 * assertThrows(() => imageSignatureVerifier(properties, ""), Invalid, "SHA-1");
 * ```
 */
export function imageSignatureVerifier(
  properties: ImageSignatureProperties,
  certificate: string,
): ChunkObserver {
  const { img_signature_hash_method: method, img_signature_key_type: type } = properties;
  const hash = HASHES[method];
  if (hash === undefined) {
    throw new Invalid(`img_signature_hash_method is ${method}, allowed are ${Object.keys(HASHES)}`);
  }
  const types = ["RSA-PSS", ...Object.keys(CURVES)];
  if (!types.includes(type)) {
    throw new Invalid(`img_signature_key_type is ${type}, allowed are ${types}`);
  }
  const signature = decodeBase64(properties.img_signature);
  if (!signature?.length) throw new Invalid("img_signature is not base64");
  // Deno's ECDSA takes no digest that is less than half as long as the key, and calls it forged.
  if (isDeno() && type === "ECC_SECP521R1" && ["sha224", "sha256"].includes(hash)) {
    throw lacks(`${type} of ${method}`, NODE);
  }
  const key = keyOf(certificate, type);
  const crypto = requireBuiltin("node:crypto", ["createVerify"]);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = crypto.constants;
  const verify = crypto.createVerify(hash);
  return {
    update: (chunk) => void verify.update(chunk),
    end() {
      const isSigned = type === "RSA-PSS"
        ? verify.verify({ key, padding, saltLength }, signature)
        : verify.verify(key, signature);
      if (!isSigned) {
        throw new SignatureMismatch(
          `the image is not what img_signature says (${type} of ${method}, the certificate ` +
            `${properties.img_signature_certificate_uuid})`,
        );
      }
    },
  };
}

function publicKeyOf(certificate: X509Certificate, type: string): KeyObject {
  try {
    return certificate.publicKey;
  } catch {
    // Deno has no binary curves.
    throw lacks(`the certificate's kind of key (${type})`, NODE);
  }
}

/** Returns the public key of a certificate that is valid, and of the type that the image names. */
function keyOf(certificate: string, type: string): KeyObject {
  const crypto = requireBuiltin("node:crypto", ["X509Certificate"]);
  let parsed: X509Certificate;
  try {
    parsed = new crypto.X509Certificate(certificate);
  } catch (cause) {
    throw new Invalid("the certificate of img_signature_certificate_uuid is no PEM", { cause });
  }
  const { validFrom, validTo } = parsed;
  const now = Date.now();
  if (now < Date.parse(validFrom) || now > Date.parse(validTo)) {
    throw new Invalid(`the certificate is valid from ${validFrom} to ${validTo}, not today`);
  }
  const publicKey = publicKeyOf(parsed, type);
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  const found = asymmetricKeyType === "ec" ? asymmetricKeyDetails?.namedCurve : asymmetricKeyType;
  const wanted = CURVES[type] ?? "rsa";
  if (found !== wanted) {
    throw new Invalid(`the certificate's key is ${found}, expected ${wanted} for ${type}`);
  }
  return publicKey;
}
