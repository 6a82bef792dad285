"""Pictures over a network, from a server of this machine that behaves well and badly.

usage: remote.py PROGRAM
"""

import hashlib
import hmac
import http.server
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "faults"))
import runs  # noqa: E402

SECRET, TOKEN = "a/secret+key", "a token/of+a=session"
PAGE = 1000
KEYS = ["plain.jpg", "a b.jpg", "a+b.jpg", "100%25.jpg", "ü/ß.jpg", "a&b=c?d#e.jpg", "deep//er.jpg",
        "q'\"<>.jpg", ".hidden.jpg", "notes.txt", "clip.mp4", "bad.jpg"]
MANY = [f"many/{i:05}.jpg" for i in range(PAGE + 5)]


class State:
    """What the server sends, and what it has seen."""
    jpeg = b""
    tries = {}
    wrong = []  # signatures
    down = False


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", length=None, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        path = urllib.parse.unquote(path)
        State.tries[path] = State.tries.get(path, 0) + 1
        if State.down:
            self.answer(503)
        elif path.startswith("/bucket/"):
            self.answer_s3(path[len("/bucket/"):], query)
        else:
            self.answer_http(path)

    def answer_http(self, path):
        here = f"http://127.0.0.1:{self.server.server_port}"
        places = {"/to-good.jpg": "/good.jpg", "/to-file.jpg": "file:///etc/passwd",
                  "/to-ftp.jpg": "ftp://127.0.0.1/a.jpg", "/round.jpg": "/round.jpg"}
        if path in places:
            self.answer(302, Location=places[path])
        elif path == "/list.txt":
            self.answer(200, f"good.jpg\n/sub/a%20b.jpg\r\n\n{here}/c+d.jpg\n/etc/passwd\n"
                        "file:///etc/hostname\n".encode())
        elif path == "/secret.jpg":
            self.answer(403)
        elif path == "/flaky.jpg" and State.tries[path] < 3:
            self.answer(500)
        elif path == "/always.jpg":
            self.answer(500)
        elif path == "/cut.jpg":
            self.answer(200, State.jpeg[:100], len(State.jpeg))
            self.close_connection = True
        elif path == "/slow.jpg":
            self.answer(200, State.jpeg[:100], len(State.jpeg))
            self.connection.recv(1)  # until the client gives up
            self.close_connection = True
        elif path == "/huge.jpg":
            self.answer(200, b"", 1 << 40)
            self.close_connection = True
        elif path in ("/good.jpg", "/flaky.jpg", "/sub/a b.jpg", "/c+d.jpg"):
            self.answer(200, State.jpeg)
        else:
            self.answer(404)

    def answer_s3(self, key, query):
        if not self.is_signed():
            State.wrong.append(self.path)
            self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif query:
            self.answer_list(dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
        elif key == "bad.jpg":
            self.answer(200, b"no picture")
        elif key in KEYS or key in MANY:
            self.answer(200, State.jpeg)
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def answer_list(self, query):
        assert query["list-type"] == "2", query
        after = query.get("continuation-token", "")
        keys = sorted((key for key in KEYS + MANY if key.startswith(query["prefix"])
                       and "token " + key > after), key=str.encode)
        page, more = keys[:PAGE], len(keys) > PAGE
        rows = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>"
                       for key in page)
        token = f"<NextContinuationToken>token {escape(page[-1])}</NextContinuationToken>"
        self.answer(200, ('<?xml version="1.0" encoding="UTF-8"?><ListBucketResult'
                          ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                          f"<IsTruncated>{str(more).lower()}</IsTruncated>{token if more else ''}"
                          f"{rows}</ListBucketResult>").encode())

    def is_signed(self):
        """Whether the request is signed as AWS tells it (Signature Version 4)."""
        words = self.headers.get("Authorization", "")
        if not words.startswith("AWS4-HMAC-SHA256 "):
            return False
        parts = dict(part.strip().split("=", 1) for part in words.split(" ", 1)[1].split(","))
        scope = parts["Credential"].split("/")[1:]
        path, _, query = self.path.partition("?")
        names = parts["SignedHeaders"].split(";")
        if self.headers.get("x-amz-security-token") != TOKEN or "x-amz-security-token" not in names:
            return False
        request = "\n".join(
            ["GET", path, "&".join(sorted(query.split("&"))) if query else ""] +
            [f"{name}:{self.headers[name].strip()}" for name in names] +
            ["", parts["SignedHeaders"], self.headers["x-amz-content-sha256"]])
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], "/".join(scope),
                          hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for word in scope:
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature, parts["Signature"])


