/**
 * The memory store keeps the contract.
 *
 * @module
 */
import { MemoryStore } from "@vitrine/vitrine/memory";
import { storeConformance } from "@vitrine/vitrine/conformance";

storeConformance("memory", () => new MemoryStore("scratch"));
