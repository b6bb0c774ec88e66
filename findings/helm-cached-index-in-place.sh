#!/usr/bin/env bash
# Programs: Helm v3.19.2 and Helm v4.3.1.
#
# Behaviour: `helm repo update` renews the cached index of a repository, NAME-index.yaml. Helm 3 empties the file and writes it
# again in place: the inode stays, so that whoever has it open (another `helm`, a dashboard) gets the new bytes under its
# hands, or half of them, and where the file is a symbolic link, what it leads to is overwritten. Helm 4 writes another file
# and renames it: who has the old one open keeps the whole of it, and a symbolic link is gone, replaced by a file. A cache
# that is shared by links is thus renewed for all by Helm 3 and for one by Helm 4.
#
# Output seen:
#   helm 3: hard link before the update: same file after it; open reader: sees the new index; symbolic link: kept
#   helm 4: hard link before the update: other file after it; open reader: sees the old index; symbolic link: replaced
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

# The repository: an index that names one chart, whose archive nobody asks for. publish VERSION
mkdir "$tmp/site"
publish() {
  cat >"$tmp/site/index.yaml" <<YAML
apiVersion: v1
entries:
  sample:
    - apiVersion: v2
      name: sample
      version: $1
      urls: [sample-$1.tgz]
YAML
}

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

# look MAJOR: what an update does to the cached index.
look() {
  local helm=$tmp/$1/helm cached=$tmp/$1/cache/repository/demo-index.yaml link reader symbolic
  export HELM_CONFIG_HOME=$tmp/$1/config HELM_CACHE_HOME=$tmp/$1/cache HELM_DATA_HOME=$tmp/$1/data
  export HELM_REPOSITORY_CONFIG=$tmp/$1/config/repositories.yaml HELM_REPOSITORY_CACHE=$tmp/$1/cache/repository
  publish 1.0.0
  timeout 60 "$helm" repo add demo "http://127.0.0.1:$port" >/dev/null
  ln "$cached" "$tmp/$1/before"
  exec 3<"$cached"
  publish 2.0.0
  timeout 60 "$helm" repo update >/dev/null
  grep -q 2.0.0 "$cached"
  if [ "$cached" -ef "$tmp/$1/before" ]; then link='same file'; else link='other file'; fi
  if grep -q 2.0.0 <&3; then reader=new; else reader=old; fi
  exec 3<&-

  mv "$cached" "$tmp/$1/elsewhere"
  ln -s "$tmp/$1/elsewhere" "$cached"
  publish 3.0.0
  timeout 60 "$helm" repo update >/dev/null
  grep -q 3.0.0 "$cached"
  if [ -L "$cached" ] && grep -q 3.0.0 "$tmp/$1/elsewhere"; then symbolic=kept; else symbolic=replaced; fi
  echo "helm $1: hard link before the update: $link after it; open reader: sees the $reader index; symbolic link: $symbolic"
}

look 3 >"$tmp/seen"
look 4 >>"$tmp/seen"
cat "$tmp/seen"
cat >"$tmp/expected" <<'TEXT'
helm 3: hard link before the update: same file after it; open reader: sees the new index; symbolic link: kept
helm 4: hard link before the update: other file after it; open reader: sees the old index; symbolic link: replaced
TEXT
if ! cmp -s "$tmp/seen" "$tmp/expected"; then
  echo 'the behaviour has changed' >&2
  exit 1
fi
