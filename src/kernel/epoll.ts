// <sys/epoll.h>, <sys/eventfd.h>

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

export const EPOLLIN = 0x001;
export const EPOLLPRI = 0x002;
export const EPOLLOUT = 0x004;

export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

/*
 * struct epoll_event (12 bytes, packed, on x86-64; 16 elsewhere)
 *   0      uint32_t     events
 *   4 / 8  epoll_data_t data          the library stores the descriptor here
 */

/** Returns the size of `struct epoll_event`. */
export function epollEventSize(packed: boolean): number {
  return packed ? 12 : 16;
}

/** Writes one `struct epoll_event` for a descriptor. */
export function encodeEpollEvent(into: Uint8Array, packed: boolean, events: number, fd: number): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  view.setUint32(0, events, true);
  view.setInt32(packed ? 4 : 8, fd, true);
}

/** Returns the descriptor of the event at `index` of an array of `struct epoll_event`. */
export function eventFd(packed: boolean, events: DataView, index: number): number {
  return events.getInt32(epollEventSize(packed) * index + (packed ? 4 : 8), true);
}
