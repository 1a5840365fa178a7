/**
 * glance_store's public names and what Vitrine has for each: an export, a member of one, or nothing
 * and why.
 *
 * @module
 */

/** What stands for a name. */
export interface Counterpart {
  /** `export` or `Class.member`; nothing where Vitrine has none. */
  name?: string;
  /** What is different, or why there is none. */
  note?: string;
}

const ONE_FORM = "one set of stores serves both of glance_store's forms";

/** By `module.name`. Errors and capability bits that have the same name in Vitrine need no entry. */
export const COUNTERPARTS: Readonly<Record<string, Counterpart>> = {
  "backend.Indexable": {
    note:
      "it gives a generator a length and an index; a stream has neither and a range is asked for",
  },
  "backend.add_to_backend": { name: "Stores.add", note: ONE_FORM },
  "backend.add_to_backend_with_multihash": { name: "addWithMultihash", note: ONE_FORM },
  "backend.check_location_metadata": { name: "checkLocationMetadata" },
  "backend.create_stores": { name: "openStores", note: "gives an instance, not a global" },
  "backend.delete_from_backend": { name: "Stores.delete", note: ONE_FORM },
  "backend.get_from_backend": { name: "Stores.get", note: ONE_FORM },
  "backend.get_known_schemes": { name: "Stores.getKnownSchemesForMultiStore", note: ONE_FORM },
  "backend.get_size_from_backend": { name: "getSizeFromUriAndBackend", note: ONE_FORM },
  "backend.get_store_from_location": {
    name: "Stores.getLocationFromUri",
    note: "its result says which store it is of",
  },
  "backend.get_store_from_scheme": {
    name: "Stores.getStoreFromStoreIdentifier",
    note: "several stores may have a scheme, so a store is found by name or URI",
  },
  "backend.get_store_from_uri": {
    name: "Stores.getLocationFromUri",
    note: "its result says which store it is of",
  },
  "backend.register_opts": {
    name: "validateOptions",
    note: "options are data of the driver and need no registry",
  },
  "backend.set_acls": { name: "setAclsForMultiStore", note: ONE_FORM },
  "backend.store_add_to_backend": { name: "storeAddToBackend" },
  "backend.store_add_to_backend_with_multihash": { name: "storeAddToBackendWithMultihash" },
  "backend.verify_default_store": { name: "Stores.verifyStore", note: ONE_FORM },

  "multi_backend.FS_CONF_CHUNKSIZE_HELP": { note: "text of an option's help" },
  "multi_backend.FS_CONF_DATADIR_HELP": { note: "text of an option's help" },
  "multi_backend.add": { name: "Stores.add" },
  "multi_backend.add_with_multihash": { name: "addWithMultihash" },
  "multi_backend.check_location_metadata": { name: "checkLocationMetadata" },
  "multi_backend.create_multi_stores": {
    name: "openStores",
    note: "gives an instance, not a global",
  },
  "multi_backend.delete": { name: "Stores.delete" },
  "multi_backend.get": { name: "Stores.get" },
  "multi_backend.get_known_schemes_for_multi_store": {
    name: "Stores.getKnownSchemesForMultiStore",
  },
  "multi_backend.get_size_from_uri_and_backend": { name: "getSizeFromUriAndBackend" },
  "multi_backend.get_store_from_store_identifier": { name: "Stores.getStoreFromStoreIdentifier" },
  "multi_backend.register_store_opts": {
    name: "validateOptions",
    note: "options are data of the driver and need no registry",
  },
  "multi_backend.set_acls_for_multi_store": { name: "setAclsForMultiStore" },
  "multi_backend.store_add_to_backend": { name: "storeAddToBackend" },
  "multi_backend.store_add_to_backend_with_multihash": {
    name: "storeAddToBackendWithMultihash",
  },
  "multi_backend.verify_store": { name: "Stores.verifyStore" },

  "location.Location": { name: "Location" },
  "location.Location.get_store_uri": { name: "Location.getStoreUri" },
  "location.Location.get_uri": { note: "it gives None and nothing else" },
  "location.SCHEME_TO_CLS_BACKEND_MAP": { name: "SchemeMap", note: "an instance, not a global" },
  "location.SCHEME_TO_CLS_MAP": { name: "SchemeMap", note: "an instance, not a global" },
  "location.StoreLocation": { name: "StoreLocation" },
  "location.StoreLocation.get_uri": { name: "StoreLocation.uri", note: "masked unless asked" },
  "location.StoreLocation.parse_uri": {
    name: "Store.getStoreLocationClass",
    note: "the class that it gives has a static `parse`, so a location is never half filled in",
  },
  "location.StoreLocation.process_specs": {
    note: "a location takes its parts in its constructor",
  },
  "location.StoreLocation.validate_schemas": {
    name: "Store.getSchemes",
    note: "the scheme map asks for it before it parses",
  },
  "location.get_location_from_uri": { name: "Stores.getLocationFromUri" },
  "location.get_location_from_uri_and_backend": { name: "Stores.getLocationFromUriAndBackend" },
  "location.register_scheme_backend_map": { name: "SchemeMap.register" },
  "location.register_scheme_map": { name: "SchemeMap.register" },

  "capabilities.StoreCapability.capabilities": { name: "StoreCapability.capabilities" },
  "capabilities.StoreCapability.contains": { name: "contains" },
  "capabilities.StoreCapability.is_capable": { name: "StoreCapability.isCapable" },
  "capabilities.StoreCapability.set_capabilities": { name: "StoreCapability.setCapabilities" },
  "capabilities.StoreCapability.unset_capabilities": { name: "StoreCapability.unsetCapabilities" },
  "capabilities.StoreCapability.update_capabilities": {
    name: "StoreCapability.updateCapabilities",
  },
  "capabilities.check": {
    name: "StoreCapability.isCapable",
    note: "the base class checks before each operation, so no driver needs a decorator",
  },

  "driver.Store.MULTI_BACKEND_OPTIONS": {
    name: "openStores",
    note: "description and weight are settings of a configured store, not of its driver",
  },
  "driver.Store.OPTIONS": { name: "Store.OPTIONS" },
  "driver.Store.READ_CHUNKSIZE": { name: "Store.READ_CHUNKSIZE" },
  "driver.Store.WRITE_CHUNKSIZE": { name: "Store.WRITE_CHUNKSIZE" },
  "driver.Store.add": { name: "Store.add" },
  "driver.Store.configure": { name: "Store.configure" },
  "driver.Store.configure_add": { name: "Store.configureAdd" },
  "driver.Store.delete": { name: "Store.delete" },
  "driver.Store.get": { name: "Store.get" },
  "driver.Store.get_schemes": { name: "Store.getSchemes" },
  "driver.Store.get_size": { name: "Store.getSize" },
  "driver.Store.get_store_location_class": { name: "Store.getStoreLocationClass" },
  "driver.Store.set_acls": { name: "Store.setAcls" },
  "driver.Store.url_prefix": {
    name: "Store.locationOf",
    note: "the URI of every image begins with it",
  },
  "driver.back_compat_add": {
    note: "it gives drivers of before the multihash its argument; there are none",
  },

  "exceptions.AuthorizationRedirect": {
    note:
      "of Keystone's response 300, where the client chooses a version; the version is configured",
  },
  "exceptions.GlanceStoreException": { name: "StoreError" },
  "exceptions.HostNotInitialized": {
    note: "of the cinder driver's NFS mounts",
  },
  "exceptions.RedirectException": {
    note: "redirects are followed by the transport, one by one through its gate",
  },
};

/** What stands for a public name of one of glance_store's modules. */
export function counterpartOf(module: string, name: string): Counterpart | undefined {
  const entry = COUNTERPARTS[`${module}.${name}`];
  if (entry !== undefined) return entry;
  const [parent, member] = name.split(".");
  // Every exception has its own text; every error of Vitrine has one too.
  if (module === "exceptions" && member === "message") return { name: "StoreError.message" };
  // What a class without a counterpart has, has none.
  if (
    member && COUNTERPARTS[`${module}.${parent}`]?.name === undefined &&
    COUNTERPARTS[`${module}.${parent}`] !== undefined
  ) return COUNTERPARTS[`${module}.${parent}`];
  return ["exceptions", "capabilities", "driver"].includes(module) &&
      (member === undefined || parent === "BitMasks")
    ? { name }
    : undefined;
}
