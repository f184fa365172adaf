// A small ActivityPub server on Fedify's library, driven from outside by our integration tests.
//
// Everything the tests look at is the library's own work: making and verifying signatures and proofs, loading
// documents, WebFinger, JSON-LD. This file only decides *what* is sent and writes down what came in.
// The control interface is described in ../README.md.
import dns from "node:dns";
import http from "node:http";

// Names under .localhost are loopback by RFC 6761, but not every C library knows it.
const systemLookup = dns.lookup;
dns.lookup = (host, options, callback) => {
  if (typeof options === "function") [options, callback] = [{}, options];
  if (host !== "localhost" && !host.endsWith(".localhost")) return systemLookup(host, options, callback);
  const answer = [{ address: "127.0.0.1", family: 4 }];
  process.nextTick(() => (options?.all ? callback(null, answer) : callback(null, "127.0.0.1", 4)));
};
// The library asks WebFinger for acct: names by https only; on loopback there is no TLS, so the transport (and
// nothing else) is changed here.
const wireFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.protocol !== "https:" || !/(^|\.)localhost$/.test(url.hostname)) return wireFetch(input, init);
  url.protocol = "http:";
  return wireFetch(input instanceof Request ? new Request(url, input) : url, init);
};

const {
  createFederation, MemoryKvStore, signRequest, verifyObject,
} = await import("@fedify/fedify");
const { Temporal } = await import("@js-temporal/polyfill");
const as = await import("@fedify/vocab");
const { configure, getConsoleSink } = await import("@logtape/logtape");

const env = process.env;
const host = env.PEER_HOST ?? "fedify.localhost";
const firstKnock = env.PEER_SIGNATURE === "rfc9421" ? "rfc9421" : "draft-cavage-http-signatures-12";
const withProofs = env.PEER_PROOFS !== "0";

await configure({
  sinks: { stderr: (r) => process.stderr.write(`${r.level} ${r.category.join(".")} ${r.message.join("")}\n`) },
  loggers: [
    { category: "fedify", lowestLevel: env.PEER_LOG ?? "error", sinks: ["stderr"] },
    { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
  ],
});

// ---------------------------------------------------------------- state
const actors = new Map();     // name -> {type, locked, keys, followers: Map(id -> Recipient)}
const objects = new Map();    // id -> object of the vocabulary
const sent = new Map();       // activity id -> {activity, as, recipients, deliveries}
const received = [];          // everything that reached an inbox, in order
let counter = 0;

async function keyPairs() {
  const rsa = await crypto.subtle.generateKey(
    { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    true, ["sign", "verify"]);
  return withProofs ? [rsa, await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])] : [rsa];
}
async function addActor(name, type = "Person", locked = false) {
  const old = actors.get(name);
  if (old) return Object.assign(old, { locked });
  if (!["Person", "Group", "Service", "Application"].includes(type)) throw new Error(`no such kind of actor: ${type}`);
  const actor = { type, locked, keys: await keyPairs(), followers: new Map() };
  actors.set(name, actor);
  return actor;
}
for (const spec of (env.PEER_ACTORS ?? "alice:Person,bob:Person").split(",")) await addActor(...spec.split(":"));
await addActor("instance", "Application");

// ---------------------------------------------------------------- the server
const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  firstKnock,
  userAgent: "Fedify peer of a test",
});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, name) => {
    const actor = actors.get(name);
    if (!actor) return null;
    const keys = await ctx.getActorKeyPairs(name);
    return new as[actor.type]({
      id: ctx.getActorUri(name),
      preferredUsername: name,
      name: name[0].toUpperCase() + name.slice(1),
      summary: `<p>The test peer's ${name}</p>`,
      url: new URL(`/@${name}`, ctx.origin),
      inbox: ctx.getInboxUri(name),
      outbox: ctx.getOutboxUri(name),
      followers: ctx.getFollowersUri(name),
      endpoints: new as.Endpoints({ sharedInbox: ctx.getInboxUri() }),
      manuallyApprovesFollowers: actor.locked,
      discoverable: true,
      publicKey: keys[0].cryptographicKey,
      assertionMethods: keys.map((k) => k.multikey),
    });
  })
  .mapHandle((_ctx, name) => (actors.has(name) ? name : null))
  .setKeyPairsDispatcher((_ctx, name) => actors.get(name)?.keys ?? []);

