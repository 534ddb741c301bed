/**
 * File names of libc.
 *
 * @module
 */

/** Returns the names for the dynamic loader, glibc's first. `libc.so` is not one of them: it is a linker script. */
export function libcNames(arch: string): readonly string[] {
  return ["libc.so.6", `libc.musl-${arch}.so.1`];
}

/** Returns the full paths that distributions use, most common first. */
export function libcPaths(arch: string): readonly string[] {
  return [
    `/lib/${arch}-linux-gnu/libc.so.6`,
    `/usr/lib/${arch}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
  ];
}
