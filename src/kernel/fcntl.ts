// <fcntl.h>

export const O_RDONLY = 0;
/** It is opened at once, where there is nobody at the other end of a pipe. */
export const O_NONBLOCK = 0o4000;
/** The descriptor is not passed to programs that this one starts. */
export const O_CLOEXEC = 0o2000000;
