/**
 * Signatures of images in Glance's properties, made with openssl as Glance's documentation says.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Invalid, NotFound, SignatureMismatch, UnsupportedBackend, Vfs } from "@vitrine/vitrine";
import {
  type ImageSignatureProperties,
  imageSignatureVerifier,
  importToStores,
} from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { encodeBase64 } from "../../streams/encoding.ts";
import { inFolder, run } from "../file/support.ts";
import { serviceTest } from "../services/mod.ts";

const IMAGE = new TextEncoder().encode("the image ".repeat(600_000));

/** A kind of key, and what openssl calls it. */
const KINDS = [
  ["RSA-PSS", "rsa:2048", "SHA-256"],
  ["RSA-PSS", "rsa:2048", "SHA-512"],
  ["ECC_SECP384R1", "secp384r1", "SHA-384"],
  ["ECC_SECP521R1", "secp521r1", "SHA-384"],
] as const;

/** Makes a key, a certificate and a signature of the image. */
async function sign(
  folder: string,
  [type, key, method]: readonly [type: string, key: string, method: string],
): Promise<{ properties: ImageSignatureProperties; certificate: string }> {
  await Deno.writeFile(`${folder}/image`, IMAGE);
  const at = (name: string) => `${folder}/${name}`;
  const kind = type === "RSA-PSS" ? [key] : ["ec", "-pkeyopt", `ec_paramgen_curve:${key}`];
  await run(
    ...["openssl", "req", "-x509", "-nodes", "-subj", "/CN=test", "-days", "1"] as const,
    ...["-newkey", ...kind, "-keyout", at("key.pem"), "-out", at("cert.pem")],
  );
  const padding = type === "RSA-PSS" ? ["-sigopt", "rsa_padding_mode:pss"] : [];
  const hash = `-${method.toLowerCase().replace("-", "")}`;
  await run(
    ...["openssl", "dgst", hash, "-sign", at("key.pem"), ...padding] as const,
    ...["-out", at("signature"), at("image")],
  );
  return {
    certificate: await Deno.readTextFile(at("cert.pem")),
    properties: {
      img_signature: encodeBase64(await Deno.readFile(at("signature"))),
      img_signature_hash_method: method,
      img_signature_key_type: type,
      img_signature_certificate_uuid: crypto.randomUUID(),
    },
  };
}

serviceTest(
  "imageSignatureVerifier: adds what was signed, and nothing else",
  "signers",
  async () => {
    await inFolder(async (folder) => {
      await using vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
      const other = await sign(folder, KINDS[0]);
      for (const kind of KINDS) {
        const { properties, certificate } = await sign(folder, kind);
        const id = crypto.randomUUID();
        const verifier = () => imageSignatureVerifier(properties, certificate);
        await vfs.writeFile(`/a/${id}`, IMAGE, { verifier: verifier() });
        await importToStores(vfs, IMAGE, ["a", "b"], { id: `both-${id}`, verifier: verifier() });
        const changed = IMAGE.slice();
        changed[5_000_000]! ^= 1;
        const forged = { ...properties, img_signature: other.properties.img_signature };
        const wrong = [
          [changed, properties],
          [IMAGE.slice(1), properties],
          [IMAGE, forged],
          [IMAGE, { ...properties, img_signature: properties.img_signature.slice(0, 20) }],
        ] as const;
        for (const [image, properties] of wrong) {
          const verifier = () => imageSignatureVerifier(properties, certificate);
          const error = await assertRejects(
            () => vfs.writeFile("/a/wrong", image, { verifier: verifier() }),
            SignatureMismatch,
            kind[0],
          );
          assertEquals(error.message.includes("\n"), false);
          await assertRejects(
            () => importToStores(vfs, image, ["a", "b"], { id: "wrong", verifier: verifier() }),
            SignatureMismatch,
          );
          for (const store of ["a", "b"]) {
            await assertRejects(() => vfs.stat(`/${store}/wrong`), NotFound);
          }
        }
      }
    });
  },
);

serviceTest(
  "imageSignatureVerifier: refuses by name what it cannot verify",
  "signers",
  async () => {
    await inFolder(async (folder) => {
      const { properties, certificate } = await sign(folder, KINDS[0]);
      const at = (name: string) => `${folder}/${name}`;
      const signing = ["-signkey", at("key.pem"), "-out", at("out.pem")];
      await run("openssl", "x509", "-x509toreq", "-in", at("cert.pem"), ...signing);
      await Deno.rename(at("out.pem"), at("request.pem"));
      await run("openssl", "x509", "-req", "-days", "-1", "-in", at("request.pem"), ...signing);
      const expired = await Deno.readTextFile(at("out.pem"));
      const binary = await sign(folder, ["ECC_SECT409K1", "sect409k1", "SHA-256"]);
      const wrong = [
        [{ img_signature_hash_method: "MD5" }, certificate, Invalid, "MD5"],
        [{ img_signature_key_type: "DSA" }, certificate, Invalid, "DSA"],
        [{ img_signature_key_type: "ECC_SECP384R1" }, certificate, Invalid, "expected secp384r1"],
        [{ img_signature: "?" }, certificate, Invalid, "img_signature is not base64"],
        [{}, "no certificate", Invalid, "no PEM"],
        [{}, expired, Invalid, "not today"],
        [binary.properties, binary.certificate, UnsupportedBackend, "lacks"],
        [{ img_signature_key_type: "ECC_SECP521R1" }, certificate, UnsupportedBackend, "SHA-256"],
      ] as const;
      for (const [change, certificate, Class, reason] of wrong) {
        assertThrows(
          () => imageSignatureVerifier({ ...properties, ...change }, certificate),
          Class,
          reason,
        );
      }
    });
  },
);
