#!/usr/bin/env bash
# Program: versitygw v1.8.0, posix backend. Next to it: MinIO of 2026-02-12 (Go pseudo-version below). Signer: botocore 1.40.0.
#
# Behaviour: a request signed in its query (SigV4, presigned) can also carry the hash of its body, as a signed header
# `x-amz-content-sha256`. Clients then end the canonical request with that hash, as they do when they sign in the header.
# versitygw always ends it with UNSIGNED-PAYLOAD, whatever the header says, and so finds another signature: 403
# SignatureDoesNotMatch, with the body, the key and the clock all right. MinIO goes by the header, and refuses what
# versitygw wants. Only when the header itself says UNSIGNED-PAYLOAD, or is absent, do both take the same request.
# The same hash in a request that is signed in its header is fine with both.
#
# Output seen:
#   request                                            versitygw                   minio
#   query, no hash                                     200                         200
#   query, UNSIGNED-PAYLOAD in a signed header         200                         200
#   query, hash in a signed header                     403 SignatureDoesNotMatch   200
#   query, the same, signed as if it were unsigned     200                         403 SignatureDoesNotMatch
#   header, hash in a signed header                    200                         200
#
# Needs: bash, Go, Python 3.10 or later with venv, timeout; a temporary folder whose file system has extended attributes. Building MinIO
# takes minutes the first time.
set -eu

tmp=$(mktemp -d)
pids=
# end PID: at most ten seconds for one that was started here.
end() {
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 50); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -9 "$1" 2>/dev/null || true
}
finish() {
  for pid in $pids; do end "$pid"; done
  rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

install() { (cd "$tmp" && GOBIN=$tmp GOFLAGS= timeout 1800 go install "$1@$2"); }
install github.com/versity/versitygw/cmd/versitygw v1.8.0
install github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c
python3 -m venv "$tmp/venv"
timeout 300 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check \
  botocore==1.40.0 jmespath==1.0.1 python-dateutil==2.9.0.post0 six==1.17.0 urllib3==2.5.0

read -r first second third <<<"$(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))')"
mkdir "$tmp/versitygw-data" "$tmp/minio-data"
export MINIO_ROOT_USER=EXAMPLEKEY123 MINIO_ROOT_PASSWORD=EXAMPLESECRET123456 MINIO_UPDATE=off MINIO_BROWSER=off
"$tmp/versitygw" --port "127.0.0.1:$first" --access "$MINIO_ROOT_USER" --secret "$MINIO_ROOT_PASSWORD" \
  posix "$tmp/versitygw-data" >"$tmp/log" 2>&1 &
pids="$pids $!"
"$tmp/minio" server --quiet --address "127.0.0.1:$second" --console-address "127.0.0.1:$third" \
  "$tmp/minio-data" >"$tmp/log" 2>&1 &
pids="$pids $!"

timeout 180 "$tmp/venv/bin/python" - "$first" "$second" <<'PYTHON'
import hashlib
import http.client
import os
import re
import sys
import time

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEYS = Credentials(os.environ['MINIO_ROOT_USER'], os.environ['MINIO_ROOT_PASSWORD'])
REGION = 'us-east-1'
BODY = b'what is stored'
HASH = {'x-amz-content-sha256': hashlib.sha256(BODY).hexdigest()}


class SignedAsUnsigned(S3SigV4QueryAuth):
    """Signs every header that there is, and ends the canonical request as if there were no hash."""

    def canonical_request(self, request):
        *lines, _ = super().canonical_request(request).split('\n')
        return '\n'.join([*lines, 'UNSIGNED-PAYLOAD'])


def put(port, path, auth, headers, body):
    start = f'http://127.0.0.1:{port}'
    request = AWSRequest('PUT', start + path, headers=dict(headers))
    if isinstance(auth, S3SigV4Auth) and not isinstance(auth, S3SigV4QueryAuth):
        request.data = body
    auth.add_auth(request)
    prepared = request.prepare()
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    sent = {name: value for name, value in prepared.headers.items() if name.lower() != 'content-length'}
    connection.request('PUT', prepared.url[len(start):], body, sent)
    answer = connection.getresponse()
    code = re.search(rb'<Code>(\w+)</Code>', answer.read())
    connection.close()
    return f'{answer.status} {code[1].decode()}' if code else str(answer.status)


def in_header():
    return S3SigV4Auth(KEYS, 's3', REGION)


def in_query(kind=S3SigV4QueryAuth):
    return kind(KEYS, 's3', REGION, expires=120)


def until_ready(port):
    end = time.monotonic() + 60
    while True:
        try:
            if put(port, '/bucket', in_header(), {}, b'') == '200':
                return
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > end:
            sys.exit('a server does not get ready')
        time.sleep(0.3)


REFUSED = '403 SignatureDoesNotMatch'
ROWS = [
    ('query, no hash', in_query, {}, '200', '200'),
    ('query, UNSIGNED-PAYLOAD in a signed header', in_query, {'x-amz-content-sha256': 'UNSIGNED-PAYLOAD'}, '200', '200'),
    ('query, hash in a signed header', in_query, HASH, REFUSED, '200'),
    ('query, the same, signed as if it were unsigned', lambda: in_query(SignedAsUnsigned), HASH, '200', REFUSED),
    ('header, hash in a signed header', in_header, HASH, '200', '200'),
]
ports = [int(port) for port in sys.argv[1:]]
for port in ports:
    until_ready(port)
print(f'{"request":<50} {"versitygw":<27} minio')
changed = False
for number, (name, auth, headers, *expected) in enumerate(ROWS):
    seen = [put(port, f'/bucket/object-{number}', auth(), headers, BODY) for port in ports]
    print(f'{name:<50} {seen[0]:<27} {seen[1]}')
    changed = changed or seen != expected
if changed:
    sys.exit('the behaviour has changed')
PYTHON
