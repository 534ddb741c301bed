// <fcntl.h>

export const O_RDONLY = 0;
/** Opening a named pipe does not wait for its other end. */
export const O_NONBLOCK = 0o4000;
/** Programs that this one starts do not inherit the descriptor. */
export const O_CLOEXEC = 0o2000000;
