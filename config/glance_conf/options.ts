/**
 * The names of glance_store's configuration that the drivers' options do not have as their `glance` name.
 *
 * @module
 */

/** Vitrine's drivers by glance_store's types of stores; other types are taken as they are. */
export const DRIVERS: Readonly<Record<string, string>> = {
  vmware: "vsphere",
  "glance.store.filesystem.Store": "file",
  "glance.store.http.Store": "http",
  "glance.store.s3.Store": "s3",
  "glance.store.swift.Store": "swift",
  "glance.store.rbd.Store": "rbd",
  "glance.store.cinder.Store": "cinder",
  "glance.store.vmware_datastore.Store": "vsphere",
};

/** Vitrine's drivers by what `default_store` may say. */
export const SCHEMES: Readonly<Record<string, string>> = {
  file: "file",
  filesystem: "file",
  http: "http",
  https: "http",
  swift: "swift",
  "swift+http": "swift",
  "swift+https": "swift",
  "swift+config": "swift",
  rbd: "rbd",
  cinder: "cinder",
  vsphere: "vsphere",
  s3: "s3",
};

/** Stores that Glance keeps for itself; each is a file store. */
export const RESERVED: readonly string[] = ["os_glance_staging_store", "os_glance_tasks_store"];

/** Options that may be given several times. */
export const REPEATED: readonly string[] = ["filesystem_store_datadirs", "vmware_datastores"];

/** Old names of options, and the present ones. */
export const ALIASES: Readonly<Record<string, string>> = {
  os_region_name: "cinder_os_region_name",
  vmware_api_insecure: "vmware_insecure",
};

/** Options of a backend's section that Vitrine reads itself, with what becomes of them. */
export const SETTINGS: Readonly<Record<string, string>> = {
  store_description: "description",
  weight: "weight",
};

/** Options that are accepted and have no effect, and why. */
export const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  filesystem_store_thread_pool_size:
    "calls of the file system never block other work: the runtime has threads for them",
  filesystem_store_threadpool_threshold:
    "calls of the file system never block other work: the runtime has threads for them",
  swift_store_ssl_compression: "no TLS library compresses any more",
  swift_buffer_on_upload: "a segment can be sent again from memory, so none is put on disk",
  swift_upload_buffer_dir: "a segment can be sent again from memory, so none is put on disk",
};

/** The options of drivers that are missing here. A store of such a driver is reported as absent. */
export const OTHER_DRIVERS: readonly string[] = [
  "cinder_api_insecure",
  "cinder_attachment_retry_attempts",
  "cinder_ca_certificates_file",
  "cinder_catalog_info",
  "cinder_do_extend_attached",
  "cinder_endpoint_template",
  "cinder_enforce_multipath",
  "cinder_http_retries",
  "cinder_mount_point_base",
  "cinder_os_region_name",
  "cinder_state_transition_timeout",
  "cinder_store_application_credential_id",
  "cinder_store_application_credential_secret",
  "cinder_store_auth_address",
  "cinder_store_password",
  "cinder_store_project_domain_name",
  "cinder_store_project_name",
  "cinder_store_user_domain_name",
  "cinder_store_user_name",
  "cinder_use_multipath",
  "cinder_volume_type",
  "rootwrap_config",
  "vmware_api_retry_count",
  "vmware_ca_file",
  "vmware_datastores",
  "vmware_insecure",
  "vmware_server_host",
  "vmware_server_password",
  "vmware_server_username",
  "vmware_store_image_dir",
  "vmware_task_poll_interval",
];
