/**
 * The driver in the examples keeps the contract, as any other.
 *
 * @module
 */
import { storeConformance } from "@vitrine/vitrine/conformance";
import { ShelfStore } from "../../examples/own_driver.ts";

storeConformance("the example's shelf", () => new ShelfStore("shelf"));
