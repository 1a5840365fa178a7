/**
 * File servers of Debian, each started on loopback over a directory of its own.
 *
 * @module
 */
import { freePorts } from "../services/ports.ts";
import { program } from "../services/service.ts";

/** A file server. */
export interface FileServer {
  /** The Debian package. */
  package: string;
  /** The program. */
  program: string;
  /** Whether it serves byte ranges. */
  hasRanges: boolean;
  /** Whether it lists directories. */
  hasIndex: boolean;
  /** Returns the arguments; may write files into `state`. */
  args(port: number, root: string, state: string): string[] | Promise<string[]>;
}

async function withFile(state: string, name: string, text: string): Promise<string> {
  const path = `${state}/${name}`;
  await Deno.writeTextFile(path, text);
  return path;
}

/** The servers, by name. */
export const FILE_SERVERS: Readonly<Record<string, FileServer>> = {
  apache2: {
    package: "apache2-bin",
    program: "apache2",
    hasRanges: true,
    hasIndex: true,
    async args(port, root, state) {
      const modules = ["mpm_event", "authz_core", "autoindex", "dir", "mime"]
        .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`);
      const conf = `ServerRoot ${state}
PidFile ${state}/pid
Listen 127.0.0.1:${port}
ServerName localhost
${modules.join("")}TypesConfig /etc/mime.types
DocumentRoot ${root}
ErrorLog ${state}/error.log
<Directory ${root}>
Options +Indexes
IndexOptions FancyIndexing HTMLTable
Require all granted
</Directory>
`;
      return ["-f", await withFile(state, "apache2.conf", conf), "-DFOREGROUND"];
    },
  },
  lighttpd: {
    package: "lighttpd",
    program: "lighttpd",
    hasRanges: true,
    hasIndex: true,
    async args(port, root, state) {
      const conf = `server.document-root = "${root}"
server.port = ${port}
server.bind = "127.0.0.1"
server.modules = ("mod_dirlisting")
dir-listing.activate = "enable"
`;
      return ["-D", "-f", await withFile(state, "lighttpd.conf", conf)];
    },
  },
  caddy: {
    package: "caddy",
    program: "caddy",
    hasRanges: true,
    hasIndex: true,
    args: (port, root) => [
      ...["file-server", "--root", root, "--listen", `127.0.0.1:${port}`, "--browse"],
    ],
  },
  h2o: {
    package: "h2o",
    program: "h2o",
    hasRanges: true,
    hasIndex: true,
    async args(port, root, state) {
      const conf = `hosts:
  default:
    listen: {host: 127.0.0.1, port: ${port}}
    paths:
      /:
        file.dir: ${root}
        file.dirlisting: ON
`;
      return ["-c", await withFile(state, "h2o.conf", conf)];
    },
  },
  webfs: {
    package: "webfs",
    program: "webfsd",
    hasRanges: true,
    hasIndex: true,
    args: (port, root) => ["-F", "-p", `${port}`, "-i", "127.0.0.1", "-r", root],
  },
  "mini-httpd": {
    package: "mini-httpd",
    program: "mini_httpd",
    hasRanges: false,
    hasIndex: true,
    args: (port, root) => ["-D", "-p", `${port}`, "-h", "127.0.0.1", "-d", root],
  },
  nginx: {
    package: "nginx-light",
    program: "nginx",
    hasRanges: true,
    hasIndex: true,
    async args(port, root, state) {
      const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map((kind) => `${kind}_temp_path ${state}/${kind};\n`);
      const conf = `daemon off;
pid ${state}/nginx.pid;
error_log stderr;
${Deno.uid() === 0 ? "user root root;" : ""}
events {}
http {
access_log off;
${temp.join("")}autoindex on;
root ${root};
server { listen 127.0.0.1:${port}; }
}
`;
      return ["-e", "stderr", "-c", await withFile(state, "nginx.conf", conf)];
    },
  },
  python: {
    package: "python3",
    program: "python3",
    hasRanges: false,
    hasIndex: true,
    args: (port, root) => ["-m", "http.server", "-b", "127.0.0.1", "-d", root, `${port}`],
  },
  busybox: {
    package: "busybox",
    program: "busybox",
    hasRanges: true,
    hasIndex: false,
    args: (port, root) => ["httpd", "-f", "-p", `127.0.0.1:${port}`, "-h", root],
  },
  rclone: {
    package: "rclone",
    program: "rclone",
    hasRanges: true,
    hasIndex: true,
    args: (port, root) => [
      ...["serve", "http", "--addr", `127.0.0.1:${port}`, "--config", "/dev/null", root],
    ],
  },
};

/** A file server that runs. */
export interface RunningServer extends AsyncDisposable {
  /** The URL of its root directory. */
  url: string;
}

/**
 * Starts a file server.
 *
 * @param server The server.
 * @param root The directory to serve.
 * @returns The running server.
 */
export async function startFileServer(server: FileServer, root: string): Promise<RunningServer> {
  const [port] = freePorts(1) as [number];
  const state = await Deno.makeTempDir({ prefix: "vitrine-server-" });
  const child = new Deno.Command(program(server.program)!, {
    args: await server.args(port, root, state),
    env: { HOME: state, XDG_DATA_HOME: state, XDG_CONFIG_HOME: state },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}/`;
  let ended = false;
  void child.status.then(() => ended = true);
  while (!ended && !await accepts(port)) await new Promise((resolve) => setTimeout(resolve, 20));
  if (ended) throw new Error(`${server.program} ended before it listened`);
  return {
    url,
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGTERM");
      await child.status;
      await Deno.remove(state, { recursive: true });
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
