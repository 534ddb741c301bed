/**
 * Starting other programs, from a Deno that has all permissions.
 *
 * @module
 */

/** What a command left. */
export interface Ended {
  /** Its exit status; 127 where it could not be started. */
  readonly status: number;
  /** Seconds from start to end. */
  readonly seconds: number;
  /** Seconds that processors worked for it and for what it started. */
  readonly busy: number;
}

/** Runs a command, with both its outputs in one file, or in this process's own. */
export async function run([program, ...args]: readonly string[], log?: string): Promise<Ended> {
  const start = performance.now();
  const [command, args_] = log === undefined
    ? [program, args]
    : ["bash", ["-c", 'exec "$@" >"$0" 2>&1', log, program, ...args]];
  let status = 127;
  try {
    // Not node:child_process, which gives a Deno that it starts this one's permissions.
    status = (await new Deno.Command(command, { args: args_, stdin: "null" }).spawn().status).code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`cannot start ${program}: it is not installed`);
  }
  return { status, seconds: (performance.now() - start) / 1000, busy: newlyBusy() };
}

let counted = 0;

/** Processor seconds of the children that have ended since the last call: of one, unless two ended at the same moment. */
function newlyBusy(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ");
  const total = (Number(fields[13]) + Number(fields[14])) / 100; // cutime and cstime, in clock ticks
  const newly = total - counted;
  counted = total;
  return newly;
}
