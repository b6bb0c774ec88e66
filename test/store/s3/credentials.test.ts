import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { type IdentityServer, startIdentityServer } from '../../support/identity-server.ts'
import { type LocalServer, TEST_CA, answerWith, startServer } from '../../support/local-server.ts'
import { useProcessEnvironment } from '../../support/process-environment.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

/** The keys that the store accepts. They can be had only from the servers below. */
const KEYS = { accessKeyId: 'AKIAEXAMPLEGIVEN', secretAccessKey: 'given-secret-never-shown' }
/** Keys that stand in files. Only the token service accepts them. */
const BASE = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEBASE', AWS_SECRET_ACCESS_KEY: 'base-secret-never-shown' }
const KEY = asKey('charts/object')
const ROLE = 'arn:aws:iam::123456789012:role/deployer'

describe('credentials', () => {
  const path = useTempFolder()
  const setVariables = useProcessEnvironment()
  const embedded = useEmbeddedBucket(KEYS)
  let server: IdentityServer

  beforeEach(async () => {
    server = await startIdentityServer(KEYS)
    setVariables({
      HOME: path(),
      AWS_CONFIG_FILE: path('config'),
      AWS_SHARED_CREDENTIALS_FILE: path('credentials'),
      AWS_ENDPOINT_URL_S3: embedded().endpoint,
      AWS_ENDPOINT_URL_STS: server.url,
      AWS_ENDPOINT_URL_SSO: server.url,
      AWS_EC2_METADATA_DISABLED: 'true',
    })
  })
  afterEach(() => server.close())

  const open = (
    variables: Readonly<Record<string, string>> = {},
    flags: Readonly<Record<string, string>> = {},
  ): Promise<ObjectStore> => createS3Store(connectionSettings(flags, undefined, setVariables(variables)), 'bucket')
  const works = async (store: ObjectStore): Promise<void> => {
    assert.equal((await store.put(KEY, Buffer.from('x'), { when: 'always' })).outcome, 'written')
    assert.ok(await store.get(KEY))
  }
  const fails = async (store: ObjectStore, code: string, says: RegExp, hint: RegExp): Promise<void> => {
    for (const attempt of [() => store.get(KEY), () => store.put(KEY, Buffer.from('x'), { when: 'absent' })]) {
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof HelmS3Error)
        assert.match(error.message, says)
        assert.match(error.hint ?? '', hint)
        assert.equal(error.code, code)
        assert.doesNotMatch(`${error.message} ${error.hint ?? ''}`, /never-shown|a-session-token/)
        return true
      })
    }
  }
  const keysOf = ({ accessKeyId, secretAccessKey }: typeof KEYS): string =>
    `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
  const baseKeys = keysOf({ accessKeyId: BASE.AWS_ACCESS_KEY_ID, secretAccessKey: BASE.AWS_SECRET_ACCESS_KEY })

  describe('are taken', () => {
    it('from keys in the environment rather than from AWS_PROFILE', async () => {
      writeFileSync(path('credentials'), `[other]\n${baseKeys}`)
      await works(
        await open({
          AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
          AWS_PROFILE: 'other',
        }),
      )
    })

    it('from the credentials file, for the default profile, AWS_PROFILE, AWS_DEFAULT_PROFILE and --profile', async () => {
      writeFileSync(path('credentials'), `[default]\n${keysOf(KEYS)}[named]\n${keysOf(KEYS)}`)
      await works(await open())
      await works(await open({ AWS_DEFAULT_PROFILE: 'named' }))
      await works(await open({ AWS_PROFILE: 'named' }))
      await works(await open({ ...BASE, AWS_PROFILE: 'nowhere' }, { profile: 'named' }))
    })

    it('from a role with a source profile', async () => {
      writeFileSync(
        path('config'),
        `[profile ci]\nrole_arn = ${ROLE}\nsource_profile = base\nexternal_id = x-1\nregion = eu-west-1\n`,
      )
      writeFileSync(path('credentials'), `[base]\n${baseKeys}`)
      await works(await open({ AWS_PROFILE: 'ci' }))
      assert.deepEqual(
        server.asked.map(({ line, parameters }) => [
          line,
          parameters.get('Action'),
          parameters.get('RoleArn'),
          parameters.get('ExternalId'),
        ]),
        [['POST /', 'AssumeRole', ROLE, 'x-1']],
      )
      assert.match(server.asked[0]?.headers.authorization ?? '', /Credential=AKIAEXAMPLEBASE\/\d+\/eu-west-1\/sts\//)
    })

    it('from a role whose source is the keys in the environment', async () => {
      writeFileSync(path('config'), `[profile ci]\nrole_arn = ${ROLE}\ncredential_source = Environment\n`)
      await works(await open({ ...BASE, HELM_S3_PROFILE: 'ci' }))
    })

    it('from a web identity without a profile', async () => {
      writeFileSync(path('token'), 'a-web-token')
      await works(
        await open({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: path('token'), AWS_ROLE_SESSION_NAME: 'pod' }),
      )
      const [asked] = server.asked
      assert.equal(server.asked.length, 1)
      assert.deepEqual(
        [asked?.parameters.get('Action'), asked?.parameters.get('RoleSessionName')],
        ['AssumeRoleWithWebIdentity', 'pod'],
      )
    })

    it('from a pod or container', async () => {
      writeFileSync(path('token'), 'a-container-token')
      const variables = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path('token'),
      }
      await works(await open(variables))
    })

    for (const [seconds, isRenewed] of [
      [3600, false],
      [60, true],
    ] as const) {
      it(`from a pod ${isRenewed ? 'again for each request' : 'once'} when they are valid for ${String(seconds)} s`, async () => {
        let asked = 0
        const pod = await startServer((_, answer) => {
          asked++
          const expiration = new Date(Date.now() + seconds * 1000).toISOString()
          answer.end(
            JSON.stringify({
              AccessKeyId: KEYS.accessKeyId,
              SecretAccessKey: KEYS.secretAccessKey,
              Token: 'a-session-token',
              Expiration: expiration,
            }),
          )
        })
        try {
          const store = await open({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${pod.url}/keys` })
          for (let i = 0; i < 3; i++) await store.head(KEY)
          assert.equal(asked >= 3, isRenewed)
          if (!isRenewed) assert.equal(asked, 1)
        } finally {
          await pod.close()
        }
      })
    }

    it('from the metadata of an instance, with one request for each value', async () => {
      await works(await open({ AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url }))
      assert.deepEqual(
        server.asked.map(({ line }) => line.split('/').at(-1)),
        ['token', '', 'instance-role'],
      )
    })

    it('from single sign-on', async () => {
      writeFileSync(
        path('config'),
        `[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n[sso-session ` +
          `corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n`,
      )
      signOn('corp', { accessToken: 'a-portal-token', expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
      await works(await open({ AWS_PROFILE: 'dev' }))
      assert.deepEqual(
        server.asked.map(({ line, parameters }) => [line, parameters.get('role_name')]),
        [['GET /federation/credentials', 'Dev']],
      )
    })

    it('from a process', async () => {
      const answer = { Version: 1, AccessKeyId: KEYS.accessKeyId, SecretAccessKey: KEYS.secretAccessKey }
      writeFileSync(path('answer.json'), JSON.stringify(answer))
      writeFileSync(path('config'), `[profile vault]\ncredential_process = cat ${path('answer.json')}\n`)
      await works(await open({ AWS_PROFILE: 'vault' }))
    })

    it('over TLS with a private CA', async () => {
      const secure = await startIdentityServer(KEYS, { tls: true })
      try {
        writeFileSync(path('token'), 'a-web-token')
        const identity = {
          AWS_ROLE_ARN: ROLE,
          AWS_WEB_IDENTITY_TOKEN_FILE: path('token'),
          AWS_ENDPOINT_URL_STS: secure.url,
        }
        await fails(await open(identity), 'unreachable', /role deployer \(web identity\)/, /AWS_CA_BUNDLE/)
        await works(await open({ ...identity, AWS_CA_BUNDLE: TEST_CA }))
      } finally {
        await secure.close()
      }
    })
  })

  describe('that are configured but not available, are an error for', () => {
    it('a profile that does not exist', async () => {
      await fails(
        await open({ AWS_PROFILE: 'nowhere' }),
        'invalid-config',
        /^there is no profile nowhere/,
        /aws configure list-profiles/,
      )
    })

    it('a role that may not be assumed', async () => {
      writeFileSync(
        path('config'),
        `[profile ci]\nrole_arn = arn:aws:iam::123456789012:role/closed\nsource_profile = base\n`,
      )
      writeFileSync(path('credentials'), `[base]\n${baseKeys}`)
      await fails(
        await open({ AWS_PROFILE: 'ci' }),
        'denied',
        /^no credentials from profile ci: AccessDenied: not authorized/,
        /trust policy/,
      )
    })

    it('a token file that does not exist and a token that is refused', async () => {
      const variables = { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: path('token') }
      await fails(await open(variables), 'denied', /role deployer \(web identity\): ENOENT/, /SETTINGS/)
      writeFileSync(path('token'), 'another-token')
      await fails(await open(variables), 'denied', /AccessDenied/, /trust policy/)
    })

    it('a token service that does not answer', async () => {
      writeFileSync(path('token'), 'a-web-token')
      await server.close()
      await fails(
        await open({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: path('token') }),
        'unreachable',
        /ECONNREFUSED/,
        /AWS_ENDPOINT_URL_STS/,
      )
    })

    it('single sign-on without a session or with an expired one', async () => {
      writeFileSync(
        path('config'),
        `[profile dev]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Dev\n[sso-session ` +
          `corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n`,
      )
      await fails(await open({ AWS_PROFILE: 'dev' }), 'denied', /profile dev/, /`aws sso login --profile dev`/)
      signOn('corp', { accessToken: 'a-portal-token', expiresAt: new Date(Date.now() - 1000).toISOString() })
      await fails(await open({ AWS_PROFILE: 'dev' }), 'denied', /profile dev/, /`aws sso login --profile dev`/)
    })

    it('a process that fails, without showing its command line', async () => {
      writeFileSync(
        path('config'),
        `[profile vault]\ncredential_process = sh -c "echo please log in >&2; exit 3" never-shown\n`,
      )
      await fails(
        await open({ AWS_PROFILE: 'vault' }),
        'denied',
        /profile vault: credential_process failed\. please log in$/,
        /credential_process of profile vault by hand/,
      )
    })

    it('a container that gives no credentials', async () => {
      const variables = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a-stranger',
      }
      const store = await open(variables)
      await assert.rejects(store.get(KEY), { code: 'denied', message: /the role of this container.*401/ })
    }).timeout(30_000)
  })

  describe('that are not configured', () => {
    let store: LocalServer
    const seen: (string | undefined)[] = []
    beforeEach(async () => {
      seen.length = 0
      store = await startServer((message, answer) => {
        seen.push(message.headers.authorization)
        if (message.url?.includes('private') === true)
          answerWith(answer, 403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
        else answerWith(answer, 200, 'public', { etag: '"1"', 'content-length': '6', 'x-amz-security': 'none' })
      })
    })
    afterEach(() => store.close())

    it('leave reads of a public bucket unsigned', async () => {
      const anonymous = await open({ AWS_ENDPOINT_URL_S3: store.url })
      assert.equal(Buffer.from((await anonymous.get(KEY))?.body ?? []).toString(), 'public')
      assert.deepEqual(seen, [undefined])
    })

    it('cause an error that lists the sources that were tried, and no write request', async () => {
      const anonymous = await open({ AWS_ENDPOINT_URL_S3: store.url })
      const tried =
        /tried environment .*; web identity .*; profile default .*; container .*; instance \(AWS_EC2_METADATA_DISABLED\)/
      await assert.rejects(anonymous.get(asKey('private/x')), (error: unknown) => {
        assert.ok(error instanceof HelmS3Error && error.code === 'denied')
        assert.match(
          error.message,
          /^read s3:\/\/bucket\/private\/x: AccessDenied: Access Denied \(as nobody, region us-east-1, at http:/,
        )
        assert.match(error.hint ?? '', tried)
        return true
      })
      seen.length = 0
      for (const mutation of [
        () => anonymous.put(KEY, Buffer.from('x'), { when: 'absent' }),
        () => anonymous.delete(KEY),
      ]) {
        await assert.rejects(mutation(), (error: unknown) => {
          assert.ok(error instanceof HelmS3Error && error.code === 'denied')
          assert.match(error.message, /^(?:write|delete) s3:\/\/bucket\/charts\/object: no credentials/)
          assert.match(error.hint ?? '', tried)
          return true
        })
      }
      assert.deepEqual(seen, [])
    })

    it('are not waited for when a metadata server does not answer', async () => {
      const silent = await startServer(() => undefined)
      try {
        const anonymous = await open({
          AWS_ENDPOINT_URL_S3: store.url,
          AWS_EC2_METADATA_DISABLED: 'false',
          AWS_EC2_METADATA_SERVICE_ENDPOINT: silent.url,
        })
        assert.ok(await anonymous.get(KEY))
        await assert.rejects(
          anonymous.put(KEY, Buffer.from('x'), { when: 'absent' }),
          (error: unknown) => error instanceof HelmS3Error && /instance \(/.test(error.hint ?? ''),
        )
      } finally {
        await silent.close()
      }
    })
  })

  function signOn(session: string, token: object): void {
    const cache = path('.aws/sso/cache')
    mkdirSync(cache, { recursive: true })
    writeFileSync(join(cache, `${createHash('sha1').update(session).digest('hex')}.json`), JSON.stringify(token))
  }
})
