// Deno can check that a test leaks no operations and resources. Bun cannot.
import { type Bus, type BusOptions, Message } from "../../mod.ts";
import { descriptorsBackTo, restingDescriptors } from "../support/descriptors.ts";
import { pause } from "../support/pause.ts";
import { worlds } from "../support/worlds.ts";

interface DenoTest {
  test(test: {
    name: string;
    ignore: boolean;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
    fn(): Promise<void>;
  }): void;
}

const { Deno } = globalThis as unknown as { Deno?: DenoTest };

for (const { name, skip, open } of worlds) {
  Deno?.test({
    name: `a closed bus leaks nothing in Deno, on ${name}`,
    ignore: skip !== false,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () => use(open),
  });
}

async function use(open: (options?: Partial<BusOptions>) => Bus): Promise<void> {
  const before = await restingDescriptors();
  using sender = open();
  using receiver = open();
  sender.send(new Message({ arbitrationId: 1 }));
  await receiver.recvAsync();
  await receiver.recvAsync({ timeout: 0.01, signal: new AbortController().signal });
  const reader = receiver.readable.getReader();
  await Promise.all([reader.read(), sender.writable.getWriter().write(new Message({ arbitrationId: 2 }))]);
  const ended = reader.read();
  const rejected = receiver.recvAsync().catch(() => "closed");
  receiver.unref().recvAsync({ timeout: 60 }).catch(() => "closed");
  await pause(20);
  receiver.close();
  await rejected;
  await ended;
  const tasks = [{}, { count: 2 }, { modify: (message: Message) => message }].map((options) =>
    sender.sendPeriodic(new Message({ arbitrationId: 3 }), 0.01, options)
  );
  await tasks[1].done;
  const { done } = tasks[0];
  sender.close();
  await done;
  // The other thread ends a little later than the last bus, and closes its descriptors then.
  await descriptorsBackTo(before);
  await pause(20);
}
