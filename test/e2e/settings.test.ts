import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { GetObjectTaggingCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { fromIni } from '@aws-sdk/credential-provider-ini'
import { startForwardProxy } from '../support/forward-proxy.ts'
import { type GivenKeys, type IdentityServer, startIdentityServer } from '../support/identity-server.ts'
import { type LocalServer, TEST_CA, startServer } from '../support/local-server.ts'
import { startRegionalFront } from '../support/regional-front.ts'
import { signedRegion, withoutSignature } from '../support/signatures.ts'
import { useWorkplace } from './support/matrix.ts'
import { type Result, run } from './support/run.ts'
import { CHARTS, ROOT, expectFailure, expectOk } from './support/workplace.ts'

const CHART = join(CHARTS, 'anchor-1.2.3.tgz')
const PROGRAM = join(ROOT, 'bin/helm-s3')

type Variables = Readonly<Record<string, string>>

/** Every flag and variable, through the built program, on MinIO. */
describe('settings, end to end', () => {
  const at = useWorkplace('minio')
  let front: LocalServer
  let endpoint: string
  let keys: GivenKeys
  /** What the store was sent: headers by `METHOD path`. */
  const seen: { readonly line: string; readonly headers: IncomingHttpHeaders; readonly region: string }[] = []

  beforeEach(async () => {
    endpoint = `http://${String(at().env['AWS_ENDPOINT'])}`
    keys = {
      accessKeyId: String(at().env['AWS_ACCESS_KEY_ID']),
      secretAccessKey: String(at().env['AWS_SECRET_ACCESS_KEY']),
    }
    seen.length = 0
    front = await startServer((incoming, answer) => {
      const line = `${incoming.method ?? ''} ${withoutSignature(incoming.url ?? '')}`
      seen.push({ line, headers: incoming.headers, region: signedRegion(incoming) })
      const outgoing = request(
        new URL(incoming.url ?? '/', endpoint),
        { method: incoming.method, headers: { ...incoming.headers } },
        (reply) => {
          answer.writeHead(reply.statusCode ?? 500, reply.headers)
          reply.pipe(answer)
        },
      )
      incoming.pipe(outgoing)
    })
    await at().programOk(`init ${at().url}`)
  })
  afterEach(() => front.close())

  /** Runs the program with these variables and no others that concern the store. */
  const bare = (words: readonly string[], variables: Variables): Promise<Result> => {
    const { HOME, PATH, HELM_CACHE_HOME, HELM_CONFIG_HOME, HELM_DATA_HOME } = at().env
    return run(
      PROGRAM,
      words,
      {
        HOME,
        PATH,
        HELM_CACHE_HOME,
        HELM_CONFIG_HOME,
        HELM_DATA_HOME,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...variables,
      },
      at().folder,
    )
  }
  const withKeys = (): Variables => ({
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  })
  const ok = async (line: string, variables: Variables): Promise<string> =>
    expectOk(line, await bare(line.split(' '), variables))

  describe('region and endpoint', () => {
    const regionsSent = (): string[] => [...new Set(seen.map(({ region }) => region))]
    const REGIONS: Readonly<Record<string, readonly [flags: string, query: string, variables: Variables]>> = {
      HELM_S3_REGION: [
        '',
        '',
        { HELM_S3_REGION: 'xx-told-1', AWS_REGION: 'xx-other-1', AWS_DEFAULT_REGION: 'xx-other-2' },
      ],
      AWS_REGION: ['', '', { AWS_REGION: 'xx-told-1', AWS_DEFAULT_REGION: 'xx-other-2' }],
      AWS_DEFAULT_REGION: ['', '', { AWS_DEFAULT_REGION: 'xx-told-1' }],
      '?region=': ['', '?region=xx-told-1', { HELM_S3_REGION: 'xx-other-1' }],
      '--region': [' --region xx-told-1', '?region=xx-other-1', { HELM_S3_REGION: 'xx-other-2' }],
    }
    for (const [what, [flags, query, variables]] of Object.entries(REGIONS)) {
      it(`${what} sets the region`, async () => {
        await ok(`compact ${at().url}${query}${flags}`, { ...withKeys(), AWS_ENDPOINT_URL: front.url, ...variables })
        assert.deepEqual(regionsSent(), ['xx-told-1'])
      })
    }

    it('every flag, query and variable that names an endpoint is obeyed, and wins over the weaker ones', async () => {
      const host = front.url.replace('http://', '')
      const dead = 'http://127.0.0.1:1'
      const ways: readonly (readonly [flags: string, query: string, variables: Variables])[] = [
        ['', '', { AWS_ENDPOINT: host, AWS_DISABLE_SSL: 'true' }],
        ['', '', { AWS_ENDPOINT: front.url }],
        ['', '', { AWS_ENDPOINT_URL: front.url, AWS_ENDPOINT: dead }],
        ['', '', { AWS_ENDPOINT_URL_S3: front.url, AWS_ENDPOINT_URL: dead }],
        ['', '', { HELM_S3_ENDPOINT_URL: front.url, AWS_ENDPOINT_URL_S3: dead }],
        ['', `?endpoint=${encodeURIComponent(front.url)}`, { AWS_ENDPOINT_URL: dead }],
        [` --endpoint-url ${front.url}`, `?endpoint=${encodeURIComponent(dead)}`, {}],
      ]
      for (const [flags, query, variables] of ways) {
        const before = seen.length
        await ok(`compact ${at().url}${query}${flags}`, { ...withKeys(), ...variables })
        assert.ok(seen.length > before, JSON.stringify(variables))
      }
    })

    for (const major of [3, 4] as const) {
      it(`the query of the repository URL is enough for Helm ${String(major)}, also for absolute chart URLs`, async () => {
        await at().helmOk(major, `plugin install ${ROOT.replace(/\/$/, '')}`)
        await at().programOk(`push ${CHART} ${at().url}`)
        await mkdir(at().path('aws'), { recursive: true })
        await writeFile(
          at().path('aws/credentials'),
          `[mine]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
        )
        const nothing = {
          AWS_ENDPOINT: '',
          AWS_DISABLE_SSL: '',
          AWS_DEFAULT_REGION: '',
          AWS_ACCESS_KEY_ID: '',
          AWS_SECRET_ACCESS_KEY: '',
        }
        const env = { ...nothing, AWS_SHARED_CREDENTIALS_FILE: at().path('aws/credentials') }
        await at().helmOk(
          major,
          `repo add mine ${at().url}?region=xx-told-1&endpoint=${encodeURIComponent(front.url)}&profile=mine`,
          env,
        )
        assert.deepEqual(regionsSent(), ['xx-told-1'])
        await at().helmOk(major, `pull mine/anchor --version 1.2.3`, env)
        await at().helmOk(major, `s3 push ${join(CHARTS, 'beacon-0.1.0.tgz')} mine`, env)
        assert.ok(seen.some(({ line }) => line.startsWith('GET') && line.includes('anchor-1.2.3.tgz')))
        assert.ok(await at().exists('beacon-0.1.0.tgz'))
        assert.deepEqual(regionsSent(), ['xx-told-1'])
      })
    }
  })

  describe('headers and tags of objects', () => {
    const tagsOf = async (key: string): Promise<object> => {
      const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys })
      const { TagSet = [] } = await client.send(
        new GetObjectTaggingCommand({ Bucket: at().bucket, Key: `charts/${key}` }),
      )
      client.destroy()
      return Object.fromEntries(TagSet.map(({ Key = '', Value }) => [Key, Value]))
    }

    it('--tags and HELM_S3_TAGS set the tags of the objects that are written', async () => {
      await at().programOk(`push ${CHART} ${at().url} --tags team=core,stage=a+b`, { HELM_S3_TAGS: 'x=y' })
      assert.deepEqual(await tagsOf('anchor-1.2.3.tgz'), { team: 'core', stage: 'a+b' })
      assert.deepEqual(await tagsOf('index.yaml'), { team: 'core', stage: 'a+b' })
      await at().programOk(`push ${join(CHARTS, 'beacon-0.1.0.tgz')} ${at().url}`, { HELM_S3_TAGS: 'x=y' })
      assert.deepEqual(await tagsOf('beacon-0.1.0.tgz'), { x: 'y' })
    })

    const HEADERS: readonly (readonly [flags: string, variables: Variables, header: string, value: string])[] = [
      [' --acl bucket-owner-full-control', { S3_ACL: 'private' }, 'x-amz-acl', 'bucket-owner-full-control'],
      ['', { S3_ACL: 'private' }, 'x-amz-acl', 'private'],
      [
        ' --expected-bucket-owner 123456789012',
        { HELM_S3_EXPECTED_BUCKET_OWNER: '210987654321' },
        'x-amz-expected-bucket-owner',
        '123456789012',
      ],
      ['', { HELM_S3_EXPECTED_BUCKET_OWNER: '210987654321' }, 'x-amz-expected-bucket-owner', '210987654321'],
    ]
    for (const [flags, variables, header, value] of HEADERS) {
      it(`${header}: ${value} comes from ${flags.trim() || Object.keys(variables).join()}`, async () => {
        await ok(`push ${CHART} ${at().url}${flags}`, { ...withKeys(), AWS_ENDPOINT_URL: front.url, ...variables })
        const puts = seen.filter(({ line }) => line.startsWith('PUT'))
        assert.ok(puts.length >= 3)
        assert.deepEqual(
          [...new Set((header === 'x-amz-acl' ? puts : seen).map(({ headers }) => headers[header]))],
          [value],
        )
      })
    }

    const ENCRYPTED: readonly (readonly [
      flags: string,
      variables: Variables,
      kind: string,
      key: string | undefined,
    ])[] = [
      [' --sse AES256', {}, 'AES256', undefined],
      ['', { AWS_S3_SSE: 'AES256' }, 'AES256', undefined],
      [' --sse aws:kms --sse-kms-key-id alias/k', { AWS_S3_SSE: 'AES256' }, 'aws:kms', 'alias/k'],
      ['', { HELM_S3_SSE_KMS_KEY_ID: 'alias/k' }, 'aws:kms', 'alias/k'],
    ]
    for (const [flags, variables, kind, key] of ENCRYPTED) {
      it(
        `encryption ${kind} comes from ${flags.trim() || Object.keys(variables).join()}; a store without a ` +
          `key server refuses it, with a hint`,
        async () => {
          const line = `push ${CHART} ${at().url}${flags}`
          const stderr = expectFailure(
            line,
            await bare(line.split(' '), { ...withKeys(), AWS_ENDPOINT_URL: front.url, ...variables }),
          )
          const put = seen.find((each) => each.line.startsWith('PUT'))
          assert.deepEqual(
            [put?.headers['x-amz-server-side-encryption'], put?.headers['x-amz-server-side-encryption-aws-kms-key-id']],
            [kind, key],
          )
          assert.match(
            stderr,
            /^Error: .*write s3:\/\/.*\nHint: .*leave --sse and AWS_S3_SSE out, or give the store a key server/,
          )
          assert.deepEqual(await at().keys(), ['charts/index.yaml'])
        },
      )
    }

    it('contradictory flags are refused and nothing is written', async () => {
      const stderr = await at().programFails(`push ${CHART} ${at().url} --sse AES256 --sse-kms-key-id k`)
      assert.match(stderr, /--sse=AES256 takes no key/)
      assert.deepEqual(await at().keys(), ['charts/index.yaml'])
    })
  })

  describe('credentials', () => {
    let identity: IdentityServer
    const ROLE = 'arn:aws:iam::123456789012:role/deployer'
    beforeEach(async () => {
      identity = await startIdentityServer(await sessionOf(keys))
      await writeFile(at().path('web-token'), 'a-web-token')
      await writeFile(at().path('container-token'), 'a-container-token')
      await writeFile(
        at().path('answer.json'),
        JSON.stringify({ Version: 1, AccessKeyId: keys.accessKeyId, SecretAccessKey: keys.secretAccessKey }),
      )
      await writeFile(
        at().path('credentials'),
        `[default]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ` +
          `${keys.secretAccessKey}\n[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base\n`,
      )
      await writeFile(
        at().path('config'),
        [
          `[profile role]\nrole_arn = ${ROLE}\nsource_profile = base\n`,
          `[profile mfa]\nrole_arn = ${ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n`,
          `[profile process]\ncredential_process = cat ${at().path('answer.json')}\n`,
          '[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n',
          '[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n',
        ].join(''),
      )
      const cache = at().path('.aws/sso/cache')
      await mkdir(cache, { recursive: true })
      const token = { accessToken: 'a-portal-token', expiresAt: new Date(Date.now() + 3_600_000).toISOString() }
      await writeFile(join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`), JSON.stringify(token))
    })
    afterEach(() => identity.close())

    /** MinIO checks session tokens: these are issued by MinIO itself. */
    const sessionOf = async ({ accessKeyId, secretAccessKey }: GivenKeys): Promise<GivenKeys> => {
      const files = { filepath: at().path('session-credentials'), configFilepath: at().path('session-config') }
      await writeFile(
        files.filepath,
        `[base]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      )
      await writeFile(files.configFilepath, `[profile session]\nrole_arn = ${ROLE}\nsource_profile = base\n`)
      return fromIni({ ...files, profile: 'session', clientConfig: { endpoint, region: 'us-east-1' } })()
    }

    const around = (): Variables => ({
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_STS: identity.url,
      AWS_ENDPOINT_URL_SSO: identity.url,
      AWS_CONFIG_FILE: at().path('config'),
    })
    const WAYS: Readonly<Record<string, () => Variables>> = {
      'keys of the environment, which win over AWS_PROFILE': () => ({
        ...withKeys(),
        AWS_PROFILE: 'base',
        AWS_SHARED_CREDENTIALS_FILE: at().path('credentials'),
      }),
      'a credentials file': () => ({ AWS_SHARED_CREDENTIALS_FILE: at().path('credentials') }),
      AWS_DEFAULT_PROFILE: () => ({
        AWS_SHARED_CREDENTIALS_FILE: at().path('credentials'),
        AWS_DEFAULT_PROFILE: 'default',
      }),
      'a role with a source profile': () => ({
        AWS_PROFILE: 'role',
        AWS_SHARED_CREDENTIALS_FILE: at().path('credentials'),
      }),
      'a web identity': () => ({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: at().path('web-token') }),
      'a pod': () => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${identity.url}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: at().path('container-token'),
      }),
      'an instance': () => ({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: identity.url }),
      'a process': () => ({ HELM_S3_PROFILE: 'process' }),
      'single sign-on': () => ({ AWS_PROFILE: 'sso' }),
    }
    for (const [what, variables] of Object.entries(WAYS)) {
      it(`come from ${what}`, async () => {
        await ok(`push ${CHART} ${at().url}`, { ...around(), ...variables() })
        assert.ok(await at().exists('anchor-1.2.3.tgz'))
      })
    }

    it('come from a role with a code that is typed on the terminal, and stdout has only the chart', async () => {
      await at().programOk(`push ${CHART} ${at().url}`)
      const variables = {
        ...at().env,
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        ...around(),
        AWS_PROFILE: 'mfa',
        AWS_SHARED_CREDENTIALS_FILE: at().path('credentials'),
      }
      const get = `${PROGRAM} download '' '' '' ${at().url}/anchor-1.2.3.tgz`
      // `script` gives the program a terminal of its own; what is typed comes from a pipe.
      const typed =
        `(sleep 1; echo 123456; sleep 1) | script -qec "${get} > ${at().path('got.tgz')}" ` + `${at().path('screen')}`
      const { status } = await run('sh', ['-c', typed], variables, at().folder)
      assert.equal(status, 0)
      const cmp = await run(
        'sh',
        ['-c', `cmp ${at().path('got.tgz')} ${CHART} && grep -c 'Assume Role MFA token code: ' ${at().path('screen')}`],
        variables,
        at().folder,
      )
      assert.deepEqual(cmp, { status: 0, stdout: '1\n', stderr: '' })
      const nobody = await run('setsid', ['-w', 'sh', '-c', get], variables, at().folder)
      assert.equal(nobody.status, 1)
      assert.match(nobody.stderr, /no terminal to type it on\nHint: .*aws configure export-credentials --profile mfa/)
    })

    it('are not needed to read a public bucket', async () => {
      await at().programOk(`push ${CHART} ${at().url}`)
      const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys })
      const allow = (action: string, resource: string): object => ({
        Effect: 'Allow',
        Principal: '*',
        Action: action,
        Resource: `arn:aws:s3:::${at().bucket}${resource}`,
      })
      const policy = { Version: '2012-10-17', Statement: [allow('s3:GetObject', '/*'), allow('s3:ListBucket', '')] }
      await client.send(new PutBucketPolicyCommand({ Bucket: at().bucket, Policy: JSON.stringify(policy) }))
      client.destroy()
      await ok(`fetch anchor ${at().url}`, { AWS_ENDPOINT_URL: endpoint })
      const push = await bare(['push', join(CHARTS, 'beacon-0.1.0.tgz'), at().url], { AWS_ENDPOINT_URL: endpoint })
      assert.match(
        expectFailure('push', push),
        /no credentials to sign the request with\nHint: Set AWS_ACCESS_KEY_ID .*tried environment/,
      )
      assert.equal(await at().exists('beacon-0.1.0.tgz'), false)
    })
  })

  describe('the network', () => {
    it('HTTP_PROXY and http_proxy name a proxy to the store, and NO_PROXY bypasses it', async () => {
      const proxy = await startForwardProxy(Number(new URL(endpoint).port))
      try {
        for (const name of ['HTTP_PROXY', 'http_proxy']) {
          await ok(`compact ${at().url}`, {
            ...withKeys(),
            AWS_ENDPOINT_URL: 'http://store.example.test',
            [name]: proxy.url,
          })
        }
        const before = proxy.lines.length
        assert.ok(before >= 4)
        const past = await bare(['compact', at().url, '--timeout=20s'], {
          ...withKeys(),
          AWS_ENDPOINT_URL: 'http://store.invalid',
          HTTP_PROXY: proxy.url,
          NO_PROXY: 'invalid',
        })
        assert.match(expectFailure('compact', past), /the name of http:\/\/store\.invalid is not known here/)
        assert.equal(proxy.lines.length, before)
      } finally {
        await proxy.close()
      }
    })

    it('AWS_CA_BUNDLE is trusted, directly and behind HTTPS_PROXY', async () => {
      const secure = await startRegionalFront(endpoint, 'us-east-1', { tls: true })
      const proxy = await startForwardProxy(secure.port)
      try {
        const trusting = { ...withKeys(), AWS_CA_BUNDLE: TEST_CA }
        await ok(`compact ${at().url}`, { ...trusting, AWS_ENDPOINT_URL: secure.url })
        await ok(`compact ${at().url}`, {
          ...trusting,
          AWS_ENDPOINT_URL: 'https://store.example.test',
          HTTPS_PROXY: proxy.url,
        })
        assert.ok(proxy.lines.every((line) => line === 'CONNECT store.example.test:443') && proxy.lines.length > 0)
        const untrusting = await bare(['compact', at().url], { ...withKeys(), AWS_ENDPOINT_URL: secure.url })
        assert.match(expectFailure('compact', untrusting), /Hint: .*set AWS_CA_BUNDLE/)
      } finally {
        await proxy.close()
        await secure.close()
      }
    })

    it('a bucket in another region is found, except with HELM_S3_DYNAMIC_REGION_ENABLED=false', async () => {
      const regional = await startRegionalFront(endpoint, 'eu-west-1')
      try {
        const variables = { ...withKeys(), AWS_ENDPOINT_URL: regional.url, AWS_REGION: 'us-east-1' }
        const told = await bare(['push', CHART, at().url, '--verbose'], variables)
        assert.deepEqual(
          [told.status, told.stderr.split('\n')[0]],
          [0, 'helm-s3: the store says that the bucket is in eu-west-1, not in us-east-1'],
        )
        // The requests for the index, the archive and the defaults of the repository are sent at once.
        assert.equal(regional.lines.filter((line) => line.includes('us-east-1')).length, 3)
        const before = regional.lines.length
        const kept = await bare(['compact', at().url], { ...variables, HELM_S3_DYNAMIC_REGION_ENABLED: 'false' })
        assert.match(expectFailure('compact', kept), /use --region eu-west-1/)
        assert.equal(regional.lines.length, before + 1)
      } finally {
        await regional.close()
      }
    })

    it('HELM_S3_TIMEOUT limits the getter, and obsolete variables are ignored', async () => {
      const silent = await startServer(() => undefined)
      try {
        const env = { ...withKeys(), AWS_ENDPOINT_URL: silent.url, HELM_S3_TIMEOUT: '1s' }
        const { status, stderr } = await bare(['download', '', '', '', `${at().url}/index.yaml`], env)
        assert.equal(status, 1)
        assert.match(stderr, /not done after 1s/)
      } finally {
        await silent.close()
      }
      await ok(`compact ${at().url}`, {
        ...withKeys(),
        AWS_ENDPOINT_URL: endpoint,
        HELM_S3_MODE: 'v2',
        TILLER_HOST: 'tiller',
        HELM_HOME: '/nowhere',
      })
    })
  })
})