federation.setFollowersDispatcher("/users/{identifier}/followers", (_ctx, name) => (
  actors.has(name) ? { items: [...actors.get(name).followers.values()] } : null
)).setCounter((_ctx, name) => actors.get(name)?.followers.size ?? null);

federation.setOutboxDispatcher("/users/{identifier}/outbox", (_ctx, name) => (
  actors.has(name) ? { items: [...sent.values()].filter((s) => s.as === name).map((s) => s.activity) } : null
));

for (const type of ["Note", "Page", "Article", "Question", "Event"]) {
  federation.setObjectDispatcher(as[type], `/${type.toLowerCase()}/{id}`, (ctx, { id }) => {
    const object = objects.get(ctx.getObjectUri(as[type], { id }).href);
    return object instanceof as[type] ? object : null;
  });
}

federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "fedify-test-peer", version: "1.0.0" },
  protocols: ["activitypub"],
  usage: { users: { total: actors.size }, localPosts: objects.size, localComments: 0 },
}));

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: "instance" }))
  .withIdempotency("per-inbox")
  .onUnverifiedActivity((ctx, _activity, reason) => {
    ctx.data.reason = reason.type;
    if (reason.keyId) ctx.data.keyId = reason.keyId.href;
    if (reason.result) ctx.data.detail = String(reason.result.error ?? `status ${reason.result.status}`);
  })
  .onError((ctx, error) => { ctx.data.error = String(error?.stack ?? error); })
  .on(as.Activity, async (ctx, activity) => {
    ctx.data.verified = true;
    await react(ctx, activity);
  });

// What the library would leave to the application: answering Follow, forgetting followers, a group's Announce.
async function react(ctx, activity) {
  if (activity instanceof as.Follow) {
    const name = localActor(ctx, activity.objectId);
    const actor = actors.get(name);
    if (!actor || actor.locked) return;
    await answerFollow(ctx, name, activity, as.Accept);
  } else if (activity instanceof as.Undo) {
    const object = await activity.getObject({ suppressError: true });
    if (object instanceof as.Follow && object.actorId?.href === activity.actorId?.href) {
      actors.get(localActor(ctx, object.objectId))?.followers.delete(activity.actorId.href);
    }
  }
  const about = [...activity.toIds, ...activity.ccIds, ...activity.audienceIds].map((u) => localActor(ctx, u));
  const group = about.find((name) => actors.get(name)?.type === "Group");
  if (group && !(activity instanceof as.Follow || activity instanceof as.Accept || activity instanceof as.Announce)) {
    const followers = [...actors.get(group).followers.values()];
    await send(ctx, group, new as.Announce({
      actor: ctx.getActorUri(group), object: activity,
      tos: [as.PUBLIC_COLLECTION], ccs: [ctx.getFollowersUri(group)],
    }), followers);
  }
}
function localActor(ctx, uri) {
  const parsed = uri ? ctx.parseUri(uri) : null;
  return parsed?.type === "actor" ? parsed.identifier : undefined;
}
async function answerFollow(ctx, name, follow, Answer) {
  const follower = await follow.getActor({ suppressError: true }) ?? await ctx.lookupObject(follow.actorId);
  if (!follower) throw new Error(`the follower cannot be fetched: ${follow.actorId}`);
  if (Answer === as.Accept) actors.get(name).followers.set(follower.id.href, follower);
  else actors.get(name).followers.delete(follower.id.href);
  return await send(ctx, name, new Answer({ actor: ctx.getActorUri(name), object: follow, to: follower.id }), [follower]);
}