class Quiet(http.server.ThreadingHTTPServer):
    """Clients that are killed are no news.

    The queue takes all of a run's connections at once: one that is turned away comes again after a
    second.
    """
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


def annotate(program, out, *inputs, timeout=30, retries=2, **more):
    """A run whose timeout no busy machine reaches, unless another one is told."""
    words = runs.command(program, inputs[0], out, *inputs[1:], "--net-timeout", str(timeout),
                         "--net-retries", str(retries), "--no-report")
    return subprocess.run(words, check=False, capture_output=True, text=True, **more)


def query(out, sql):
    import sqlite3
    base = sqlite3.connect(os.path.join(out, "run.db"))
    rows = base.execute(sql).fetchall()
    base.close()
    return rows


def errors(out):
    return dict(query(out, "SELECT CAST(path AS TEXT), message FROM items JOIN errors"
                           " ON item = number"))


def check(truth, *what):
    if not truth:
        sys.exit("fails: " + " ".join(map(str, what)))


def test_http(program, web, folder):
    out = os.path.join(folder, "http")
    names = ["good", "flaky", "always", "cut", "huge", "secret", "none", "to-good", "to-file",
             "to-ftp", "round"]
    urls = [f"{web}/{name}.jpg" for name in names]
    urls += [f"{web}/list.txt", f"{web}/good.jpg?user=me&signature=hush", f"{web}/a.zip",
             f"{web}/a.mp4", web.replace("//", "//user:password@") + "/x.jpg"]
    done = annotate(program, out, *urls)
    check(done.returncode == 3, done)
    said = errors(out)
    expected = {"always": "answers 500 again", "cut": "try later",
                "huge": "larger than the limit", "secret": "access is denied (403)",
                "none": "no such object (404)", "to-file": "not followed",
                "to-ftp": "not followed", "round": "redirect"}
    for name, words in expected.items():
        message = said.pop(f"{web}/{name}.jpg", "nothing")
        check(words in message, name, message)
    for name, words in (("a.zip", "archives are not read over"), ("a.mp4", "videos are not")):
        check(words in said.pop(f"{web}/{name}"), name)
    message = said.pop(web.replace("//", "//user:password@") + "/x.jpg")
    check("password is not taken" in message and "user:" not in message, message)
    check(all("(404)" in message for message in said.values()) and len(said) == 2, said)
    check(not any("passwd" in path and not path.startswith(web) for path in said), said)
    labels = [row[0] for row in query(out, "SELECT label FROM items WHERE boxes NOT NULL")]
    check(labels == ["good", "flaky", "to-good", "good.jpg", "a b", "c+d", "good.jpg-2"], labels)
    check(State.tries["/flaky.jpg"] == 3 and State.tries["/always.jpg"] == 3, State.tries)
    check(State.tries["/secret.jpg"] == 1, "403 is asked for again")
    rows = query(out, "SELECT bytes, modified_ns FROM items WHERE label = 'good'")
    check(rows == [(len(State.jpeg), 1735689600 * 10**9)], rows)
    before = dict(State.tries)
    again = annotate(program, out, *urls)
    check(again.returncode == 3 and State.tries["/good.jpg"] == before["/good.jpg"],
          "what is done is fetched again", again)


