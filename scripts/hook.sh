#!/bin/sh
# Install and update hook of the plugin: `hook.sh install|update`.
# Builds the program when this is a checkout without one (an update of a checkout always builds), then puts the getter for
# s3:// URLs beside the plugin. Helm 4 exports nothing but HELM_PLUGIN_DIR and HELM_PLUGIN_NAME to a hook.
set -eu

if [ -n "${HELM_S3_PLUGIN_NO_INSTALL_HOOK:-}" ]; then
  echo 'Development mode: not downloading versioned release.'
  exit 0
fi

event=${1:?install or update}
plugin=${HELM_PLUGIN_DIR:?is set by Helm}

# The folder of the program, seen from that of the plugin: at the top of an unpacked release there is no more than launchers.
program=.
if [ -f "$plugin/main" ]; then
  IFS= read -r main <"$plugin/main"
  program=${main#../}
fi

fail() {
  echo "Error: helm-s3: $1" >&2
  exit 1
}

has_program() {
  dist=$plugin/$program/dist
  [ -x "$dist/helm-s3" ] || [ -f "$dist/helm-s3.exe" ] || [ -f "$dist/helm-s3.cjs" ]
}

# What was built elsewhere may not run here. The launcher says why, and remembers that it does.
try_out() {
  if [ -x "$plugin/$program/dist/helm-s3" ]; then
    "$plugin/bin/helm-s3" version >/dev/null || exit 1
  fi
}

build() {
  for tool in node npm; do
    command -v "$tool" >/dev/null 2>&1 ||
      fail "building from source needs Node.js 20 or newer with npm, and '$tool' is not on the PATH; install it and run \`helm plugin uninstall s3\`, then install again"
  done
  cd "$plugin"
  log=$(mktemp)
  own_modules=
  trap 'rm -f "$log"; if [ -n "$own_modules" ]; then rm -rf node_modules; fi' EXIT
  trap 'exit 1' HUP INT TERM
  if [ ! -d node_modules ]; then
    own_modules=yes
    npm ci --include=dev --ignore-scripts >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail '`npm ci` failed'; }
  fi
  node scripts/build.mjs >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail '`npm run build` failed'; }
}

# The folder is replaced as a whole, and only if it is a getter of ours. Its draft lies one level deeper than Helm looks for
# plugins, so that no half-made one is ever found.
put_getter() {
  plugins=$(dirname "$plugin")
  getter=$plugins/s3-getter
  if [ -e "$getter" ] && ! grep -q '^name: s3-getter$' "$getter/plugin.yaml" 2>/dev/null; then
    fail "$getter is there already and is another plugin; remove it and install again"
  fi
  workshop=$(mktemp -d "$plugins/.s3-getter.XXXXXX")
  mkdir "$workshop/draft" "$workshop/draft/bin"
  cp "$plugin/s3-getter/plugin.yaml" "$workshop/draft/"
  cp "$plugin/s3-getter/bin/helm-s3" "$plugin/s3-getter/bin/helm-s3.cmd" "$workshop/draft/bin/"
  chmod 755 "$workshop/draft/bin/helm-s3"
  printf '../../%s\n' "$(basename "$plugin")/$program" >"$workshop/draft/main"
  rm -rf "$getter"
  mv "$workshop/draft" "$getter"
  rmdir "$workshop"
}

if [ "$event" = update ] && [ -e "$plugin/.git" ]; then
  (build)
elif ! has_program; then
  (build)
fi
try_out
put_getter
