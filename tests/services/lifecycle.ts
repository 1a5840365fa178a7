/**
 * Starts and stops services in the order that their needs set, one process at a time.
 *
 * @module
 */

import type { Endpoints, Service } from "./service.ts";
import { allAlive, killAll } from "./processes.ts";
import {
  createState,
  exclusively,
  isState,
  readState,
  stateDirectory,
  withState,
  writeEndpoints,
} from "./state.ts";

/** What became of a service that was to start. */
export interface Started {
  service: Service;
  /** Where it listens; undefined when it did not start. */
  endpoints?: Endpoints;
  /** Why it did not start. */
  error?: Error;
  /** Whether it ran before. */
  already: boolean;
  /** Milliseconds until it responded, those that it waited for included. */
  duration: number;
}

/** Where a service listens; undefined when it does not run. */
export function endpointsOf(name: string): Endpoints | undefined {
  const directory = stateDirectory(name);
  const text = readState(directory, "endpoints.json");
  return text !== undefined && allAlive(directory) ? JSON.parse(text) : undefined;
}

/** Those of the services that are installed. */
export async function whereInstalled(services: Service[]): Promise<Service[]> {
  const installed = await Promise.all(services.map((service) => service.installed()));
  return services.filter((_, i) => installed[i]);
}

/** Starts the services, side by side, each after those of `all` that it needs. */
export function start(services: Service[], all: Service[]): Promise<Started[]> {
  return exclusively(() => {
    const started = new Map<string, Promise<Started>>();
    const startOnce = (service: Service): Promise<Started> => {
      let result = started.get(service.name);
      if (result === undefined) {
        const needs = all.filter(({ name }) => service.needs?.includes(name)).map(startOnce);
        result = startAfter(service, needs, all);
        started.set(service.name, result);
      }
      return result;
    };
    services.forEach(startOnce);
    return Promise.all(started.values());
  });
}

async function startAfter(
  service: Service,
  needs: Promise<Started>[],
  all: Service[],
): Promise<Started> {
  const begun = Date.now();
  let already = false;
  try {
    for (const { service: { name }, error } of await Promise.all(needs)) {
      if (error) throw new Error(`it needs ${name}, which did not start`);
    }
    let endpoints = endpointsOf(service.name);
    already = endpoints !== undefined && await (service.healthy?.(endpoints) ?? true);
    if (!already) {
      for (const name of dependents(service.name, all)) await discard(stateDirectory(name));
      endpoints = await startFresh(service, stateDirectory(service.name));
    }
    return { service, endpoints: endpoints!, already, duration: Date.now() - begun };
  } catch (error) {
    return { service, error: error as Error, already, duration: Date.now() - begun };
  }
}

async function startFresh(service: Service, directory: string): Promise<Endpoints> {
  await discard(directory);
  await createState(directory);
  try {
    const endpoints = await service.start(directory);
    writeEndpoints(directory, endpoints);
    return endpoints;
  } catch (error) {
    // What the service has left running may still write there; why it did not start matters more.
    await discard(directory).catch(() => {});
    throw error;
  }
}

/** Stops the named services, or all, with those that need them; resolves to the names of the stopped. */
export function stop(names: string[] | undefined, all: Service[]): Promise<string[]> {
  return exclusively(async () => {
    const wanted = names?.flatMap((name) => [...dependents(name, all), name]);
    const stopped = withState().filter((name) => wanted?.includes(name) ?? true);
    for (const name of stopped) await discard(stateDirectory(name));
    return stopped;
  });
}

/** Names of the services that need the named one, the last in line first. */
function dependents(name: string, all: Service[]): string[] {
  return all.filter(({ needs }) => needs?.includes(name)).flatMap((service) => [
    ...dependents(service.name, all),
    service.name,
  ]);
}

/** Starts one more instance of a service for one test, which ends with the test's scope. */
export async function startOwn(service: Service): Promise<Endpoints & AsyncDisposable> {
  const name = `${service.name}-${crypto.randomUUID().slice(0, 8)}`;
  const endpoints = await exclusively(() => startFresh(service, stateDirectory(name)));
  return {
    ...endpoints,
    [Symbol.asyncDispose]: () => exclusively(() => discard(stateDirectory(name))),
  };
}

async function discard(directory: string): Promise<void> {
  if (!isState(directory)) return;
  await killAll(directory);
  await Deno.remove(directory, { recursive: true });
}
