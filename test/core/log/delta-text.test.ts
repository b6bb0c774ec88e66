import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Delta } from '../../../lib/core/log/delta.ts'
import { type DecodedDelta, decodeDelta, encodeDelta } from '../../../lib/core/log/delta-text.ts'
import { entry, removal } from '../../support/builders.ts'

const EXAMPLE_OF_THE_FORMAT = `
apiVersion: v1
addedEntries:
  alpine:
    - name: alpine
      version: 0.2.0
      digest: 99c76e403d752c84ead610644d4b1c2f2b453a74b921f422b9dcb8a7c8b559cd
      urls: [alpine-0.2.0.tgz]
      created: "2026-11-22T05:00:00Z"
removedEntries:
  alpine:
    - {name: alpine, version: 0.1.0, digest: 0c0f}
`

describe('the text of a delta', () => {
  it('decodes to the delta that was encoded', async () => {
    const delta: Delta = {
      added: [
        { entry: entry('web', '1.0.0'), ifAbsent: false },
        { entry: entry('app', '2.0.0+b'), ifAbsent: true },
      ],
      removed: [removal('app', '1.0.0', 'a'), { ...removal('app', '1.1.0'), created: '2026-01-01T00:00:00Z' }],
      origin: { user: 'ci', host: 'runner', tool: '1.0.0', command: 'push' },
    }
    assert.deepEqual(await decode(encodeDelta(delta)), { outcome: 'delta', delta })
  })

  it('has one line per entry and is the same for the same delta', () => {
    const delta: Delta = {
      added: [{ entry: entry('web', '1.0.0'), ifAbsent: false }],
      removed: [removal('app', '1.0.0', 'a')],
    }
    const text = Buffer.from(encodeDelta(delta)).toString()
    assert.equal(text, Buffer.from(encodeDelta(delta)).toString())
    assert.equal(text.split('\n').filter((line) => line.startsWith('{"name"')).length, 2)
  })

  it('may be block YAML that another client wrote', async () => {
    const decoded = await decode(Buffer.from(EXAMPLE_OF_THE_FORMAT))
    assert.equal(decoded.outcome, 'delta')
    assert.equal(decoded.outcome === 'delta' && decoded.delta.added[0]?.entry.version, '0.2.0')
    assert.deepEqual(decoded.outcome === 'delta' && decoded.delta.removed, [
      { name: 'alpine', version: '0.1.0', digest: '0c0f' },
    ])
  })

  it('has a different outcome for an unknown apiVersion than for no apiVersion', async () => {
    assert.equal((await decode(Buffer.from('{"apiVersion":"v2"}'))).outcome, 'unknown-version')
    assert.equal((await decode(Buffer.from('{"addedEntries":{}}'))).outcome, 'malformed')
  })

  const MALFORMED: Readonly<Record<string, string>> = {
    'no bytes': '',
    'control characters': '\u0000\u0001',
    'text that is not YAML': 'a: [',
    'YAML that is cut off': 'apiVersion: v1\naddedEntries: {}\nremovedEntries: [',
    'a list at the top level': '[]',
    'entries that are not a mapping': '{"apiVersion":"v1","addedEntries":[]}',
    'entries that are not a list': '{"apiVersion":"v1","addedEntries":{"app":{}}}',
    'an entry that is not a mapping': '{"apiVersion":"v1","addedEntries":{"app":[5]}}',
    'an entry under another name': added({ name: 'web' }),
    'a name that is a path': added({ name: 'a/b' }, 'a/b'),
    'a name that is an encoded path': added({ name: 'a%2Fb' }, 'a%2Fb'),
    'a name of two dots': added({ name: '..' }, '..'),
    'a version that is not a semantic version': added({ version: 'latest' }),
    'a version that is a number': added({ version: 1 }),
    'a version with a path': added({ version: '1.0.0/../x' }),
    'a URL outside the repository': added({ urls: ['../app-1.0.0.tgz'] }),
    'a URL that starts with a slash': added({ urls: ['/app-1.0.0.tgz'] }),
    'a URL with an encoded slash': added({ urls: ['x%2fapp-1.0.0.tgz'] }),
    'a URL of another scheme': added({ urls: ['http://example.org/app-1.0.0.tgz'] }),
    'a URL with control characters': added({ urls: ['app\u0007.tgz'] }),
    'a URL with a query that names an endpoint': added({
      urls: ['s3://acme/charts/app-1.0.0.tgz?endpoint=http://evil.example'],
    }),
    'a second URL with a query': added({ urls: ['app-1.0.0.tgz', 'S3://acme/app-1.0.0.tgz?profile=admin'] }),
    'no urls': added({ urls: [] }),
    'a field of a wrong type, which would make Helm refuse the index': added({ description: 5 }),
    'a field that Helm does not know': added({ size: 5 }),
    'a creation time that Helm cannot read': added({ created: '2026-01-01' }),
    'the same version twice': JSON.stringify({
      apiVersion: 'v1',
      addedEntries: { app: [entry('app', '1.0.0'), entry('app', '1.0.0', 'b')] },
    }),
    'a removal under another name': JSON.stringify({
      apiVersion: 'v1',
      removedEntries: { app: [{ name: 'web', version: '1.0.0' }] },
    }),
    'a removal without a version': JSON.stringify({ apiVersion: 'v1', removedEntries: { app: [{ name: 'app' }] } }),
    'a removal whose version is a number': JSON.stringify({
      apiVersion: 'v1',
      removedEntries: { app: [{ name: 'app', version: 1 }] },
    }),
    'YAML aliases that expand exponentially':
      `apiVersion: v1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c ` +
      `[*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`,
  }
  for (const [what, text] of Object.entries(MALFORMED)) {
    it(`is malformed when it contains ${what}`, async () => {
      assert.equal((await decode(Buffer.from(text))).outcome, 'malformed')
    })
  }

  for (const [name, version] of [
    ['hub', '1.0.0.0'],
    ['hub', '1.0.0-03173138'],
    ['hub', ''],
    ['../x', '1.0.0'],
    ['', 'latest'],
    ['__proto__', 'a\u0007b'],
  ] as const) {
    it(`may remove, but not add, the version ${JSON.stringify(version)} of the chart ${JSON.stringify(name)}`, async () => {
      const delta: Delta = { added: [], removed: [{ name, version, digest: '' }] }
      assert.deepEqual(await decode(encodeDelta(delta)), { outcome: 'delta', delta })
      const adding: Delta = { added: [{ entry: entry(name, version), ifAbsent: true }], removed: [] }
      assert.equal((await decode(encodeDelta(adding))).outcome, 'malformed')
    })
  }

  it('may remove several entries of one version with different digests', async () => {
    const delta: Delta = {
      added: [],
      removed: [removal('app', '1.0.0', 'a'), removal('app', '1.0.0', 'b'), removal('app', '1.0.0')],
    }
    assert.deepEqual(await decode(encodeDelta(delta)), { outcome: 'delta', delta })
  })

  it('never makes the decoder throw', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          assert.notEqual((await decodeDelta(bytes)).outcome, 'delta')
        },
      ),
    )
  })
})

function decode(bytes: Uint8Array): Promise<DecodedDelta> {
  return decodeDelta(bytes)
}

function added(fields: Readonly<Record<string, unknown>>, chart = 'app'): string {
  return JSON.stringify({ apiVersion: 'v1', addedEntries: { [chart]: [{ ...entry('app', '1.0.0'), ...fields }] } })
}
