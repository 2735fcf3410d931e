"""s3:// in place of paths, against moto's server; a proxy before it makes the faults of networks and stores."""
import hashlib
import http.client
import http.server
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")

PROGRAM = os.environ["RETORT_UNDER_TEST"]
BUCKET = "experiments"
SENTENCES = ["the river flows to the sea", "a stone lies in the river", "birds sing at dawn", "the sea is wide"]


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on to the store. `fault(request)` may answer in its place and returns whether it did."""

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target, self.fault, self.requests = target, lambda request: False, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, length=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def cut(self):
        self.close_connection = True
        self.connection.close()

    def handle_request(self):
        self.body = self.read_body()
        self.server.requests.append(f"{self.command} {self.path}")
        if self.server.fault(self):
            return
        self.forward()

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def fetch(self):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("transfer-encoding", "content-length")}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=60)
        connection.request(self.command, self.path, self.body, headers)
        response = connection.getresponse()
        return response, response.read()

    def forward(self):
        response, body = self.fetch()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", response.getheader("Content-Length") if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_request


@pytest.fixture(scope="module")
def moto():
    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


class World:
    """A bucket behind the proxy, and a user with a cache folder of his own."""

    def __init__(self, port, folder):
        self.folder, self.proxy = folder, Proxy(port)
        self.env = {**os.environ, "AWS_ENDPOINT_URL": self.proxy.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
                    "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "RETORT_CACHE": str(folder / "cache"),
                    "RETORT_UPLOAD_SECONDS": "1"}
        self.client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="key", aws_secret_access_key="secret",
                                   region_name="us-east-1")
        self.client.create_bucket(Bucket=BUCKET)

    def put(self, key, body):
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def keys(self, prefix=""):
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def clear(self):
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def start(self, *words):
        return subprocess.Popen([PROGRAM, *map(str, words)], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.folder)

    def run(self, *words):
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err


@pytest.fixture
def world(moto, tmp_path):
    world = World(moto, tmp_path)
    yield world
    world.clear()
    world.proxy.shutdown()


def text_of(count):
    return "\n".join(f"{SENTENCES[i % 4]} {i}" + ("\n" if i % 5 == 4 else "") for i in range(count)).encode()


def test_inputs_are_fetched_once_and_outputs_are_stored(world):
    world.put("in/text.txt", text_of(20))
    code, out, err = world.run("data", "text", "--input", f"s3://{BUCKET}/in/text.txt", "--output_file", f"s3://{BUCKET}/out/articles.txt")
    assert code == 0, err
    assert f"s3://{BUCKET}/out/articles.txt" in out and str(world.folder) not in out
    (world.folder / "text.txt").write_bytes(text_of(20))
    assert world.run("data", "text", "--input", "text.txt", "--output_file", "articles.txt")[0] == 0
    assert world.get("out/articles.txt") == (world.folder / "articles.txt").read_bytes()

    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/in/text.txt", "--output_file", "again.txt")
    assert code == 0 and "fetched" not in err
    world.put("in/text.txt", text_of(30))  # a new object is fetched anew
    code, out, err = world.run("data", "text", "--input", f"s3://{BUCKET}/in/text.txt", "--output_file", "more.txt")
    assert code == 0 and "fetched 1 files" in err and '"articles":6' in out


def test_large_files_go_up_in_parts(world):
    world.put("text.txt", text_of(900_000))
    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/text.txt", "--output_file", f"s3://{BUCKET}/articles.txt")
    assert code == 0, err
    parts = [line for line in world.proxy.requests if line.startswith("PUT") and "partNumber=" in line]
    assert len(parts) >= 2
    local = world.folder / "cache/object_stores/s3" / BUCKET / "articles.txt"
    assert hashlib.sha256(world.get("articles.txt")).digest() == hashlib.sha256(local.read_bytes()).digest()


def test_missing_objects_and_refused_credentials_are_one_sentence(world):
    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/nothing.txt", "--output_file", "x")
    assert code == 2 and "there is nothing at" in err and err.count("error:") == 1
    code, _, err = world.run("data", "text", "--input", "s3://", "--output_file", "x")
    assert code == 2 and "must be s3://BUCKET/KEY" in err
    world.put("text.txt", text_of(5))
    world.proxy.fault = lambda request: request.refuse(403, "InvalidAccessKeyId") or True
    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/text.txt", "--output_file", "x")
    assert code == 2 and "refused these credentials" in err and not (world.folder / "x").exists()


def test_a_store_that_is_busy_for_a_moment_is_asked_again(world):
    world.put("text.txt", text_of(5))
    answers = iter([503, 503])

    def busy(request):
        return request.command == "PUT" and next(answers, None) is not None and (request.refuse(503, "SlowDown") or True)

    world.proxy.fault = busy
    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/text.txt", "--output_file", f"s3://{BUCKET}/articles.txt")
    assert code == 0, err
    assert next(answers, None) is None and "articles.txt" in world.keys()


def test_a_truncated_body_never_gets_the_final_name(world):
    world.put("text.txt", text_of(50))

    def cut_body(request):
        if request.command != "GET" or "list-type" in request.path:
            return False
        _, body = request.fetch()
        request.answer(200, body[:len(body) // 2], len(body))
        request.cut()
        return True

    world.proxy.fault = cut_body
    code, _, err = world.run("data", "text", "--input", f"s3://{BUCKET}/text.txt", "--output_file", "x")
    assert code == 2 and f"s3://{BUCKET}/text.txt" in err
    assert not (world.folder / "cache/object_stores/s3" / BUCKET / "text.txt").exists()


def test_an_upload_that_fails_leaves_the_old_object_and_keeps_the_file(world):
    world.put("text.txt", text_of(50))
    world.put("articles.txt", b"old")

    def cut_uploads(request):
        return request.command == "PUT" and (request.cut() or True)

    world.proxy.fault = cut_uploads
    words = ("data", "text", "--input", f"s3://{BUCKET}/text.txt", "--output_file", f"s3://{BUCKET}/articles.txt")
    code, _, err = world.run(*words)
    assert code == 2 and f"`s3://{BUCKET}/articles.txt` must not exist yet" in err
    words = (*words, "--overwrite")
    code, _, err = world.run(*words)
    assert code == 2 and "everything is kept in" in err
    assert world.get("articles.txt") == b"old"
    world.proxy.fault = lambda request: False
    assert world.run(*words)[0] == 0
    assert world.get("articles.txt") != b"old"


def pretrain(world, output, *more):
    return ("pretrain", "--objective", "mlm_nsp", "--model", "preset:bert-tiny", "--vocab_file", "vocab.txt", "--data_dir", "shards",
            "--output_dir", output, "--max_steps", 60, "--save_steps", 5, "--per_device_train_batch_size", 2, "--max_seq_length", 32,
            "--threads", 1, "--precision", "fp32", "--logging_steps", 5, *more)


def test_a_killed_run_is_resumed_on_another_machine(world):
    words = sorted({word for sentence in SENTENCES for word in sentence.split()} | set("0123456789"))
    (world.folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]) + "\n", encoding="utf-8")
    (world.folder / "shards").mkdir()
    (world.folder / "shards/corpus_training_0.txt").write_bytes(text_of(400))
    code, _, err = world.run(*pretrain(world, "local"))
    assert code == 0, err

    output = f"s3://{BUCKET}/run"
    process = world.start(*pretrain(world, output, "--cache_dir", f"s3://{BUCKET}/cache"))
    deadline = time.time() + 120
    while not any(key.endswith("MANIFEST.json") for key in world.keys("run/")) and process.poll() is None:
        assert time.time() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    world.env["RETORT_CACHE"] = str(world.folder / "other machine")
    code, _, err = world.run(*pretrain(world, output, "--cache_dir", f"s3://{BUCKET}/cache", "--resume"))
    assert code == 0, err
    assert output in world.get("run/retort_config.json").decode()
    assert world.get("run/model.safetensors") == (world.folder / "local/model.safetensors").read_bytes()
    assert "run/DONE" in world.keys() and any(key.startswith("cache/") for key in world.keys())
    # Checkpoints that were removed here are removed there.
    stored = {key.split("/")[1] for key in world.keys("run/checkpoint-")}
    assert stored == {path.name for path in (world.folder / "local").glob("checkpoint-*")}
