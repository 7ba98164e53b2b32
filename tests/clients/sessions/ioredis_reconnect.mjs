// A client whose connection is ended by somebody else connects again, in its database, with its subscriptions.
import assert from "node:assert/strict";
import { once } from "node:events";
import Redis from "ioredis";

const port = Number(process.argv[2]);
const admin = new Redis({ port });
const worker = new Redis({ port, db: 3, connectionName: "worker", retryStrategy: () => 10 });
const listener = new Redis({ port, connectionName: "listener", retryStrategy: () => 10 });
await worker.set("mine", "kept");
await listener.subscribe("news");

async function ended(client, name) {
  const again = once(client, "ready");
  const line = (await admin.client("LIST")).split("\n").find((each) => each.includes(` name=${name} `));
  const id = /^id=(\d+) /.exec(line)[1];
  assert.equal(await admin.client("KILL", "ID", id), 1);
  await again;
}

await ended(worker, "worker");
assert.equal(await worker.get("mine"), "kept");
assert.equal(await worker.client("GETNAME"), "worker");

await ended(listener, "listener");
const message = once(listener, "message");
while ((await admin.publish("news", "still there")) === 0) await new Promise(setImmediate);
assert.deepEqual(await message, ["news", "still there"]);

for (const each of [admin, worker, listener]) each.disconnect();
console.log("done");
