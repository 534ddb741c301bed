// Types of the functions that the tests use; the npm packaging of JSR's packages has none.

// deno-lint-ignore no-explicit-any -- constructors take anything
type Class<T> = abstract new (...args: any[]) => T;

export function assert(condition: unknown, message?: string): asserts condition;
export function assertEquals<T>(actual: T, expected: T, message?: string): void;
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
export function assertInstanceOf<T>(
  actual: unknown,
  expected: Class<T>,
  message?: string,
): asserts actual is T;
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void;
export function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  expected?: Class<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void;
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  expected?: Class<E>,
  includes?: string,
  message?: string,
): E;
export function fail(message?: string): never;
