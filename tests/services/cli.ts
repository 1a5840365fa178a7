/**
 * `deno task services`: installs, starts, stops and shows the test services.
 *
 * @module
 */

import { SERVICES } from "./all.ts";
import { endpointsOf, start, stop, whereInstalled } from "./lifecycle.ts";
import { install } from "./packages.ts";
import type { Service } from "./service.ts";
import { stateDirectory, stateRoot } from "./state.ts";

const USAGE = `Usage: deno task services <command> [name...]

  install   install the services' Debian packages
  start     start the installed services, or those named
  stop      stop all services, or those named
  status    say which services run; with names, show where they listen
  list      list the services and their packages`;

async function main([command, ...names]: string[]): Promise<number> {
  const unknown = names.filter((name) => !SERVICES.some((service) => service.name === name));
  if (unknown.length > 0) {
    console.error(`services: no service is named ${unknown.join(", ")}`);
    return 2;
  }
  const chosen = names.length > 0 ? SERVICES.filter(({ name }) => names.includes(name)) : SERVICES;
  switch (command) {
    case "install":
      return await installServices(chosen);
    case "start":
      return await startAndSay(chosen, names.length > 0);
    case "stop":
      for (const name of await stop(names.length > 0 ? names : undefined, SERVICES)) {
        console.log(`${name}: stopped`);
      }
      return 0;
    case "status":
      return await status(chosen, names.length > 0);
    case "list":
      for (const { name, packages } of SERVICES) console.log(`${name}: ${packages.join(" ")}`);
      return 0;
    default:
      console.error(USAGE);
      return 2;
  }
}

async function installServices(chosen: Service[]): Promise<number> {
  const code = await install(chosen.flatMap(({ packages }) => packages));
  if (code === 0) { for (const service of chosen) await service.install?.(); }
  return code;
}

async function startAndSay(chosen: Service[], named: boolean): Promise<number> {
  const installed = await whereInstalled(chosen);
  for (const service of chosen) {
    if (!installed.includes(service)) console.log(`${service.name}: not installed`);
  }
  let failed = named && installed.length < chosen.length;
  for (const { service, error, already, duration } of await start(installed, SERVICES)) {
    if (error) {
      failed = true;
      console.error(`${service.name}: did not start: ${error.message}`);
    } else {
      const how = already ? "runs already" : `started in ${(duration / 1000).toFixed(1)} s`;
      console.log(`${service.name}: ${how} in ${stateDirectory(service.name)}`);
    }
  }
  return failed ? 1 : 0;
}

async function status(chosen: Service[], detailed: boolean): Promise<number> {
  let down = 0;
  for (const service of chosen) {
    const endpoints = endpointsOf(service.name);
    const state = endpoints
      ? await (service.healthy?.(endpoints) ?? true) ? "running" : "running, but does not respond"
      : await service.installed()
      ? "stopped"
      : "not installed";
    if (state !== "running") down++;
    console.log(`${service.name}: ${state}`);
    if (detailed && endpoints) console.log(JSON.stringify(endpoints, null, 2));
  }
  return detailed && down > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    console.error(`services: ${(error as Error).message} (state in ${stateRoot()})`);
    Deno.exitCode = 1;
  }
}
