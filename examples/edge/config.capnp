# Runs the worker of this directory in workerd.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "images", worker = .images),
    # Where the worker's requests may go: an origin on the Internet needs "public" alone.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "images")],
);

const images :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-06-01",
  bindings = [(name = "ORIGIN", fromEnvironment = "ORIGIN")],
);
