#!/usr/bin/env bash
# Program: sigs.k8s.io/yaml v1.6.0, with which Helm 3.19 and 4 write index.yaml.
#
# Behaviour: it writes the keys of a mapping in a natural order: letters by letters, runs of digits as numbers. For keys in
# which a letter of one stands beside a digit of the other, this order goes in circles: a9 is written before a11b, a11b
# before a1b, and a1b before a9. So the names of charts in an index that Helm has written are in no order by which a chart
# could be searched, and the place of a key among the others depends on which others there are.
#
# Output seen (mapping of two keys each; as written):
#   a9 a11b
#   a11b a1b
#   a1b a9
#
# Needs: bash, Go.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
cd "$tmp"

cat >go.mod <<'GOMOD'
module order

go 1.22
GOMOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	for _, pair := range [][2]string{{"a9", "a11b"}, {"a11b", "a1b"}, {"a1b", "a9"}} {
		text, err := yaml.Marshal(map[string]int{pair[0]: 1, pair[1]: 1})
		if err != nil {
			panic(err)
		}
		fmt.Println(strings.ReplaceAll(strings.TrimSpace(string(text)), ": 1\n", " ")[:len(pair[0])+len(pair[1])+1])
	}
}
GO
timeout 300 go get sigs.k8s.io/yaml@v1.6.0 >go.log 2>&1 || { cat go.log >&2; exit 1; }
timeout 300 go run . >seen

cat >expected <<'TEXT'
a9 a11b
a11b a1b
a1b a9
TEXT
diff expected seen
echo 'as described'
