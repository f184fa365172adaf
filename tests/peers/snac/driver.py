#!/usr/bin/env python3
"""Runs a snac server (the program given as argument) on loopback and lets a test drive it.

snac does everything by itself: documents, signatures, WebFinger, queue, storage. Around it stand three small
listeners of ours that change nothing but where a connection goes:

- the door, on PEER_PORT: hands every request to snac and writes down what reached an inbox, with snac's answer;
- the way out, an HTTP proxy that snac is told to use: `NAME.localhost:PORT` goes to 127.0.0.1:PORT, and a name
  without a port (snac cannot write a mention with one) goes to the port last used for that name;
- the control interface, described in ../README.md: it calls snac's command line and its client API.
"""
import hashlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

SNAC = sys.argv[1]
HOST = os.environ.get("PEER_HOST", "snac.localhost")
NAMES = [spec.split(":")[0] for spec in os.environ.get("PEER_ACTORS", "alice").split(",")
         if spec.split(":")[1:2] in ([], ["Person"])]
lock = threading.Lock()
received, wire, log = [], [], []
known_ports = {}          # host name -> port last used with it
tokens = {}               # user -> token of the client API
HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, method, target, headers=None, body=None):
    """One HTTP request to loopback: (status, reason, headers as a list of pairs, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers or []:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "DELETE"):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.getheaders(), answer.read()
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def pass_on(self, port, target, headers):
        body = self.read_body()
        headers = [(n, v) for n, v in headers if n.lower() not in HOP]
        try:
            status, reason, answer, content = ask(port, self.command, target, headers, body)
        except OSError as error:
            status, reason, answer, content = 502, "Bad Gateway", [], str(error).encode()
        self.send_response_only(status, reason)
        for name, value in answer:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True    # whoever asked has gone
        return body, status, content

    def handle_any(self):
        raise NotImplementedError

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = lambda self: self.handle_any()


class Door(Handler):
    def handle_any(self):
        headers = list(self.headers.items())
        body, status, _ = self.pass_on(inner_port, self.path, headers)
        if self.command == "POST" and re.search(r"inbox$", self.path.split("?")[0]):
            entry = {"at": time.time(), "path": self.path, "status": status, "verified": None,
                     "headers": {n.lower(): v for n, v in headers}, "body": body.decode("utf8", "replace")}
            try:
                entry["activity"] = json.loads(body)
            except ValueError:
                pass
            with lock:
                entry["seq"] = len(received)
                received.append(entry)


class WayOut(Handler):
    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        name, port = url.hostname or "", url.port
        target = (url.path or "/") + ("?" + url.query if url.query else "")
        headers = list(self.headers.items())
        if not (name == "localhost" or name.endswith(".localhost") or name == "127.0.0.1"):
            self.send_error(502, "only names of this machine are reached from here")
            return
        if port:
            known_ports[name] = port
        else:
            port = known_ports.get(name, 80)
            headers = [(n, f"{name}:{port}" if n.lower() == "host" else v) for n, v in headers]
            # The account asked for gets the port that the mention could not carry.
            target = re.sub(rf"(resource=acct:[^&]*@){re.escape(name)}(?=&|$)", rf"\g<1>{name}:{port}", target)
        body, status, content = self.pass_on(port, target, headers)
        with lock:
            wire.append({"method": self.command, "url": self.path, "headers": dict(headers), "status": status,
                         "body": body.decode("utf8", "replace"), "answer": content[:2000].decode("utf8", "replace")})


def snac(*args):
    done = subprocess.run([SNAC, args[0], BASE, *args[1:]], env=snac_env, capture_output=True, text=True, timeout=60)
    return {"command": " ".join(args), "status": done.returncode, "output": done.stdout, "errors": done.stderr}


def api(user, method, path, form=None):
    body = urllib.parse.urlencode(form, doseq=True).encode() if form else b""
    headers = [("Host", f"{HOST}:{port}"), ("Authorization", f"Bearer {tokens[user]}")]
    if form:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    status, _, _, content = ask(inner_port, method, path, headers, body)
    try:
        answer = json.loads(content)
    except ValueError:
        answer = content.decode("utf8", "replace")
    return {"status": status, "answer": answer}


def md5(url):
    return hashlib.md5(url.encode()).hexdigest()


def status_id(url):
    """The client API's name of an object: ten signs for its time (not looked at) and the digest of its id."""
    return "0" * 10 + md5(url)


