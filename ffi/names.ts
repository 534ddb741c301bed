/**
 * The names under which libc is found.
 *
 * @module
 */

/** Names that the loader knows, glibc's first. `libc.so` is not among them: it is a linker script. */
export function libcNames(arch: string): readonly string[] {
  return ["libc.so.6", `libc.musl-${arch}.so.1`];
}

/** Full paths, in the order in which distributions use them. */
export function libcPaths(arch: string): readonly string[] {
  return [
    `/lib/${arch}-linux-gnu/libc.so.6`,
    `/usr/lib/${arch}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
  ];
}
