/**
 * nginx over one directory of files: with its HTML index, with its JSON index, and by HTTPS with a certificate of an
 * authority of its own.
 *
 * @module
 */

import { freePorts } from "./ports.ts";
import { daemon, responds, run, until } from "./processes.ts";
import { type Endpoints, hasPrograms, type Service } from "./service.ts";

/** nginx; what tests write below `root` it serves. */
export const nginx: Service = {
  name: "nginx",
  packages: ["nginx-light", "openssl"],
  installed: () => hasPrograms("nginx", "openssl"),
  start: startNginx,
  healthy: ({ url }) => responds(url),
};

async function startNginx(directory: string): Promise<Endpoints> {
  const [htmlPort, jsonPort, tlsPort] = freePorts(3);
  const root = `${directory}/www`;
  const caFile = `${directory}/ca.pem`;
  for (const part of ["www", "temp"]) await Deno.mkdir(`${directory}/${part}`);
  const ca = ["-CA", caFile, "-CAkey", `${directory}/ca.key`];
  await certify(
    `${directory}/ca.key`,
    caFile,
    "/CN=Test authority",
    "basicConstraints=critical,CA:TRUE",
  );
  await certify(
    `${directory}/server.key`,
    `${directory}/server.pem`,
    "/CN=localhost",
    "basicConstraints=CA:FALSE",
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", ...ca],
  );
  const conf = `${directory}/nginx.conf`;
  await Deno.writeTextFile(
    conf,
    `daemon off;
pid ${directory}/nginx.pid;
error_log stderr;
worker_processes 2;
${Deno.uid() === 0 ? "user root root;" : ""}
events {}
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
${
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
        `  ${kind}_temp_path ${directory}/temp;\n`
      ).join("")
    }
  root ${root};
  autoindex on;
  autoindex_exact_size on;
  server { listen 127.0.0.1:${htmlPort}; }
  server { listen 127.0.0.1:${jsonPort}; autoindex_format json; }
  server {
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${directory}/server.pem;
    ssl_certificate_key ${directory}/server.key;
  }
}
`,
  );
  daemon(directory, "nginx", ["-p", directory, "-e", "stderr", "-c", conf]);
  const url = `http://127.0.0.1:${htmlPort}/`;
  await until("nginx", directory, () => responds(url));
  return {
    url,
    jsonUrl: `http://127.0.0.1:${jsonPort}/`,
    tlsUrl: `https://localhost:${tlsPort}/`,
    caFile,
    root,
  };
}

async function certify(
  key: string,
  certificate: string,
  subject: string,
  constraints: string,
  ...options: string[]
): Promise<void> {
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "30", "-keyout", key, "-out", certificate, "-subj", subject],
    ...["-addext", constraints, ...options],
  ]);
}
