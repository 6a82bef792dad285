"""Pictures in the buckets of moto's S3 server, put there by boto3: keys of all kinds, and pages."""

import logging
import os
import sqlite3
import subprocess
import sys
import tempfile

import boto3
from moto.server import ThreadedMotoServer

HERE = os.path.dirname(os.path.abspath(__file__))
CLI = os.path.join(HERE, os.pardir, "cli")
PROGRAM = os.environ["BW_PROGRAM"]
KEYS = ["plain.jpg", "a b.jpg", "a+b.jpg", "100%25.jpg", "ü/ß.jpg", "a&b=c?d#e.jpg", "日本/猫.png",
        "q'\"<>.jpg", "~tilde*.jpg", "x/y/z.jpg"]
MANY = [f"many/{i:05}.jpg" for i in range(1005)]


def annotate(out, *inputs):
    words = [PROGRAM, "annotate", *inputs, "--out", out, "--model",
             os.path.join(CLI, "data", "tiny.cfg"), "--weights", "random:1", "--threads", "1",
             "--quiet", "--no-report", "--net-timeout", "10", "--net-retries", "1"]
    return subprocess.run(words, check=False, capture_output=True, text=True)


def query(out, sql):
    base = sqlite3.connect(os.path.join(out, "run.db"))
    rows = base.execute(sql).fetchall()
    base.close()
    return rows


def fill(client, folder):
    picture = os.path.join(folder, "picture.jpg")
    subprocess.run([sys.executable, os.path.join(CLI, "pictures.py"), "good", picture], check=True)
    with open(picture, "rb") as file:
        jpeg = file.read()
    client.create_bucket(Bucket="photos")
    for key in KEYS + MANY:
        client.put_object(Bucket="photos", Key=key, Body=jpeg)


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(AWS_ENDPOINT_URL=f"http://{host}:{port}", AWS_ACCESS_KEY_ID="key",
                      AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="us-east-1",
                      AWS_DEFAULT_REGION="us-east-1")
    with tempfile.TemporaryDirectory() as folder:
        fill(boto3.client("s3"), folder)
        out = os.path.join(folder, "run")
        done = annotate(out, "s3://photos")
        assert done.returncode == 0, done
        names = [row[0] for row in query(out, "SELECT name FROM items ORDER BY number")]
        assert names == sorted(KEYS + MANY, key=str.encode), set(names) ^ set(KEYS + MANY)
        single = os.path.join(folder, "single")
        done = annotate(single, *(f"s3://photos/{key}" for key in KEYS))
        assert done.returncode == 0, done
        missing = os.path.join(folder, "missing")
        assert annotate(missing, "s3://photos/none.jpg").returncode == 3
        assert "no such object" in query(missing, "SELECT message FROM errors")[0][0]
        done = annotate(os.path.join(folder, "none"), "s3://no-bucket-here/")
        assert done.returncode == 1 and "no such bucket" in done.stderr, done
    server.stop()
    print(f"{len(names)} objects")


main()
