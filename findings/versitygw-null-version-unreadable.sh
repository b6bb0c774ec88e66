#!/usr/bin/env bash
# Program: versitygw v1.8.0, posix backend, started without a folder for versions. Client: boto3 1.40.0.
#
# Behaviour: in a bucket that never had versioning, ListObjectVersions gives each object once, as its latest version, under the
# version id `null`, as S3 does. But a GET or HEAD of that very version is refused with 400 (GET: InvalidArgument), where S3 gives
# the object: a client that lists versions and then reads what it was shown cannot read a single one. Without the version id the
# object is there.
#
# Output seen:
#   listed                object  null  latest
#   get                   200
#   get, version null     400 InvalidArgument
#   head, version null    400
#
# Needs: bash, Go, Python 3.10 or later with venv, timeout; a temporary folder whose file system has extended attributes.
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

(cd "$tmp" && GOBIN=$tmp GOFLAGS= timeout 1800 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)
python3 -m venv "$tmp/venv"
timeout 300 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.40.0

port=$(python3 -c '
import socket
print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
mkdir "$tmp/data"
"$tmp/versitygw" --port "127.0.0.1:$port" --access EXAMPLEKEY123 --secret EXAMPLESECRET123456 posix "$tmp/data" >"$tmp/log" 2>&1 &
pids="$pids $!"

timeout 120 "$tmp/venv/bin/python" - "$port" <<'PYTHON'
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client(
    's3',
    endpoint_url=f'http://127.0.0.1:{sys.argv[1]}',
    region_name='us-east-1',
    aws_access_key_id='EXAMPLEKEY123',
    aws_secret_access_key='EXAMPLESECRET123456',
    config=Config(retries={'max_attempts': 0}, s3={'addressing_style': 'path'}),
)
end = time.monotonic() + 60
while True:
    try:
        s3.create_bucket(Bucket='bucket')
        break
    except Exception:
        if time.monotonic() > end:
            sys.exit('versitygw does not get ready')
        time.sleep(0.3)


def answer(call, **arguments):
    try:
        return str(call(Bucket='bucket', Key='object', **arguments)['ResponseMetadata']['HTTPStatusCode'])
    except ClientError as error:
        status, code = error.response['ResponseMetadata']['HTTPStatusCode'], error.response['Error']['Code']
        return str(status) if code == str(status) else f'{status} {code}'


s3.put_object(Bucket='bucket', Key='object', Body=b'x')
listed = [
    f'{each["Key"]}  {each["VersionId"]}  {"latest" if each["IsLatest"] else "older"}'
    for each in s3.list_object_versions(Bucket='bucket').get('Versions', [])
]
ROWS = [
    ('listed', ', '.join(listed), 'object  null  latest'),
    ('get', answer(s3.get_object), '200'),
    ('get, version null', answer(s3.get_object, VersionId='null'), '400 InvalidArgument'),
    ('head, version null', answer(s3.head_object, VersionId='null'), '400'),
]
for name, seen, _ in ROWS:
    print(f'{name:<21} {seen}')
if any(seen != expected for _, seen, expected in ROWS):
    sys.exit('the behaviour has changed')
PYTHON
