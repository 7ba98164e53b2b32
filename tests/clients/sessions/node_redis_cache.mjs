// Client-side caching: a value is read once and kept, until the server says that it has changed.
import assert from "node:assert/strict";
import { BasicClientSideCache, createClient } from "redis";

const port = Number(process.argv[2]);
const cache = new BasicClientSideCache({ maxEntries: 100 });
const reader = createClient({ socket: { port }, RESP: 3, clientSideCache: cache });
const writer = createClient({ socket: { port } });
await reader.connect();
await writer.connect();

await writer.set("profile", "v1");
assert.equal(await reader.get("profile"), "v1");
assert.equal(await reader.get("profile"), "v1");
assert.equal(cache.stats().hitCount, 1);

await writer.set("profile", "v2");
while ((await reader.get("profile")) !== "v2") await new Promise(setImmediate);
assert.equal(cache.stats().missCount, 2);

await writer.flushAll();
while ((await reader.get("profile")) !== null) await new Promise(setImmediate);

await reader.close();
await writer.close();
console.log("done");