// ---------------------------------------------------------------- sending
function context(data = {}) {
  return federation.createContext(new URL(origin), data);
}
async function json(object, ctx = context()) {
  return await object.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader, documentLoader: ctx.documentLoader });
}
async function resolve(ctx, name, id) {
  const loader = await ctx.getDocumentLoader({ identifier: name });
  const actor = await ctx.lookupObject(id, { documentLoader: loader });
  if (!actor || !as.isActor(actor)) throw new Error(`no actor could be fetched at ${id}`);
  return actor;
}
// Sends to every distinct inbox by itself, so that each answer is known.
async function send(ctx, name, activity, recipients, { shared = true } = {}) {
  if (!activity.id) activity = activity.clone({ id: new URL(`/activities/${++counter}`, origin) });
  const inboxes = new Map();
  for (const r of recipients) {
    const inbox = (shared && r.endpoints?.sharedInbox) || r.inboxId;
    if (inbox) inboxes.set(inbox.href, r);
  }
  const deliveries = [];
  for (const [inbox, recipient] of inboxes) {
    try {
      await ctx.sendActivity({ identifier: name }, recipient, activity, { immediate: true, preferSharedInbox: shared });
      deliveries.push({ inbox, ok: true });
    } catch (error) {
      deliveries.push({ inbox, ok: false, status: error.statusCode, body: error.responseBody, error: String(error) });
    }
  }
  sent.set(activity.id.href, { activity, as: name, recipients, deliveries });
  return { id: activity.id.href, activity: await json(activity, ctx), deliveries };
}
const urls = (list) => [list ?? []].flat().map((u) => (u === "as:Public" ? as.PUBLIC_COLLECTION : new URL(u)));
async function deliverTo(ctx, name, body, addressed) {
  const own = ctx.getFollowersUri(name).href;
  const list = body.deliver !== undefined ? urls(body.deliver) : addressed;
  const found = new Map();
  for (const id of list) {
    if (id.href === as.PUBLIC_COLLECTION.href) continue;
    if (id.href === own) {
      for (const f of actors.get(name).followers.values()) found.set(f.id.href, f);
    } else if (!found.has(id.href) && !/\/followers$/.test(id.pathname)) {
      found.set(id.href, await resolve(ctx, name, id));
    }
  }
  return [...found.values()];
}

