/**
 * Every libc function that the library calls, for all runtimes.
 *
 * Lengths are `u32` and results `i32` where C has `size_t` and `ssize_t`: no length here comes near 2^31, and both
 * runtimes pass 32-bit integers much faster than 64-bit ones. `usize` is an address. `buffer` is a typed array, whose
 * address is valid during the call.
 *
 * @module
 */

/** The C types of parameters and results, as Deno spells them. */
export type NativeType = "i32" | "u32" | "usize" | "pointer" | "buffer" | "void";

/** A function's signature. */
export interface NativeFunction {
  /** C types of the parameters. */
  readonly parameters: readonly NativeType[];
  /** C type of the result. */
  readonly result: NativeType;
}

/** The functions by name. The comment above each row is the C prototype. */
export const symbols = {
  // int socket(int domain, int type, int protocol);
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int close(int fd);
  close: { parameters: ["i32"], result: "i32" },
  // int bind(int fd, const struct sockaddr *address, socklen_t length);
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int connect(int fd, const struct sockaddr *address, socklen_t length);
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int setsockopt(int fd, int level, int name, const void *value, socklen_t length);
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // int getsockopt(int fd, int level, int name, void *value, socklen_t *length);
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int ioctl(int fd, unsigned long request, ...);
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
  // ssize_t send(int fd, const void *data, size_t length, int flags);
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // int sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags);
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // int recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout);
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  // ssize_t recv(int fd, void *data, size_t length, int flags);
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t count, int timeout);
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  // int sigaction(int signal, const struct sigaction *action, struct sigaction *old);  action: an address, 0 for none
  sigaction: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  // int epoll_create1(int flags);
  epoll_create1: { parameters: ["i32"], result: "i32" },
  // int epoll_ctl(int epfd, int operation, int fd, struct epoll_event *event);
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // int epoll_wait(int epfd, struct epoll_event *events, int count, int timeout);
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int eventfd(unsigned int initial, int flags);
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  // int open(const char *path, int flags, ...);
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *data, size_t length);
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *data, size_t length);
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // struct if_nameindex *if_nameindex(void);
  if_nameindex: { parameters: [], result: "usize" },
  // void if_freenameindex(struct if_nameindex *list);
  if_freenameindex: { parameters: ["usize"], result: "void" },
  // int *__errno_location(void);
  __errno_location: { parameters: [], result: "usize" },
  // void *memcpy(void *to, const void *from, size_t length);  used to read from an address
  memcpy: { parameters: ["buffer", "usize", "usize"], result: "usize" },
  // void *memmove(void *to, const void *from, size_t length);  used to get a buffer's address
  memmove: { parameters: ["buffer", "buffer", "usize"], result: "usize" },
} as const satisfies Record<string, NativeFunction>;

/** A memory address, in the runtime's own type. */
export type Address = number | bigint;

type Value<T extends NativeType> = T extends "buffer" ? Uint8Array
  : T extends "pointer" ? null
  : T extends "void" ? void
  : T extends "usize" ? Address
  : number;

type Values<T extends readonly NativeType[]> = { -readonly [K in keyof T]: Value<T[K]> };

/** The functions as the runtimes bind them. They return C's results; errno is still to be read. */
export type NativeFunctions = {
  readonly [K in keyof typeof symbols]: (
    ...values: Values<(typeof symbols)[K]["parameters"]>
  ) => Value<(typeof symbols)[K]["result"]>;
};
