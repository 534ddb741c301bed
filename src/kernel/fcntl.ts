// <fcntl.h>

export const O_RDONLY = 0;
/** The descriptor is not passed to programs that this one starts. */
export const O_CLOEXEC = 0o2000000;
