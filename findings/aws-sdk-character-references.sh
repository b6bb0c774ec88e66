#!/usr/bin/env bash
# Program: @aws-sdk/client-s3 3.1175.0 (with @aws-sdk/xml-builder 3.972.43) on Node.js 20 or later.
#
# Behaviour: an XML document may write any character as a reference to its number, in decimal or hexadecimal digits. In a
# listing, the client reads a reference to a character beyond U+FFFF as another character: the number loses all but its
# lowest 16 bits. The same character written as UTF-8 is read as it is. No error, and nothing tells that the key is another
# one: a GET or a DELETE of what was listed asks for an object that is not there, or for another one that is.
#
# Output seen:
#   written as UTF-8            U+1F600
#   written as &#128512;        U+F600
#   written as &#x1F600;        U+F600
#   written as &#xE9;           U+E9
#
# Needs: bash, Node.js 20 or later with npm.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
cd "$tmp"
printf '{"private": true, "type": "module"}\n' >package.json
timeout 300 npm install --silent --no-fund --no-audit --ignore-scripts @aws-sdk/client-s3@3.1175.0 @aws-sdk/xml-builder@3.972.43

cat >list.mjs <<'JAVASCRIPT'
import { createServer } from 'node:http'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'

const ROWS = [
  ['UTF-8', '\u{1F600}', '1F600'],
  ['&#128512;', '&#128512;', 'F600'],
  ['&#x1F600;', '&#x1F600;', 'F600'],
  ['&#xE9;', '&#xE9;', 'E9'],
]

let key
const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/xml')
  response.end(
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
      `<Name>bucket</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>${key}</Key></Contents></ListBucketResult>`,
  )
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const client = new S3Client({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${server.address().port}`,
  forcePathStyle: true,
  credentials: { accessKeyId: 'EXAMPLEKEY123', secretAccessKey: 'EXAMPLESECRET123456' },
})
let isAsBefore = true
for (const [written, text, expected] of ROWS) {
  key = text
  const { Contents: [object] } = await client.send(new ListObjectsV2Command({ Bucket: 'bucket' }))
  const seen = [...object.Key].map((character) => character.codePointAt(0).toString(16).toUpperCase()).join(' ')
  console.log(`${`written as ${written}`.padEnd(27)} U+${seen}`)
  isAsBefore &&= seen === expected
}
client.destroy()
server.close()
if (!isAsBefore) {
  console.error('the behaviour has changed')
  process.exitCode = 1
}
JAVASCRIPT
timeout 60 node list.mjs