const commands = {
  async actor({ name, type, locked }) {
    await addActor(name, type, locked);
    return { id: context().getActorUri(name).href };
  },
  async follow({ actor, ...body }, ctx, name) {
    const target = await resolve(ctx, name, actor);
    return await send(ctx, name, new as.Follow({ actor: ctx.getActorUri(name), object: target.id, to: target.id }),
      body.deliver === undefined ? [target] : await deliverTo(ctx, name, body, []));
  },
  async answer({ follow, accept }, ctx, name) {
    const record = received.findLast((r) => r.activity?.id === follow);
    if (!record) throw new Error(`no such Follow was received: ${follow}`);
    const activity = await as.Follow.fromJsonLd(record.activity, ctx);
    return await answerFollow(ctx, name, activity, accept === false ? as.Reject : as.Accept);
  },
  async post(body, ctx, name) {
    const type = body.type ?? "Note";
    const id = ctx.getObjectUri(as[type], { id: String(++counter) });
    const mentions = urls(body.mention);
    const tos = body.to === undefined ? [as.PUBLIC_COLLECTION] : urls(body.to);
    const ccs = body.cc === undefined ? [ctx.getFollowersUri(name), ...mentions] : urls(body.cc);
    const audiences = urls(body.audience);
    const object = new as[type]({
      id,
      attribution: ctx.getActorUri(name),
      name: body.name,
      content: body.content ?? "<p>Hello</p>",
      summary: body.summary,
      replyTarget: body.inReplyTo ? new URL(body.inReplyTo) : undefined,
      contexts: urls(body.context),
      tos, ccs, audiences,
      tags: await Promise.all(mentions.map(async (m) => new as.Mention({ href: m, name: body.mentionName ?? m.href }))),
      exclusiveOptions: type === "Question" ? (body.options ?? []).map((o) => new as.Note({ name: o, replies: new as.Collection({ totalItems: 0 }) })) : undefined,
      published: Temporal.Now.instant(),
      url: id,
    });
    objects.set(id.href, object);
    const result = await send(ctx, name, new as.Create({
      id: new URL(`${id.href}/activity`), actor: ctx.getActorUri(name), object, tos, ccs, audiences,
      published: object.published,
    }), await deliverTo(ctx, name, body, [...tos, ...ccs, ...audiences]), body);
    return { object: id.href, ...result };
  },
  async edit(body, ctx, name) {
    const old = mine(body.object);
    const object = old.clone({
      ...(body.content === undefined ? {} : { content: body.content }),
      ...(body.name === undefined ? {} : { name: body.name }),
      updated: Temporal.Now.instant(),
    });
    objects.set(body.object, object);
    const [tos, ccs, audiences] = [object.toIds, object.ccIds, object.audienceIds];
    return await send(ctx, name, new as.Update({ actor: ctx.getActorUri(name), object, tos, ccs, audiences }),
      await deliverTo(ctx, name, body, [...tos, ...ccs, ...audiences]), body);
  },
  async delete(body, ctx, name) {
    const old = mine(body.object);
    objects.delete(body.object);
    const [tos, ccs, audiences] = [old.toIds, old.ccIds, old.audienceIds];
    const object = body.bare ? old.id : new as.Tombstone({ id: old.id, deleted: Temporal.Now.instant() });
    return await send(ctx, name, new as.Delete({ actor: ctx.getActorUri(name), object, tos, ccs, audiences }),
      await deliverTo(ctx, name, body, [...tos, ...ccs, ...audiences]), body);
  },
  like: (body, ctx, name) => react1(body, ctx, name, as.Like),
  dislike: (body, ctx, name) => react1(body, ctx, name, as.Dislike),
  boost: (body, ctx, name) => react1(body, ctx, name, as.Announce),
  flag: (body, ctx, name) => react1(body, ctx, name, as.Flag),
  async undo(body, ctx, name) {
    const old = sent.get(body.activity);
    if (!old) throw new Error(`not sent from here: ${body.activity}`);
    const { toIds: tos, ccIds: ccs, audienceIds: audiences } = old.activity;
    return await send(ctx, name, new as.Undo({ actor: ctx.getActorUri(name), object: old.activity, tos, ccs, audiences }),
      body.deliver === undefined ? old.recipients : await deliverTo(ctx, name, body, []), body);
  },
  // Any JSON, signed as it is by the library: for shapes that its vocabulary would tidy up.
  async send(body, ctx, name) {
    const [rsa] = await ctx.getActorKeyPairs(name);
    let inbox = body.inbox;
    if (!inbox) inbox = (await resolve(ctx, name, body.actor)).inboxId.href;
    const request = new Request(inbox, {
      method: "POST", body: JSON.stringify(body.activity),
      headers: { "content-type": body.contentType ?? "application/activity+json" },
    });
    const spec = body.signature ?? firstKnock;
    const signed = spec === "none" ? request : await signRequest(request, rsa.privateKey, rsa.keyId, { spec: long(spec) });
    const response = await fetch(signed);
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  },
  async verify({ activity }, ctx) {
    const object = await verifyObject(as.Activity, activity, ctx);
    return { verified: object !== null };
  },
};
async function react1(body, ctx, name, Kind) {
  const addressed = urls(body.to);
  return await send(ctx, name, new Kind({
    actor: ctx.getActorUri(name), object: new URL(body.object), content: body.content,
    tos: addressed, ccs: urls(body.cc), audiences: urls(body.audience),
  }), await deliverTo(ctx, name, body, [...addressed, ...urls(body.cc), ...urls(body.audience)]), body);
}
function mine(id) {
  const object = objects.get(id);
  if (!object) throw new Error(`no object of this peer: ${id}`);
  return object;
}
const long = (spec) => (spec === "cavage" ? "draft-cavage-http-signatures-12" : spec);

