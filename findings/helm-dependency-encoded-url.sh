#!/usr/bin/env bash
# Programs: Helm v3.19.2 and Helm v4.3.1.
#
# Behaviour: a chart version with build metadata (1.0.0+build.5) has a `+` in the name of its archive. An index may name it by
# a relative url with `%2B`, the form that is right for servers which read a bare `+` as a space. `helm pull` asks for that
# url as it stands, and so does `helm dependency update` where the repository was not added. Where it was added,
# `helm dependency update` and `helm dependency build` of Helm 3 encode the percent sign once more and ask for `%252B`: 404,
# although `helm pull` of the same version from the same repository works. Helm 4 asks for `%2B` everywhere. An absolute
# url with `%2B`, and a bare `+` in either, arrive as they stand with both.
#
# Output seen (what is asked for in the place of the `+`):
#   url in the index   command                            helm 3      helm 4
#   relative %2B       pull                               %2B         %2B
#   relative %2B       dependency update, not added       %2B         %2B
#   relative %2B       dependency update, added           %252B 404   %2B
#   relative %2B       dependency build, added            %252B 404   %2B
#   relative +         dependency update, added           +           +
#   absolute %2B       dependency update, added           %2B         %2B
#
# Needs: bash, Go, Python 3, timeout.
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

for major in 3 4; do
  if [ "$major" = 3 ]; then version=v3.19.2; else version=v4.3.1; fi
  mkdir -p "$tmp/$major"
  (cd "$tmp" && GOBIN=$tmp/$major GOFLAGS= timeout 1800 go install "helm.sh/helm/v$major/cmd/helm@$version")
done

# The repository: one chart, whose archive has a + in its name, on a server that decodes a path once.
mkdir -p "$tmp/site" "$tmp/sample"
printf 'apiVersion: v2\nname: sample\nversion: 1.0.0+build.5\n' >"$tmp/sample/Chart.yaml"
timeout 60 "$tmp/3/helm" package "$tmp/sample" -d "$tmp/site" >/dev/null
test -f "$tmp/site/sample-1.0.0+build.5.tgz"
python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$tmp/site" >"$tmp/log" 2>&1 &
pids=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's/.* port \([0-9][0-9]*\).*/\1/p' "$tmp/log" | head -n 1)
  if [ -n "$port" ]; then break; fi
  sleep 0.3
done
if [ -z "$port" ]; then
  echo 'the server does not get ready' >&2
  exit 1
fi

# ask MAJOR URL COMMAND: what a command asks for in the place of the +, where the index names the archive by this url.
ask() {
  local helm=$tmp/$1/helm work before line plus status
  work=$(mktemp -d "$tmp/work.XXXXXX")
  export HELM_CONFIG_HOME=$work/config HELM_CACHE_HOME=$work/cache HELM_DATA_HOME=$work/data
  export HELM_REPOSITORY_CONFIG=$work/config/repositories.yaml HELM_REPOSITORY_CACHE=$work/cache/repository
  printf 'apiVersion: v1\nentries:\n  sample:\n    - {apiVersion: v2, name: sample, version: 1.0.0+build.5, urls: ["%s"]}\n' "$2" \
    >"$tmp/site/index.yaml"
  mkdir "$work/parent"
  printf 'apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n  - {name: sample, version: 1.0.0+build.5, repository: "http://127.0.0.1:%s"}\n' \
    "$port" >"$work/parent/Chart.yaml"
  case $3 in *', not added') ;; *) timeout 60 "$helm" repo add demo "http://127.0.0.1:$port" >/dev/null ;; esac
  before=$(wc -l <"$tmp/log")
  case $3 in
    pull) timeout 60 "$helm" pull demo/sample --version 1.0.0+build.5 -d "$work" >/dev/null 2>&1 || true ;;
    'dependency update'*) timeout 60 "$helm" dependency update "$work/parent" >/dev/null 2>&1 || true ;;
    'dependency build'*) timeout 60 "$helm" dependency build "$work/parent" >/dev/null 2>&1 || true ;;
  esac
  line=$(tail -n "+$((before + 1))" "$tmp/log" | grep -o 'GET /sample[^ ]* HTTP/1.1" [0-9]*' | tail -n 1)
  plus=${line#GET /sample-1.0.0}
  plus=${plus%%build*}
  status=${line##* }
  if [ "$status" = 200 ]; then echo "$plus"; else echo "$plus $status"; fi
}

show() {
  local three four
  three=$(ask 3 "$2" "$3")
  four=$(ask 4 "$2" "$3")
  printf '%-18s %-34s %-11s %s\n' "$1" "$3" "$three" "$four"
}

encoded=sample-1.0.0%2Bbuild.5.tgz
{
  printf '%-18s %-34s %-11s %s\n' 'url in the index' command 'helm 3' 'helm 4'
  show 'relative %2B' "$encoded" pull
  show 'relative %2B' "$encoded" 'dependency update, not added'
  show 'relative %2B' "$encoded" 'dependency update, added'
  show 'relative %2B' "$encoded" 'dependency build, added'
  show 'relative +' sample-1.0.0+build.5.tgz 'dependency update, added'
  show 'absolute %2B' "http://127.0.0.1:$port/$encoded" 'dependency update, added'
} >"$tmp/seen"
cat "$tmp/seen"
sed -n 's/^#   \(\(url in\|relative\|absolute\).*\)$/\1/p' "$0" >"$tmp/expected"
if ! cmp -s "$tmp/seen" "$tmp/expected"; then
  echo 'the behaviour has changed' >&2
  exit 1
fi
