// The same needs with node-redis, in RESP2 and in RESP3.
import assert from "node:assert/strict";
import { WatchError, createClient } from "redis";

const [port, protocol] = process.argv.slice(2).map(Number);
const client = createClient({ socket: { port }, RESP: protocol, name: "application" });
client.on("error", (error) => console.error(error));
await client.connect();
assert.equal(await client.clientGetName(), "application");
assert.equal((await client.clientInfo()).resp, protocol);

// Sessions
await client.setEx("session:1", 100, JSON.stringify({ user: "ada" }));
assert.equal(JSON.parse(await client.get("session:1")).user, "ada");
assert.ok((await client.ttl("session:1")) > 90);
assert.equal(await client.get("session:2"), null);

// A profile, a leaderboard, tags, a feed
await client.hSet("profile", { name: "Ada", city: "London" });
assert.deepEqual({ ...(await client.hGetAll("profile")) }, { name: "Ada", city: "London" });
await client.zAdd("board", [{ value: "a", score: 1.5 }, { value: "b", score: 3 }, { value: "c", score: 2 }]);
assert.deepEqual(await client.zRangeWithScores("board", 0, 1, { REV: true }), [
  { value: "b", score: 3 },
  { value: "c", score: 2 },
]);
assert.equal(await client.zScore("board", "a"), 1.5);
await client.sAdd("tags", ["x", "y"]);
assert.deepEqual([...(await client.sMembers("tags"))].sort(), ["x", "y"]);
await client.rPush("feed", ["1", "2", "3"]);
assert.deepEqual(await client.lRange("feed", 0, -1), ["1", "2", "3"]);

// Pipelines: commands of one tick leave together
const numbers = await Promise.all(Array.from({ length: 1000 }, () => client.incr("hits")));
assert.deepEqual(numbers, Array.from({ length: 1000 }, (_, n) => n + 1));

// Transactions, and one that somebody was faster than
assert.deepEqual(await client.multi().set("t", "1").incr("t").get("t").exec(), ["OK", 2, "2"]);
const rival = client.duplicate();
await rival.connect();
await client.watch("t");
await rival.set("t", "9");
await assert.rejects(client.multi().incr("t").exec(), WatchError);
assert.equal(await client.get("t"), "9");

// Pub/sub
const listener = client.duplicate();
await listener.connect();
const heard = [];
let three;
const all = new Promise((resolve) => (three = resolve));
const note = (message, channel) => heard.push([channel, message]) === 3 && three();
await listener.subscribe("news", note);
await listener.pSubscribe("n*", note);
await listener.sSubscribe("shard", note);
assert.equal(await client.publish("news", "hello"), 2);
assert.equal(await client.sPublish("shard", "here"), 1);
await all;
assert.deepEqual(heard, [["news", "hello"], ["news", "hello"], ["shard", "here"]]);
if (protocol === 3) assert.equal(await listener.get("t"), "9");
await listener.unsubscribe("news");
await listener.pUnsubscribe("n*");
await listener.sUnsubscribe("shard");

// Walks
await client.mSet(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`walk:${n}`, `${n}`])));
const met = new Set();
for await (const keys of client.scanIterator({ MATCH: "walk:*", COUNT: 20 })) keys.forEach((key) => met.add(key));
assert.equal(met.size, 300);

for (const each of [client, rival, listener]) await each.close();
console.log("done");
