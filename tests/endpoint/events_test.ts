import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { EventFeeds, Events } from "../../src/endpoint/events.ts";
import { Feed } from "../../src/endpoint/feed.ts";

/** A feed, its events, and the values of `waiting` at each change. */
function open(): { feed: Feed<number>; events: Events<number>; waits: boolean[] } {
  const waits: boolean[] = [];
  const endpoint: Endpoint<Events<number>, number> = new Endpoint<Events<number>, number>(
    { channel: "here", noun: "feed" },
    (onReady): Events<number> => new Events<number>(onReady, () => void waits.push(endpoint.socket.waiting)),
  );
  return { feed: new Feed(endpoint, {}), events: endpoint.socket, waits };
}

describe("Events", () => {
  it("arrive in order, whether they were pushed before or during the wait", async () => {
    const { feed, events, waits } = open();
    events.push(1);
    events.push(2);
    assertEquals([(await feed.next()).value, (await feed.next()).value], [1, 2]);
    const [third, fourth] = [feed.next(), feed.next()];
    events.push(3);
    events.push(4);
    assertEquals([(await third).value, (await fourth).value], [3, 4]);
    assertEquals(waits.filter((each) => each).length > 0, true);
    feed.close();
    assertEquals(waits.at(-1), false, "no wait is pending");
    assertEquals((await feed.next()).done, true);
  });

  it("a failure rejects the pending wait, and the next wait succeeds", async () => {
    const { feed, events } = open();
    const wait = feed.next().then(() => "no error", (error) => error.message);
    events.fail(new Error("enough"));
    assertEquals(await wait, "enough");
    events.push(1);
    assertEquals((await feed.next()).value, 1);
    feed.close();
  });

  it("drop the oldest when too many are unread", async () => {
    const { feed, events } = open();
    for (let i = 0; i < 1100; i++) events.push(i);
    assertEquals(events.droppedFrames, 76);
    assertEquals((await feed.next()).value, 76);
    for (let i = 77; i < 1099; i++) await feed.next();
    assertEquals((await feed.next()).value, 1099);
    feed.close();
  });
});

describe("Feeds of events", () => {
  it("each receive every event between their opening and their end", async () => {
    const sizes: number[] = [];
    const waits: boolean[] = [];
    const feeds: EventFeeds<number> = new EventFeeds(
      "here",
      () => void sizes.push(feeds.size),
      () => void waits.push(feeds.waiting),
    );
    const aborting = new AbortController();
    const first = feeds.open("events()", {});
    feeds.push(1);
    const second = feeds.open("events()", { signal: aborting.signal });
    feeds.push(2);
    assertEquals([(await first.next()).value, (await first.next()).value, (await second.next()).value], [1, 2, 2]);
    const [wait, other] = [first.next(), second.next()];
    assertEquals(waits, [true, true]);
    aborting.abort();
    assertEquals((await other).done, true);
    feeds.push(3);
    assertEquals((await wait).value, 3);
    assertEquals(sizes, [1, 2, 1]);
    feeds.close();
    assertEquals([(await first.next()).done, feeds.size, feeds.waiting], [true, 0, false]);
    assertEquals((await feeds.open("events()", { signal: AbortSignal.abort() }).next()).done, true);
  });

  it("are not opened with wrong options, or when the callback throws", () => {
    const feeds = new EventFeeds<number>("here", () => {
      if (feeds.size === 1) throw new Error("no");
    }, () => {});
    assertThrows(() => feeds.open("events()", {}), Error, "no");
    assertEquals(feeds.size, 0);
    assertThrows(() => feeds.open("events()", { sign: 1 } as object), TypeError, 'events() has no option "sign"');
  });
});
