import assert from 'node:assert/strict'
import { parseArgs, exitCodesOf } from '../../../lib/cli/args.ts'
import { COMMANDS } from '../../../lib/cli/command-table.ts'
import { completionSubject } from '../../../lib/commands/complete/completion-subject.ts'
import { findVersion } from '../../../lib/core/helm/constraint.ts'
import { compareBuilds, compareVersions, normalizeVersion, parseVersion } from '../../../lib/core/helm/version.ts'
import {
  archiveUrl,
  asKey,
  isArchiveKey,
  isPlainKey,
  keyBelow,
  objectOfUrl,
  parseRepositoryUrl,
  parseS3Url,
  repositoryAt,
} from '../../../lib/core/keys.ts'
import { namedArchives, possibleVersions } from '../../../lib/core/plan-orphans.ts'
import { deltaIdOf, deltaTime } from '../../../lib/core/log/delta-id.ts'
import { readConfig } from '../../../lib/settings/config.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import { objectParameters, objectSettings, takesRepositoryDefaults } from '../../../lib/settings/objects.ts'
import { proxyFor } from '../../../lib/settings/proxy.ts'
import { timeoutFrom } from '../../../lib/settings/timeout.ts'
import { plainAddress } from '../../../lib/store/s3/address.ts'
import { isHiding, shellWord, visibleJson, visibleLine, visibleText } from '../../../lib/text/terminal-text.ts'
import { entry } from '../../support/builders.ts'
import { helmVectors } from '../../support/helm-vectors.ts'
import { type FuzzTarget, orRefused, texts } from '../target.ts'

/** What is typed, what Helm calls with, what the environment says; and what is printed of all that. */

const VERSIONS = [entry('app', '1.0.0'), entry('app', '1.1.0-rc.1+build'), entry('web', '0.2.0')]

const LOCATION = {
  ...repositoryAt('acme', 'charts/'),
  publishUrl: 'https://charts.example.com/stable',
  endpoint: 'https://minio.example.com:9000/s3',
}

/** Words of a command line, one a line. */
function words(bytes: Buffer): readonly string[] {
  return bytes.toString().split('\n')
}

/** Variables of an environment, one a line. */
function environment(bytes: Buffer): Record<string, string> {
  const pairs = words(bytes).flatMap((line) => {
    const at = line.indexOf('=')
    return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
  })
  return Object.fromEntries(pairs)
}

function readLine(argv: readonly string[]): void {
  exitCodesOf(argv)
  const invocation = parseArgs(argv)
  if (invocation.kind === 'help') return
  connectionSettings(invocation.settings, undefined, {})
  objectParameters(objectSettings(invocation.settings, {}))
}

/** A repository URL means the same place when it is typed as it is shown. */
function readRepositoryUrl(url: string): void {
  const location = parseRepositoryUrl(url)
  assert.ok(location.prefix === '' || location.prefix.endsWith('/'))
  assert.ok(location.indexKey.startsWith(location.prefix))
  const { bucket, prefix } = parseRepositoryUrl(location.url)
  assert.deepEqual({ bucket, prefix }, { bucket: location.bucket, prefix: location.prefix })
  connectionSettings({}, new URLSearchParams(location.query), {})
}

function readEnvironment(env: Record<string, string>): void {
  for (const platform of ['linux', 'darwin', 'win32'] as const) readConfig({ HOME: '/h', ...env }, platform)
  const connection = connectionSettings({}, undefined, env)
  timeoutFrom(env)
  takesRepositoryDefaults(env)
  objectParameters(objectSettings({}, env))
  const { endpoint, proxies } = connection
  if (proxies !== undefined) {
    for (const url of ['https://acme.s3.amazonaws.com', 'http://[::1]:9', endpoint ?? 'http://10.1.2.3'])
      proxyFor(url, proxies)
  }
  const address = plainAddress(connection, endpoint, 'acme', connection.region ?? 'eu-west-1')
  if (address?.port !== undefined) assert.ok(address.port <= 65535)
}

const TYPED: readonly ['usage', 'invalid-url', 'invalid-config'] = ['usage', 'invalid-url', 'invalid-config']

const sign = (order: number): number => Math.sign(order) + 0

