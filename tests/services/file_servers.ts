/**
 * File servers that `tests/servers/` starts for itself; no daemon runs.
 *
 * @module
 */
import { FILE_SERVERS } from "../servers/file_servers.ts";
import { hasPrograms, type Service } from "./service.ts";

const servers = Object.values(FILE_SERVERS);

/** The programs. */
export const fileServers: Service = {
  name: "file-servers",
  packages: servers.map((server) => server.package),
  installed: () => hasPrograms(...servers.map((server) => server.program)),
  start: () => Promise.resolve({}),
};
