#!/usr/bin/env bash
# Programs: the npm package yaml 2.9.1, told to write YAML 1.1, and sigs.k8s.io/yaml v1.6.0, the loader of Helm 3.19 and 4.
#
# Behaviour: the package puts quotes around strings that YAML 1.1 would read as numbers. The loader, which is one of YAML
# 1.1, takes three more for numbers: octal digits behind 0o (of YAML 1.2), with and without a sign, and hexadecimal digits
# behind a large X. The package leaves these plain. In a field of the struct itself the loader makes a string of the number,
# without an error: another text. In a field that comes by an embedded pointer, as all of Chart.yaml do in Helm's entries of
# an index, it refuses the whole document: one appVersion of that form, in one chart of thousands.
#
# Output seen (written; read into a field of the struct; of an embedded pointer):
#   appVersion: "010"   "010"    "010"
#   appVersion: "0x1f"  "0x1f"   "0x1f"
#   appVersion: 0o17    "15"     refused: cannot unmarshal number into Go struct field
#   appVersion: -0o17   "-15"    refused: cannot unmarshal number into Go struct field
#   appVersion: 0X1F    "31"     refused: cannot unmarshal number into Go struct field
#
# Needs: bash, Node.js 20 or later with npm, Go.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
cd "$tmp"
printf '{"private": true, "type": "module"}\n' >package.json
timeout 300 npm install --silent --no-fund --no-audit --ignore-scripts yaml@2.9.1

cat >write.mjs <<'JAVASCRIPT'
import { stringify } from 'yaml'
for (const appVersion of ['010', '0x1f', '0o17', '-0o17', '0X1F']) process.stdout.write(stringify({ appVersion }, { version: '1.1' }))
JAVASCRIPT
node write.mjs >written.yaml

mkdir load
cat >load/go.mod <<'GOMOD'
module load

go 1.22
GOMOD
cat >load/main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

type Metadata struct {
	AppVersion string `json:"appVersion"`
}

// As Helm's entry of an index.
type entry struct {
	*Metadata
}

func outcome(value func() string, err error) string {
	if err == nil {
		return fmt.Sprintf("%q", value())
	}
	text := err.Error()
	if at := strings.Index(text, "cannot unmarshal"); at >= 0 {
		text = strings.SplitAfter(text[at:], "field")[0]
	}
	return "refused: " + text
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var direct Metadata
		var embedded entry
		one := yaml.UnmarshalStrict([]byte(lines.Text()), &direct)
		other := yaml.UnmarshalStrict([]byte(lines.Text()), &embedded)
		fmt.Printf("%-19s %-8s %s\n", lines.Text(), outcome(func() string { return direct.AppVersion }, one),
			outcome(func() string { return embedded.AppVersion }, other))
	}
}
GO
(cd load && GOFLAGS=-mod=mod timeout 300 go get sigs.k8s.io/yaml@v1.6.0 >/dev/null 2>&1 && timeout 300 go build -o ../loader .)
./loader <written.yaml >seen
cat seen
cat >expected <<'EXPECTED'
appVersion: "010"   "010"    "010"
appVersion: "0x1f"  "0x1f"   "0x1f"
appVersion: 0o17    "15"     refused: cannot unmarshal number into Go struct field
appVersion: -0o17   "-15"    refused: cannot unmarshal number into Go struct field
appVersion: 0X1F    "31"     refused: cannot unmarshal number into Go struct field
EXPECTED
diff expected seen || { echo 'the behaviour has changed' >&2; exit 1; }
