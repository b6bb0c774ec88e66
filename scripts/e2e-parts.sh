#!/bin/sh
# Installs the real programs that the end-to-end suite runs: Helm 3 and 4, MinIO, versitygw. Needs Go; about six minutes the
# first time. They are kept in $HELM_S3_PARTS, else in helm-s3-parts below the user's cache folder, each with a stamp of its
# version; what is there is not installed again.
set -eu

parts=${HELM_S3_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/helm-s3-parts}
mkdir -p "$parts"

# install MODULE VERSION PATH: the program of a Go module, at this path below the folder of parts.
install() {
  module=$1 version=$2 target=$parts/$3
  if [ -x "$target" ] && [ "$(cat "$target.version" 2>/dev/null)" = "$version" ]; then return; fi
  command -v go >/dev/null 2>&1 || {
    echo "e2e-parts: Go is needed to build $module: https://go.dev/doc/install" >&2
    exit 1
  }
  echo "e2e-parts: building $module $version"
  workshop=$(mktemp -d)
  (cd "$workshop" && GOBIN=$workshop GOFLAGS= go install "$module@$version")
  mkdir -p "$(dirname "$target")"
  rm -f "$workshop"/*.version
  mv "$workshop"/* "$target"
  echo "$version" >"$target.version"
  rmdir "$workshop"
}

install helm.sh/helm/v3/cmd/helm v3.19.2 helm3/helm
install helm.sh/helm/v4/cmd/helm v4.3.1 helm4/helm
install github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c bin/minio
install github.com/versity/versitygw/cmd/versitygw v1.8.0 bin/versitygw
echo "e2e-parts: $parts"
