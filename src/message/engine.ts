/**
 * What the JavaScript engine does well.
 *
 * @module
 */

interface Host {
  readonly process?: { readonly versions?: { readonly webkit?: string } };
}

/**
 * Whether a small typed array of its own costs less than a view of another one's memory. In JavaScriptCore it takes a
 * fifth of the time; in V8, as Deno builds it, twenty times as much, because its memory is outside of the heap.
 */
export const smallArraysAreCheap = (globalThis as Host).process?.versions?.webkit !== undefined;
