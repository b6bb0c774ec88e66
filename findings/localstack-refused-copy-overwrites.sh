#!/usr/bin/env bash
# Program: LocalStack 2026.3.0 (PyPI, localstack-core[base-runtime]). Client: boto3 1.40.0.
#
# Behaviour: an object stands under a key. CopyObject to that key on a condition that does not hold (`If-None-Match: *`, or `If-Match`
# of another ETag) answers 412 PreconditionFailed, and afterwards GET gives the bytes of the copy, below the ETag of what stood there
# (and its length: where the two differ in length, the body ends before its time). PutObject on the same conditions answers 412 and
# leaves the object alone. On S3 a refused copy changes nothing.
#
# Output seen:
#   request                                 status   bytes then    ETag then is of
#   PutObject, If-None-Match: *             412      what stood    what stood
#   PutObject, If-Match of another ETag     412      what stood    what stood
#   CopyObject, If-None-Match: *            412      the source    what stood
#   CopyObject, If-Match of another ETag    412      the source    what stood
#
# Needs: bash, Python 3.13 with venv (as $PYTHON, else python3.13), timeout.
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

python=${PYTHON:-python3.13}
"$python" -m venv "$tmp/venv"
# Newer ones of the others break its start.
timeout 600 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check 'localstack-core[base-runtime]==2026.3.0' \
  'cbor2<6' 'pyOpenSSL==25.3.0' 'cryptography<47' service_identity
"$python" -m venv "$tmp/client"
timeout 300 "$tmp/client/bin/pip" install --quiet --disable-pip-version-check boto3==1.40.0

port=$("$python" -c '
import socket
print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
env GATEWAY_LISTEN="127.0.0.1:$port" SERVICES=s3 EAGER_SERVICE_LOADING=1 DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 \
  FILESYSTEM_ROOT="$tmp/files" "$tmp/venv/bin/python" -m localstack.runtime.main >"$tmp/log" 2>&1 &
pids="$pids $!"

timeout 300 "$tmp/client/bin/python" - "$port" <<'PYTHON'
import hashlib
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client(
    's3',
    endpoint_url=f'http://127.0.0.1:{sys.argv[1]}',
    region_name='us-east-1',
    aws_access_key_id='test',
    aws_secret_access_key='test',
    config=Config(
        retries={'max_attempts': 0},
        s3={'addressing_style': 'path'},
        request_checksum_calculation='when_required',
        response_checksum_validation='when_required',
    ),
)


def status(call, **arguments):
    try:
        return call(**arguments)['ResponseMetadata']['HTTPStatusCode']
    except ClientError as error:
        return error.response['ResponseMetadata']['HTTPStatusCode']


CONDITION = {}


def add_condition(request, **_):
    for name, value in CONDITION.items():
        request.headers.add_header(name, value)


for operation in ('PutObject', 'CopyObject'):
    s3.meta.events.register(f'before-sign.s3.{operation}', add_condition)

end = time.monotonic() + 180
while True:
    try:
        s3.create_bucket(Bucket='bucket')
        break
    except Exception:
        if time.monotonic() > end:
            sys.exit('LocalStack does not get ready')
        time.sleep(1)
s3.put_object(Bucket='bucket', Key='source', Body=b'the source')

OTHER = '"00000000000000000000000000000000"'
ABSENT = ('If-None-Match: *', {'If-None-Match': '*'})
CHANGED = ('If-Match of another ETag', {'If-Match': OTHER})
ROWS = [
    ('PutObject', ABSENT, (412, 'what stood', 'what stood')),
    ('PutObject', CHANGED, (412, 'what stood', 'what stood')),
    ('CopyObject', ABSENT, (412, 'the source', 'what stood')),
    ('CopyObject', CHANGED, (412, 'the source', 'what stood')),
]
TEXTS = ('what stood', 'the source', 'what comes')
ETAGS = {f'"{hashlib.md5(text.encode()).hexdigest()}"': text for text in TEXTS}
print(f'{"request":<39} {"status":<8} {"bytes then":<13} ETag then is of')
changed = False
for number, (operation, (name, condition), expected) in enumerate(ROWS):
    place = {'Bucket': 'bucket', 'Key': f'object-{number}'}
    s3.put_object(Body=b'what stood', **place)
    CONDITION = condition
    if operation == 'PutObject':
        answer = status(s3.put_object, Body=b'what comes', **place)
    else:
        answer = status(s3.copy_object, CopySource={'Bucket': 'bucket', 'Key': 'source'}, **place)
    CONDITION = {}
    stands = s3.get_object(**place)
    seen = (answer, stands['Body'].read().decode(), ETAGS.get(stands['ETag'], 'something else'))
    print(f'{operation + ", " + name:<39} {seen[0]:<8} {seen[1]:<13} {seen[2]}')
    changed = changed or seen != expected
if changed:
    sys.exit('the behaviour has changed')
PYTHON