def stored(url):
    digest = md5(url)
    path = os.path.join(BASE, "object", digest[:2], digest + ".json")
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return json.load(file)


def need(user, url):
    """Makes sure that snac has the object, as it would when a person pastes its address into the search field."""
    if stored(url) is None:
        snac("insert", user, url)
    if stored(url) is None:
        raise ValueError(f"snac could not fetch {url}")


def handle_of(actor):
    document = stored(actor)
    if document is None:
        snac("actor", NAMES[0], actor)
        document = stored(actor)
    if document is None:
        raise ValueError(f"snac could not fetch the actor {actor}")
    host = urllib.parse.urlsplit(actor)
    if host.port:
        known_ports[host.hostname] = host.port
    return f"@{document['preferredUsername']}@{host.hostname}"


def post(body, user):
    text = body.get("content", "Hello")
    mentions = [m if m.startswith("@") else handle_of(m) for m in body.get("mention", [])]
    form = {"status": " ".join(mentions + [text]), "visibility": body.get("visibility", "public")}
    if body.get("inReplyTo"):
        need(user, body["inReplyTo"])
        form["in_reply_to_id"] = status_id(body["inReplyTo"])
    if body.get("summary"):
        form["spoiler_text"] = body["summary"]
    answer = api(user, "POST", "/api/v1/statuses", form)
    if answer["status"] == 200:
        answer["object"] = answer["answer"]["uri"]
    return answer


def on_status(verb, fetch=True):
    def run(body, user):
        if fetch:
            need(user, body["object"])
        return api(user, "POST", f"/api/v1/statuses/{status_id(body['object'])}/{verb}")
    return run


def edit(body, user):
    mentions = [m if m.startswith("@") else handle_of(m) for m in body.get("mention", [])]
    return api(user, "PUT", f"/api/v1/statuses/{status_id(body['object'])}",
               {"status": " ".join(mentions + [body["content"]])})


COMMANDS = {
    "follow": lambda b, u: snac("follow", u, b["actor"]),
    "unfollow": lambda b, u: snac("unfollow", u, b["actor"]),
    "post": post,
    "edit": edit,
    "delete": lambda b, u: api(u, "DELETE", f"/api/v1/statuses/{status_id(b['object'])}"),
    "like": on_status("favourite"), "unlike": on_status("unfavourite", False),
    "boost": on_status("reblog"), "unboost": on_status("unreblog", False),
    "request": lambda b, u: snac("insert", u, b["url"]),
    "command": lambda b, u: snac(*b["args"]),
}


def fetch(query, user):
    """A signed GET by snac itself: what it made of the answer, and the answer as it passed the way out."""
    before = len(wire)
    result = snac("request", user, query["url"])
    # What passed the way out is written down when it has passed, perhaps a moment after snac has it.
    for _ in range(100):
        with lock:
            seen = [w for w in wire[before:] if w["url"] == query["url"]]
        if seen:
            break
        time.sleep(0.05)
    last = seen[-1] if seen else {}
    answer = {"status": last.get("status"), "headers": last.get("headers"), "output": result["output"]}
    start = result["output"].find("{")
    if start >= 0:
        try:
            answer["json"] = json.loads(result["output"][start:])
        except ValueError:
            pass
    answer["ok"] = answer["status"] == 200
    return answer