export const TYPED_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'command-lines': {
    corpus: () =>
      texts(
        'push\napp-1.0.0.tgz\nlab\n--force\n--acl=private\n--tags\na=b,c=d\n--sse\naws:kms',
        'delete\napp\nlab\n--version\n1.0.0,1.1.0\n-o\njson\n--timeout=1m30s',
        'prune\nlab\n--keep-last=3\n--older-than\n90d\n--orphans\n--keep=app\n--dry-run=false',
        '-qojson\nls\nlab\n--devel\n--\n--all',
        'download\n\n\n\ns3://acme/charts/index.yaml',
        '__complete\nfetch\nlab/a',
        'copy\napp\nlab\nprod\n--version\n^1.2\n--region\neu-west-1\n--endpoint-url\nlocalhost:9000',
      ),
    take: async (bytes) => {
      await orRefused(TYPED, () => {
        readLine(words(bytes))
      })
      completionSubject(COMMANDS, words(bytes))
    },
  },
  environment: {
    corpus: () =>
      texts(
        'AWS_REGION=eu-west-1\nAWS_ENDPOINT=localhost:9000\nAWS_DISABLE_SSL=true\nHELM_S3_TIMEOUT=90s\nUSER=me\n' +
          'HTTPS_PROXY=http://proxy:3128\nNO_PROXY=10.0.0.0/8,.example.com:443,*\nHELM_S3_ACL=private',
        'AWS_ENDPOINT_URL=https://user@host/path?x#y\nHELM_S3_SSE=aws:kms\nHELM_S3_TAGS=a=b\nXDG_CACHE_HOME=/c',
        'AWS_REQUEST_CHECKSUM_CALCULATION=when_required\nHELM_S3_EXPECTED_BUCKET_OWNER=123456789012\nHTTP_PROXY=socks5h://[::1]:1',
      ),
    take: (bytes) =>
      orRefused(TYPED, () => {
        readEnvironment(environment(bytes))
      }),
  },
  urls: {
    corpus: () =>
      texts(
        ...helmVectors<readonly { readonly base?: string; readonly ref?: string; readonly arg?: string }[]>(
          'urls.json',
        ).flatMap(({ arg, base, ref }) => [arg, base, ref].flatMap((url) => url ?? [])),
        's3://acme/charts?region=eu-west-1&endpoint=http://minio:9000&profile=dev',
        's3://acme/a%20b/%2e%2e/app-1.0.0%2B1.tgz?x=y.prov',
        'https://charts.example.com/stable/app-1.0.0.tgz?a#b',
        'https://minio.example.com:9000/s3/acme/charts/app-1.0.0.tgz',
        'https://acme.minio.example.com:9000/s3/charts/./app-1.0.0.tgz',
        '../other/%2Fapp-1.0.0.tgz',
      ),
    take: async (bytes) => {
      const url = bytes.toString()
      await orRefused(TYPED, () => {
        readRepositoryUrl(url)
      })
      await orRefused(TYPED, () => parseS3Url(url))
      const object = objectOfUrl(LOCATION, url)
      if (object !== undefined) assert.equal(object.query, LOCATION.query)
      keyBelow(LOCATION, url)
      namedArchives(LOCATION, [{ name: 'app', version: '1', urls: [url] }]).has(asKey('charts/app-1.tgz'))
      isPlainKey(LOCATION, asKey(url))
      const id = deltaIdOf('', asKey(url))
      if (id !== undefined) assert.ok(deltaTime(id) >= 0)
      for (const { name, version } of isArchiveKey(LOCATION, `charts/${url}`) ? possibleVersions(url) : []) {
        const made = archiveUrl(LOCATION, { name, version }, { base: LOCATION.publishUrl, literalPlus: false })
        assert.equal(objectOfUrl(LOCATION, made)?.key, `charts/${url}`)
      }
    },
  },
  constraints: {
    corpus: () =>
      [
        ...helmVectors<{ readonly cases: readonly { readonly want: string }[] }>('constraints.json').cases.map(
          ({ want }) => want,
        ),
        '>=1.2 <2',
        '^1.0.0 || ~2.1, !=2.1.5',
        '1.0 - 2.x',
        '*',
        '1.2.3-rc.1+build',
      ].map((text) => Buffer.from(text)),
    take: (bytes) =>
      orRefused(['usage'], () => {
        const found = findVersion(VERSIONS, bytes.toString())
        if (found !== undefined) assert.ok(VERSIONS.includes(found))
      }),
  },
  versions: {
    corpus: () =>
      texts(
        '1.0.0\n1.0.0-rc.1+b.2\nv2',
        ...helmVectors<readonly { readonly in: string }[]>('semver.json').map(
          ({ in: text }) => `${text}\n1.2.3\n1.2.3-a`,
        ),
      ),
    take: (bytes) => {
      const [a = '', b = '', c = ''] = words(bytes)
      for (const compare of [compareVersions, compareBuilds]) {
        assert.equal(sign(compare(a, b)), -sign(compare(b, a)) + 0)
        assert.equal(sign(compare(a, a)), 0)
        if (compare(a, b) <= 0 && compare(b, c) <= 0) assert.ok(compare(a, c) <= 0)
      }
      const version = parseVersion(a)
      if (version === undefined) return
      const text = normalizeVersion(version)
      assert.deepEqual(parseVersion(text), version)
    },
  },
  'terminal-texts': {
    corpus: () => texts('app-1.0.0.tgz\n\x1b[31mred\x1b[0m\t\u202egnp.exe\u200b\ufeff', '{"a":"\u0085\u2028"}', "it's"),
    take: (bytes) => {
      const text = bytes.toString()
      for (const shown of [visibleText(text), visibleLine(text)]) {
        assert.ok(!isHiding(shown))
        assert.equal(visibleText(shown), shown)
      }
      assert.ok(!visibleLine(text).includes('\n'))
      const json = JSON.stringify(text)
      assert.ok(!isHiding(visibleJson(json)))
      assert.equal(JSON.parse(visibleJson(json)), text)
      assert.ok(shellWord(text).length >= text.length)
    },
  },
}
