/**
 * IP addresses: which of them lie in the public Internet.
 *
 * @module
 */

/**
 * The special-purpose registries of IANA, as far as they are not public
 * (https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), and
 * multicast.
 */
const INSIDE = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 " +
  "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 " +
  "203.0.113.0/24 224.0.0.0/3 2001::/23 2001:db8::/32 3fff::/20";
/** All of IPv6 that is in use for single hosts. */
const GLOBAL_V6 = "2000::/3";
/** IPv6 that carries an IPv4 address, which is what counts: mapped, NAT64, 6to4; and where it is. */
const EMBEDDING = [["::ffff:0:0/96", 12], ["64:ff9b::/96", 12], ["2002::/16", 2]] as const;

/** A block of addresses. */
export interface Network {
  /** Its first address: 4 or 16 bytes. */
  bytes: readonly number[];
  /** How many bits are the same in all its addresses. */
  prefix: number;
}

/**
 * Parses an IP address.
 *
 * @param text The address in the form in which `URL` prints it, without brackets.
 * @returns Its 4 or 16 bytes, or `undefined` if it is no address.
 */
export function addressBytes(text: string): number[] | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte < 256) ? bytes : undefined;
  }
  if (!text.includes(":") || !URL.canParse(`http://[${text}]/`)) return undefined;
  const [head, tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split("::");
  const groups = (part: string | undefined) => part ? part.split(":") : [];
  const [before, after] = [groups(head), groups(tail)];
  const zeros: string[] = Array(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/**
 * Parses a network.
 *
 * @param cidr A network in CIDR notation (RFC 4632, section 3.1), such as `10.0.0.0/8`, or a single address.
 * @returns The network, or `undefined` if the text is neither.
 */
export function network(cidr: string): Network | undefined {
  const [address = "", length] = cidr.split("/");
  const bytes = addressBytes(address);
  if (bytes === undefined) return undefined;
  const bits = bytes.length * 8;
  const prefix = /^\d+$/.test(length ?? `${bits}`) ? Number(length ?? bits) : Infinity;
  return prefix <= bits ? { bytes, prefix } : undefined;
}

/**
 * Returns whether an address is in a network.
 *
 * @param address The 4 or 16 bytes of the address.
 * @param network The network. One of the other IP version contains no such address.
 * @returns `true` if it is.
 */
export function within(address: readonly number[], { bytes, prefix }: Network): boolean {
  return address.length === bytes.length && bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix - index * 8));
    return (byte ^ address[index]!) >> (8 - bits) === 0;
  });
}

/**
 * Returns whether an address belongs to the public Internet. An IPv4 address that is embedded in an IPv6
 * address counts itself.
 *
 * @param address The 4 or 16 bytes of the address.
 * @returns `false` for private, local, reserved and documentation networks.
 */
export function isPublic(address: readonly number[]): boolean {
  const lies = (list: string) => list.split(" ").some((cidr) => within(address, network(cidr)!));
  for (const [prefix, at] of EMBEDDING) {
    if (lies(prefix)) return isPublic(address.slice(at, at + 4));
  }
  return (address.length === 4 || lies(GLOBAL_V6)) && !lies(INSIDE);
}
