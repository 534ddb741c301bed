// <net/if.h>, <linux/if.h>, <linux/sockios.h>, <linux/if_arp.h>

/** Maximum bytes of an interface's name, including the final zero. */
export const IFNAMSIZ = 16;
/** The interface is up. */
export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_DEBUG = 0x4;
export const IFF_LOOPBACK = 0x8;
export const IFF_POINTOPOINT = 0x10;
export const IFF_NOTRAILERS = 0x20;
/** The interface is up and operational: it can carry frames. */
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;
export const IFF_MASTER = 0x400;
export const IFF_SLAVE = 0x800;
export const IFF_MULTICAST = 0x1000;
export const IFF_PORTSEL = 0x2000;
export const IFF_AUTOMEDIA = 0x4000;
export const IFF_DYNAMIC = 0x8000;
export const IFF_LOWER_UP = 0x10000;
export const IFF_DORMANT = 0x20000;
/** The driver itself echoes sent frames. */
export const IFF_ECHO = 0x40000;

// Operational states of RFC 2863.
export const IF_OPER_UNKNOWN = 0;
export const IF_OPER_NOTPRESENT = 1;
export const IF_OPER_DOWN = 2;
export const IF_OPER_LOWERLAYERDOWN = 3;
export const IF_OPER_TESTING = 4;
export const IF_OPER_DORMANT = 5;
export const IF_OPER_UP = 6;

/** Hardware type of CAN interfaces. */
export const ARPHRD_CAN = 280;

/** Gets the interface's name by its index. */
export const SIOCGIFNAME = 0x8910;
/** Gets the flags by name. */
export const SIOCGIFFLAGS = 0x8913;
/** Gets the MTU by name. */
export const SIOCGIFMTU = 0x8921;
/** Gets the hardware type (and address) by name. */
export const SIOCGIFHWADDR = 0x8927;
/** Gets the index by name. */
export const SIOCGIFINDEX = 0x8933;
/** Runs an ethtool command by name; the value is the address of the command's structure. */
export const SIOCETHTOOL = 0x8946;

/*
 * struct ifreq (40 bytes)
 *   0  char  ifr_name[IFNAMSIZ]
 *  16  int   ifr_ifindex, ifr_mtu; short ifr_flags; sa_family_t ifr_hwaddr.sa_family
 */
export const IFREQ_SIZE = 40;
export const IFREQ_VALUE = 16;

/** Whether a string can be an interface's name: at most 15 bytes, none of them zero. */
export function isInterfaceName(name: string): boolean {
  return new TextEncoder().encode(name).length < IFNAMSIZ && !name.includes("\0");
}

/**
 * Encodes a `struct ifreq` for an interface.
 *
 * @throws {RangeError} No interface can have that name.
 */
export function encodeIfreq(name: string): Uint8Array {
  if (!isInterfaceName(name)) {
    throw new RangeError(
      `Interface name ${JSON.stringify(name)} is longer than ${IFNAMSIZ - 1} bytes, or contains a zero byte`,
    );
  }
  const bytes = new Uint8Array(IFREQ_SIZE);
  new TextEncoder().encodeInto(name, bytes);
  return bytes;
}

/** Decodes the name in a `struct ifreq`. */
export function decodeIfreqName(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
