// Sessions, caches, counters, a feed and a transaction, with every command of a tick in one pipeline.
import assert from "node:assert/strict";
import Redis from "ioredis";

const port = Number(process.argv[2]);
const redis = new Redis({ port, enableAutoPipelining: true });
await new Promise((resolve, reject) => {
  redis.once("ready", resolve);
  redis.once("error", reject);
});

// Sessions that end by themselves
await Promise.all(
  Array.from({ length: 100 }, (_, user) => redis.setex(`session:${user}`, 100 + user, JSON.stringify({ user }))),
);
const sessions = await Promise.all(Array.from({ length: 100 }, (_, user) => redis.get(`session:${user}`)));
assert.deepEqual(sessions.map((text) => JSON.parse(text).user), [...Array(100).keys()]);
assert.ok((await redis.ttl("session:99")) > 190);

// A profile as a hash, and its cache as text
await redis.hset("profile:1", { name: "Ada", city: "London", visits: 0 });
assert.equal(await redis.hincrby("profile:1", "visits", 2), 2);
assert.deepEqual(await redis.hgetall("profile:1"), { name: "Ada", city: "London", visits: "2" });
assert.equal(await redis.set("cache:profile:1", "Ada", "EX", 60, "NX"), "OK");
assert.equal(await redis.set("cache:profile:1", "Eve", "EX", 60, "NX"), null);

// The last messages, newest first, no more than ten
for (let n = 1; n <= 15; n++) {
  await redis.multi().lpush("messages", `message ${n}`).ltrim("messages", 0, 9).exec();
}
assert.equal((await redis.lrange("messages", 0, -1)).length, 10);
assert.equal((await redis.lrange("messages", 0, 0))[0], "message 15");

// Binary values come back as they went
const bytes = Buffer.from([...Array(256).keys()]);
await redis.set("bytes", bytes);
assert.deepEqual(await redis.getBuffer("bytes"), bytes);

// An error is the error of its own command, not of its neighbours
await redis.set("text", "abc");
const mixed = await Promise.allSettled([redis.incr("counter"), redis.incr("text"), redis.get("text"), redis.lpop("text")]);
assert.deepEqual(mixed.map((each) => each.status), ["fulfilled", "rejected", "fulfilled", "rejected"]);
assert.match(mixed[1].reason.message, /^ERR value is not an integer/);
assert.match(mixed[3].reason.message, /^WRONGTYPE/);

// Transactions
assert.deepEqual(await redis.multi().set("t", 1).incr("t").get("t").exec(), [[null, "OK"], [null, 2], [null, "2"]]);
const watching = redis.duplicate();
await watching.watch("t");
await redis.set("t", 10);
assert.equal(await watching.multi().incr("t").exec(), null);

// Pub/sub, on a connection of its own
const listener = redis.duplicate();
const heard = [];
const everything = new Promise((resolve) => {
  const note = (...message) => {
    heard.push(message);
    if (heard.length === 3) resolve();
  };
  listener.on("message", note);
  listener.on("pmessage", note);
});
assert.equal(await listener.subscribe("news", "weather"), 2);
assert.equal(await listener.psubscribe("n*"), 3);
assert.equal(await redis.publish("news", "hello"), 2);
assert.equal(await redis.publish("weather", "rain"), 1);
await everything;
assert.deepEqual(heard, [["news", "hello"], ["n*", "news", "hello"], ["weather", "rain"]]);
assert.equal(await listener.unsubscribe("news", "weather"), 1);

// Walks, and a thousand commands at once
await redis.mset(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`walk:${n}`, n])));
const met = new Set();
for await (const keys of redis.scanStream({ match: "walk:*", count: 50 })) keys.forEach((key) => met.add(key));
assert.equal(met.size, 500);
await Promise.all(Array.from({ length: 1000 }, () => redis.incr("hits")));
assert.equal(await redis.get("hits"), "1000");

// Waiting, while others go on
const waiter = redis.duplicate();
const waited = waiter.blpop("jobs", 5);
await redis.rpush("jobs", "first");
assert.deepEqual(await waited, ["jobs", "first"]);

for (const each of [redis, watching, listener, waiter]) await each.quit();
console.log("done");
