import assert from 'node:assert/strict'
import type { DeltaId } from '../../../lib/core/log/delta-id.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { initRepository } from '../../../lib/protocol/base/init.ts'
import type { PushOptions } from '../../../lib/protocol/push/push.ts'
import { writeRepositoryConfig } from '../../../lib/protocol/write/write-config.ts'
import type { Session } from '../../../lib/protocol/session/session.ts'
import type { ObjectStore, PutOutcome } from '../../../lib/store/object-store.ts'
import { Repository, upload } from '../fixture.ts'

const CAUSE = new HelmS3Error('store-failed', 'write s3://bucket/x: InternalError', {
  hint: 'leave out --sse and AWS_S3_SSE',
})
const FAILURE: PutOutcome = { outcome: 'unknown', cause: CAUSE, isFailure: true }

describe('a store that fails each write of an object', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await repository.push([upload('app', '1.0.0')])
    repository.pass(120_000)
    repository.requests.length = 0
  })

  /** Fails the writes of keys that match `name`: all of them, or the first `times`. */
  const failing = (name: RegExp, times = Infinity): Partial<ObjectStore> => {
    let failed = 0
    return {
      put: async (key, ...rest) => (name.test(key) && failed++ < times ? FAILURE : repository.bucket.put(key, ...rest)),
    }
  }
  const puts = (): number => repository.requests.filter((line) => line.startsWith('PUT')).length
  const push = (options: Partial<PushOptions>, session: Session, version = '2.0.0'): Promise<unknown> =>
    repository.push([upload('app', version, 'new', 'signed')], options, session)

  const refused: Readonly<
    Record<
      string,
      { readonly name: RegExp; readonly run: (session: Session) => Promise<unknown>; readonly code: string }
    >
  > = {
    push: { name: /tgz$/, run: (session) => push({}, session), code: 'store-failed' },
    'push --force': { name: /tgz$/, run: (session) => push({ force: true }, session, '1.0.0'), code: 'store-failed' },
    'push of a provenance file': { name: /prov$/, run: (session) => push({}, session), code: 'store-failed' },
    'push of a delta': { name: /index\.d/, run: (session) => push({}, session), code: 'outcome-unknown' },
    delete: {
      name: /./,
      run: (session) => deleteVersions(session, [{ name: 'app', version: '1.0.0' }]),
      code: 'outcome-unknown',
    },
    compact: {
      name: /./,
      run: (session) => compactRepository(session, { graceWindow: undefined, dryRun: false, form: undefined }),
      code: 'store-failed',
    },
    'init --force': {
      name: /./,
      run: (session) => initRepository(session, { form: undefined, force: true }),
      code: 'store-failed',
    },
    config: {
      name: /./,
      run: (session) => writeRepositoryConfig(session, (document) => ({ ...document, relative: true })),
      code: 'outcome-unknown',
    },
  }
  for (const [command, { code, name, run }] of Object.entries(refused)) {
    it(`makes ${command} fail after at most 8 PUT requests, with the error of the store and a hint about flags`, async () => {
      const before = repository.now
      await assert.rejects(run(repository.session(failing(name))), (error: HelmS3Error) => {
        assert.equal(error.code, code)
        assert.match(error.message, /write s3:\/\/bucket\/x: InternalError/)
        assert.match(error.hint ?? '', /leave out --sse and AWS_S3_SSE/)
        return true
      })
      assert.ok(repository.now - before < 10_000, `took ${String(repository.now - before)} ms`)
      assert.ok(puts() <= 8)
    })
  }

  it('makes a first init fail with a hint about index.yaml and not about deltas', async () => {
    const { location } = repository.session()
    await repository.bucket.delete(location.indexKey)
    const init = initRepository(repository.session(failing(/./)), { form: undefined, force: false })
    await assert.rejects(init, (error: HelmS3Error) => {
      assert.equal(error.code, 'outcome-unknown')
      assert.match(
        error.hint ?? '',
        /^leave out --sse and AWS_S3_SSE; if there is no index\.yaml when the store answers again, run the same command again$/,
      )
      return true
    })
  })

  it('causes a notice when a delta cannot be folded after a push, and the push stays committed', async () => {
    const { committed } = await repository.push([upload('app', '2.0.0')])
    assert.ok(committed)
    assert.equal(await compactInline(repository.session(failing(/index\.yaml$/)), committed), false)
    assert.match(
      repository.notices.join('\n'),
      /^not folded into index\.yaml yet \(write s3:\/\/bucket\/x: InternalError\); the next compaction does it$/,
    )
  })

  it('gets each write again, so that commands succeed when the first four writes fail', async () => {
    for (const [i, name] of [/tgz$/, /index\.d/].entries())
      await push({}, repository.session(failing(name, 4)), `3.0.${String(i)}`)
    const id: DeltaId | undefined = (
      await compactRepository(repository.session(failing(/index\.yaml/, 4)), {
        graceWindow: undefined,
        dryRun: false,
        form: undefined,
      })
    ).folded[0]
    assert.notEqual(id, undefined)
  })
})
