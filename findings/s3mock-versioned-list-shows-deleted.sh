#!/usr/bin/env bash
# Program: S3Mock 5.2.0 (Maven Central, com.adobe.testing:s3mock, classifier exec). Client: boto3 1.40.0.
#
# Behaviour: in a bucket with versioning an object is put and deleted without naming a version. DELETE answers 204 with a delete
# marker, and GET and HEAD say 404, as on S3; but ListObjectsV2 and ListObjects go on listing the key. In a bucket without
# versioning, and after a version was deleted by its id, the key is gone from the listing, too. On S3 a listing of current
# objects leaves out a key whose newest version is a delete marker.
#
# Output seen:
#   the bucket, and what is deleted        DELETE  HEAD  ListObjectsV2  ListObjects
#   no versioning: the object              204     404   gone           gone
#   versioning: the object                 204     404   listed         listed
#   versioning: its only version, by id    204     404   gone           gone
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
        return call(**arguments)['ResponseMetadata']['HTTPStatusCode']
    except ClientError as error:
        return error.response['ResponseMetadata']['HTTPStatusCode']


end = time.monotonic() + 180
while True:
    try:
        s3.create_bucket(Bucket='plain')
        break
    except Exception:
        if time.monotonic() > end:
            sys.exit('S3Mock does not get ready')
        time.sleep(1)
s3.create_bucket(Bucket='versioned')
s3.put_bucket_versioning(Bucket='versioned', VersioningConfiguration={'Status': 'Enabled'})


def shown(answer, key):
    return 'listed' if any(each['Key'] == key for each in answer.get('Contents', [])) else 'gone'


ROWS = [
    ('no versioning: the object', 'plain', False, (204, 404, 'gone', 'gone')),
    ('versioning: the object', 'versioned', False, (204, 404, 'listed', 'listed')),
    ('versioning: its only version, by id', 'versioned', True, (204, 404, 'gone', 'gone')),
]
print(f'{"the bucket, and what is deleted":<38} {"DELETE":<7} {"HEAD":<5} {"ListObjectsV2":<14} ListObjects')
changed = False
for number, (name, bucket, by_version, expected) in enumerate(ROWS):
    place = {'Bucket': bucket, 'Key': f'object-{number}'}
    put = s3.put_object(Body=b'bytes', **place)
    version = {'VersionId': put['VersionId']} if by_version else {}
    deletion = status(s3.delete_object, **place, **version)
    head = status(s3.head_object, **place)
    seen = (
        deletion,
        head,
        shown(s3.list_objects_v2(Bucket=bucket), place['Key']),
        shown(s3.list_objects(Bucket=bucket), place['Key']),
    )
    print(f'{name:<38} {seen[0]:<7} {seen[1]:<5} {seen[2]:<14} {seen[3]}')
    changed = changed or seen != expected
if changed:
    sys.exit('the behaviour has changed')
PYTHON
