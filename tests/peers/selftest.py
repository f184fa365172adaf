#!/usr/bin/env python3
"""Lets peers of this folder talk to each other on loopback, without any Guildhall: shows that the drivers work.

    python3 tests/peers/selftest.py fedify fedify
    python3 tests/peers/selftest.py snac fedify

The first takes part (follows, posts, likes); the second is followed. Ends with "N passed, N failed".
"""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
results = []


class Peer:
    def __init__(self, kind, host, actors, **env):
        env = dict(os.environ, PEER_HOST=host, PEER_ACTORS=actors, PEER_PORT="0", PEER_CONTROL_PORT="0", **env)
        self.process = subprocess.Popen([os.path.join(HERE, kind, "run.sh")], env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.info = json.loads(self.process.stdout.readline())
        self.kind = kind
        self.actors = self.info["actors"]
        self.origin = self.info["origin"]

    def call(self, verb, body=None, **query):
        url = f"{self.info['control']}/control/{verb}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return json.loads(error.read())

    def inbox(self, type=None, inner=None, wait=20):
        """Waits for a received activity of that type, whose object is of the type `inner`."""
        end = time.time() + wait
        while True:
            for entry in self.call("inbox"):
                activity = entry.get("activity") or {}
                found = activity.get("object")
                found = found.get("type") if isinstance(found, dict) else None
                if activity.get("type") == type and (inner is None or found == inner):
                    return entry
            if time.time() > end:
                return None
            time.sleep(0.2)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


def check(name, ok, detail=None):
    results.append(bool(ok))
    print(("ok    " if ok else "FAILED"), name, "" if ok else json.dumps(detail, indent=1)[:3000])


def arrived(peer, name, entry):
    check(f"{name} arrived and was verified by {peer.kind}", entry and entry["verified"] and entry["status"] < 300, entry)


def fedify_fedify(a, b):
    one, club = a.actors["alice"], b.actors["club"]
    r = a.call("lookup", q=f"@club@{b.origin.split('//')[1]}")
    check("looked up by handle", r.get("found") and r["object"]["id"] == club, r)
    r = a.call("follow", {"actor": club})
    check("follow sent", r.get("deliveries", [{}])[0].get("ok"), r)
    arrived(b, "Follow", b.inbox("Follow"))
    arrived(a, "Accept", a.inbox("Accept"))
    post = a.call("post", {"type": "Page", "name": "First", "content": "<p>Hello</p>", "audience": [club], "cc": [club]})
    check("topic sent", post.get("deliveries", [{}])[0].get("ok"), post)
    arrived(b, "Create", b.inbox("Create", "Page"))
    arrived(a, "Announce{Create}", a.inbox("Announce", "Create"))
    r = a.call("post", {"content": "<p>A comment</p>", "inReplyTo": post["object"], "audience": [club], "cc": [club]})
    arrived(b, "Create{Note}", b.inbox("Create", "Note"))
    like = a.call("like", {"object": post["object"], "to": [club]})
    arrived(b, "Like", b.inbox("Like"))
    r = a.call("undo", {"activity": like["id"]})
    arrived(b, "Undo{Like}", b.inbox("Undo", "Like"))
    a.call("edit", {"object": post["object"], "content": "<p>Changed</p>"})
    arrived(b, "Update", b.inbox("Update", "Page"))
    r = b.call("fetch", url=post["object"])
    check("signed fetch", r.get("status") == 200 and r["json"]["content"] == "<p>Changed</p>", r)
    r = b.call("fetch", url=post["object"], mode="library")
    check("the library's own fetch", r.get("ok"), r)
    a.call("delete", {"object": post["object"]})
    arrived(b, "Delete", b.inbox("Delete"))
    r = b.call("fetch", url=post["object"], mode="unsigned")
    check("deleted: not found", r.get("status") in (404, 410), r)
    r = b.call("verify", {"activity": a.call("sent")[0]["activity"]})
    check("verify answers", "verified" in r, r)
    forged = {"@context": "https://www.w3.org/ns/activitystreams", "type": "Like", "id": f"{a.origin}/x",
              "actor": one, "object": club}
    r = a.call("send", {"actor": club, "activity": forged, "signature": "none"})
    check("unsigned is refused", r.get("status") == 401, r)
    for signature in ("cavage", "rfc9421"):
        r = a.call("send", {"actor": club, "activity": dict(forged, id=f"{a.origin}/x/{signature}"), "signature": signature})
        check(f"plain JSON signed with {signature}", r.get("status") == 202, r)


def until(question, wait=30):
    end = time.time() + wait
    while True:
        answer = question()
        if answer or time.time() > end:
            return answer
        time.sleep(0.3)


def snac_fedify(a, b):
    club = b.actors["club"]
    r = a.call("webfinger", resource=f"@club@{b.origin.split('//')[1]}")
    check("looked up by handle", "status: 200" in r.get("output", "") and club in r["output"], r)
    a.call("follow", {"actor": club})
    arrived(b, "Follow", b.inbox("Follow"))
    check("follow accepted", until(lambda: a.call("relationship", actor=club)[0]["following"]), a.call("relationship", actor=club))
    post = a.call("post", {"content": "A first topic\n\nwith *body*", "mention": [club]})
    check("topic posted", post.get("status") == 200, post)
    topic = b.inbox("Create", "Note")
    arrived(b, "Create{Note} with a mention", topic)
    check("the mention is a tag", topic and any(t.get("href") == club for t in topic["activity"]["object"]["tag"]), topic)
    answer = b.call("post", {"as": "bob", "content": "<p>An answer</p>", "inReplyTo": post["object"],
                             "mention": [a.actors["alice"]]})
    check("answer sent", answer.get("deliveries", [{}])[0].get("ok"), answer)
    check("answer stored by snac", until(lambda: a.call("object", id=answer["object"])), a.call("log"))
    reply = a.call("post", {"content": "And back", "inReplyTo": answer["object"], "mention": [b.actors["bob"]]})
    check("reply posted", reply.get("status") == 200, reply)
    r = until(lambda: [e for e in b.call("inbox") if e["activity"].get("object", {}) and isinstance(e["activity"]["object"], dict)
                       and e["activity"]["object"].get("inReplyTo") == answer["object"]])
    check("reply arrived", r and r[0]["verified"], r)
    a.call("like", {"object": answer["object"]})
    arrived(b, "Like", b.inbox("Like"))
    a.call("unlike", {"object": answer["object"]})
    arrived(b, "Undo{Like}", b.inbox("Undo", "Like"))
    a.call("edit", {"object": post["object"], "content": "A first topic, changed", "mention": [club]})
    arrived(b, "Update", b.inbox("Update", "Note"))
    b.call("like", {"as": "bob", "object": post["object"], "to": [a.actors["alice"]]})
    check("like counted by snac", until(lambda: a.call("status", object=post["object"])["answer"]["favourites_count"] == 1),
          a.call("status", object=post["object"]))
    own = b.call("post", {"as": "club", "content": "<p>From the group</p>"})
    b.call("boost", {"as": "club", "object": answer["object"], "to": ["as:Public"], "deliver": [a.actors["alice"]]})
    check("post of the group in the timeline", until(lambda: [s for s in a.call("timeline") if "From the group" in s["content"]]),
          [own, a.call("timeline")])
    b.call("edit", {"as": "bob", "object": answer["object"], "content": "<p>An answer, changed</p>"})
    check("edit stored by snac", until(lambda: "changed" in (a.call("object", id=answer["object"]) or {}).get("content", "")),
          a.call("log"))
    r = a.call("fetch", url=answer["object"])
    check("signed fetch by snac", r.get("ok") and r["json"]["id"] == answer["object"], r)
    b.call("delete", {"as": "bob", "object": answer["object"]})
    check("delete done by snac", until(lambda: a.call("object", id=answer["object"]) is None), a.call("log"))
    a.call("delete", {"object": post["object"]})
    arrived(b, "Delete", b.inbox("Delete"))
    a.call("unfollow", {"actor": club})
    arrived(b, "Undo{Follow}", b.inbox("Undo", "Follow"))
    forged = {"@context": "https://www.w3.org/ns/activitystreams", "type": "Create", "id": f"{b.origin}/x", "actor": b.actors["bob"],
              "object": {"type": "Note", "id": f"{b.origin}/x/note", "attributedTo": b.actors["bob"], "content": "forged",
                         "to": [a.actors["alice"]], "published": "2026-01-01T00:00:00Z"}, "to": [a.actors["alice"]]}
    r = b.call("send", {"actor": a.actors["alice"], "activity": forged, "signature": "none"})
    print("note  unsigned to snac:", r.get("status"), a.call("log")[-2:])
    time.sleep(2)
    check("unsigned is not stored by snac", a.call("object", id=f"{b.origin}/x/note") is None)


def main(kinds):
    first = Peer(kinds[0], "one.localhost", "alice:Person")
    second = Peer(kinds[1], "two.localhost", "bob:Person,club:Group")
    try:
        globals()["_".join(kinds)](first, second)
    finally:
        first.stop()
        second.stop()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["fedify", "fedify"]))