def test_slow(program, web, folder):
    """What stops answering is given up."""
    out, url = os.path.join(folder, "slow"), f"{web}/slow.jpg"
    done = annotate(program, out, url, timeout=0.5, retries=1)
    check(done.returncode == 3 and "try later" in errors(out)[url], done)


def test_lists(program, web, folder):
    out = os.path.join(folder, "lists")
    with open(os.path.join(folder, "list"), "w", encoding="utf-8") as file:
        file.write(f"{web}/good.jpg\ns3://bucket/a b.jpg\n")
    done = annotate(program, out, f"--list={folder}/list", f"{web}/c+d.jpg")
    check(done.returncode == 0, done)
    done = annotate(program, os.path.join(folder, "none"), f"{web}/nothing.txt")
    check(done.returncode == 1 and "no such object (404)" in done.stderr, done)


def test_s3(program, folder):
    out = os.path.join(folder, "s3")
    done = annotate(program, out, "s3://bucket")
    check(done.returncode == 3, done)
    names = [row[0] for row in query(out, "SELECT name FROM items ORDER BY number")]
    keys = [key for key in sorted(KEYS + MANY, key=str.encode)
            if key not in (".hidden.jpg", "notes.txt")]
    check(names == keys, set(names) ^ set(keys))
    check(sorted(errors(out)) == ["s3://bucket/bad.jpg", "s3://bucket/clip.mp4"], errors(out))
    check(not State.wrong, "not signed as AWS wants it:", State.wrong)
    some = os.path.join(folder, "some")
    check(annotate(program, some, "s3://bucket/ü/").returncode == 0, "a prefix")
    check(query(some, "SELECT path, name FROM items") == [("s3://bucket/ü/ß.jpg", "ß.jpg")], "name")
    done = annotate(program, os.path.join(folder, "no-key"), "s3://bucket/a b.jpg",
                    env={**os.environ, "AWS_SECRET_ACCESS_KEY": "wrong"})
    said = errors(os.path.join(folder, "no-key"))["s3://bucket/a b.jpg"]
    check("403, SignatureDoesNotMatch" in said, said)
    return out


def test_kills(program, folder, whole):
    """Killed at random moments, a run over S3 goes on and comes to the same end."""
    out = os.path.join(folder, "killed")
    kills, seed = 0, random.Random(7)
    words = runs.command(program, "s3://bucket", out, "--no-report")
    while kills < 5:
        process = subprocess.Popen(words)
        try:
            process.wait(seed.uniform(0.1, 1.5))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    check(annotate(program, out, "s3://bucket").returncode == 3, "the end of a killed run")
    check(runs.content(out) == runs.content(whole), "a killed run has another database")
    check(runs.final_files(out) == runs.final_files(whole), "a killed run has other files")
    print(f"killed {kills} times over S3")


def test_outage(program, web, folder):
    """A network that fails ends the run; when it is back the same command goes on."""
    out = os.path.join(folder, "outage")
    State.down = True
    done = annotate(program, out, "s3://bucket/many/", retries=0)
    check(done.returncode == 1 and "503" in done.stderr, done)
    done = annotate(program, out, *[f"{web}/good.jpg"] * 200, retries=0)
    check(done.returncode == 1 and "one after the other" in done.stderr, done)
    check(query(out, "SELECT count(*) FROM items") == [(0,)], "what an outage failed is kept")
    State.down = False
    check(annotate(program, out, "s3://bucket/many/").returncode == 0, "after an outage")
    done = annotate(program, os.path.join(folder, "nobody"), "http://127.0.0.1:9/a.jpg")
    said = errors(os.path.join(folder, "nobody"))["http://127.0.0.1:9/a.jpg"]
    check(done.returncode == 3 and "is there a network" in said, said)


def certify(folder, name, *more):
    """A key and a certificate for localhost; signed by the authority's where that is told."""
    path = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", path + ".key",
                    "-subj", "/CN=" + name, *more], check=True, capture_output=True)
    return path


