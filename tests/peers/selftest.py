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
