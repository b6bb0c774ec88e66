import assert from 'node:assert/strict'
import {
  changeConfig,
  configOf,
  decodeConfig,
  encodeConfig,
  isSameConfig,
} from '../../lib/settings/repository-config.ts'

const decode = (text: string): ReturnType<typeof decodeConfig> => decodeConfig(Buffer.from(text))

describe('repository config', () => {
  it('is read as it was written', () => {
    const document = changeConfig(
      {},
      {
        relative: 'false',
        'publish-url': 'https://charts.test/stable/',
        'literal-plus': 'true',
        acl: 'private',
        sse: 'aws:kms',
        'sse-kms-key-id': 'alias/k',
        'grace-window': '90s',
        format: 'yaml',
      },
    )
    const { ignored, isUnreadable, texts } = decodeConfig(encodeConfig(document, 'one'))
    assert.deepEqual([ignored, isUnreadable], [[], false])
    assert.deepEqual(configOf(texts), {
      relative: false,
      publishUrl: 'https://charts.test/stable',
      literalPlus: true,
      acl: 'private',
      sse: 'aws:kms',
      sseKmsKeyId: 'alias/k',
      graceWindow: 90_000,
      format: 'yaml',
    })
  })

  it('has different bytes with each write, and the same content', () => {
    const document = changeConfig({}, { relative: 'true' })
    const [one, two] = [encodeConfig(document, 'one'), encodeConfig(document, 'two')]
    assert.notDeepEqual(one, two)
    assert.equal(isSameConfig(decodeConfig(one).document, decodeConfig(two).document), true)
    assert.equal(isSameConfig(document, changeConfig(document, { acl: 'private' })), false)
  })

  it('keeps what it does not know', () => {
    const { document } = decode('{"later": {"a": [1]}, "relative": true}')
    assert.deepEqual(changeConfig(document, { relative: undefined, format: 'json' }), {
      later: { a: [1] },
      format: 'json',
    })
  })

  for (const text of ['', 'no json', '[]', 'null', '"text"', '\u{fffd}{']) {
    it(`says nothing when it is ${JSON.stringify(text)}`, () => {
      assert.deepEqual(decode(text), {
        document: {},
        texts: {},
        ignored: ['it is not a JSON object'],
        isUnreadable: true,
      })
    })
  }

  const UNUSABLE: Readonly<Record<string, readonly [string, object]>> = {
    '{"relative": "maybe", "acl": "private"}': ['relative=maybe: must be true or false', { acl: 'private' }],
    '{"relative": 1}': ['relative=1: must be a text', {}],
    '{"acl": ["private"]}': ['acl=["private"]: must be a text', {}],
    '{"acl": ""}': ['acl=: must not be empty', {}],
    '{"grace-window": "1s"}': ['grace-window=1s: the grace window must be at least 1m', {}],
    '{"publish-url": "http://charts.test"}': ['publish-url=http://charts.test: not an https URL', {}],
    '{"relative": true, "publish-url": "https://charts.test"}': [
      'publish-url=https://charts.test contradicts relative=true: an entry has one kind of url',
      { relative: true },
    ],
    '{"sse": "AES256", "sse-kms-key-id": "k"}': ['sse-kms-key-id=k: sse=AES256 takes no key', { sse: 'AES256' }],
  }
  for (const [text, [reason, config]] of Object.entries(UNUSABLE)) {
    it(`ignores what cannot be used in ${text}`, () => {
      const { ignored, texts } = decode(text)
      assert.deepEqual([ignored, configOf(texts)], [[reason], config])
    })
  }

  it('is not written with a value that readers would ignore', () => {
    assert.throws(() => changeConfig({ 'grace-window': '1s' }, { acl: 'private' }), {
      code: 'invalid-config',
      message: /^grace-window=1s: /,
    })
    assert.throws(() => changeConfig({ relative: true }, { 'publish-url': 'https://charts.test' }), {
      code: 'invalid-config',
      message: /contradicts relative=true/,
    })
    assert.deepEqual(changeConfig({ relative: true }, { relative: undefined, 'publish-url': 'https://charts.test' }), {
      'publish-url': 'https://charts.test',
    })
  })
})