QUESTIONS = {
    "inbox": lambda q, u: received[int(q.get("since", 0)):],
    "wire": lambda q, u: wire[int(q.get("since", 0)):],
    "log": lambda q, u: log,
    "fetch": fetch,
    "object": lambda q, u: stored(q["id"]),
    "webfinger": lambda q, u: snac("webfinger", q["resource"]),
    "lookup": lambda q, u: snac("actor", u, q["q"]),
    "timeline": lambda q, u: api(u, "GET", "/api/v1/timelines/home")["answer"],
    "notifications": lambda q, u: api(u, "GET", "/api/v1/notifications")["answer"],
    "status": lambda q, u: api(u, "GET", f"/api/v1/statuses/{status_id(q['object'])}"),
    "context": lambda q, u: api(u, "GET", f"/api/v1/statuses/{status_id(q['object'])}/context"),
    "relationship": lambda q, u: api(
        u, "GET", f"/api/v1/accounts/relationships?id[]={md5(q['actor'])}")["answer"],
    "actors": lambda q, u: info()["actors"],
}


class Control(Handler):
    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        verb = url.path.removeprefix("/control/")
        status = 200
        try:
            if self.command == "POST":
                body = json.loads(self.read_body() or b"{}")
                answer = COMMANDS[verb](body, body.get("as", NAMES[0]))
            else:
                query = dict(urllib.parse.parse_qsl(url.query))
                answer = QUESTIONS[verb](query, query.get("as", NAMES[0]))
        except Exception as error:  # the caller is a test: it wants to see whatever it was
            status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def start(kind, wanted):
    server = Server(("127.0.0.1", int(wanted or 0)), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def info():
    return {"ready": True, "software": "snac", "origin": f"http://{HOST}:{port}",
            "control": f"http://127.0.0.1:{control_port}",
            "actors": {name: f"http://{HOST}:{port}/{name}" for name in NAMES}}


def main():
    subprocess.run([SNAC, "init", BASE], input=f"127.0.0.1\n{inner_port}\n{HOST}:{port}\n\n\n", env=snac_env,
                   text=True, check=True, capture_output=True)
    path = os.path.join(BASE, "server.json")
    with open(path) as file:
        config = json.load(file)
    config.update(protocol="http", dbglevel=1, queue_retry_minutes=1, disable_inbox_collection=False, title="A test's peer")
    with open(path, "w") as file:
        json.dump(config, file)
    passwords = {}
    for name in NAMES:
        done = snac("adduser", name)
        passwords[name] = re.search(r"password is (\S+)", done["output"])[1]
        # Some versions write a few stray bytes after the last line of a new key.
        path = os.path.join(BASE, "user", name, "key.json")
        with open(path, errors="replace") as file:
            key = json.load(file)
        for part in ("public", "secret"):
            key[part] = re.match(r"(?s).*-----END [A-Z ]+-----\n", key[part])[0]
        with open(path, "w") as file:
            json.dump(key, file)
    server = subprocess.Popen([SNAC, "httpd", BASE], env=snac_env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def read_log():
        for line in server.stdout:
            log.append(line.rstrip())
            if os.environ.get("PEER_LOG"):
                sys.stderr.write(line)
    threading.Thread(target=read_log, daemon=True).start()
    try:
        for _ in range(200):
            try:
                ask(inner_port, "GET", "/", [("Host", f"{HOST}:{port}")])
                break
            except OSError:
                if server.poll() is not None:
                    raise SystemExit("snac did not start: " + "\n".join(log)) from None
                time.sleep(0.05)
        for name, password in passwords.items():
            form = urllib.parse.urlencode({"login": name, "passwd": password}).encode()
            _, _, _, page = ask(inner_port, "POST", "/oauth/x-snac-get-token",
                                [("Host", f"{HOST}:{port}"), ("Content-Type", "application/x-www-form-urlencoded")], form)
            tokens[name] = re.search(rb"\b[0-9a-f]{32}\b", page)[0].decode()
        print(json.dumps(info()), flush=True)
        sys.stdin.read()    # ends with whoever started it
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with tempfile.TemporaryDirectory(prefix="snac-peer-") as folder:
    BASE = os.path.join(folder, "data")
    inner_port = free_port()
    port = start(Door, os.environ.get("PEER_PORT"))
    control_port = start(Control, os.environ.get("PEER_CONTROL_PORT"))
    way_out = start(WayOut, 0)
    snac_env = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "http_proxy": f"http://127.0.0.1:{way_out}"}
    main()
