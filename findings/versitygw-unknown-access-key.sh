#!/usr/bin/env bash
# Program: versitygw v1.8.0, posix backend. Client: botocore 1.40.0.
#
# Behaviour: a request with an access key that the gateway does not know is answered 404 (XAdminUserNotFound, a code of its
# administration), where S3 has 403 InvalidAccessKeyId; a wrong secret gets 403 as everywhere. The answer to a HEAD has no
# body, so that nothing is left of the code: with a mistyped access key every object and every bucket "does not exist". A
# client that takes 404 for an answer about the object concludes that it is gone: botocore's waiter `object_not_exists`
# succeeds at once while the object is there, and its HeadObject error is the same as for an object that is missing.
#
# Output seen:
#   HEAD, right keys, object that is there      200
#   HEAD, right keys, object that is missing    404 Not Found
#   HEAD, wrong secret, object that is there    403 Forbidden
#   HEAD, unknown key, object that is there     404 Not Found
#   HEAD, unknown key, bucket that is there     404 Not Found
#   GET, unknown key, object that is there      404 XAdminUserNotFound
#   PUT, unknown key                            404 XAdminUserNotFound
#   waiter object_not_exists, right keys        the object is still there
#   waiter object_not_exists, unknown key       the object is gone
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
timeout 300 "$tmp/venv/bin/pip" install --quiet --disable-pip-version-check \
  botocore==1.40.0 jmespath==1.0.1 python-dateutil==2.9.0.post0 six==1.17.0 urllib3==2.5.0

port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
mkdir "$tmp/data"
"$tmp/versitygw" --port "127.0.0.1:$port" --access EXAMPLEKEY123 --secret EXAMPLESECRET123456 \
  posix "$tmp/data" >"$tmp/log" 2>&1 &
pids=$!

# No settings of whoever runs this.
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

timeout 180 "$tmp/venv/bin/python" - "$port" <<'PYTHON'
import sys
import time

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from botocore.session import Session

SETTINGS = Config(s3={'addressing_style': 'path'}, retries={'total_max_attempts': 1}, connect_timeout=10, read_timeout=30)


def client(key, secret):
    return Session().create_client('s3', region_name='us-east-1', endpoint_url=f'http://127.0.0.1:{sys.argv[1]}',
                                   aws_access_key_id=key, aws_secret_access_key=secret, config=SETTINGS)


def answer(call, **arguments):
    try:
        return str(call(**arguments)['ResponseMetadata']['HTTPStatusCode'])
    except ClientError as error:
        status = error.response['ResponseMetadata']['HTTPStatusCode']
        code = error.response['Error']['Code']
        return f'{status} {error.response["Error"]["Message"] if code == str(status) else code}'


def waited(of):
    try:
        of.get_waiter('object_not_exists').wait(**THERE, WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
    except WaiterError:
        return 'the object is still there'
    return 'the object is gone'


right = client('EXAMPLEKEY123', 'EXAMPLESECRET123456')
mistyped = client('EXAMPLEKEY132', 'EXAMPLESECRET123456')
wrong_secret = client('EXAMPLEKEY123', 'EXAMPLESECRET123465')
THERE = {'Bucket': 'bucket', 'Key': 'there'}
MISSING = {'Bucket': 'bucket', 'Key': 'missing'}

end = time.monotonic() + 60
while True:
    try:
        right.create_bucket(Bucket='bucket')
        break
    except BotoCoreError:
        if time.monotonic() > end:
            sys.exit('the server does not get ready')
        time.sleep(0.3)
right.put_object(**THERE, Body=b'here it is')

ROWS = [
    ('HEAD, right keys, object that is there', answer(right.head_object, **THERE), '200'),
    ('HEAD, right keys, object that is missing', answer(right.head_object, **MISSING), '404 Not Found'),
    ('HEAD, wrong secret, object that is there', answer(wrong_secret.head_object, **THERE), '403 Forbidden'),
    ('HEAD, unknown key, object that is there', answer(mistyped.head_object, **THERE), '404 Not Found'),
    ('HEAD, unknown key, bucket that is there', answer(mistyped.head_bucket, Bucket='bucket'), '404 Not Found'),
    ('GET, unknown key, object that is there', answer(mistyped.get_object, **THERE), '404 XAdminUserNotFound'),
    ('PUT, unknown key', answer(mistyped.put_object, **MISSING, Body=b''), '404 XAdminUserNotFound'),
    ('waiter object_not_exists, right keys', waited(right), 'the object is still there'),
    ('waiter object_not_exists, unknown key', waited(mistyped), 'the object is gone'),
]
for name, seen, _ in ROWS:
    print(f'{name:<43} {seen}')
if any(seen != expected for _, seen, expected in ROWS):
    sys.exit('the behaviour has changed')
PYTHON