const questions = {
  async inbox(query) {
    const since = +(query.get("since") ?? 0);
    return received.filter((r) => r.status && r.seq >= since);
  },
  async sent() {
    return await Promise.all([...sent.values()].map(async (s) => (
      { as: s.as, deliveries: s.deliveries, activity: await json(s.activity) })));
  },
  async followers(_query, ctx, name) {
    return [...actors.get(name).followers.keys()];
  },
  // mode=signed (default): one GET signed by the library, whatever comes back. mode=unsigned: the same without.
  // mode=library: the library's own loader with its retries, redirects, and checks.
  async fetch(query, ctx, name) {
    const url = query.get("url");
    if (query.get("mode") === "library") {
      try {
        const loader = await ctx.getDocumentLoader({ identifier: name });
        const { document, documentUrl } = await loader(url);
        return { ok: true, status: 200, url: documentUrl, json: document };
      } catch (error) {
        return { ok: false, status: error.response?.status, error: String(error) };
      }
    }
    let request = new Request(url, {
      headers: { accept: query.get("accept") ?? "application/activity+json" }, redirect: "manual",
    });
    if (query.get("mode") !== "unsigned") {
      const [rsa] = await ctx.getActorKeyPairs(name);
      request = await signRequest(request, rsa.privateKey, rsa.keyId, { spec: long(query.get("signature") ?? firstKnock) });
    }
    const response = await fetch(request);
    const body = await response.text();
    let parsed;
    try { parsed = JSON.parse(body); } catch { /* not JSON: body says what it is */ }
    return { ok: response.ok, status: response.status, headers: Object.fromEntries(response.headers), body, json: parsed };
  },
  async lookup(query, ctx, name) {
    const loader = await ctx.getDocumentLoader({ identifier: name });
    const object = await ctx.lookupObject(query.get("q"), { documentLoader: loader });
    return object ? { found: true, object: await json(object, ctx) } : { found: false };
  },
  async webfinger(query, ctx) {
    return await ctx.lookupWebFinger(query.get("resource"));
  },
  async nodeinfo(query, ctx) {
    return await ctx.lookupNodeInfo(query.get("url"), { parse: "none" }) ?? null;
  },
  async actors() {
    return info().actors;
  },
};

// ---------------------------------------------------------------- the two listeners
async function bytes(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
const server = http.createServer(async (req, res) => {
  const body = await bytes(req);
  const url = new URL(req.url, origin);
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
  const data = {};
  if (req.method === "POST" && /(^|\/)inbox$/.test(url.pathname)) {
    Object.assign(data, {
      seq: received.length, at: new Date().toISOString(), path: url.pathname, verified: false,
      headers: Object.fromEntries(headers), body: body.toString("utf8"),
    });
    try { data.activity = JSON.parse(data.body); } catch { /* kept as text */ }
    received.push(data);
  }
  try {
    const request = new Request(url, { method: req.method, headers, body: body.length ? body : undefined });
    const response = await federation.fetch(request, { contextData: data });
    if ("seq" in data) data.status = response.status;
    res.writeHead(response.status, Object.fromEntries(response.headers));
    res.end(Buffer.from(await response.arrayBuffer()));
  } catch (error) {
    data.status = 500;
    data.error = String(error?.stack ?? error);
    res.writeHead(500).end();
  }
});
const control = http.createServer(async (req, res) => {
  let status = 200, answer;
  try {
    const url = new URL(req.url, "http://control");
    const [, prefix, verb] = url.pathname.split("/");
    const table = req.method === "POST" ? commands : questions;
    if (prefix !== "control" || !Object.hasOwn(table, verb)) {
      [status, answer] = [404, { error: "no such command" }];
    } else {
      const body = req.method === "POST" ? JSON.parse((await bytes(req)).toString("utf8") || "{}") : url.searchParams;
      const name = (req.method === "POST" ? body.as : body.get("as")) ?? actors.keys().next().value;
      if (!actors.has(name)) throw new Error(`no actor of this peer: ${name}`);
      answer = await table[verb](body, context(), name);
    }
  } catch (error) {
    [status, answer] = [500, { error: String(error), stack: error?.stack }];
  }
  const text = JSON.stringify(answer ?? null);
  res.writeHead(status, { "content-type": "application/json" }).end(text);
});
const listen = (s, port) => new Promise((ok, no) => s.once("error", no).listen(port, "127.0.0.1", () => ok(s.address().port)));
const port = await listen(server, +(env.PEER_PORT ?? 0));
const origin = `http://${host}:${port}`;
const controlPort = await listen(control, +(env.PEER_CONTROL_PORT ?? 0));
function info() {
  return {
    ready: true, software: "fedify", origin, control: `http://127.0.0.1:${controlPort}`,
    actors: Object.fromEntries([...actors.keys()].map((n) => [n, context().getActorUri(n).href])),
  };
}
console.log(JSON.stringify(info()));

// Ends with whoever started it.
process.stdin.resume().on("end", () => process.exit(0)).on("error", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
