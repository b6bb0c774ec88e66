#!/usr/bin/env bash
# Program: S3Mock 5.2.0 (Maven Central, com.adobe.testing:s3mock, classifier exec). Client: boto3 1.40.0.
#
# Behaviour: an object stands under a key. A multipart upload to the same key is begun and given up: AbortMultipartUpload is
# answered with 204, and with it the object is gone: HEAD says 404. So it is also after a completion on condition
# (`If-None-Match: *`, or `If-Match` of another ETag) that S3Mock has refused with 412, as it should, and which has left the object
# alone: a client that then does what clients do with an upload that is not needed removes what another has written. On S3,
# aborting an upload touches no object.
#
# Output seen:
#   the upload is                      completion   object then   abort   object at the end
#   aborted                            -            200           204     404
#   completed if absent, aborted       412          200           204     404
#   completed if changed, aborted      412          200           204     404
#
# Needs: bash, Java 17 or newer, Maven, Python 3.10 or later with venv, timeout.
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

artifact=com.adobe.testing:s3mock:5.2.0:jar:exec
timeout 900 mvn -B -q -Dstyle.color=never dependency:get -Dartifact="$artifact" -Dtransitive=false >"$tmp/log"
timeout 300 mvn -B -q -Dstyle.color=never dependency:copy -Dartifact="$artifact" -DoutputDirectory="$tmp" -Dmdep.stripVersion=true >"$tmp/log"
python3 -m venv "$tmp/venv"
timeout 300 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.40.0

read -r port tls <<<"$(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in held))')"
java -jar "$tmp/s3mock-exec.jar" --server.address=127.0.0.1 --server.port="$tls" \
  --com.adobe.testing.s3mock.http-port="$port" >"$tmp/log" 2>&1 &
pids="$pids $!"

timeout 300 "$tmp/venv/bin/python" - "$port" <<'PYTHON'
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


def status(call, **arguments):
    try:
        return call(Bucket='bucket', **arguments)['ResponseMetadata']['HTTPStatusCode']
    except ClientError as error:
        return error.response['ResponseMetadata']['HTTPStatusCode']


end = time.monotonic() + 180
while True:
    try:
        s3.create_bucket(Bucket='bucket')
        break
    except Exception:
        if time.monotonic() > end:
            sys.exit('S3Mock does not get ready')
        time.sleep(1)

OTHER = '"00000000000000000000000000000000"'
ROWS = [
    ('aborted', None, ('-', 200, 204, 404)),
    ('completed if absent, aborted', {'IfNoneMatch': '*'}, (412, 200, 204, 404)),
    ('completed if changed, aborted', {'IfMatch': OTHER}, (412, 200, 204, 404)),
]
print(f'{"the upload is":<34} {"completion":<12} {"object then":<13} {"abort":<7} object at the end')
changed = False
for number, (name, condition, expected) in enumerate(ROWS):
    key = f'object-{number}'
    s3.put_object(Bucket='bucket', Key=key, Body=b'what stands')
    upload = s3.create_multipart_upload(Bucket='bucket', Key=key)['UploadId']
    part = s3.upload_part(Bucket='bucket', Key=key, UploadId=upload, PartNumber=1, Body=b'what comes')
    parts = {'Parts': [{'PartNumber': 1, 'ETag': part['ETag']}]}
    completion = (
        '-'
        if condition is None
        else status(s3.complete_multipart_upload, Key=key, UploadId=upload, MultipartUpload=parts, **condition)
    )
    then = status(s3.head_object, Key=key)
    abort = status(s3.abort_multipart_upload, Key=key, UploadId=upload)
    seen = (completion, then, abort, status(s3.head_object, Key=key))
    print(f'{name:<34} {seen[0]:<12} {seen[1]:<13} {seen[2]:<7} {seen[3]}')
    changed = changed or seen != expected
if changed:
    sys.exit('the behaviour has changed')
PYTHON