def sign(path, authority, host, *days):
    with open(path + ".ext", "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={host}\n")
    subprocess.run(["openssl", "x509", "-req", "-in", path + ".csr", "-CA", authority + ".pem",
                    "-CAkey", authority + ".key", "-CAcreateserial", "-out", path + ".pem",
                    "-extfile", path + ".ext", *days], check=True, capture_output=True)
    return path


def sign_from(path, authority, begin, end):
    """Signs a request for localhost from one day on to another; `openssl x509` knows only today."""
    place = path + "-authority"
    os.mkdir(place)
    for name, content in (("index", ""), ("serial", "01\n"), ("config", (
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={place}/index\nserial={place}/serial\n"
            f"new_certs_dir={place}\npolicy=p\ndefault_md=sha256\nx509_extensions=x\n"
            "[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:localhost\n"))):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(content)
    subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", os.path.join(place, "config"),
                    "-cert", authority + ".pem", "-keyfile", authority + ".key", "-in", path + ".csr",
                    "-out", path + ".pem", "-startdate", begin, "-enddate", end], check=True,
                   capture_output=True)
    return path


def serve_tls(path):
    server = Quiet(("127.0.0.1", 0), Server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path + ".pem", path + ".key")
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_port}/good.jpg"


def test_tls(program, web, folder):
    """Certificates that are wrong in each way are told so, and asked for once; good ones serve."""
    if not shutil.which("openssl"):
        print("openssl is not installed: certificates are not tried")
        return
    authority, self_signed = (
        certify(folder, name, "-x509", "-days", "9", "-out", os.path.join(folder, name + ".pem"),
                "-addext", "subjectAltName=DNS:localhost") for name in ("authority", "alone"))
    good, old, other, young = (certify(folder, name, "-out", os.path.join(folder, name + ".csr"))
                               for name in ("good", "old", "other", "young"))
    cases = [(sign(good, authority, "DNS:localhost", "-days", "9"), None, None),
             (sign(old, authority, "DNS:localhost", "-days", "-1"), None, "has expired"),
             (sign_from(young, authority, "20980101000000Z", "20990101000000Z"), None,
              "is not valid yet"),
             (sign(other, authority, "DNS:elsewhere.test", "-days", "9"), None, "for another host"),
             (self_signed, None, "signed by nobody that is trusted here"),
             (good, "", "is not trusted"),
             (good, os.path.join(folder, "nowhere.pem"), "SSL_CERT_FILE name")]
    for number, (path, authorities, expected) in enumerate(cases):
        url, out = serve_tls(path), os.path.join(folder, f"tls{number}")
        file = authority + ".pem" if authorities is None else authorities
        done = annotate(program, out, url, env={**os.environ, "SSL_CERT_FILE": file})
        check(done.returncode == (3 if expected else 0), number, done)
        said = errors(out).get(url, "")
        check((expected in said) if expected else not said, number, said)
    out, url = os.path.join(folder, "plain"), web.replace("http:", "https:") + "/good.jpg"
    check(annotate(program, out, url).returncode == 3, "https of a server of http")
    check("does the server speak https" in errors(out)[url], errors(out))
    print(f"{len(cases)} certificates")


def main():
    program = sys.argv[1]
    server = Quiet(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_port}"
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_CACHE_HOME=os.path.join(folder, "cache"), AWS_ENDPOINT_URL=web,
                          AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY=SECRET,
                          AWS_SESSION_TOKEN=TOKEN, AWS_REGION="eu-north-1")
        os.environ.pop("AWS_ENDPOINT_URL_S3", None)
        picture = os.path.join(folder, "picture.jpg")
        subprocess.run([sys.executable, runs.PICTURES, "good", picture], check=True)
        with open(picture, "rb") as file:
            State.jpeg = file.read()
        test_http(program, web, folder)
        test_slow(program, web, folder)
        test_lists(program, web, folder)
        test_tls(program, web, folder)
        test_kills(program, folder, test_s3(program, folder))
        test_outage(program, web, folder)


main()
