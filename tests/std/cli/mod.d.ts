// Types of the functions that the tools use; the npm packaging of JSR's packages has none.

export function parseArgs(
  args: readonly string[],
  options?: {
    string?: readonly string[];
    boolean?: readonly string[];
    default?: Record<string, string | boolean | number>;
    stopEarly?: boolean;
  },
): Record<string, string | boolean | number | undefined> & {
  _: (string | number)[];
};
